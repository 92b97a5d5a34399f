"""Draws a matrix line by line: a header, a rule, and the rows, each only as far as it can be seen."""

import math
from bisect import bisect
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tutor.app.widgets.matrix_table import MatrixTable, Span
from tutor.display.colours import LEVELS, Scale
from tutor.display.safe import fit, label, pad

CACHED_STRIPS = 2048
RULE = "│"


@dataclass(frozen=True)
class Styles:
    """How the parts look. In no-colour mode these hold attributes only: bold, underline, reverse."""

    base: Style
    label: Style
    label_here: Style
    label_lit: Style
    rule: Style
    cursor: Style
    cursor_away: Style
    lit: Style
    blank: Style
    right: Style
    wrong: Style
    unchanged: Style


@dataclass(frozen=True)
class Window:
    """What can be seen: the first column and how many, the frozen cells at the left, and all cells of a line."""

    first: int
    count: int
    side: int
    total: int


class MatrixLines:
    """The strips of one matrix, each kept under everything that changes it; `forget` when styles or data change."""

    def __init__(self, table: MatrixTable, scale: Scale, styles: Styles) -> None:
        self.table = table
        self.scale = scale
        self.styles = styles
        self.drawn = 0  # how many strips were not in the cache: for tests and benchmarks
        self._strips: OrderedDict[tuple, Strip] = OrderedDict()
        self._level_styles = [styles.base + style for style in scale.styles]

    def forget(self) -> None:
        """Draw everything anew."""
        self._strips.clear()

    def window(self, width: int, scroll_x: int, total: int = 0) -> Window:
        """Whole columns only: half of a number would be another number. `total` includes what a scrollbar covers."""
        table = self.table
        side = table.side_width + bool(table.side_width)
        # In a narrow place a column of numbers is worth more than the ends of the labels.
        side = min(side, max(0, width - table.column_width))
        count = max(1, (width - side) // table.column_width)
        first = min(scroll_x // table.column_width, max(0, table.columns - count))
        return Window(first, min(count, table.columns - first), side, max(width, total))

    def header(self, window: Window, cursor_column: int) -> Strip:
        """The labels of the columns, with the name of their axis in the corner."""
        here = cursor_column if window.first <= cursor_column < window.first + window.count else -1
        return self._cached(("header", window, here), lambda: self._header(window, here))

    def rule(self, window: Window) -> Strip:
        """The line under the header, with the name of the rows' axis in the corner."""
        return self._cached(("rule", window), lambda: self._rule(window))

    def row(self, window: Window, row: int, cursor_column: int | None, focused: bool) -> Strip:
        """A row; `cursor_column` where the cursor is in it."""
        key = (row, window, cursor_column, focused and cursor_column is not None)
        return self._cached(key, lambda: self._row(window, row, cursor_column, focused))

    def _cached(self, key: tuple, draw) -> Strip:
        strip = self._strips.get(key)
        if strip is None:
            self.drawn += 1
            strip = self._strips[key] = draw()
            if len(self._strips) > CACHED_STRIPS:
                self._strips.popitem(last=False)
        else:
            self._strips.move_to_end(key)
        return strip

    def _finish(self, segments: list[Segment], window: Window) -> Strip:
        used = window.side + window.count * self.table.column_width
        if used < window.total:
            segments.append(Segment(" " * (window.total - used), self.styles.base))
        return Strip(segments, max(used, window.total))

    def _header(self, window: Window, here: int) -> Strip:
        table, styles = self.table, self.styles
        segments = []
        if window.side:
            axis = f"{table.column_axis} →" if table.column_axis else ""
            segments.append(Segment(label(axis, window.side - 2, "right") + "  ", styles.rule))
        for column in range(window.first, window.first + window.count):
            style = styles.label_here if column == here else styles.label
            if table.column_is_lit(column):
                style += styles.label_lit
            text = label(table.column_label(column), table.number_width, "right")
            segments.append(Segment(" " + text + " " * (table.column_width - table.number_width - 1), style))
        return self._finish(segments, window)

    def _rule(self, window: Window) -> Strip:
        table, styles = self.table, self.styles
        line = "─" * (window.count * table.column_width)
        if not window.side:
            axis = fit(f"─ {table.column_axis} → " if table.column_axis else "", window.total)
            rest = " " * (window.total - max(cell_len(axis), len(line)))
            return Strip([Segment(axis + line[cell_len(axis) :] + rest, styles.rule)], window.total)
        axis = f"{table.row_axis} ↓" if table.row_axis and not table.one_row else ""
        segments = [Segment(label(axis, window.side - 1), styles.rule), Segment("┌" + line, styles.rule)]
        return self._finish(segments, window)

    def _row(self, window: Window, row: int, cursor_column: int | None, focused: bool) -> Strip:
        table, styles = self.table, self.styles
        segments = []
        if window.side:
            style = styles.label_here if cursor_column is not None else styles.label
            if table.row_is_lit(row):
                style += styles.label_lit
            segments.append(Segment(label(table.row_label(row), window.side - 2), style))
            segments.append(Segment(" " + RULE, styles.rule))
        plain = not table.has_marks and table.before is None
        if plain and cursor_column is None and not table.lit_columns(row):
            segments.extend(self._plain_cells(window, row))
            return self._finish(segments, window)
        lit = table.lit_columns(row)
        for column in range(window.first, window.first + window.count):
            at_cursor = column == cursor_column
            text = self._cell_text(row, column, at_cursor)
            segments.append(Segment(text, self._cell_style(row, column, at_cursor and (1 + focused), lit)))
        return self._finish(segments, window)

    def _plain_cells(self, window: Window, row: int) -> Iterator[Segment]:
        """Cells with nothing but a number and its colour: nearly all there are, so they are drawn the short way."""
        table, form, styles, bounds = self.table, self.table.form, self._level_styles, self.scale.bounds
        width, decimals = table.number_width, max(0, form.decimals)
        # Between these a number needs no second thought: not rounded to zero, not wider than the format.
        least = 0.5 * 10**-decimals if form.decimals > 0 else math.inf
        most = 10.0 ** (form.width - decimals - 2)
        for value in table.shown[row, window.first : window.first + window.count].tolist():
            if least <= abs(value) < most:
                yield Segment(f" {value:{width}.{decimals}f} ", styles[bisect(bounds, value)])
            else:
                yield Segment(f" {form(value):>{width}} ", styles[self.scale.level(value) + LEVELS])

    def _cell_text(self, row: int, column: int, at_cursor: bool) -> str:
        table = self.table
        text = pad(table.text(row, column), table.number_width, "right")
        if at_cursor:
            bare = text.lstrip(" ")
            text = " " * (len(text) - len(bare)) + "[" + bare + "]"
        else:
            text = " " + text + " "
        if not table.has_marks:
            return text
        blank = table.blanks.get((row, column))
        return text + (blank.sign if blank is not None else " ")

    def _cell_style(self, row: int, column: int, cursor: int, lit: tuple[Span, ...]) -> Style:
        styles, table = self.styles, self.table
        blank = table.blanks.get((row, column))
        value = table.shown[row, column]
        if blank is not None:
            style = styles.blank if blank.right is None else styles.right if blank.right else styles.wrong
        elif table.before is not None and value == 0:
            style = styles.unchanged
        else:
            style = self.scale.style(float(value))
        if any(first <= column < last for first, last in lit):
            style += styles.lit
        if cursor:
            style += styles.cursor if cursor > 1 else styles.cursor_away
        return styles.base + style
