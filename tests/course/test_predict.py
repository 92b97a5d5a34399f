"""Predictions: the answer is what the trace holds, and a wrong one is held against what would make it right."""

import numpy as np
import pytest

import tutor
from tests.course.sample import PROGRAM
from tutor.course.check import check_lesson
from tutor.course.drills import QuizError, quizzes
from tutor.course.errors import LessonError
from tutor.course.lesson_file import parse_lesson
from tutor.course.places import PlaceError
from tutor.course.predict import best_of, outcome_of
from tutor.course.programs import run_program
from tutor.course.schema import Predict, Prediction

WEIGHTS = "encoder.0.self_attention.weights"
# Z = X·A = [[17, 8.5], [-4, -2]]; H = [[18, 9.5], [-44, -42]]; R = relu(H)


@pytest.fixture(scope="module")
def trace():
    return tutor.load_model("translator").trace("She likes cats", target="我是")


@pytest.fixture(scope="module")
def program():
    return run_program(parse_lesson(PROGRAM).program)


def ask(trace, mistakes=(), **what):
    (quiz,) = quizzes(Predict(Prediction(**what), mistakes=mistakes), trace)
    assert quiz.once and quiz.covers and quiz.beside == quiz.node
    return quiz


@pytest.mark.parametrize("name", [WEIGHTS, "decoder.0.cross_attention.weights", "probabilities", "logits"])
def test_the_largest_of_a_row(trace, name):
    node = trace[name]
    for row in range(node.shape[-2]):
        quiz = ask(trace, largest=name, at={node.axes[-2]: row})
        found = int(np.argmax(node.value[(0,) * (len(node.shape) - 2) + (row,)]))
        assert quiz.choices[quiz.right].text.en.partition(" (")[0] == str(node.labels[-1][found])
        assert quiz.reveal_at[-1] == found and quiz.at[-1] == 0 and quiz.reveal_at[-2] == quiz.at[-2] == row
        assert 2 <= len(quiz.choices) <= 5 and len({one.text.en for one in quiz.choices}) == len(quiz.choices)


def test_places_are_named_in_the_language_of_the_question(trace):
    quiz = ask(trace, largest="lens.at.last.probabilities", at={"layer": 0})
    assert quiz.ask.en.endswith(", layer 0: which token has the largest number?")
    assert quiz.ask.zh.endswith("，层 0：哪个词元的数最大？")


def test_a_wrong_prediction_is_what_another_computation_gives(program):
    quiz = ask(program, largest="H", at={"mixed": 0})
    assert [one.text.en for one in quiz.choices if one.right] == ["0"]  # the dimension's first row
    (wrong,) = (one for one in quiz.choices if not one.right)
    assert wrong.mistake == "size" and "negative" in wrong.why.en and "−44" in wrong.why.en and "18" in wrong.why.en


def test_one_step_before(trace):
    node = trace["decoder.0.self_attention.masked"]
    found = [
        (row, head)
        for head in range(node.shape[0])
        for row in range(node.shape[1])
        if node.operands[0].value[head, row].argmax() != node.value[head, row].argmax()
    ]
    assert found, "the mask hides the largest score somewhere"
    (row, head), name = found[0], "decoder.0.self_attention.masked"
    quiz = ask(trace, largest=name, at={"head": head, "query": row})
    hidden = [one for one in quiz.choices if one.mistake == "one_step_before"]
    assert hidden and "one step before" in hidden[0].why.en and "−∞" in hidden[0].why.en


def test_the_sign(program):
    quiz = ask(program, ("forgot_bias",), sign="H", at={"dimension": 0, "mixed": 0})
    assert quiz.choices[quiz.right].text.en == "positive"
    assert ask(program, sign="R", at={"dimension": 1, "mixed": 0}).choices[2].right
    quiz = ask(program, ("negative_kept",), sign="R", at={"dimension": 1, "mixed": 0})
    assert [one.mistake for one in quiz.choices] == ["", "negative_kept", ""]
    product = ask(program, sign="Z", at={"dimension": 1, "mixed": 0})
    assert product.choices[product.right].text.en == "negative"
    assert "add up to 2" in product.choices[0].why.en and "−6" in product.choices[0].why.en


def test_the_larger_of_two(program):
    cells = {"at": {"dimension": 0, "mixed": 0}, "than": {"dimension": 0, "mixed": 1}}
    quiz = ask(program, larger="Z", **cells)
    assert [one.right for one in quiz.choices] == [True, False, False]
    equal = ask(program, larger="R", at={"dimension": 1, "mixed": 0}, than={"dimension": 1, "mixed": 1})
    assert equal.choices[2].right
    assert equal.choices[1].mistake == "one_step_before" and "−44 and −42" in equal.choices[1].why.en
    assert outcome_of(np.array([1.0, 2.0]), ((0,), (1,))) == 1


def test_equal_numbers_are_all_right():
    assert best_of(np.array([1.0, 3.0, 3.0 + 1e-9, -np.inf])) == [1, 2]


@pytest.mark.parametrize(
    "what",
    [
        {"largest": "R", "at": {"dimension": 1}},
        {"largest": "Z", "at": {"dimension": 0, "mixed": 0}},
        {"larger": "Z", "at": {"mixed": 0}, "than": {"dimension": 0}},
        {"sign": "X"},
    ],
)
def test_what_cannot_be_predicted(program, what):
    with pytest.raises(QuizError):
        ask(program, **what)


def test_a_place_that_is_not_there(program):
    with pytest.raises(PlaceError):
        ask(program, sign="Z", at={"mixed": 7})


@pytest.mark.parametrize(
    ("step", "field", "message"),
    [
        ("{sign: ZZ}", "predict", "no node called ZZ"),
        ("{sign: X}", "predict", "is given"),
        ("{largest: R, at: {dimension: 1}}", "predict", "are equal"),
        ("{sign: Z, at: {mixed: 9}}", "predict", "goes from 0 to 1"),
        ("{sign: Z}\n    mistakes: [forgot_bia]", "mistakes[0]", "no mistake called"),
        ("{sign: Z}\n    mistakes: [negative_kept]", "mistakes", "cannot be made"),
        ("{sign: R, at: {dimension: 0}}\n    mistakes: [negative_kept]", "mistakes[0]", "predicts the right answer"),
    ],
)
def test_the_check(step, field, message):
    problems = check_lesson(parse_lesson(f"{PROGRAM}  - predict: {step}\n"))
    assert any(one.field == f"steps[3].{field}" and message in one.message for one in problems), problems


def test_a_good_one_passes():
    text = f"{PROGRAM}  - predict: {{sign: R, at: {{dimension: 1}}}}\n    mistakes: [negative_kept]\n"
    assert check_lesson(parse_lesson(text)) == ()


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("{}", "asks for nothing"),
        ("{sign: Z, largest: Z}", "at once"),
        ("{larger: Z}", "is missing"),
        ("{sign: Z, than: {mixed: 0}}", "no meaning beside sign"),
    ],
)
def test_what_cannot_be_read(step, message):
    with pytest.raises(LessonError) as caught:
        parse_lesson(f"{PROGRAM}  - predict: {step}\n")
    assert message in str([one.message for one in caught.value.problems])
