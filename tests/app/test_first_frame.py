"""The first frame of a screen is already laid out for the terminal it is in."""

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Label

from tutor.app.widgets.too_small import FittedScreen


class Sized(FittedScreen[None]):
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-high")]
    seen: frozenset[str] = frozenset()

    def compose(self) -> ComposeResult:
        self.seen = frozenset(self.classes)
        yield Label("x")


@pytest.mark.parametrize(("size", "classes"), [((80, 24), {"-narrow", "-low"}), ((120, 36), {"-wide", "-high"})])
async def test_the_classes_of_the_size_are_there_before_the_widgets(size, classes):
    app = App[None]()
    async with app.run_test(size=size) as pilot:
        screen = Sized()
        app.push_screen(screen)
        await pilot.pause()
        assert screen.seen == classes
        await pilot.resize_terminal(90, 40)
        await pilot.pause()
        assert set(screen.classes) == {"-narrow", "-high"}
