"""Exercises from a trace: the cells, the verdicts, the hints, the questions and the switches."""

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tutor
from tests.course.sample import PROGRAM, with_line
from tutor.course.answers import shown
from tutor.course.cells import choose_cells, distinct
from tutor.course.exercises import make, question
from tutor.course.goals import tried
from tutor.course.lesson_file import parse_lesson
from tutor.course.load import load_course
from tutor.course.mistakes import MistakeError
from tutor.course.places import PlaceError, cell_at, find_node
from tutor.course.programs import run_program
from tutor.course.schema import Cells, Fill, Goal, Text, Try
from tutor.engine.trace import TraceError
from tutor.models.model import Model
from tutor.models.weights import initialise

PLACE = "encoder.0.self_attention"


class OfNumbers:
    """As much of a node as the choice of cells looks at."""

    def __init__(self, value):
        self.value, self.shape = value, value.shape

    def at(self, index):
        return float(self.value[index])


def fill(node: str, *mistakes: str, cells: int = 3) -> Fill:
    return Fill(exercise=Cells(fill=node, cells=cells, mistakes=mistakes))


@pytest.fixture(scope="module")
def model():
    return tutor.load_model("translator")


@pytest.fixture(scope="module")
def trace(model):
    return model.trace("I am a student", target="我是学生", pad_to=7)


@pytest.fixture(scope="module")
def spread_out(model):
    """Random weights look everywhere, so there is a cell worth asking for in every row; learned ones may not."""
    weights = initialise(model.config, seed=0)
    untrained = Model(model.card, model.config, weights, model.tokenizer, model.target_tokenizer)
    return untrained.trace("I am a student", target="我是学生", pad_to=7)


@pytest.fixture(scope="module")
def program():
    return run_program(parse_lesson(PROGRAM).program)


def test_the_same_seed_gives_the_same_cells_and_another_seed_others(trace):
    asked = fill(f"{PLACE}.scaled", "unscaled")
    assert make(asked, trace, 4).cells == make(asked, trace, 4).cells
    assert len({make(asked, trace, seed).cells for seed in range(8)}) > 4


def test_cells_are_instructive_and_of_one_matrix(spread_out):
    for seed in range(10):
        exercise = make(fill(f"{PLACE}.weights", "softmax_unmasked", "softmax_over_columns"), spread_out, seed)
        assert len(set(exercise.cells)) == 3
        for cell in exercise.cells:
            assert cell[0] == 0  # one head
            assert exercise.expected(cell) > 0.005, "a hidden position teaches nothing"
            assert all(distinct(exercise.found, slip, cell, exercise.whole) for slip in exercise.slips)
        assert len({cell[1] for cell in exercise.cells}) == 3, "another row each time"


def test_a_zero_is_asked_for_where_only_it_shows_the_mistake_and_not_only_zeros():
    text = with_line("values: [1, -40]", "values: [1, 3.5]")
    trace = run_program(parse_lesson(text).program)
    exercise = make(fill("R", "negative_kept"), trace)
    numbers = [exercise.expected(cell) for cell in exercise.cells]
    assert 0 in numbers and any(numbers)


def test_shares_as_good_as_one_are_not_asked_while_others_are_there():
    """Whoever sees that a row is all but decided types 1 without computing anything."""
    sure, torn = [0.9999, 0.0001], [0.6, 0.4]
    values = np.array([sure] * 6 + [torn] * 2, np.float32)
    node = OfNumbers(values)
    assert {cell[0] for cell in choose_cells(node, (), 2, random.Random(0))} == {6, 7}
    far = OfNumbers(np.array([sure] * 40 + [torn], np.float32))
    assert (40, 0) in choose_cells(far, (), 2, random.Random(0))


def test_a_number_is_not_asked_for_twice():
    ways = np.array([[2, 2, 1, 0, 0], [2, 3, 2, 1, 0], [1, 2, 3, 2, 1], [0, 1, 2, 3, 2], [0, 0, 1, 2, 2]], np.float32)
    node = OfNumbers(ways)
    assert len({node.at(cell) for cell in choose_cells(node, (), 3, random.Random(0))}) == 3


def test_a_small_matrix_gives_all_its_cells(program):
    assert make(fill("Z", cells=9), program).cells == ((0, 0), (0, 1), (1, 0), (1, 1))


def test_minus_infinity_is_not_asked_for(trace):
    for seed in range(5):
        exercise = make(fill("decoder.0.self_attention.masked", cells=4), trace, seed)
        assert all(math.isfinite(exercise.expected(cell)) for cell in exercise.cells)


def test_every_lesson_exercise_knows_its_answers_and_its_mistakes():
    for entry in load_course().lessons:
        lesson = entry.lesson
        for step in lesson.steps:
            if step.kind != "exercise":
                continue
            for language in ("en", "zh"):
                if lesson.program:
                    trace = run_program(lesson.program)
                else:
                    target = lesson.target.get(language) if lesson.target else None
                    sentence = lesson.sentence.get(language)
                    model = tutor.load_model(lesson.model)
                    trace = model.trace(sentence, target=target, pad_to=lesson.pad_to, config=step.config)
                exercise = make(step, trace)
                for cell in exercise.cells:
                    assert exercise.grade(cell, shown(exercise.expected(cell))).right
                    for slip in exercise.slips:
                        if distinct(exercise.found, slip, cell, exercise.whole):
                            verdict = exercise.grade(cell, shown(float(slip.value[cell])))
                            assert not verdict.right and verdict.mistake in step.exercise.mistakes


def test_verdicts(trace):
    exercise = make(fill(f"{PLACE}.scaled", "unscaled", "scaled_by_d_model"), trace)
    cell = exercise.cells[0]
    expected = exercise.expected(cell)
    scores = trace[f"{PLACE}.scores"].at(cell)
    d_k = trace[f"{PLACE}.key"].shape[-1]
    right = exercise.grade(cell, f"{scores:.5f}/{math.sqrt(d_k):.5f}")
    assert right.right and right.mistake is None and right.expected == expected and shown(expected) in right.explain.en
    unscaled = exercise.grade(cell, f"{scores:.3f}")
    assert (unscaled.right, unscaled.mistake) == (False, "unscaled") and "√d_k" in unscaled.explain.zh
    assert exercise.grade(cell, f"{-expected:.4f}").mistake == "sign"
    assert exercise.grade(cell, "123.456").mistake is None
    assert not exercise.grade(cell, "abc").readable and not exercise.grade(cell, "").readable
    assert exercise.grade(cell, "123.456").readable


def test_a_rounding_too_coarse_and_another_cells_number(program):
    exercise = make(fill("Z"), program)
    assert exercise.grade((0, 1), "9").mistake == "too_coarse"  # 8.5
    other = exercise.grade((0, 0), "-4.0")
    assert other.mistake == "other_cell" and "Z[1, m]" in other.explain.en


def test_two_mistakes_with_one_number_are_both_named(trace):
    exercise = make(fill("decoder.0.self_attention.weights", "softmax_unmasked", "mask_after_softmax"), trace)
    cell = exercise.cells[0]
    both = exercise.grade(cell, f"{float(exercise.slips[0].value[cell]):.5f}")
    assert both.mistake in ("softmax_unmasked", "mask_after_softmax")
    assert " Or: " in both.explain.en and "或者" in both.explain.zh


def test_a_mistake_made_earlier_says_where(trace):
    exercise = make(fill(f"{PLACE}.weights", "unscaled"), trace)
    cell = exercise.cells[0]
    verdict = exercise.grade(cell, f"{float(exercise.slips[0].value[cell]):.6f}")
    assert verdict.mistake == "unscaled" and "scaled" in verdict.explain.en and "scaled" in verdict.explain.zh


def test_hints_go_from_the_authors_words_to_the_arithmetic_but_not_the_number(program, trace):
    step = parse_lesson(PROGRAM).steps[1]
    exercise = make(step, program)
    found = exercise.hints((0, 1))
    assert [hint.text.en for hint in found][0] == "Rows times columns."
    assert found[1].formula == program["Z"].formula
    assert {cell.node for cell in found[2].cells} == {"X", "A"} and "X[0, a]" in found[2].text.en
    assert r"5 \cdot 0.5 + 6 \cdot 1" == found[3].formula
    assert exercise.hint(3, (0, 1)) == found[3] and exercise.hint(4, (0, 1)) is None
    scaled = make(fill(f"{PLACE}.scaled"), trace)
    assert not scaled.hints()[-1].formula.endswith(shown(scaled.expected(scaled.cells[0])))


def test_the_arithmetic_of_a_copied_number_is_not_a_hint(trace):
    for node in ("encoder.embedding.token", f"{PLACE}.concat", f"{PLACE}.query"):
        exercise = make(fill(node), trace)
        assert len(exercise.hints()) == 2, "the formula and where the number stands"
        number = f"{abs(exercise.expected(exercise.cells[0])):.4g}"
        assert not any(number in f"{hint.text.en}{hint.formula}" for hint in exercise.hints())


def test_no_such_node(trace):
    with pytest.raises(TraceError, match="nearest"):
        make(fill("encoder.0.self_attention.scaledd"), trace)
    with pytest.raises(TraceError, match="no node matches"):
        find_node(trace, "*.nothing.*")
    assert find_node(trace, "decoder.*.cross_attention.weights").name == "decoder.0.cross_attention.weights"


def test_look_at(trace):
    node = trace["decoder.0.cross_attention.weights"]
    heads, queries, keys = node.shape
    assert cell_at(node, {"query": "last", "key": "first"}) == (0, queries - 1, 0)
    assert cell_at(node, {"head": 1, "key": "last"}) == (1, 0, keys - 1)
    row = node.value[0, queries - 1]
    assert cell_at(node, {"key": "largest", "query": "last"}) == (0, queries - 1, row.argmax())
    with pytest.raises(PlaceError, match="no axis 'position'; it has head, query, key"):
        cell_at(node, {"position": 0})
    with pytest.raises(PlaceError, match=f"key goes from 0 to {keys - 1}, not 99"):
        cell_at(node, {"key": 99})


def test_questions_are_shuffled_the_same_way_each_time_and_know_the_right_choice():
    ask = parse_lesson(PROGRAM).steps[2]
    rights = {question(ask, seed).right for seed in range(12)}
    assert rights == {0, 1}
    asked = question(ask, 3)
    assert asked.choices == question(ask, 3).choices
    verdict = asked.answer(asked.right)
    assert verdict.right and verdict.explain.en == "It is."
    wrong = asked.answer(1 - asked.right)
    assert not wrong.right and wrong.explain.zh == "不是。" and asked.hint(0) is None


def test_a_switch_is_tried_when_the_trace_ran_with_it(model, trace):
    words = Text("a", "一")
    step = Try(goal=Goal(config={"causal_mask": False}), show="logits", say=words)
    assert not tried(step, trace)
    assert tried(step, model.trace("I am", target="我", config={"causal_mask": False}))
    head = Try(goal=Goal(config={"heads_off": ("encoder.0.self_attention.1",)}), show="logits", say=words)
    assert not tried(head, trace)
    assert tried(head, model.trace("I am", target="我", config={"heads_off": ["encoder.0.self_attention.1"]}))


@given(st.text(max_size=30), st.integers(0, 3))
def test_grading_never_fails(text, place):
    exercise = make(fill("Z", "row_for_column", "operands_swapped"), run_program(parse_lesson(PROGRAM).program))
    verdict = exercise.grade(exercise.cells[place % len(exercise.cells)], text)
    assert verdict.explain.en and verdict.explain.zh
    assert verdict.readable or not verdict.right


def test_a_what_if_that_takes_a_mistakes_place_away_leaves_the_exercise(model):
    asked = fill(f"{PLACE}.residual", "forgot_residual")
    trace = model.trace("I am", config={"residual": False})
    assert make(asked, trace).slips == () and make(asked, trace).cells
    with pytest.raises(MistakeError, match="forgot_residual cannot be made"):
        make(asked, trace, strict=True)


def test_odd_sentences_and_interventions_still_make_exercises(model):
    for sentence in ("x", "🙂" * 30, "[MASK] [/] \x1b[31m", "ا ب", "\ud800"):
        trace = model.trace(sentence)
        for node in (f"{PLACE}.scaled", f"{PLACE}.weights"):
            exercise = make(fill(node, "unscaled", "key_not_transposed"), trace)
            assert exercise.cells and exercise.grade(exercise.cells[0], "1").explain.en
    changed = model.trace("I am", change={f"{PLACE}.weights": np.zeros_like})
    assert make(fill(f"{PLACE}.heads", "weights_times_key"), changed).cells


def test_a_count_is_right_or_wrong_to_the_last_digit(trace):
    exercise = make(fill("count.total", cells=1), trace)
    (cell,) = exercise.cells
    count = int(exercise.expected(cell))
    right, wrong = exercise.grade(cell, f"{count}"), exercise.grade(cell, f"{count + 1}")
    assert right.right and f"{count}" in right.explain.en and not wrong.right
