"""A matrix of numbers with a cursor: fifty thousand columns scroll as fast as four."""

from typing import ClassVar

import numpy as np
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive

from tutor.app.widgets.matrix_pane import MatrixPane

TYPED = "0123456789.-"
LONGEST_ANSWER = 12


class MatrixView(MatrixPane, can_focus=True):
    """A matrix with a cursor. Labels are foreign text, given as a sequence or as a function of the index."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1, 0)", show=False),
        Binding("down", "move(1, 0)", show=False),
        Binding("left", "move(0, -1)", show=False),
        Binding("right", "move(0, 1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("ctrl+left", "page_across(-1)", show=False),
        Binding("ctrl+right", "page_across(1)", show=False),
        Binding("home", "edge('row', -1)", show=False),
        Binding("end", "edge('row', 1)", show=False),
        Binding("ctrl+home", "edge('all', -1)", show=False),
        Binding("ctrl+end", "edge('all', 1)", show=False),
        Binding("m", "largest", show=False),
        Binding("enter", "open", show=False),
    ]

    _rank: tuple[tuple[int, int], int] | None = None  # where `largest` went, and to which largest

    editable: reactive[bool] = reactive(False, repaint=False)
    """Whether digits typed on a blank go into it; enter then posts `Answered`."""

    class CellMessage(Message):
        """Something about one cell."""

        def __init__(self, view: "MatrixView", row: int, column: int) -> None:
            super().__init__()
            self.view, self.row, self.column = view, row, column

        @property
        def control(self) -> "MatrixView":
            return self.view

    class Moved(CellMessage):
        """The cursor is on another cell."""

    class Opened(CellMessage):
        """Enter or a double click: why is this number what it is?"""

    class Answered(CellMessage):
        """Enter on a blank with something typed into it."""

        def __init__(self, view: "MatrixView", row: int, column: int, text: str) -> None:
            super().__init__(view, row, column)
            self.text = text

    def watch_cursor(self, old: tuple[int, int], new: tuple[int, int]) -> None:
        super().watch_cursor(old, new)
        if old != new and self.is_attached:
            self.post_message(self.Moved(self, *new))

    def action_move(self, rows: int, columns: int) -> None:
        self.move_to(self.cursor[0] + rows, self.cursor[1] + columns)

    def action_page(self, pages: int) -> None:
        self.move_to(self.cursor[0] + pages * self._rows_shown, self.cursor[1])

    def action_page_across(self, pages: int) -> None:
        shown = self.lines.window(self._view.width, self.scroll_offset.x).count
        self.move_to(self.cursor[0], self.cursor[1] + pages * shown)

    def action_edge(self, of: str, side: int) -> None:
        row = self.cursor[0] if of == "row" else 0 if side < 0 else self.table.rows - 1
        self.move_to(row, 0 if side < 0 else self.table.columns - 1)

    def action_largest(self) -> None:
        """To the largest number of the row; from there to the next largest, and so on."""
        row = self.cursor[0]
        if not self.table.rows:  # before the first trace
            return
        values = np.where(np.isnan(self.table.values[row]), -np.inf, self.table.values[row].astype(float))
        hidden = {column for at, column in self.table.blanks if at == row}
        order = [int(column) for column in np.argsort(-values, kind="stable") if column not in hidden]
        if not order:
            return
        rank = (self._rank[1] + 1) % len(order) if self._rank and self._rank[0] == self.cursor else 0
        self.move_to(row, order[rank])
        self._rank = (self.cursor, rank)

    def action_open(self) -> None:
        if not self.table.values.size:
            return
        text = self.answer(*self.cursor)
        if self.editable and text:
            self.post_message(self.Answered(self, *self.cursor, text))
        else:
            self.post_message(self.Opened(self, *self.cursor))

    def on_key(self, event: events.Key) -> None:
        """Type into a blank. `-` then `i` is -∞, so that no other letter is taken from the screen's keys."""
        blank = self.table.blanks.get(self.cursor)
        if not self.editable or blank is None or blank.right:
            return
        if event.key == "backspace" and blank.text:
            text = blank.text[:-1]
        elif event.character == "i" and blank.text == "-":
            text = "-∞"
        elif event.character and event.character in TYPED and len(blank.text) < LONGEST_ANSWER:
            text = blank.text + event.character
        else:
            return
        event.stop()
        event.prevent_default()
        self.set_answer(*self.cursor, text)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        cell = None if offset is None else self.cell_at(*offset)
        if cell is None:
            return
        event.stop()
        self.move_to(*cell)
        if event.chain == 2:
            self.action_open()

    def _wheel(self, event: events.MouseEvent, direction: int) -> None:
        """Where there is nothing below, the wheel moves sideways, a column at a time."""
        sideways = event.shift or event.ctrl or not self.max_scroll_y
        if sideways and self.max_scroll_x:
            self.scroll_relative(x=direction * self.table.column_width, animate=False)
            event.stop()
            event.prevent_default()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, -1)
