"""What the linter says of a lesson's words that no screen would show as they were meant."""

import pytest

from tests.course.sample import with_line
from tutor.course.check_words import word_problems
from tutor.course.lesson_file import parse_lesson
from tutor.course.load import load_course


def problems(before: str, after: str) -> list[str]:
    return [message for _field, message, _remedy in word_problems(parse_lesson(with_line(before, after), "some.yaml"))]


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ("**学习率（rate）**说的是多远", "te）**说的是"),  # a bracket inside, a letter outside: no mark to Markdown
        ("这叫**“缩放”**的一步", "这叫**“缩放"),
        ("**学习率**（rate）说的是多远", ""),
        ("**学习率（rate）**，就是多远", ""),
    ],
)
def test_marks_that_do_not_make_bold(said, where):
    found = problems("say: {en: Look., zh: 看。}", f"say: {{en: Look., zh: '{said}'}}")
    assert found == ([f"is not bold at {where}"] if where else [])


def test_words_that_only_a_step_marks_up():
    assert problems("say: {en: Look., zh: 看。}", "say: {en: Look at *hidden*., zh: 看 `x`。}") == []
    hint = "say: {en: Look., zh: 看。}\n    hints: [{en: See *hidden*., zh: 见 hidden。}]"
    assert problems("say: {en: Look., zh: 看。}", hint) == ["holds *hidden*, which only `say` marks up"]
    product = hint.replace("See *hidden*.", "Type 2*a + 3*b or **both**.")
    assert problems("say: {en: Look., zh: 看。}", product) == []


def test_no_lesson_of_the_course_has_such_words():
    for entry in load_course().lessons:
        assert not list(word_problems(entry.lesson))
