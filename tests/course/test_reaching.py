"""Goals held against the trace: whether they are reached, how far off they are, and what the check says of them."""

import numpy as np
import pytest

from tests.course.sample import PROGRAM
from tutor.course.check import check_lesson
from tutor.course.errors import LessonError
from tutor.course.lesson_file import load_lesson, parse_lesson
from tutor.course.places import PlaceError
from tutor.course.programs import run_program
from tutor.course.reaching import check_place, distance, has_reached, solved
from tutor.course.schema import NewNumber, Reach, Solution, Try

# Z = X·A = [[17, 8.5], [-4, -2]]; H = Z + [1, -40] = [[18, 9.5], [-44, -42]]; S is a softmax over the rows of H
WITH_SOFTMAX = PROGRAM.replace("    - R: {relu: H}\n", "    - R: {relu: H}\n    - S: {softmax: [H]}\n")
STEP = "  - try: {{reach: {0}, solution: {1}}}\n    say: {{en: Do., zh: 去做。}}\n"
UP = "{numbers: [{node: Z, at: {dimension: 1, mixed: 0}, number: 99}]}"


def run(**change):
    changes = {name: (lambda _old, new=value: np.array(new, dtype=float)) for name, value in change.items()}
    return run_program(parse_lesson(WITH_SOFTMAX).program, change=changes)


@pytest.fixture(scope="module")
def plain():
    return run()


@pytest.mark.parametrize(
    ("goal", "h", "met"),
    [
        ({"only": "first"}, [[18, 9.5], [-44, -42]], True),  # softmax of 18 and 9.5: 0.9998
        ({"only": "first"}, [[10, 9.5], [-44, -42]], False),
        ({"only": "self"}, [[18, 9.5], [-44, -42]], True),
        ({"only": "last"}, [[1, 9.5], [-44, -42]], True),
        ({"only": 1}, [[1, 9.5], [-44, -42]], True),
        ({"largest": "last"}, [[9, 9.5], [-44, -42]], True),
        ({"largest": "last"}, [[9.6, 9.5], [-44, -42]], False),
        ({"changes": True}, [[1, 9.5], [-44, -42]], True),
        ({"changes": True}, [[11, 9.5], [-44, -42]], False),
        ({"above": 0.5}, [[18, 9.5], [-44, -42]], True),
        ({"above": 0.5}, [[9.5, 9.5], [-44, -42]], False),  # not larger than one half
        ({"below": 0.2}, [[1, 9.5], [-44, -42]], True),
        ({"below": 0.2}, [[18, 9.5], [-44, -42]], False),
    ],
)
def test_goals(plain, goal, h, met):
    at = {"dimension": 0, **({"mixed": 0} if {"above", "below"} & goal.keys() else {})}
    reach = Reach(node="S", at=at, **goal)
    after = run(H=h)
    assert has_reached(reach, after, plain) is met
    words = distance(reach, after)
    assert words.en and words.zh and words.en != words.zh


def test_a_change_needs_something_to_compare_with(plain):
    reach = Reach(node="S", at={"dimension": 0}, changes=True)
    assert not has_reached(reach, plain, None) and not has_reached(reach, plain, plain)


def test_what_the_trace_lacks_is_not_reached(plain):
    for reach in (
        Reach(node="nothing", only="self"),
        Reach(node="S", at={"dimension": 5}, only="self"),
        Reach(node="S", at={"dimension": 0, "mixed": 0}, only="self"),
        Reach(node="S", at={"dimension": 0}, only=7),
    ):
        assert not has_reached(reach, plain, plain)
    with pytest.raises(PlaceError):
        check_place(Reach(node="S", at={"dimension": 0}, only=7), plain)


def test_the_distance_names_who_is_in_the_way(plain):
    words = distance(Reach(node="S", at={"dimension": 0}, only="last"), plain)
    assert "n has 0% of this row" in words.en and "(m)" in words.en
    assert "still m" in distance(Reach(node="S", at={"dimension": 0}, largest="last"), plain).en
    assert "above 2 is wanted" in distance(Reach(node="S", at={"dimension": 0}, above=2), plain).en


def test_a_solution_is_run():
    program = parse_lesson(WITH_SOFTMAX).program
    plain = run_program(program)
    number = NewNumber(node="Z", at={"dimension": 0, "mixed": 1}, number=50)
    after = solved(Solution(numbers=(number,)), plain, lambda config, change: run_program(program, change=change))
    assert after["H"].value[0].tolist() == [18, 51]
    assert has_reached(Reach(node="S", at={"dimension": 0}, only="last"), after, plain)


@pytest.mark.parametrize(
    ("reach", "solution", "field", "message"),
    [
        ("{node: S, at: {dimension: 0}, only: first}", UP, "reach", "is so already"),
        ("{node: S, at: {dimension: 1}, only: 5}", UP, "reach", "goes from 0 to 1"),
        ("{node: S, at: {dimensio: 1}, only: 0}", UP, "reach", "no axis"),
        ("{node: S, at: {dimension: 1}, only: 1}", UP, "solution", "does not reach it"),
        (
            "{node: S, at: {dimension: 1}, only: 0}",
            "{numbers: [{node: Q, at: {mixed: 0}, number: 1}]}",
            "solution",
            "no node called Q",
        ),
    ],
)
def test_the_check(reach, solution, field, message):
    problems = check_lesson(parse_lesson(WITH_SOFTMAX + STEP.format(reach, solution)))
    assert any(one.field == f"steps[3].try.{field}" and message in one.message for one in problems), problems


def test_a_goal_that_can_be_reached_passes():
    text = WITH_SOFTMAX + STEP.format("{node: S, at: {dimension: 1}, only: first}", UP)
    assert check_lesson(parse_lesson(text)) == ()
    step = parse_lesson(text).steps[-1]
    assert (step.show, step.look_at) == ("S", {"dimension": 1}), "what is to be reached is what is looked at"


@pytest.mark.parametrize(
    ("goal", "message"),
    [
        ("{reach: {node: S, only: self}}", "solution"),
        ("{reach: {node: S}, solution: {}}", "asks for nothing"),
        ("{reach: {node: S, only: self, above: 2}, solution: {}}", "at once"),
        ("{reach: {node: S, only: largest}, solution: {}}", "first, last or self"),
        ("{reach: {node: S, changes: false}, solution: {}}", "only be true"),
        ("{reach: {node: S, above: no}, solution: {}}", "should be a number"),
        ("{train: right, solution: {}}", "no meaning beside train"),
    ],
)
def test_what_cannot_be_read(goal, message):
    with pytest.raises(LessonError) as caught:
        parse_lesson(f"{WITH_SOFTMAX}  - try: {goal}\n    say: {{en: Do., zh: 去做。}}\n")
    assert message in str([(one.field, one.message) for one in caught.value.problems])


def test_the_course_asks_for_some():
    steps = [step for name in ("saturation", "logits-and-probabilities") for step in load_lesson(name).steps]
    assert sum(isinstance(step, Try) and step.goal.reach is not None for step in steps) == 2
