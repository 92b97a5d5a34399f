"""Putting nodes in order: the graph says which orders are right, and why another is not."""

import itertools

import pytest

from tests.course.sample import PROGRAM
from tutor.course.check import check_lesson
from tutor.course.errors import LessonError
from tutor.course.lesson_file import parse_lesson
from tutor.course.ordering import Ordering
from tutor.course.programs import run_program
from tutor.course.quiz import QuizError
from tutor.course.schema import Order, Text

BRANCHED = PROGRAM.replace("    - R: {relu: H}\n", "    - R: {relu: H}\n    - T: {scale: [X], by: 2}\n")
STEP = "  - order: [{0}]\n    say: {{en: Order., zh: 排好。}}\n"


def ordering(*names, seed=0, text=BRANCHED):
    return Ordering(Order(names, Text("Order.", "排。")), run_program(parse_lesson(text).program), seed)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_offered_is_not_in_order_and_a_right_order_is_known(seed):
    found = ordering("Z", "H", "R", "T", seed=seed)
    assert sorted(found.names) == ["H", "R", "T", "Z"]
    assert found.misplaced(range(4)) is not None
    assert found.misplaced(found.right) is None
    assert found.names == ordering("Z", "H", "R", "T", seed=seed).names


def test_any_order_that_respects_the_graph_is_right():
    found = ordering("Z", "H", "R", "T")
    right = {order for order in itertools.permutations(range(4)) if found.misplaced(order) is None}
    # Z before H before R; T, which needs none of them, stands anywhere.
    wanted = {
        order
        for order in itertools.permutations(range(4))
        if [found.names[place] for place in order if found.names[place] != "T"] == ["Z", "H", "R"]
    }
    assert right == wanted and len(right) == 4


def test_the_first_pair_the_wrong_way_round_and_the_way_between_them():
    found = ordering("Z", "H", "R", "T")
    places = [found.names.index(name) for name in ("T", "R", "Z", "H")]
    wrong = found.misplaced(places)
    assert (wrong.early, wrong.late, wrong.path, wrong.kept) == ("R", "Z", ("Z", "H", "R"), 1)
    wrong = found.misplaced([found.names.index(name) for name in ("Z", "R", "H", "T")])
    assert (wrong.early, wrong.late, wrong.path, wrong.kept) == ("R", "H", ("H", "R"), 1)


def test_hints_end_with_what_comes_first():
    found = ordering("H", "R", "Z")
    assert "Z needs none" in found.hint(0).text.en and found.hint(1) is None


def test_what_cannot_be_ordered():
    with pytest.raises(QuizError, match="named twice"):
        ordering("Z", "H", "Z")
    with pytest.raises(QuizError, match="any order is right"):
        text = BRANCHED.replace("    - T:", "    - S: {scale: [A], by: 2}\n    - T:")
        ordering("Z", "T", "S", text=text)


@pytest.mark.parametrize(
    ("names", "field", "message"),
    [
        ("Z, H, ZZ", "order[2]", "no node called ZZ"),
        ("Z, H, X", "order[2]", "is given"),
        ("Z, H, H", "order", "named twice"),
    ],
)
def test_the_check(names, field, message):
    problems = check_lesson(parse_lesson(BRANCHED + STEP.format(names)))
    assert any(one.field == f"steps[3].{field}" and message in one.message for one in problems), problems
    assert check_lesson(parse_lesson(BRANCHED + STEP.format("Z, H, R, T"))) == ()


def test_two_are_too_few():
    with pytest.raises(LessonError, match="at least 3"):
        parse_lesson(BRANCHED + STEP.format("Z, H"))
