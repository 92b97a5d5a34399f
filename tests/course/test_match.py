"""Matching matrices with formulas: each has one matrix, and a wrong one says what it would have given."""

import numpy as np
import pytest

import tutor
from tests.course.sample import PROGRAM
from tutor.course.check import check_lesson
from tutor.course.drills import QuizError, quizzes
from tutor.course.lesson_file import parse_lesson
from tutor.course.schema import Match, Text

PLACE = "encoder.0.self_attention."
STEP = "  - match: [{0}]\n    say: {{en: Match., zh: 配对。}}\n"


@pytest.fixture(scope="module")
def trace():
    return tutor.load_model("translator").trace("She likes cats", target="我是")


def ask(trace, *names, seed=0, **words):
    return quizzes(Match(names, Text("Match.", "配。"), **words), trace, seed)


def test_every_matrix_is_asked_for_once_with_its_own_formula(trace):
    names = [PLACE + word for word in ("scores", "scaled", "weights", "heads")]
    found = ask(trace, *names, at={"head": 2})
    assert sorted(quiz.node for quiz in found) == sorted(names)
    for quiz in found:
        node = trace[quiz.node]
        assert np.allclose(quiz.sheet, node.value[2][:3, :4])
        assert [one.formula for one in quiz.choices if one.right] == [node.formula]
        assert [one.formula for one in quiz.choices] == [one.formula for one in found[0].choices]
        assert quiz.hint(0) and quiz.hint(1) and quiz.hint(2) is None


def test_a_wrong_formula_says_what_it_would_have_given(trace):
    found = {quiz.node: quiz for quiz in ask(trace, PLACE + "scores", PLACE + "weights", PLACE + "scaled")}
    (weights,) = (one for one in found[PLACE + "scores"].choices if one.mistake == PLACE + "weights")
    assert "adds up to 1" in weights.why.en and "合计为 1" in weights.why.zh
    first = trace[PLACE + "weights"].value[0, 0, 0]
    assert f"begins {first:.4g}"[:11] in weights.why.en
    assert "adds up to 1" in found[PLACE + "weights"].hint(0).text.en
    assert "adds up to 1" not in found[PLACE + "scores"].hint(0).text.en


def test_the_order_is_the_seeds(trace):
    names = [PLACE + word for word in ("scores", "scaled", "weights", "heads")]
    orders = {tuple(quiz.node for quiz in ask(trace, *names, seed=seed)) for seed in range(6)}
    assert len(orders) > 1
    assert [q.node for q in ask(trace, *names)] == [q.node for q in ask(trace, *names)]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("tokens", PLACE + "scores"), "is given"),
        ((PLACE + "scores", PLACE + "scores"), "one formula"),
        ((PLACE + "scores", "decoder.0.self_attention.scores"), "one formula"),
        (("loss", PLACE + "scores"), "rows and columns"),
    ],
)
def test_what_cannot_be_told_apart(trace, names, message):
    with pytest.raises(QuizError, match=message):
        ask(trace, *names)


@pytest.mark.parametrize(
    ("names", "field", "message"),
    [("Z, ZZ", "match[1]", "no node called ZZ"), ("Z, X", "match", "is given"), ("Z, Z", "match", "one formula")],
)
def test_the_check(names, field, message):
    problems = check_lesson(parse_lesson(PROGRAM + STEP.format(names)))
    assert any(one.field == f"steps[3].{field}" and message in one.message for one in problems), problems
    assert check_lesson(parse_lesson(PROGRAM + STEP.format("Z, H, R"))) == ()


def test_the_same_numbers_cannot_be_matched():
    text = PROGRAM.replace("values: [1, -40]", "values: [0, 0]") + STEP.format("Z, H")
    (problem,) = check_lesson(parse_lesson(text))
    assert "hold the same numbers" in problem.message


def test_a_gradient_is_told_from_what_it_is_the_gradient_of(trace):
    name = PLACE + "value.weight"
    gradient = trace.gradient(name).name
    found = ask(trace, gradient, PLACE + "scores")
    quiz = next(one for one in found if one.node == gradient)
    assert "∂weight" in quiz.answer(quiz.right).explain.en
    wrong = next(one for one in found if one.node != gradient)
    assert "∂weight" in wrong.answer(1 - wrong.right).explain.en
