"""Questions made from the trace, on screen: choices named by their slips, and the matrix after the answer."""

import pytest

from tests.app.conftest import NARROW, WIDE
from tests.app.test_exercise_screen import squeezed, to_step
from tutor.course.quiz import Quiz
from tutor.course.schema import Shape

pytestmark = pytest.mark.usefixtures("drawn_when_looked_at")

LETTERS = "abcdef"


@pytest.mark.parametrize("size, language", [(NARROW, "en"), (WIDE, "zh")], ids=["80x24-en", "120x36-zh"])
async def test_every_wrong_shape_is_named_and_the_right_one_shows_the_matrix(tutor, size, language):
    async with tutor(size=size, lesson="cross-attention", lang=language) as driver:
        await to_step(driver, Shape)
        quiz = driver.attempt.question
        assert isinstance(quiz, Quiz) and driver.here.node == quiz.beside
        for place, choice in enumerate(quiz.choices):
            if not choice.right:
                await driver.press(LETTERS[place])
                assert driver.attempt.good is False and driver.here.node == quiz.beside
                assert squeezed(choice.why.get(language)) in squeezed(driver.said("#verdict"))
                assert driver.said("#verdict").split("\n")[0].strip() in driver.text()
        await driver.press(LETTERS[quiz.right])
        assert driver.attempt.good is True and driver.here.node == quiz.node
        assert not driver.snapshot.lesson.attempt.covered and driver.snapshot.lesson.done(driver.trace)
        attempts = driver.app.progress.attempts("cross-attention")
        assert [one.right for one in attempts] == [False] * (len(quiz.choices) - 1) + [True]


async def test_another_sentence_asks_anew(tutor):
    async with tutor(lesson="cross-attention") as driver:
        await to_step(driver, Shape)
        quiz = driver.attempt.question
        await driver.press(LETTERS[(quiz.right + 1) % len(quiz.choices)])
        await driver.press("slash")
        await driver.press(*"Dogs and ")
        again = driver.attempt.question
        assert again.ask != quiz.ask and driver.attempt.chosen == ()
        node = driver.trace[again.node]
        assert again.choices[again.right].text.en == " × ".join(map(str, node.shape))
