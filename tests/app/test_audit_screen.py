"""Hunting slips: marking, checking, what is shown of each cell, and the way back to the lesson."""

from dataclasses import replace

import pytest

from tests.app.conftest import NARROW, SIZES, WIDE
from tutor.app.audit_state import AuditState
from tutor.app.dialogs.help import HelpDialog
from tutor.app.screens.audit import AuditScreen
from tutor.app.screens.trace import TraceScreen
from tutor.app.widgets.matrix import MatrixView
from tutor.course.audit import Sheet
from tutor.course.lesson_file import load_lesson
from tutor.course.programs import run_program
from tutor.course.schema import Audit

LESSON = "audit"

pytestmark = pytest.mark.usefixtures("drawn_when_looked_at")


def sheet_at(number):
    lesson = load_lesson(LESSON)
    return Sheet(lesson.steps[number], run_program(lesson.program))


def step_of(printed):
    return next(
        number
        for number, step in enumerate(load_lesson(LESSON).steps)
        if isinstance(step, Audit) and step.audit.printed == printed
    )


def signs(driver, sign):
    """The cells that carry a sign."""
    blanks = driver.app.screen.query_one("#printed", MatrixView).table.blanks
    return {cell for cell, blank in blanks.items() if blank.sign == sign}


async def opened(driver):
    await driver.press("o")
    assert isinstance(driver.app.screen, AuditScreen)


async def go(driver, cell):
    row, column = driver.app.screen.state.at
    keys = ["down"] * (cell[0] - row) + ["up"] * (row - cell[0])
    await driver.press(*keys, *["right"] * (cell[1] - column), *["left"] * (column - cell[1]))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_marks_are_checked_cell_by_cell(tutor, progress, size, language):
    number = step_of("relu_printed")
    progress.record(LESSON, number)
    sheet = sheet_at(number)
    right, slips = (0, 0), sorted(sheet.slips)
    async with tutor(size=size, lesson=LESSON, lang=language) as driver:
        await opened(driver)
        await go(driver, right)
        await driver.press("space")
        for cell in slips[:2]:
            await go(driver, cell)
            await driver.press("enter")
        assert signs(driver, "•") == {right, *slips[:2]} and driver.text().count("•") == 3
        await driver.press("c")
        state = driver.app.screen.state
        assert state.finding.hits == set(slips[:2]) and state.finding.false_alarms == {right}
        assert "8" in driver.said("#said") and "36" in driver.said("#said")
        assert signs(driver, "✓") == set(slips[:2]) and signs(driver, "✗") == {right}
        assert signs(driver, "○") == set(slips[2:]) and driver.text().count("○") == 7  # one of them explains it
        await driver.press("space")
        assert driver.app.screen.state.finding == state.finding
        await driver.press("escape")
        assert isinstance(driver.app.screen, TraceScreen)
        assert driver.attempt.reached and driver.attempt.good is False
        assert driver.attempt.verdict.get(language) in driver.said("#verdict").replace("\n", " ")


async def test_the_recomputed_matrix_is_covered_until_the_check(tutor, progress):
    progress.record(LESSON, step_of("relu_printed"))
    async with tutor(size=WIDE, lesson=LESSON) as driver:
        await opened(driver)
        assert not driver.app.screen.query_one("#recomputed").display
        await go(driver, (2, 2))
        assert "printed -0.57" in driver.said("#cell") and "max(0, -0.57) = ?" in driver.said("#cell")
        await driver.press("u")
        assert driver.app.screen.query_one("#recomputed").display
        assert "max(0, -0.57) = 0" in driver.said("#cell") and "= ?" not in driver.said("#cell")


async def test_the_cursors_go_together_and_numbers_stand_as_printed(tutor, progress):
    progress.record(LESSON, step_of("mixed_printed"))
    async with tutor(size=WIDE, lesson=LESSON) as driver:
        await opened(driver)
        await go(driver, (2, 3))
        printed, recomputed = (
            driver.app.screen.query_one(f"#{name}", MatrixView) for name in ("printed", "recomputed")
        )
        assert printed.cursor == recomputed.cursor == (2, 3)
        assert " 3.62284 " in driver.text() and " 3.6228410 " in driver.text()


@pytest.mark.parametrize(
    "printed, at, arithmetic", [("sum_printed", (1, 2), "0.16 + 0.0022"), ("position_printed", (1, 2), "cos")]
)
def test_a_matrix_that_was_turned_still_tells_its_arithmetic(printed, at, arithmetic):
    state = replace(AuditState.begun(sheet_at(step_of(printed)), load_lesson(LESSON)), at=at)
    assert arithmetic in state.about_cell()


async def test_all_none_and_another_try(tutor, progress):
    progress.record(LESSON, step_of("sum_printed"))
    async with tutor(size=NARROW, lesson=LESSON) as driver:
        await opened(driver)
        await driver.press("a", "a", "a", "space", "c")
        state = driver.app.screen.state
        assert len(state.finding.hits) == 35 and state.finding.misses == {(0, 0)}
        await driver.press("r", "space", "c")
        assert driver.app.screen.state.finding.right
        await driver.press("escape")
        assert driver.attempt.good is True


async def test_leaving_without_a_check_is_no_attempt(tutor, progress):
    progress.record(LESSON, step_of("sum_printed"))
    async with tutor(size=NARROW, lesson=LESSON) as driver:
        await opened(driver)
        await driver.press("a", "escape")
        assert not driver.attempt.reached and driver.attempt.verdict is None


async def test_the_last_audit_counts_them_all(tutor, progress):
    progress.record(LESSON, step_of("projected_printed"))
    async with tutor(size=NARROW, lesson=LESSON) as driver:
        await opened(driver)
        await driver.press("c")
        slips = sum(len(sheet_at(n).slips) for n, s in enumerate(load_lesson(LESSON).steps) if isinstance(s, Audit))
        assert f"{slips} of " in driver.said("#said")


async def test_hints_help_and_the_language(tutor, progress):
    progress.record(LESSON, step_of("relu_printed"))
    async with tutor(size=WIDE, lesson=LESSON) as driver:
        await driver.press("h")
        assert "Three kinds" in driver.said("#hints")
        await opened(driver)
        await driver.press("space", "f2")
        assert "recomputed" not in driver.said("#recomputed-heading")
        assert len(driver.app.screen.state.marked) == 1
        await driver.press("question_mark")
        assert isinstance(driver.app.screen, HelpDialog)
