"""A matrix on screen: what it shows and how it scrolls, with a cursor but without keys or mouse."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from textual import events
from textual.geometry import Region as ScreenRegion
from textual.geometry import Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tutor.app.widgets.matrix_lines import MatrixLines, Window
from tutor.app.widgets.matrix_table import Blank, Labels, MatrixTable, Region
from tutor.app.widgets.matrix_theme import COMPONENT_CLASSES, CSS, depth_for, styles_of
from tutor.display.colours import Kind, scale_for
from tutor.display.numbers import Format

RULE_FROM_HEIGHT = 5


class _Frame(NamedTuple):
    """What all lines of one repaint have in common."""

    lines: MatrixLines
    window: Window
    header_height: int
    scroll_y: int
    focused: bool


class MatrixPane(ScrollView):
    """Draws only what can be seen, and only the lines that changed. Labels are foreign text."""

    DEFAULT_CSS = CSS
    COMPONENT_CLASSES = COMPONENT_CLASSES

    cursor: reactive[tuple[int, int]] = reactive((0, 0), repaint=False)
    """Row and column of the chosen cell."""

    # Another sentence makes another size; only a scrollbar that comes or goes moves what is around.
    virtual_size = reactive(Size(0, 0), layout=False)

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.table = MatrixTable(np.zeros((0, 0)))
        self._kind: Kind | None = None
        self._limit: float | None = None
        self._lines: MatrixLines | None = None
        self._frame: _Frame | None = None

    # What it shows

    def set_matrix(
        self,
        values: np.ndarray,
        row_labels: Labels = None,
        column_labels: Labels = None,
        row_axis: str = "",
        column_axis: str = "",
        name: str = "",
        *,
        heat: Kind | None = None,
        limit: float | None = None,
        cursor: tuple[int, int] | None = None,
        form: Format | None = None,
        marks: bool = False,
    ) -> None:
        """Show other values: [rows, columns], or [columns] as one row. Lit cells, blanks and difference are dropped.

        `heat` is "sequential", "diverging" or "plain" (no colours, for identifiers); `limit` the number of the
        strongest colour. The cursor stays where it is, as far as the new matrix reaches. `form` is how the numbers
        are printed, where they are not to choose it; `marks` keeps room for marks behind them.
        """
        self.table = MatrixTable(
            values, row_labels, column_labels, row_axis, column_axis, name, given_form=form, marks=marks
        )
        self._kind, self._limit = heat, limit
        self._rebuild()
        row, column = self.cursor if cursor is None else cursor
        self.move_to(row, column)

    def set_lit(self, *regions: Region) -> None:
        """Light cells: each region is an index or a slice of rows, and of columns. None: nothing is lit."""
        before = self.table.lit
        self.table.light(regions)
        if self.table.lit != before:
            self._repaint()

    def set_blanks(self, cells: Iterable[tuple[int, int]]) -> None:
        """Show these cells as ____ to be filled in."""
        blanks = {(int(row), int(column)): Blank() for row, column in cells}
        if blanks or self.table.blanks:
            self.table.blanks = blanks
            self._resized()
            self._show_cursor()  # other columns fit beside each other now

    def set_marked(self, cells: Mapping[tuple[int, int], Blank]) -> None:
        """Show these cells with a text and a mark of their own, all others as they are."""
        self.table.blanks = dict(cells)
        self._resized()

    def set_answer(self, row: int, column: int, text: str) -> None:
        """What was typed into a blank. KeyError where there is none."""
        self.table.blanks[row, column] = Blank(text)
        self._resized()

    def set_mark(self, row: int, column: int, right: bool | None) -> None:
        """Mark the answer in a blank as right or wrong; None takes the mark away. KeyError where there is no blank."""
        self.table.blanks[row, column].right = right
        self._resized()

    def answer(self, row: int, column: int) -> str:
        """What was typed into a blank so far; "" elsewhere."""
        blank = self.table.blanks.get((row, column))
        return blank.text if blank else ""

    def set_difference(self, before: np.ndarray | None) -> None:
        """Show how the values differ from these earlier ones; None shows the values. ValueError for another shape."""
        if before is not None or self.table.before is not None:
            self.table.set_before(before)
            self._rebuild()
            self._show_cursor()

    @property
    def caption(self) -> str:
        """One safe line about the matrix: scaled  query × key  4×4."""
        return self.table.caption

    def move_to(self, row: int, column: int) -> None:
        """Put the cursor on a cell (the nearest there is) and bring it into view."""
        self.cursor = (row, column)
        self._show_cursor()

    # How it is drawn

    def _rebuild(self) -> None:
        """Data or theme changed: choose the scale and the styles anew."""
        self._lines = None
        self._resized()

    def _resized(self) -> None:
        self.table.forget_width()
        if self._lines is not None:
            self._lines.forget()
        if self.is_mounted or self.is_attached:
            self._fit()
            self.refresh(layout=self.styles.auto_dimensions)  # a pane of fixed size keeps its place

    def _repaint(self) -> None:
        if self._lines is not None:
            self._lines.forget()
        self.refresh()

    @property
    def lines(self) -> MatrixLines:
        """The drawing of the matrix as it is now."""
        if self._lines is None:
            depth, kind = depth_for(self.app), self._kind
            if self.table.before is not None and kind != "plain":
                kind = "diverging"
            background = None if depth != "full" else self.background_colors[1].rgb
            scale = scale_for(
                self.table.shown,
                dark=self.app.current_theme.dark,
                background=background and "#{:02x}{:02x}{:02x}".format(*background),
                depth=depth,
                kind=kind,
                limit=self._limit if self.table.before is None else None,
            )
            self._lines = MatrixLines(self.table, scale, styles_of(self, depth))
        return self._lines

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._lines = None

    def render_lines(self, crop: ScreenRegion) -> list[Strip]:
        # Where the window stands is asked once for a repaint, not once for each line.
        self._frame = self._new_frame()
        return super().render_lines(crop)

    def _new_frame(self) -> "_Frame":
        lines = self.lines
        scroll_x, scroll_y = self.scroll_offset
        window = lines.window(self._view.width, scroll_x, self.size.width)
        return _Frame(lines, window, self._header_height, scroll_y, self.has_focus)

    def render_line(self, y: int) -> Strip:
        frame = self._frame or self._new_frame()
        table, window = self.table, frame.window
        if not table.values.size:
            return Strip.blank(window.total, self.rich_style)
        if y == 0:
            return frame.lines.header(window, self.cursor[1])
        if y < frame.header_height:
            return frame.lines.rule(window)
        row = y - frame.header_height + frame.scroll_y
        if row >= table.rows:
            return Strip.blank(window.total, self.rich_style)
        cursor_row, cursor_column = self.cursor
        return frame.lines.row(window, row, cursor_column if row == cursor_row else None, frame.focused)

    # Size and scrolling

    @property
    def _view(self) -> Size:
        """What is left for the matrix beside the scrollbars."""
        return self.scrollable_content_region.size

    @property
    def _header_height(self) -> int:
        height = self._view.height
        return 2 if height >= RULE_FROM_HEIGHT or height > self.table.rows + 1 else 1

    @property
    def _rows_shown(self) -> int:
        return max(1, self._view.height - self._header_height)

    def _natural_size(self) -> Size:
        table = self.table
        side = table.side_width + bool(table.side_width)
        column = table.column_width - table.number_width + table.widest_number
        return Size(side + table.columns * column, table.rows + 2)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return self._natural_size().width

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        natural = self._natural_size()
        return natural.height + (natural.width > width)  # the scrollbar below takes a line

    def _fit(self) -> None:
        """Make the scrollable size such that its end shows the last whole column and the last row."""
        width, height = self._view
        if not width or not height:
            return
        lines = self.lines
        if self.table.make_room(width):
            lines.forget()
        shown = lines.window(width, 0)
        hidden = self.table.columns - shown.count
        header = self._header_height
        self.virtual_size = Size(
            width + hidden * self.table.column_width if hidden > 0 else min(width, self._natural_size().width),
            header + self.table.rows,
        )

    def on_resize(self, event: events.Resize) -> None:
        self._fit()
        self._show_cursor()

    def watch_show_vertical_scrollbar(self) -> None:
        self.call_after_refresh(self._beside_scrollbars)

    def watch_show_horizontal_scrollbar(self) -> None:
        self.call_after_refresh(self._beside_scrollbars)

    def _beside_scrollbars(self) -> None:
        """One came or went, which is no resize: the room is another, and a new one does not know where we stand."""
        self._show_cursor()
        if self.show_horizontal_scrollbar:
            self.horizontal_scrollbar.position = self.scroll_x
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = self.scroll_y

    def _show_cursor(self) -> None:
        """Scroll as little as needed to have the cursor in view."""
        if not self.is_attached or not self._view.width or not self.table.values.size:
            return
        self._fit()
        row, column = self.cursor
        x, y = self.scroll_offset
        step = self.table.column_width
        window = self.lines.window(self._view.width, x)
        if not window.first <= column < window.first + window.count:
            x = (column if column < window.first else column - window.count + 1) * step
        if not y <= row < y + self._rows_shown:
            y = row if row < y else row - self._rows_shown + 1
        if (x, y) != tuple(self.scroll_offset):
            self.scroll_to(x, y, animate=False, force=True)

    # The cursor

    def validate_cursor(self, cursor: tuple[int, int]) -> tuple[int, int]:
        row, column = cursor
        return max(0, min(int(row), self.table.rows - 1)), max(0, min(int(column), self.table.columns - 1))

    def watch_cursor(self, old: tuple[int, int], new: tuple[int, int]) -> None:
        if old == new or not self.is_attached:
            return
        for row in {old[0], new[0]}:
            self._refresh_line(row - self.scroll_offset.y + self._header_height)
        if old[1] != new[1]:
            self._refresh_line(0)
        self._show_cursor()

    def _refresh_line(self, y: int) -> None:
        if 0 <= y < self.size.height:
            self.refresh(ScreenRegion(0, y, self.size.width, 1))

    def watch_has_focus(self, value: bool) -> None:
        super().watch_has_focus(value)
        self._refresh_line(self.cursor[0] - self.scroll_offset.y + self._header_height)

    def cell_at(self, x: int, y: int) -> tuple[int, int] | None:
        """The row and column at a place of the widget, or None beside the numbers."""
        if not self.table.values.size:
            return None
        window = self.lines.window(self._view.width, self.scroll_offset.x)
        row = y - self._header_height + self.scroll_offset.y
        offset = (x - window.side) // self.table.column_width
        if y < self._header_height or row >= self.table.rows or not 0 <= offset < window.count:
            return None
        return row, window.first + offset
