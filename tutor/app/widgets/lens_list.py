"""Rows of likely words, the likelier the stronger in colour. One row is chosen; only what can be seen is drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tutor.app.lens_lines import Line, Part
from tutor.app.widgets.matrix_theme import depth_for
from tutor.display.colours import Scale, scale_for
from tutor.display.safe import pad


class LensList(ScrollView, can_focus=True):
    """Up and down choose a row; left and right ask for other rows."""

    DEFAULT_CSS = """
    LensList { height: 1fr; scrollbar-size: 1 1; background: $surface; }
    LensList > .lens--heading { color: $foreground 65%; text-style: bold; }
    LensList > .lens--row { color: $foreground 75%; }
    LensList > .lens--here { background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"lens--heading", "lens--row", "lens--here"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "move(-100000)", show=False),
        Binding("end", "move(100000)", show=False),
        Binding("enter", "open", show=False),
    ]

    row: reactive[int] = reactive(0, repaint=False)
    """The chosen row."""

    class Moved(Message):
        """Another row is chosen."""

        def __init__(self, row: int) -> None:
            self.row = row
            super().__init__()

    class Opened(Message):
        """Enter, or a double click."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._heading: Callable[[int], str] = lambda width: ""
        self._lines_for: Callable[[int], list[Line]] = lambda width: []
        self._rows: list[Line] = []
        self._scale: Scale | None = None

    def show(self, heading: Callable[[int], str], lines: Callable[[int], list[Line]], row: int) -> None:
        """Other rows, by the width there is for them."""
        self._heading, self._lines_for = heading, lines
        self._fit()
        self.set_reactive(LensList.row, row)
        self._show_row()

    @property
    def texts(self) -> list[str]:
        """The rows as plain text."""
        return ["".join(part.text for part in line) for line in self._rows]

    def _fit(self) -> None:
        width = self.content_size.width - 1  # the last is for the scrollbar
        if width > 0:
            self._rows = self._lines_for(width)
            self.virtual_size = Size(width, 1 + len(self._rows))
            self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        self._fit()
        self._show_row()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._scale = None

    def render_line(self, y: int) -> Strip:
        """One line of what can be seen; the heading stays at the top."""
        width = self.size.width
        base = self.rich_style
        if y == 0:
            heading = self.get_component_rich_style("lens--heading", partial=True)
            return Strip([Segment(pad(self._heading(width), width), base + heading)], width)
        at = y - 1 + self.scroll_offset.y
        if at >= len(self._rows):
            return Strip.blank(width, base)
        segments = [self._segment(part, at == self.row and place == 0) for place, part in enumerate(self._rows[at])]
        return Strip(segments).adjust_cell_length(width, base)

    def _segment(self, part: Part, here: bool) -> Segment:
        style = self.rich_style + self.get_component_rich_style("lens--row", partial=True)
        if here:
            chosen = self.get_component_rich_style("lens--here", partial=True)
            return Segment(part.text, style + (chosen if depth_for(self.app) != "none" else Style(reverse=True)))
        if part.share is not None:
            style = self.rich_style + self.scale.style(part.share)
            style += Style(bold=part.watched or None, underline=part.watched or None)
        return Segment(part.text, style)

    @property
    def scale(self) -> Scale:
        """Colours for probabilities."""
        if self._scale is None:
            depth = depth_for(self.app)
            background = "#{:02x}{:02x}{:02x}".format(*self.background_colors[1].rgb) if depth == "full" else None
            dark = self.app.current_theme.dark
            ends = np.array([0.0, 1.0])
            self._scale = scale_for(ends, dark=dark, background=background, depth=depth, kind="sequential", limit=1.0)
        return self._scale

    # The chosen row.

    def validate_row(self, row: int) -> int:
        return max(0, min(row, len(self._rows) - 1))

    def watch_row(self, old: int, new: int) -> None:
        if old != new and self.is_attached:
            self.refresh()
            self._show_row()
            self.post_message(self.Moved(new))

    def _show_row(self) -> None:
        room, y = self.scrollable_content_region.height - 1, self.scroll_offset.y
        if room > 0 and not y <= self.row < y + room:
            self.scroll_to(y=self.row if self.row < y else self.row - room + 1, animate=False, force=True)

    def action_move(self, by: int) -> None:
        """Another row."""
        self.row += by

    def action_page(self, pages: int) -> None:
        """As many rows on as are in view."""
        self.row += pages * max(1, self.scrollable_content_region.height - 1)

    def action_open(self) -> None:
        """Where the row comes from."""
        self.post_message(self.Opened())

    def on_click(self, event: events.Click) -> None:
        """Choose the row under the mouse; a double click opens it."""
        offset = event.get_content_offset(self)
        at = offset.y - 1 + self.scroll_offset.y if offset is not None and offset.y else -1
        if 0 <= at < len(self._rows):
            event.stop()
            self.row = at
            if event.chain == 2:
                self.action_open()
