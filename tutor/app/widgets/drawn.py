"""A pane whose lines are drawn for the size it has."""

from __future__ import annotations

from collections.abc import Callable

from rich.text import Text
from textual.widget import Widget


class Drawn(Widget):
    """Asks for its text by width and height whenever it is drawn."""

    _draw: Callable[[int, int], Text] | None = None

    def show(self, draw: Callable[[int, int], Text]) -> None:
        """Draw this from now on."""
        self._draw = draw
        self.refresh()

    def render(self) -> Text:
        width, height = self.content_size
        return self._draw(width, height) if self._draw is not None and width and height else Text("", end="")
