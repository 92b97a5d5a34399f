"""An explanation to write: its points and wrong answers are read, checked, and come back in a review."""

import pytest

from tests.course.sample import PROGRAM
from tutor.course.check import check_lesson
from tutor.course.errors import LessonError
from tutor.course.lesson_file import parse_lesson
from tutor.course.review import ExerciseCard
from tutor.course.schema import Explain

WRONG = "wrong: [{says: {en: It is not., zh: 不是这样。}, why: {en: It is., zh: 就是这样。}}]"
STEP = """  - explain: {en: Why is it so?, zh: 为什么是这样？}
    points:
      passing: [{en: Because., zh: 因为如此。}]
      good: [{en: And so on., zh: 等等。}]
      excellent: [{en: To the end., zh: 直到最后。}]
    wrong: [{says: {en: It is not., zh: 不是这样。}, why: {en: It is., zh: 就是这样。}}]
""".replace("Why is it so?", "'Why is it so?'")


def bent(before: str, after: str) -> str:
    assert before in STEP
    return PROGRAM + STEP.replace(before, after)


def test_it_is_read_and_passes():
    lesson = parse_lesson(PROGRAM + STEP)
    step = lesson.steps[-1]
    assert isinstance(step, Explain) and step.points.good[0].zh == "等等。"
    assert check_lesson(lesson) == ()


def test_a_card_of_the_review_asks_it_and_tells_the_points():
    card = ExerciseCard(parse_lesson(PROGRAM + STEP), 3, 0.0)
    assert card.asked("en") == "Why is it so?"
    assert card.told("zh") == ("因为如此。", "等等。", "直到最后。")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            "wrong: [{says: {en: It is not., zh: 不是这样。}, why: {en: It is., zh: 就是这样。}}]",
            "wrong: []",
            "at least 1",
        ),
        (
            "    wrong: [{says: {en: It is not., zh: 不是这样。}, why: {en: It is., zh: 就是这样。}}]\n",
            "",
            "is missing",
        ),
        ("good: [{en: And so on., zh: 等等。}]", "good: []", "at least 1"),
        ("good:", "god:", "not a field"),
    ],
)
def test_what_cannot_be_read(before, after, message):
    with pytest.raises(LessonError) as caught:
        parse_lesson(bent(before, after))
    assert message in str([one.message for one in caught.value.problems])


@pytest.mark.parametrize(
    ("before", "after", "field", "message"),
    [
        ("en: It is not., zh: 不是这样。", "en: Because., zh: 因为如此。", "wrong[0]", "also a point"),
        ("en: And so on., zh: 等等。", "en: Because., zh: 因为如此。", "points", "says twice"),
        ("zh: 直到最后。", f"zh: {'很' * 200}", "points.excellent[0].zh", "characters long"),
    ],
)
def test_the_check(before, after, field, message):
    problems = check_lesson(parse_lesson(bent(before, after)))
    assert any(one.field == f"steps[3].{field}" and message in one.message for one in problems), problems
