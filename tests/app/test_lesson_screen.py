"""The lessons walked on screen from the first step to the last, as a learner would, with keys alone."""

from dataclasses import replace

import pytest
from textual.widgets import Input

from tests.app.conftest import NARROW, SIZES, WIDE
from tutor.app.dialogs.what_if import WhatIfDialog
from tutor.app.screens.home import HomeScreen
from tutor.course.drills import QUIZZED
from tutor.course.goals import Evidence, to_generate, tried
from tutor.course.lesson_file import load_lesson
from tutor.course.load import load_course
from tutor.course.places import cell_at, find_node
from tutor.course.progress import Progress
from tutor.course.schema import Ask, Audit, Explain, Fill, Order, Show, Try
from tutor.display.language import _

pytestmark = pytest.mark.usefixtures("drawn_when_looked_at")

LESSONS = [entry.id for entry in load_course().lessons]
# Every lesson in both languages and at both sizes; which goes with which takes turns.
WALKS = [
    pytest.param(lesson, *pair, id=f"{lesson}-{pair[0][0]}-{pair[1]}")
    for place, lesson in enumerate(LESSONS)
    for pair in zip((NARROW, WIDE), ("en", "zh") if place % 2 else ("zh", "en"), strict=True)
]


async def do_step(driver):
    """Whatever the step on screen asks for, done rightly."""
    step = driver.snapshot.lesson.step
    if isinstance(step, Fill):
        await fill_in(driver)
    elif isinstance(step, Ask):
        await driver.press("abcdef"[driver.attempt.question.right])
        assert driver.attempt.good is True
        assert "✓" in driver.text()
    elif isinstance(step, QUIZZED):
        assert driver.attempt.question is not None, driver.attempt.problem
        while not driver.attempt.is_answered:
            await driver.press("abcdef"[driver.attempt.question.right])
            assert driver.attempt.good is True
    elif isinstance(step, Explain):
        await driver.press(*"no: n", "enter")
        assert driver.attempt.written == "no: n" and driver.said("#points")
        await driver.press("c")
        assert driver.attempt.grade == 3
    elif isinstance(step, Order):
        await driver.press(*("abcdef"[place] for place in driver.attempt.ordering.right))
        assert driver.attempt.good is True and "✓" in driver.text()
    elif isinstance(step, Try) and step.goal.reach is not None:
        await bring_about(driver, step)
    elif isinstance(step, Try) and step.goal.config is None:
        await come_back_with_the_goal(driver, step.goal)
    elif isinstance(step, Try):
        await set_switch(driver, dict(step.goal.config))
        assert tried(step, driver.trace) and driver.snapshot.lesson.done(driver.trace)
        assert driver.trace.config != driver.snapshot.result.before.config
    elif isinstance(step, Audit):
        await find_slips(driver)


async def bring_about(driver, step):
    """By the numbers of the solution, each typed into the what-if of its cell."""
    assert step.goal.solution.config is None and not driver.snapshot.lesson.done(driver.trace)
    for one in step.goal.solution.numbers:
        node = find_node(driver.trace, one.node)
        await driver.go(node.name, cell_at(node, one.at))
        await driver.press("w")
        dialog = driver.app.screen
        assert isinstance(dialog, WhatIfDialog)
        dialog.query_one(Input).focus()
        await driver.press(*["backspace"] * 12, *str(one.number), "enter")
    assert driver.snapshot.lesson.done(driver.trace)
    asked = driver.snapshot.lesson.stop(driver.trace)
    if driver.here.node != asked.node:
        assert _("Done: walk back (⌫) to see it.") in driver.said("#verdict")
        await driver.go(asked.node, asked.index)
    assert _("Done: the matrix shows it.") in driver.said("#verdict")


async def find_slips(driver):
    """Every slip marked, as the recomputed matrix says, and nothing else."""
    await driver.press("o")
    screen = driver.app.screen
    screen.state = replace(screen.state, marked=screen.state.sheet.slips)
    await driver.press("c", "escape")
    assert driver.attempt.good is True


async def fill_in(driver):
    """Every blank, with the number that belongs there, typed with three digits more than the matrix shows."""
    assert driver.attempt.exercise is not None, driver.attempt.problem
    asked = []
    while driver.attempt.asked is not None:
        cell = driver.attempt.asked
        assert cell not in asked, f"{driver.attempt.said('en')} does not let {cell} pass"
        asked.append(cell)
        assert driver.snapshot.is_blank and driver.here.index == cell, "the cell asked for is the one under the cursor"
        value = driver.attempt.exercise.expected(cell)
        await driver.answer(f"{value:.6f}" if abs(value) > 1e-3 else repr(value))
    assert asked == list(driver.attempt.exercise.cells)
    assert not driver.matrix.table.blanks


async def come_back_with_the_goal(driver, goal):
    """As if from the screen that `o` opens; those screens are walked in tests of their own."""
    generated = (to_generate(goal),) if goal.generate is not None else ()
    trained = frozenset({goal.train}) if goal.train is not None else frozenset()
    driver.screen._reached(Evidence(generated=generated, trained=trained, width_found=goal.width is not None))
    await driver.settle()


async def set_switch(driver, config):
    """Through the what-if dialog, with the keys."""
    await driver.press("w")
    dialog = driver.app.screen
    assert isinstance(dialog, WhatIfDialog)
    wanted = next(
        place
        for place, switch in enumerate(dialog._offered)
        if switch.field in config and same(switch.value, config[switch.field])
    )
    await driver.press(*["down"] * wanted, "enter")
    assert driver.app.screen is driver.screen


def same(one, other):
    return tuple(one) == tuple(other) if isinstance(one, tuple | list) else one == other


def shown_as_said(driver):
    """The step's matrix is on screen and its text can be read."""
    state, step = driver.snapshot.lesson, driver.snapshot.lesson.step
    own = getattr(step, "config", None)  # a what-if may say how many weights it takes
    strange = "stand in for them" in driver.said("#notice")  # and a model, that it does not know the language
    assert own or strange or driver.screen.query_one("#notice").has_class("-none"), driver.said("#notice")
    assert not driver.snapshot.error
    assert not state.attempt.problem
    assert f"{state.number + 1}/{state.count}" in driver.lines()[0]
    stop = state.stop(driver.trace)
    if stop is not None:
        assert (driver.here.node, driver.here.index) == (stop.node, stop.index)
        assert driver.matrix.table.name == stop.node
    if isinstance(step, Ask):
        first_line = "".join(driver.said("#question").split())
        assert first_line and first_line in "".join(step.ask.get(driver.snapshot.language).replace("**", "").split())
    elif getattr(step, "say", None) is not None:
        assert len(driver.said("#say")) > 20


@pytest.mark.parametrize("lesson, size, language", WALKS)
async def test_a_lesson_from_the_first_step_to_the_last(tutor, progress, lesson, size, language):
    async with tutor(size=size, lang=language, lesson=lesson) as driver:
        count = driver.snapshot.lesson.count
        assert count == len(load_lesson(lesson).steps)
        for number in range(count):
            assert driver.snapshot.lesson.number == number
            assert progress.resume(lesson) == number
            shown_as_said(driver)
            await do_step(driver)
            assert driver.snapshot.lesson.done(driver.trace)
            worked = not isinstance(driver.snapshot.lesson.step, Show)
            assert driver.hints[0].startswith("n ") or not worked, "what comes next is the first key on the line"
            assert " n " in driver.lines()[-1]
            assert not progress.done(lesson)
            await driver.press("n")
        assert isinstance(driver.app.screen, HomeScreen)
        assert progress.done(lesson)
        steps = load_lesson(lesson).steps
        answered = {number for number, step in enumerate(steps) if not isinstance(step, Show | Try)}
        assert progress.solved(lesson) == answered
        assert all(attempt.right for attempt in progress.attempts(lesson))


async def test_a_lesson_goes_on_where_it_was_left(tutor, tmp_path):
    file = tmp_path / "kept.sqlite"
    async with tutor(size=NARROW, lesson="masks", keep=Progress(file)) as driver:
        await driver.press("n", "n", "p", "n", "n")
        assert driver.snapshot.lesson.number == 3
        await driver.press("escape", "escape")  # out of the answer, and home
        assert isinstance(driver.app.screen, HomeScreen)
    async with tutor(size=WIDE, keep=Progress(file)) as driver:
        driver.app.screen.query_one("#map").focus()
        await driver.press("enter")
        assert driver.snapshot.lesson.lesson.id == "masks"
        assert driver.snapshot.lesson.number == 3
        assert isinstance(driver.snapshot.lesson.step, Fill)


# Exercises and questions answered wrongly are in test_exercise_screen.py.


@pytest.mark.parametrize("size", SIZES)
async def test_steps_go_back_too_and_stop_at_the_first(tutor, size):
    async with tutor(size=size, lesson="the-whole-machine") as driver:
        await driver.press("p")
        assert driver.snapshot.lesson.number == 0
        await driver.press("space")
        assert driver.snapshot.lesson.number == 1
        assert driver.here.node == "encoder.embedding.token"
        await driver.press("p")
        assert driver.snapshot.lesson.number == 0
        assert driver.here.node == "tokens"


async def test_a_step_with_a_what_if_of_its_own_is_left_again(tutor):
    """A switch set for one step is not carried into the next."""
    async with tutor(lesson="masks") as driver:
        steps = load_lesson("masks").steps
        at = next(number for number, step in enumerate(steps) if isinstance(step, Try))
        await driver.press(*["n"] * at)
        await set_switch(driver, dict(steps[at].goal.config))
        assert driver.snapshot.request.is_what_if and "what-if" in driver.lines()[0]
        await driver.press("n")
        assert not driver.snapshot.request.is_what_if
        assert driver.trace.config == load_model_config()
        shown_as_said(driver)


def load_model_config():
    from tutor.models.registry import load_model

    return load_model("translator").config


@pytest.mark.parametrize("lesson", LESSONS[1:5])
async def test_the_learners_own_sentence_replaces_the_lessons(tutor, lesson):
    own = "My 3 cats sleep."
    async with tutor(size=NARROW, lesson=lesson, sentence=own) as driver:
        if load_lesson(lesson).program is not None:
            assert driver.trace.info["text"] == "" and driver.screen.query_one("#bar").has_class("-none")
            return
        assert driver.trace.info["text"] == own
        for _number in range(driver.snapshot.lesson.count - 1):
            shown_as_said(driver)
            await driver.press("n")
        assert driver.trace.info["text"] == own


async def test_typing_in_a_lesson_keeps_the_step_and_makes_its_exercise_anew(tutor):
    async with tutor(lesson="the-whole-machine") as driver:
        await driver.press("n", "n")
        assert isinstance(driver.snapshot.lesson.step, Fill)
        value = driver.attempt.exercise.expected(driver.attempt.asked)
        await driver.answer(f"{value:.5f}")
        await driver.type("The river froze")
        assert driver.snapshot.lesson.number == 2
        assert driver.attempt.exercise.trace is driver.trace
        assert len(driver.attempt.blanks) == len(driver.attempt.exercise.cells)
        await fill_in(driver)


# Size and language in the middle of a lesson.


async def test_the_cursor_stays_where_the_step_looks_until_the_learner_moves_it(tutor, progress):
    """The last row of a longer sentence is another one, and so is its largest share."""
    place = next(n for n, step in enumerate(load_lesson("gpt").steps) if step.show == "probabilities" and n > 2)
    progress.record("gpt", place)
    async with tutor(lesson="gpt") as driver:
        await driver.type("Thank you very")
        assert driver.here.index == (2, driver.trace["probabilities"].value[-1].argmax())
        await driver.type("Thank you very much for your")
        assert driver.here.index == (5, driver.trace["probabilities"].value[-1].argmax())
        await driver.press("up", "left")
        moved = driver.here.index
        await driver.type("Thank you very much for your kind")
        assert driver.here.index == moved


async def test_a_terminal_that_changes_its_size_keeps_everything(tutor):
    async with tutor(size=WIDE, lesson="masks") as driver:
        await driver.press("n", "n", "n", "1", ".")
        attempt, walk = driver.attempt, driver.snapshot.walk
        for size in ((80, 24), (20, 5), (60, 15), (120, 36), (200, 60), (20, 5), (80, 24)):
            await driver.resize(*size)
            assert driver.attempt == attempt and driver.snapshot.walk == walk
            lines = driver.lines()
            if size == (20, 5):
                assert "too small" in " ".join(line.strip() for line in lines)
                assert not any("Masks" in line for line in lines)
            else:
                assert f"4/{driver.snapshot.lesson.count}" in lines[0]
                assert driver.lesson.query_one("#answer").value == "1."
                assert driver.app.focused is driver.lesson.query_one("#answer")
        await driver.press("2")
        assert driver.lesson.query_one("#answer").value == "1.2"


@pytest.mark.parametrize("size", [(20, 5), (60, 15), (40, 40), (300, 10)])
async def test_a_terminal_of_any_size_can_be_started_in_and_left(tutor, size):
    async with tutor(size=size, lesson="the-whole-machine") as driver:
        await driver.press("n", "n", "1", "enter", "w", "escape", "question_mark", "escape")
        await driver.resize(*WIDE)
        assert driver.snapshot.lesson.number == 2
        shown_as_said(driver)


@pytest.mark.parametrize("size", SIZES)
async def test_f2_changes_the_language_and_nothing_else(tutor, size):
    async with tutor(size=size, lesson="masks") as driver:
        await driver.press("n")
        wrong = (driver.attempt.question.right + 1) % len(driver.attempt.question.choices)
        await driver.press("abcdef"[wrong])
        walk, english = driver.snapshot.walk, driver.said("#verdict")
        await driver.press("f2")
        assert driver.snapshot.language == driver.app.language == "zh"
        assert driver.snapshot.lesson.number == 1 and driver.snapshot.walk == walk
        assert driver.attempt.chosen == (wrong,)
        assert "掩码" in driver.lines()[0]
        chinese = driver.said("#verdict")
        why = driver.attempt.question.choices[wrong].why
        assert "".join(why.zh.split()) in "".join(chinese.split())
        assert driver.matrix.table.name == driver.here.node
        assert driver.screen.query_one("#why").border_title == _("why")
        await driver.press("f2")
        assert driver.said("#verdict") == english
        await driver.press("n", "n", "1", "f2")
        answer = driver.lesson.query_one("#answer")
        assert answer.value == "1" and driver.app.focused is answer
        await driver.press("5")
        assert answer.value == "15"


async def test_f2_while_typing_a_sentence_loses_no_letter(tutor):
    async with tutor(explore="I am") as driver:
        await driver.press("slash", "end", "x", "f2", "y")
        assert driver.bar.query_one("#sentence").value == "I amxy"
        assert driver.snapshot.request.sentence == "I amxy"
        await driver.type("")
        english = driver.said("#notice")
        assert any("\u4e00" <= letter <= "\u9fff" for letter in english), english


async def test_every_lesson_says_in_one_line_what_to_do_next(tutor):
    """The key for the work stands first as long as the work is not done."""
    async with tutor(size=NARROW, lesson="query-key-value") as driver:
        for _number in range(driver.snapshot.lesson.count - 1):
            step, first = driver.snapshot.lesson.step, driver.hints[0].split()[0]
            if isinstance(step, Fill):
                assert first in ("0-9", "x")
            elif isinstance(step, Ask):
                assert first == "a"
            elif isinstance(step, Try):
                assert first == "w"
            elif isinstance(step, Show):
                assert first in ("n", "enter")
            await driver.press("n")
