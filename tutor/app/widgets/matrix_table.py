"""What a matrix on screen holds: numbers, labels, lit cells, blanks. Knows widths in cells, draws nothing."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from rich.cells import cell_len

from tutor.display.numbers import BLANK, Format, choose_format
from tutor.display.safe import label, safe

Labels = Sequence[str] | Callable[[int], str] | None
Region = tuple[int | slice, int | slice]
Span = tuple[int, int]

WIDEST_NUMBER = 8
WIDEST_COLUMN_LABEL = 8
WIDEST_WHOLE_LABEL = 16  # where all columns can then be seen at once
WIDEST_ROW_LABEL = 16
SHORTEST_LABEL = 4
# Labels are measured at the beginning, and here and there after it, never all of fifty thousand.
MEASURED_LABELS = 96


@dataclass
class Blank:
    """A cell to be filled in: what was typed so far, whether it is right once that is known, and a mark of its own."""

    text: str = ""
    right: bool | None = None
    mark: str = ""

    @property
    def sign(self) -> str:
        """The one cell behind the text."""
        return self.mark or {True: "✓", False: "✗", None: " "}[self.right]


@dataclass
class MatrixTable:
    """A matrix with its labels. 1-D values are one row; ValueError for more than two dimensions."""

    values: np.ndarray
    row_labels: Labels = None
    column_labels: Labels = None
    row_axis: str = ""
    column_axis: str = ""
    name: str = ""
    before: np.ndarray | None = None
    lit: tuple[tuple[Span, Span], ...] = ()
    blanks: dict[tuple[int, int], Blank] = field(default_factory=dict)
    given_form: Format | None = None  # in place of the one that suits the numbers
    marks: bool = False  # whether every column keeps room for a mark, be there blanks or not

    def __post_init__(self) -> None:
        values = np.asarray(self.values)
        if values.ndim > 2:
            raise ValueError(f"a matrix has two axes, not {values.ndim}: {values.shape}")
        self.one_row = values.ndim < 2
        self.room = 0
        self.values = np.atleast_2d(values)
        self.row_axis, self.column_axis = safe(self.row_axis), safe(self.column_axis)
        for labels, length in ((self.row_labels, self.rows), (self.column_labels, self.columns)):
            if labels is not None and not callable(labels) and len(labels) < length:
                raise ValueError(f"{len(labels)} labels for {length} rows or columns of {self.name}")
        self.row_label_width = self._label_width(self.row_label, self.rows, WIDEST_ROW_LABEL)
        self._whole_label_width = self._label_width(self.column_label, self.columns, WIDEST_WHOLE_LABEL)
        self._column_label_width = min(self._whole_label_width, WIDEST_COLUMN_LABEL)
        self.set_before(self.before)

    @property
    def rows(self) -> int:
        return self.values.shape[0]

    @property
    def columns(self) -> int:
        return self.values.shape[1]

    def row_label(self, row: int) -> str:
        """The label of a row as it was given; its number where there are no labels."""
        if self.row_labels is None:
            return "" if self.one_row else str(row)
        return self.row_labels(row) if callable(self.row_labels) else self.row_labels[row]

    def column_label(self, column: int) -> str:
        """The label of a column as it was given; its number where there are no labels."""
        if self.column_labels is None:
            return str(column)
        return self.column_labels(column) if callable(self.column_labels) else self.column_labels[column]

    @staticmethod
    def _label_width(labelled: Callable[[int], str], count: int, widest: int) -> int:
        step = max(1, count // MEASURED_LABELS)
        measured = {*range(min(count, MEASURED_LABELS)), *range(0, count, step), *range(max(0, count - 1), count)}
        width = 0
        for index in measured:
            width = max(width, cell_len(safe(labelled(index)[: 4 * widest])))
            if width >= widest:
                return widest
        return width

    def set_before(self, before: np.ndarray | None) -> None:
        """Show the difference to these earlier values, or the values themselves. ValueError for another shape."""
        if before is not None:
            before = np.atleast_2d(np.asarray(before))
            if before.shape != self.values.shape:
                raise ValueError(f"cannot compare {before.shape} with {self.values.shape}")
        self.before = before
        self.shown = self.values if before is None else difference(before, self.values)
        self.forget_width()
        fitting = None if before is not None else self.given_form
        self.form: Format = fitting or choose_format(self.shown, WIDEST_NUMBER, signed=before is not None)

    def light(self, regions: Iterable[Region]) -> None:
        """Light these cells; a region is an index or a slice on each axis."""
        self.lit = tuple((_span(rows, self.rows), _span(columns, self.columns)) for rows, columns in regions)

    def lit_columns(self, row: int) -> tuple[Span, ...]:
        """The spans of columns that are lit in a row."""
        return tuple(columns for (first, last), columns in self.lit if first <= row < last)

    def row_is_lit(self, row: int) -> bool:
        """Whether this row's label is lit: not where a region goes through all rows, which says nothing of this one."""
        return any(first <= row < last and last - first < self.rows for (first, last), _columns in self.lit)

    def column_is_lit(self, column: int) -> bool:
        return any(first <= column < last and last - first < self.columns for _rows, (first, last) in self.lit)

    @cached_property
    def number_width(self) -> int:
        """Cells for a number or a label of a column, without the gaps beside it."""
        needed, wished = self._needed_width(), self.widest_number
        side = self.side_width + bool(self.side_width)
        fitting = (self.room - side) // max(1, self.columns) - 2 - self.has_marks
        if max(needed, self._whole_label_width) <= fitting and self.room:
            return max(needed, self._whole_label_width)
        # Labels are cut shorter where all columns can then be seen at once, and only then.
        return fitting if self.room and max(needed, SHORTEST_LABEL) <= fitting < wished else wished

    @property
    def widest_number(self) -> int:
        """The width of a number where there is room for the labels."""
        return max(self._needed_width(), self._column_label_width)

    def _needed_width(self) -> int:
        blank = len(BLANK) if self.blanks else 0
        typed = max((cell_len(safe(answer.text)) for answer in self.blanks.values()), default=0)
        return max(self.form.width, blank, min(typed, WIDEST_NUMBER), 1)

    def make_room(self, cells: int) -> bool:
        """Say how wide the place on screen is; whether that changes the width of the columns."""
        if cells == self.room:
            return False
        before = self.number_width
        self.room = cells
        self.forget_width()
        return self.number_width != before

    def forget_width(self) -> None:
        """Measure again: what was typed, or what is shown, has changed."""
        self.__dict__.pop("number_width", None)

    @property
    def column_width(self) -> int:
        """Cells of a column: the number, a gap on either side, and room for ✓ and ✗ where there are blanks."""
        return self.number_width + 2 + self.has_marks

    @property
    def has_marks(self) -> bool:
        """Whether ✓ or ✗ may stand behind a number."""
        return self.marks or bool(self.blanks)

    @property
    def side_width(self) -> int:
        """Cells of the frozen column of row labels, its gap included, without the rule; 0 where it would be empty."""
        if self.one_row and self.row_labels is None:
            return 0
        axes = [cell_len(axis) + 2 for axis in (self.row_axis, self.column_axis) if axis]
        widest = max([self.row_label_width, *axes])
        return min(widest, WIDEST_ROW_LABEL) + 1 if widest else 0

    def text(self, row: int, column: int) -> str:
        """The cell as printed: the number, what was typed into a blank, or ____."""
        blank = self.blanks.get((row, column))
        if blank is not None:
            return label(blank.text, min(WIDEST_NUMBER, cell_len(safe(blank.text)))) if blank.text else BLANK
        value = self.shown[row, column]
        return "·" if self.before is not None and value == 0 else self.form(value)

    @property
    def caption(self) -> str:
        """One line about it: scaled  query × key  4×4."""
        axes = " × ".join(filter(None, (self.row_axis, self.column_axis)))
        size = str(self.columns) if self.one_row else f"{self.rows}×{self.columns}"
        return "  ".join(filter(None, (safe(self.name), axes, size)))


def difference(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """What changed, in float64: zero where both are the same, be it -∞ or not-a-number."""
    before, after = before.astype(np.float64), after.astype(np.float64)
    with np.errstate(invalid="ignore"):
        change = after - before
    same = (before == after) | (np.isnan(before) & np.isnan(after))
    return np.where(same, 0.0, change)


def _span(part: int | slice, length: int) -> Span:
    if isinstance(part, slice):
        start, stop, _step = part.indices(length)
        return (start, max(start, stop))
    part = int(part)
    return (part, part + 1) if part >= 0 else (part + length, part + length + 1)
