"""Questions made from the trace, on screen: choices named by their slips, and the matrix after the answer."""

import pytest

from tests.app.conftest import NARROW, WIDE
from tests.app.test_exercise_screen import squeezed, to_step
from tutor.course.quiz import Quiz
from tutor.course.schema import Ask, Explain, Match, Order, Predict, Shape

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


async def test_a_question_that_was_reached_from_another_pane_has_its_choices(tutor):
    async with tutor(size=NARROW, lesson="masks") as driver:
        await driver.pane("matrix")
        await driver.press("n")
        assert isinstance(driver.snapshot.lesson.step, Ask) and driver.lesson.size.width
        choices = driver.attempt.question.choices
        assert driver.lesson.query_one("#choices").option_count == len(choices) >= 3
        assert all(choice.text.en.split()[0] in driver.text() for choice in choices)
        await driver.pane("matrix")
        await driver.press("p")
        assert driver.lesson.query_one("#choices").has_class("-none")


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


@pytest.mark.parametrize("lesson", ["softmax", "decoder-and-cross-attention"])
@pytest.mark.parametrize("rightly", [True, False])
async def test_a_prediction_uncovers_the_matrix(tutor, lesson, rightly):
    async with tutor(size=NARROW, lesson=lesson) as driver:
        await to_step(driver, Predict)
        quiz = driver.attempt.question
        assert driver.here.node == quiz.node and driver.here.index == quiz.at and driver.snapshot.is_blank
        row, column = quiz.reveal_at[-2:]
        assert (row, column) in driver.matrix.table.blanks and quiz.at[-2:] in driver.matrix.table.blanks
        place = next(place for place, one in enumerate(quiz.choices) if one.right == rightly)
        await driver.press(LETTERS[place])
        assert driver.attempt.good is rightly and driver.snapshot.lesson.done(driver.trace)
        assert not driver.matrix.table.blanks and driver.here.index == quiz.reveal_at
        assert squeezed(quiz.choices[place].why.en) in squeezed(driver.said("#verdict"))
        before = len(driver.app.progress.attempts(lesson))
        await driver.press(LETTERS[(place + 1) % 2])
        assert len(driver.app.progress.attempts(lesson)) == before, "one prediction is all there is"


@pytest.mark.parametrize("size, language", [(NARROW, "zh"), (WIDE, "en")], ids=["80x24-zh", "120x36-en"])
async def test_nodes_put_in_order_by_their_letters(tutor, size, language):
    async with tutor(size=size, lesson="heads-and-projection", lang=language) as driver:
        await to_step(driver, Order)
        right = driver.attempt.ordering.right
        await driver.press(LETTERS[right[0]], LETTERS[right[2]])
        assert driver.attempt.placed == (right[0], right[2]) and driver.attempt.good is None
        await driver.press(LETTERS[right[2]])
        assert driver.attempt.placed == right[:1], "a letter pressed again takes it out"
        await driver.press(*(LETTERS[place] for place in (right[2], right[1], *right[3:])))
        assert driver.attempt.good is False and driver.attempt.placed == right[:1], "what stood rightly stays"
        early, late = (driver.attempt.ordering.names[right[place]] for place in (2, 1))
        assert (driver.attempt.misplaced.early, driver.attempt.misplaced.late) == (early, late)
        assert driver.said("#verdict").split("\n")[0].strip() in driver.text()
        await driver.press(*(LETTERS[place] for place in right[1:]))
        assert driver.attempt.good is True and driver.snapshot.lesson.done(driver.trace)
        attempts = driver.app.progress.attempts("heads-and-projection")
        assert [one.right for one in attempts] == [False, True]
        assert attempts[-1].answer.split() == [driver.attempt.ordering.names[place] for place in right]


async def test_matrices_are_matched_one_after_the_other(tutor):
    async with tutor(size=NARROW, lesson="scores-and-scaling") as driver:
        await to_step(driver, Match)
        for number in range(3):
            quiz = driver.attempt.question
            assert len(driver.attempt.rest) == 2 - number and quiz.sheet is not None
            assert "…" in driver.said("#question") and f"{number + 1} of 3" in driver.said("#question")
            wrong = (quiz.right + 1) % 3
            await driver.press(LETTERS[wrong])
            assert driver.attempt.good is False and driver.attempt.question == quiz
            assert squeezed(quiz.choices[wrong].why.en) in squeezed(driver.said("#verdict"))
            assert not driver.snapshot.lesson.done(driver.trace)
            await driver.press(LETTERS[quiz.right])
            assert driver.attempt.good is True
        assert driver.snapshot.lesson.done(driver.trace)


@pytest.mark.parametrize("letter, passed", [("a", False), ("d", True)])
async def test_an_explanation_is_compared_and_graded_by_the_learner(tutor, letter, passed):
    async with tutor(size=NARROW, lesson="softmax") as driver:
        await to_step(driver, Explain)
        step = driver.snapshot.lesson.step
        await driver.press(*"hand n x?", "enter")
        assert driver.attempt.written == "hand n x?" and not driver.snapshot.lesson.done(driver.trace)
        said = squeezed(driver.said("#points"))
        assert all(squeezed(text.en) in said for text in (step.points.excellent[0], step.wrong[0].says))
        assert "handnx?" in said
        await driver.press(letter)
        assert driver.snapshot.lesson.done(driver.trace)
        (attempt,) = driver.app.progress.attempts("softmax")
        assert (attempt.answer, attempt.right) == ("hand n x?", passed)
