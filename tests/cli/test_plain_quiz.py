"""Questions made from the trace, line by line."""

import pytest
from click.testing import CliRunner

from tutor.cli import cli
from tutor.course.drills import quizzes
from tutor.course.lesson_file import load_lesson
from tutor.course.ordering import Ordering
from tutor.course.progress import Progress
from tutor.course.schema import Explain, Match, Order, Predict, Shape
from tutor.plain.source import Source


def step_of(lesson, kind):
    return next(number for number, step in enumerate(load_lesson(lesson).steps) if isinstance(step, kind))


def run(lesson, kind, *lines, language="en"):
    Progress().record(lesson, step_of(lesson, kind))
    text = "\n".join([*lines, "quit", ""])
    result = CliRunner().invoke(cli, ["start", lesson, "--plain", "--lang", language], input=text)
    assert result.exit_code == 0, result.output
    return result.stdout


def asked(lesson, kind, language="en"):
    source = Source(load_lesson(lesson), language)
    step = source.lesson.steps[step_of(lesson, kind)]
    return quizzes(step, source.trace(step.config))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_shape(language):
    (quiz,) = asked("cross-attention", Shape, language)
    wrong = (quiz.right + 1) % len(quiz.choices)
    said = run("cross-attention", Shape, "?", "abcdef"[wrong], "abcdef"[quiz.right], language=language)
    one_line = "".join(said.split())
    for text in (quiz.ask, quiz.hints[0].text, quiz.choices[wrong].why, quiz.choices[quiz.right].why):
        assert "".join(text.get(language).split()) in one_line
    assert f"{quiz.node}: " not in said.partition("a)")[0] and f"{quiz.node}: " in said.rpartition("a/b")[2]
    attempts = Progress().attempts("cross-attention")
    assert [(one.right, one.mistake) for one in attempts] == [(False, quiz.choices[wrong].mistake), (True, None)]


@pytest.mark.parametrize("line", ["z", "aa", "1", "-", "**"])
def test_what_is_no_choice_is_answered(line):
    assert "Type a letter" in run("cross-attention", Shape, line).rpartition("a/b")[0]


@pytest.mark.parametrize("rightly", [True, False])
def test_a_prediction_is_asked_once(rightly):
    (quiz,) = asked("softmax", Predict)
    place = next(place for place, one in enumerate(quiz.choices) if one.right == rightly)
    said = run("softmax", Predict, f"why {','.join(map(str, quiz.at))}", "abcdef"[place], "a")
    before, _sign, after = said.partition("a/b/c> " + "abcdef"[place])
    assert "covered until" in before and "yours to find" in before and "0.64" not in before
    assert "0.64" in after and "That is no command" in after
    assert [one.right for one in Progress().attempts("softmax")] == [rightly]


def test_nodes_in_order():
    source = Source(load_lesson("heads-and-projection"), "en")
    ordering = Ordering(source.lesson.steps[step_of("heads-and-projection", Order)], source.trace())
    right = ["abcdef"[place] for place in ordering.right]
    swapped = [right[1], right[0], *right[2:]]
    said = run("heads-and-projection", Order, "a b", "x y z", ",".join(swapped), "?", "?", " ".join(right))
    assert said.count("Type all letters in order") == 3
    assert "cannot come before" in said and "needs none of the others" in said and "Right: nothing comes" in said
    assert [one.right for one in Progress().attempts("heads-and-projection")] == [False, True]


def test_matching():
    found = asked("scores-and-scaling", Match)
    first = found[0]
    wrong = (first.right + 1) % 3
    said = run("scores-and-scaling", Match, "abc"[wrong], *("abc"[quiz.right] for quiz in found))
    assert "".join(first.choices[wrong].why.en.split()) in "".join(said.split())
    assert all(f"Matrix {place} of 3" in said for place in (1, 2, 3))
    assert [one.right for one in Progress().attempts("scores-and-scaling")] == [False, True, True, True]


def test_an_explanation():
    lesson, text = "softmax", "why it is so, I cannot say"
    said = run(lesson, Explain, "?", text, "nothing", "1")
    assert "Often said, but wrong" in said and "You were" in said and "Kept." in said
    (attempt,) = Progress().attempts(lesson)
    assert (attempt.answer, attempt.right) == (text, False)
