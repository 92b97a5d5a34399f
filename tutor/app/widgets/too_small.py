"""What stands in place of a screen in a terminal too small to draw it in."""

from __future__ import annotations

from typing import TypeVar

from rich.text import Text
from textual import events
from textual.screen import Screen
from textual.widget import Widget

from tutor.display.language import _

LEAST_WIDTH, LEAST_HEIGHT = 60, 15

Result = TypeVar("Result")


class TooSmall(Widget):
    """One notice, hidden until the screen has the class `-tiny`; it then hides everything else on it."""

    SCOPED_CSS = False  # its rules hide its neighbours
    DEFAULT_CSS = """
    TooSmall { display: none; width: 100%; height: 100%; content-align: center middle; color: $text; }
    Screen.-tiny > * { display: none !important; }
    Screen.-tiny > TooSmall { display: block !important; }
    """

    def render(self) -> Text:
        """The notice, in as many lines as the terminal makes of it."""
        size = self.app.size
        return Text(
            _("{0}×{1} is too small; make the window {2}×{3} or larger. ctrl+q quits.").format(
                size.width, size.height, LEAST_WIDTH, LEAST_HEIGHT
            ),
            justify="center",
        )


class FittedScreen(Screen[Result]):
    """A screen that keeps the class `-tiny` while its terminal is too small. Yield a `TooSmall()` in `compose`."""

    def on_compose(self) -> None:
        """The classes of this size already in the first frame: Textual itself sets them after it."""
        for size, breakpoints in zip(
            self.app.size, (self.HORIZONTAL_BREAKPOINTS, self.VERTICAL_BREAKPOINTS), strict=True
        ):
            reached = [name for least, name in sorted(breakpoints or ()) if least <= size]
            self.add_class(*reached[-1:])

    def on_resize(self, event: events.Resize) -> None:
        """Too small, or large enough again."""
        self.set_class(event.size.width < LEAST_WIDTH or event.size.height < LEAST_HEIGHT, "-tiny")
        for notice in self.query(TooSmall):
            notice.refresh()
