"""From the trace screen to the others and back: what a lesson's step asks for, and what is free to open."""

import pytest
from textual.widgets._toast import Toast

from tests.app.conftest import NARROW, WIDE
from tutor.app.app import TutorApp
from tutor.app.dialogs.glossary import GlossaryDialog
from tutor.app.lesson_state import Attempt, LessonState
from tutor.app.palette import TutorCommands
from tutor.app.screens.generation import GenerationScreen
from tutor.app.screens.home import HomeScreen
from tutor.app.screens.trace import TraceScreen
from tutor.app.screens.training import TrainingScreen
from tutor.app.widgets.key_line import KeyLine
from tutor.course.goals import Evidence
from tutor.course.lesson_file import load_lesson
from tutor.course.schema import Try

CHOOSING = "logits-to-words"
LEARNING = "watch-it-learn"
BY_HAND = "attention-by-hand"

pytestmark = pytest.mark.usefixtures("drawn_when_looked_at")


def first_step(lesson, goal):
    return next(
        number for number, step in enumerate(lesson.steps) if isinstance(step, Try) and getattr(step.goal, goal)
    )


async def test_a_step_opens_the_generation_and_is_done_when_its_goal_was_reached(tutor, progress):
    lesson = load_lesson(CHOOSING)
    progress.record(CHOOSING, first_step(lesson, "generate"))
    wanted = lesson.steps[first_step(lesson, "generate")].goal.generate
    assert wanted == {"strategy": "beam", "beams": 3}
    async with tutor(size=NARROW, lesson=CHOOSING) as driver:
        assert driver.hints[0] == "o open"
        await driver.press("o")
        assert isinstance(driver.app.screen, GenerationScreen)
        await driver.press("escape")
        assert isinstance(driver.app.screen, TraceScreen) and driver.hints[0] == "o open"
        await driver.press("o", "s", "right", "tab", "left", "escape", "escape")
        assert driver.attempt.reached and "o open" not in driver.hints
        assert "Done." in driver.said("#verdict")
        await driver.press("p", "n")
        assert not driver.attempt.reached


async def test_a_step_opens_the_training_and_is_done_when_its_goal_was_reached(tutor, progress):
    lesson = load_lesson(LEARNING)
    progress.record(LEARNING, first_step(lesson, "train"))
    assert lesson.steps[first_step(lesson, "train")].goal.train == "stepped"
    async with tutor(size=NARROW, lesson=LEARNING) as driver:
        await driver.press("o")
        assert isinstance(driver.app.screen, TrainingScreen)
        await driver.press("escape")
        assert "o open" in driver.hints
        await driver.press("o", "s", "escape")
        assert driver.attempt.reached and "Done." in driver.said("#verdict")
        await driver.press("p", "o")
        assert isinstance(driver.app.screen, TrainingScreen), "the lesson speaks of it on other steps too"
        await driver.press("escape")


def test_only_what_was_asked_for_counts():
    lesson = load_lesson(CHOOSING)
    state = LessonState(lesson, first_step(lesson, "generate"))
    assert not state.done(None)
    assert not state.having(Evidence(generated=({"strategy": "beam", "beams": 4},))).done(None)
    reached = state.having(Evidence(generated=({"strategy": "greedy"}, {"strategy": "beam", "beams": 3})))
    assert reached.done(None) and reached.having(Evidence()).done(None)
    assert reached.at(0).attempt == Attempt()


async def test_free_exploration_opens_the_generation_of_its_sentence(tutor):
    async with tutor(size=WIDE, explore="马无夜草不肥", model="proverbs") as driver:
        assert "G generate" in driver.hints
        titles = [title for title, *_ in TutorCommands(driver.app.screen).commands()]
        assert "Generation" in titles
        await driver.press("G")
        assert driver.app.screen.state.found.text == driver.trace.target
        await driver.press("escape")
        assert isinstance(driver.app.screen, TraceScreen)
        await driver.press("i")
        assert isinstance(driver.app.screen, GlossaryDialog) and driver.app.screen._sentence == "马无夜草不肥"


@pytest.mark.parametrize(("model", "sentence"), [("cloze", "She _ cats."), ("forecaster", "day")])
async def test_a_model_that_only_reads_offers_no_generation(tutor, model, sentence):
    async with tutor(size=WIDE, explore=sentence, model=model) as driver:
        assert driver.trace is not None and "G generate" not in driver.hints


async def test_numbers_for_paper_have_no_sentence_and_write_nothing(tutor):
    async with tutor(size=WIDE, lesson=BY_HAND) as driver:
        assert not [hint for hint in driver.hints if hint.startswith(("/ ", "G "))]
        await driver.press("G")
        assert isinstance(driver.app.screen, TraceScreen)


async def test_what_is_said_at_the_end_leaves_the_keys_to_be_read(progress):
    app = TutorApp(progress=progress)
    async with app.run_test(size=NARROW, notifications=True) as pilot:
        app.finish_lesson(BY_HAND)
        for _round in range(20):
            await pilot.pause()
            if toasts := list(app.screen.query(Toast)):
                break
        assert isinstance(app.screen, HomeScreen) and len(toasts) == 1
        for line in app.screen.query(KeyLine):
            assert not toasts[0].region.overlaps(line.region)
