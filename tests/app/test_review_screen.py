"""The review on screen: question, answer, points, grade; the live matrix one key away, and the way back."""

from contextlib import asynccontextmanager

import pytest

from tests.app.conftest import LANGUAGES, NARROW, SIZES, WIDE
from tutor.app.app import TutorApp
from tutor.app.palette import questions as questions_offered
from tutor.app.screens.home import HomeScreen
from tutor.app.screens.review import MORE, ReviewScreen, ReviewWish
from tutor.app.screens.review_matrix import ReviewMatrix
from tutor.app.widgets.key_line import KeyLine
from tutor.course.load import load_course
from tutor.course.questions import load_bank
from tutor.course.schedule import EASY

pytestmark = pytest.mark.usefixtures("drawn_when_looked_at")

BY_HAND = "attention-by-hand"
FIRST = load_bank().questions[0]


def questions(unit):
    return [question for question in load_bank().questions if question.unit == unit]


def squeezed(text):
    return "".join(text.split())


def shows(driver, text):
    """Whether the text is among what the card holds, wherever its lines are broken."""
    drawn = driver.said("#question") + driver.said("#points")
    return squeezed(text) in squeezed(drawn)


def grades(driver):
    return [f"{hint.key} {hint.text}" for hint in driver.app.screen.query_one("#grades", KeyLine).hints]


def others(driver):
    return [f"{hint.key} {hint.text}" for hint in driver.app.screen.query_one("#others", KeyLine).hints]


@pytest.fixture
def review(tutor):
    """The app with a review open: `async with review(unit=3) as driver`."""

    @asynccontextmanager
    async def run(size=WIDE, lang="en", keep=None, **wish):
        async with tutor(size=size, lang=lang, keep=keep) as driver:
            driver.app.review(ReviewWish(**wish))
            await driver.settle()
            yield driver

    return run


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", SIZES)
async def test_a_card_from_question_to_grade(review, progress, size, language):
    first, second = questions(3)[:2]
    async with review(size, language, unit=3) as driver:
        assert shows(driver, first.question.get(language)) and not shows(driver, first.answer.get(language))
        assert driver.app.screen.query_one("#answer").has_focus and not grades(driver)
        await driver.press(*"abc 3o", "enter")
        told = [first.answer, first.wrong[0].why, *first.points.passing, *first.points.excellent]
        assert all(shows(driver, text.get(language)) for text in told) and shows(driver, "abc 3o")
        assert len(grades(driver)) == 4 and not progress.cards()
        await driver.press("3")
        assert set(progress.cards()) == {f"question/{first.id}"}
        assert shows(driver, second.question.get(language)) and not shows(driver, "abc")
        assert driver.app.screen.query_one("#answer").has_focus and driver.app.screen.query_one("#answer").value == ""
        assert "10" in driver.text()


async def test_everything_is_drawn_on_the_small_screen(review):
    async with review(NARROW, unit=3) as driver:
        await driver.press("enter")
        text = driver.text()
        assert "What are query, key and value?" in text and "Needed to pass" in text
        assert "1 again (1 min)  2 hard (6 min)  3 good (10 min)  4 easy (8 days)" in text
        assert "o the live matrix" in text and "esc leave" in text
        assert "Often said, but wrong" not in text
        await driver.press(*["down"] * 30)
        assert "Often said, but wrong" in driver.text()


async def test_numbers_grade_nothing_while_the_answer_is_hidden(review, progress):
    async with review(unit=3) as driver:
        await driver.press("4", "1")
        assert driver.app.screen.typed == "41" and not progress.cards()
        driver.app.screen.query_one("#card").focus()
        await driver.press("4")
        assert not progress.cards() and not driver.app.screen.revealed


@pytest.mark.parametrize("size", SIZES)
async def test_the_live_matrix_is_one_key_away_and_escape_comes_back(review, progress, size):
    first = questions(3)[0]
    async with review(size, unit=3) as driver:
        await driver.press(*"mine", "ctrl+o")
        assert isinstance(driver.app.screen, ReviewMatrix) and driver.here.node == first.shows.node
        assert first.question.en in " ".join(driver.lesson.query_one("#say").content.plain.split())
        assert "review ▸" in driver.lines()[0] and "back to the card" in " ".join(driver.hints)
        await driver.press("escape")
        assert isinstance(driver.app.screen, ReviewScreen) and driver.app.screen.query_one("#answer").value == "mine"
        await driver.press("enter", "o")
        assert "Three linear maps" in driver.lesson.query_one("#say").content.plain
        await driver.press("n")
        assert isinstance(driver.app.screen, ReviewScreen) and driver.app.screen.revealed
        await driver.press("3")
        assert len(progress.cards()) == 1 and not progress.started_lessons()


async def test_the_matrix_is_of_the_learners_own_sentence(review):
    async with review(unit=0) as driver:
        driver.app.sentence = "She likes cats"
        await driver.press("ctrl+o")
        assert driver.snapshot.request.sentence == "She likes cats" and not driver.snapshot.request.target
        assert "cats" in " ".join(driver.trace["tokens"].labels[0])


async def test_the_matrix_can_be_walked_and_left(review):
    async with review(unit=0) as driver:
        await driver.press("ctrl+o")
        assert driver.here.node == FIRST.shows.node
        await driver.press("enter", "enter")
        assert driver.snapshot.walk.at == 2
        await driver.press("escape")
        assert isinstance(driver.app.screen, ReviewScreen)
        await driver.press("escape")
        assert isinstance(driver.app.screen, HomeScreen)


async def test_a_what_if_of_a_question_is_on_when_its_matrix_opens(review, progress):
    question = load_bank()["softmax-saturation"]
    card = {name: f"question/{name}" for name in (q.id for q in questions(3))}
    assert question.id in card and question.shows.config == {"scale_scores": False}
    async with review(unit=3, new=100, limit=100) as driver:
        while driver.app.screen.sitting.current.id != card[question.id]:
            driver.app.screen.sitting.grade(EASY)
        driver.app.screen._tell()
        await driver.press("ctrl+o")
        assert driver.trace.config.scale_scores is False and driver.snapshot.result.before is not None


async def test_a_missed_exercise_is_done_again_in_place(review, progress):
    lesson = load_course()[BY_HAND].lesson
    number = next(number for number, step in enumerate(lesson.steps) if step.kind == "exercise")
    progress.record_attempt(lesson.id, number, "5", False)
    async with review(limit=1) as driver:
        assert lesson.title.en in driver.said("#question")
        await driver.press("ctrl+o")
        exercise = driver.attempt.exercise
        assert exercise is not None and exercise.node == lesson.steps[number].exercise.fill
        await driver.answer(repr(exercise.expected(driver.attempt.asked)))
        assert [a.right for a in progress.attempts(lesson.id)] == [False, True]
        assert [a.step for a in progress.attempts(lesson.id)] == [number, number]
        await driver.press("escape")
        if not isinstance(driver.app.screen, ReviewScreen):
            await driver.press("escape")
        await driver.press("enter", "4")
        assert set(progress.cards()) == {f"exercise/{lesson.id}/{number}"}
        assert "All done" in driver.said("#question") and not progress.started_lessons()


async def test_when_all_is_done_the_next_date_and_more_are_offered(review, progress):
    async with review(unit=0, limit=1, new=1) as driver:
        await driver.press("enter", "4")
        said = driver.said("#question")
        assert "All done: 1 answers graded." in said and "The next card is due on 20" in said
        assert others(driver)[0] == f"m {MORE} new questions"
        await driver.press("m")
        assert driver.app.screen.sitting.left == 1, "the limit holds"
        assert driver.app.screen.query_one("#answer").has_focus


async def test_nothing_due_is_said_in_words(review):
    async with review(unit=0, new=0) as driver:
        assert "Nothing is due now." in driver.said("#question") and not grades(driver)
        await driver.press("enter", "1", "o", "ctrl+o")
        assert isinstance(driver.app.screen, ReviewScreen)


async def test_another_language_keeps_the_card_and_what_was_typed(review):
    async with review(unit=3) as driver:
        await driver.press(*"half", "f2")
        first = questions(3)[0]
        assert shows(driver, first.question.zh) and driver.app.screen.query_one("#answer").value == "half"
        await driver.press("enter", "f2")
        assert shows(driver, first.answer.en) and shows(driver, "half")


async def test_what_is_typed_is_no_markup(review):
    async with review(unit=3) as driver:
        driver.app.screen.query_one("#answer").value = "[bold]x[/bold] [MASK] \x1b[31m"
        await driver.press("enter")
        assert "[bold]x[/bold] [MASK]" in driver.text() and "\x1b" not in driver.text()


@pytest.mark.parametrize("keys", [("f5",), ("escape", "r")])
async def test_home_leads_to_the_review(tutor, keys):
    async with tutor() as driver:
        assert any("review" in f"{hint.text}" for hint in driver.app.screen.query_one("#more-keys", KeyLine).hints)
        await driver.press(*keys)
        assert isinstance(driver.app.screen, ReviewScreen)
        await driver.press("f4")
        assert "model width" in driver.text()
        await driver.press("escape", "f1")
        assert "Your grade" in driver.text()
        await driver.press("escape", "escape")
        assert isinstance(driver.app.screen, HomeScreen)


async def test_home_says_how_many_cards_are_due(tutor, progress):
    from tutor.course.schedule import Schedule

    card = Schedule(fuzz=False).graded("question/x", None, EASY, progress.clock() - 90 * 86_400)
    progress.record_review(card, EASY)
    async with tutor() as driver:
        hints = driver.app.screen.query_one("#more-keys", KeyLine).hints
        assert any(hint.text == "review (1 due)" for hint in hints)


async def test_the_command_opens_the_review_and_leaves_to_home(progress):
    app = TutorApp(progress=progress, review=ReviewWish(unit=2))
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, ReviewScreen) and {card.unit for card in app.screen.sitting.queue} == {2}
        await pilot.press("escape")
        assert isinstance(app.screen, HomeScreen)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_palette_knows_every_question(tutor, language):
    async with tutor(lang=language) as driver:
        offered = {title: run for title, _said, run, _unasked in questions_offered(driver.app)}
        assert len(offered) == len(load_bank().questions)
        question = load_bank()["why-residuals"]
        run = next(run for title, run in offered.items() if question.question.get(language) in title)
        run()
        await driver.settle()
        assert shows(driver, question.question.get(language)) and driver.app.screen.sitting.left == 1


async def test_a_small_terminal_says_so(review):
    async with review((40, 10), unit=3) as driver:
        assert "too small" in driver.text()
        await driver.resize(100, 30)
        assert shows(driver, questions(3)[0].question.en)
