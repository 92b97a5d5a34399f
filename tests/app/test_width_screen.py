"""The slider over d_k on screen: its numbers are the trace's, its keys lead into it, a lesson's d_k is found there."""

import numpy as np
import pytest
from rich.cells import cell_len

from tests.app.conftest import LANGUAGES, NARROW, SIZES
from tutor.app import width_lines
from tutor.app.screens.trace import TraceScreen
from tutor.app.screens.widths import WidthScreen
from tutor.app.width_state import Slider, WidthView
from tutor.course.goals import Evidence
from tutor.course.lesson_file import load_lesson
from tutor.course.schema import Try
from tutor.course.widths import sought
from tutor.engine.widths import SIDES, WIDTHS
from tutor.models.registry import load_model

LESSON = "saturation"
SENTENCE = "The cat sat on the mat"

pytestmark = pytest.mark.usefixtures("drawn_when_looked_at")


def slider_step() -> int:
    steps = load_lesson(LESSON).steps
    return next(n for n, step in enumerate(steps) if isinstance(step, Try) and step.goal.width is not None)


@pytest.fixture(scope="module")
def trace():
    return load_model("speaker").trace(SENTENCE)


def test_what_was_not_looked_at_is_not_shown(trace):
    slider = Slider(trace, WidthView())
    assert [share is not None for share in slider.shares("undivided", "entropy")] == [True, *[False] * 9]
    slider.turn(1)
    slider.turn(1)
    slider.turn(-1)
    assert slider.view.width == 2 and slider.view.seen == {1, 2, 4}
    assert width_lines.strip(slider, 76).plain.count(width_lines.UNSEEN) == 4 * 7
    slider.turn(100)
    assert slider.view.width == WIDTHS[-1]
    slider.turn(-100)
    assert slider.view.width == WIDTHS[0]


def test_other_numbers_are_drawn_for_the_same_sentence(trace):
    slider = Slider(trace, WidthView(width=64, seen=frozenset({1, 2, 64})))
    before = slider.row_of("undivided").copy()
    slider.draw_anew()
    assert slider.view.seed == 1 and slider.view.seen == {64} and trace.width_seed == 1
    assert not np.allclose(before, slider.row_of("undivided"))
    again = Slider(trace, WidthView(width=64))  # from the first seed again
    np.testing.assert_array_equal(again.row_of("undivided"), before)


@pytest.mark.parametrize("width", [20, 38, 60])
@pytest.mark.parametrize("height", [2, 3, 10])
def test_bars_fit(trace, width, height):
    slider = Slider(trace, WidthView(width=64, row=2))
    for side in SIDES:
        lines = width_lines.bars(slider, side, width, height).plain.split("\n")
        assert len(lines) <= height and all(cell_len(line) <= max(width, 18) for line in lines)
        row = slider.row_of(side)
        if len(row) <= height:
            assert [float(line[-4:]) for line in lines] == [round(float(share), 2) for share in row]
        else:
            assert str(len(row) - height + 1) in lines[-1]


def test_a_row_beyond_a_shorter_sentence(trace):
    slider = Slider(trace, WidthView(row=99))
    assert slider.view.row == len(slider.tokens) - 1
    slider.move(-99)
    assert slider.view.row == 0


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("size", SIZES)
async def test_the_lessons_d_k_is_found(tutor, progress, size, lang):
    step = slider_step()
    progress.record(LESSON, step)
    async with tutor(size=size, lang=lang, lesson=LESSON) as driver:
        await driver.press("o")
        screen = driver.app.screen
        assert isinstance(screen, WidthScreen)
        wanted = sought(screen.slider.goal, screen.slider.trace)
        await driver.press("m")
        assert screen.slider.view.good is False and not screen.slider.view.found
        assert any("✗" in line for line in driver.lines())
        await driver.press(*["right"] * WIDTHS.index(wanted), "m")
        assert screen.slider.view.good is True
        lines = [line.rstrip() for line in driver.lines()]
        assert any("✓" in line for line in lines) and all(cell_len(line) <= size[0] for line in lines)
        shown = "".join(lines)
        for side in SIDES:
            for share in screen.slider.shares(side, "entropy"):
                assert share is None or f"{100 * share:.0f}%" in shown
        await driver.press("escape")
        assert isinstance(driver.app.screen, TraceScreen)
        assert driver.screen.snapshot.lesson.done(driver.trace)
        # It stands where it was left.
        await driver.press("o")
        assert driver.app.screen.slider.view.width == wanted


@pytest.mark.parametrize(("keys", "node"), [("", "weights"), ("e", "entropy"), ("s", "slope")])
async def test_a_number_is_opened_and_walked(tutor, keys, node):
    async with tutor(size=NARROW, model="speaker", explore=SENTENCE) as driver:
        driver.screen.action_widths()
        await driver.settle()
        screen = driver.app.screen
        await driver.press(*["right"] * 5, "down", "tab")
        value = screen.slider.row_of("divided") if node == "weights" else screen.slider.measured("divided", node)
        await driver.press(keys or "enter")
        assert driver.here.node == f"width.32.divided.{node}" and driver.here.index[0] == 1
        shown = driver.trace[driver.here.node].at(driver.here.index)
        assert shown == pytest.approx(float(np.max(value)))
        await driver.press("enter")
        assert driver.here.node.startswith("width.32.")


async def test_the_language_changes_where_the_slider_stands(tutor):
    async with tutor(size=NARROW, model="speaker", explore=SENTENCE) as driver:
        driver.screen.action_widths()
        await driver.settle()
        await driver.press("right", "right", "f2")
        await driver.settle()
        assert driver.app.screen.slider.view.width == 4
        assert any("熵" in line for line in driver.lines())


async def test_a_model_without_a_sentence_says_so(tutor):
    async with tutor(size=NARROW, model="forecaster", explore="day") as driver:
        driver.screen.action_widths()
        await driver.settle()
        assert isinstance(driver.app.screen, TraceScreen)


async def test_another_sentence_keeps_the_numbers_that_were_drawn(tutor, progress):
    progress.record(LESSON, slider_step())
    async with tutor(size=NARROW, lesson=LESSON) as driver:
        assert driver.trace.width_seed == 0
        await driver.press("o", "r", "r", "right", "enter")
        assert driver.here.node == "width.2.undivided.weights" and driver.trace.width_seed == 2
        await driver.type("天行健")
        other = load_model("proverbs").trace("天行健").width(driver.here.node, seed=2).value
        np.testing.assert_allclose(driver.trace[driver.here.node].value, other, atol=1e-6)
        await driver.press("escape", "n")
        assert driver.here.node == "width.512.undivided.slope" and driver.trace.width_seed == 2
        await driver.press("o")  # of no goal now, and still on the same numbers
        assert driver.app.screen.slider.view.seed == 2
        await driver.press("escape")
        assert driver.trace.width_seed == 2


async def test_both_sides_of_a_what_if_have_the_same_random_numbers(tutor):
    async with tutor(size=NARROW, model="speaker", explore=SENTENCE) as driver:
        driver.screen._ask(config={"scale_scores": False})
        await driver.settle()
        driver.screen.action_widths()
        await driver.settle()
        await driver.press("r", "enter")
        result = driver.snapshot.result
        assert result.before.width_seed == result.trace.width_seed == 1
        before, after = (side[driver.here.node].value for side in (result.before, result.trace))
        np.testing.assert_array_equal(before, after)


async def test_no_switch_is_offered_for_random_numbers(tutor):
    async with tutor(size=NARROW, model="speaker", explore=SENTENCE) as driver:
        assert any(hint.startswith("w ") for hint in driver.hints)
        driver.screen.action_widths()
        await driver.settle()
        await driver.press("enter")
        assert driver.here.node.startswith("width.")
        assert not any(hint.startswith(("w ", "g ")) for hint in driver.hints)
        await driver.press("w")
        assert isinstance(driver.app.screen, TraceScreen)
        # One that is on already can be switched off.
        driver.screen._ask(config={"scale_scores": False})
        await driver.settle()
        await driver.press("w")
        assert [switch.field for switch in driver.app.screen._offered] == ["scale_scores"]
        await driver.press("enter")
        assert not driver.snapshot.request.is_what_if


def test_leaving_without_finding_is_no_evidence():
    assert not Evidence().width_found
