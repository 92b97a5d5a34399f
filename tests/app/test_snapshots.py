"""Pictures of the screens at both sizes, in both languages, with and without colour.

The numbers on them are a hand-size program's or a mask's, so training a model anew changes no picture.
Look at the report before accepting new ones: `pytest tests/app/test_snapshots.py --snapshot-update`.
"""

import pytest
from textual.widgets import Input

from tests.app.conftest import NARROW, WIDE, Driver
from tutor.app import generation_state
from tutor.app.app import TutorApp
from tutor.app.screens import generation as generation_screen
from tutor.app.screens.generation import GenerationScreen
from tutor.app.tracing import model_called
from tutor.course.progress import Progress
from tutor.models.model import Model
from tutor.models.weights import initialise

BY_HAND = "attention-by-hand"
FIRST_ANSWER = 2  # the step of the first exercise of the lesson by hand
FIRST_QUESTION = 3


@pytest.fixture
def picture(snap_compare, tmp_path):
    """Drive the app by keys (a word is one key), hold still whatever blinks, and compare."""

    def compare(size, language="en", lesson=None, keys="", then=None, explore=None):
        app = TutorApp(lesson, lang=language, progress=Progress(tmp_path / "progress.sqlite"))

        async def drive(pilot):
            driver = Driver(app, pilot)
            await driver.settle()
            if explore:
                app.explore(explore)
                await driver.settle()
            await driver.press(*keys.split())
            if then is not None:
                await then(driver)
            for screen in app.screen_stack:
                for field in screen.query(Input):
                    field.cursor_blink = False
            await driver.settle()

        assert snap_compare(app, terminal_size=size, run_before=drive)

    return compare


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x36"])
class TestBothSizesAndLanguages:
    """What a learner meets first."""

    def test_home(self, picture, size, language):
        picture(size, language)

    def test_lesson(self, picture, size, language):
        picture(size, language, BY_HAND, "n")

    def test_masks_of_a_model(self, picture, size, language):
        picture(size, language, "masks")

    def test_review_question(self, picture, size, language):
        picture(size, language, keys="f5")

    def test_review_answer(self, picture, size, language):
        picture(size, language, keys="f5 enter")


@pytest.fixture
def random_model(monkeypatch):
    """A model whose weights no training changes."""
    known = model_called("proverbs")
    weights = {name: 2 * array for name, array in initialise(known.config, 5).items()}
    random = Model(known.card, known.config, weights, known.tokenizer, known.target_tokenizer)
    for module in (generation_state, generation_screen):
        monkeypatch.setattr(module, "model_called", lambda name: random)


def generation(settings, language, keys):
    async def open_it(driver):
        driver.app.push_screen(GenerationScreen("proverbs", "马无夜草不肥", settings, language))
        await driver.settle()
        await driver.press(*keys.split())

    return open_it


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x36"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_beam_search(picture, random_model, size, language):
    picture(size, language, then=generation({"strategy": "beam", "beams": 3}, language, "n n n down"))


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x36"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_sampling(picture, random_model, size, language):
    settings = {"strategy": "sample", "temperature": 0.5, "top_k": 5}
    picture(size, language, then=generation(settings, language, "n n t right"))


async def answer_wrongly(driver):
    await driver.press("n", *["n"] * (FIRST_ANSWER - 1))
    exercise = driver.attempt.exercise
    slips = (float(slip.value[driver.attempt.asked]) for slip in exercise.slips)
    wrong = next(value for value in slips if not exercise.grade(driver.attempt.asked, repr(value)).right)
    await driver.answer(f"{wrong:g}")


async def answer_rightly(driver):
    await driver.press(*["n"] * FIRST_ANSWER)
    exercise = driver.attempt.exercise
    for cell in exercise.cells[:2]:
        await driver.answer(f"{exercise.expected(cell):g}")
    await driver.press("h", "h")


async def ask(driver, wrong=False):
    await driver.press(*["n"] * FIRST_QUESTION)
    if wrong:
        question = driver.attempt.question
        await driver.press("abcdef"[(question.right + 1) % len(question.choices)])


async def ask_wrong(driver):
    await ask(driver, wrong=True)


async def why_with_lit_operands(driver):
    await driver.go("Y", (1, 1))
    await driver.pane("why")
    await driver.press("enter")


async def changed_number(driver):
    await driver.go("X", (0, 1))
    await driver.press("w")
    await driver.press("9", "enter")
    await driver.go("Z", (0, 0))
    await driver.pane("matrix")
    await driver.press("d")


def test_exercise(picture):
    picture(NARROW, "en", BY_HAND, "n n")


def test_exercise_wide(picture):
    picture(WIDE, "zh", BY_HAND, "n n")


def test_wrong_answer(picture):
    picture(WIDE, "en", BY_HAND, then=answer_wrongly)


def test_wrong_answer_narrow(picture):
    picture(NARROW, "zh", BY_HAND, then=answer_wrongly)


def test_right_answers_and_hints(picture):
    picture(WIDE, "en", BY_HAND, then=answer_rightly)


def test_question(picture):
    picture(NARROW, "en", BY_HAND, then=ask)


def test_question_wide(picture):
    picture(WIDE, "zh", BY_HAND, then=ask)


def test_wrong_choice(picture):
    picture(NARROW, "zh", BY_HAND, then=ask_wrong)


def test_why(picture):
    picture(NARROW, "en", BY_HAND, then=why_with_lit_operands)


def test_why_wide(picture):
    picture(WIDE, "zh", BY_HAND, then=why_with_lit_operands)


def test_what_if_dialog(picture):
    picture(NARROW, "en", "masks", "w")


def test_what_if_dialog_wide(picture):
    picture(WIDE, "zh", "masks", "w down")


def test_comparison(picture):
    picture(WIDE, "en", BY_HAND, then=changed_number)


def test_comparison_narrow(picture):
    picture(NARROW, "zh", BY_HAND, then=changed_number)


def test_glossary(picture):
    picture(NARROW, "en", BY_HAND, "i")


def test_glossary_wide(picture):
    picture(WIDE, "zh", BY_HAND, "i")


def test_help(picture):
    picture(NARROW, "zh", BY_HAND, "question_mark")


def test_help_wide(picture):
    picture(WIDE, "en", BY_HAND, "question_mark")


def test_too_small(picture):
    picture((20, 5), "en", BY_HAND)


@pytest.fixture
def no_colour(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.mark.usefixtures("no_colour")
class TestWithoutColour:
    """NO_COLOR=1."""

    def test_home(self, picture):
        picture(NARROW, "en")

    def test_wrong_answer(self, picture):
        picture(WIDE, "en", BY_HAND, then=answer_wrongly)

    def test_why(self, picture):
        picture(WIDE, "en", BY_HAND, then=why_with_lit_operands)

    def test_comparison(self, picture):
        picture(NARROW, "en", BY_HAND, then=changed_number)

    def test_beam_search(self, picture, random_model):
        picture(NARROW, "en", then=generation({"strategy": "beam", "beams": 3}, "en", "n n n down"))


# What the pictures cannot say in words.


def styles(driver):
    """Text and style of every piece of the matrix on screen."""
    matrix = driver.matrix
    return [segment for y in range(matrix.size.height) for segment in matrix.render_line(y) if segment.text.strip()]


async def test_without_colour_everything_can_still_be_told_apart(no_colour, tutor):
    async with tutor(size=WIDE, lesson=BY_HAND) as driver:
        await why_with_lit_operands(driver)
        await driver.pane("matrix")
        assert driver.app.no_color
        lit = [segment for segment in styles(driver) if segment.style.underline]
        assert lit, "operand cells are underlined"
        cursor = [segment for segment in styles(driver) if "[" in segment.text]
        assert cursor and all(segment.style.reverse for segment in cursor)
        assert "┏" in driver.text() and driver.text().count("┏") == 1, "the pane that has the keys has a heavy frame"
        await driver.press("n", "n")
        blanks = [segment for segment in styles(driver) if "____" in segment.text]
        assert len(blanks) == len(driver.attempt.blanks)
        await driver.press("5")
        answer = driver.lesson.query_one("#answer")
        line = driver.app.screen._compositor.render_strips()[answer.region.y]
        assert [segment.text for segment in line if segment.style.reverse] == [" "], "the cursor can be seen"
        await driver.answer("123456")
        assert driver.attempt.good is False and driver.said("#verdict").startswith("✗")
        await driver.answer(repr(driver.attempt.exercise.expected(driver.attempt.asked)))
        assert driver.said("#verdict").startswith("✓")


async def test_without_colour_there_is_no_colour(no_colour, tutor):
    async with tutor(size=WIDE, lesson="masks") as driver:
        for keys in ("", "n", "n n", "w", "escape", "i", "escape", "question_mark"):
            await driver.press(*keys.split())
            strips = driver.app.screen._compositor.render_strips()
            coloured = [
                segment
                for strip in strips
                for segment in strip
                if segment.style
                and any(part and not part.is_default for part in (segment.style.color, segment.style.bgcolor))
            ]
            assert not coloured, (keys, coloured[:3])
