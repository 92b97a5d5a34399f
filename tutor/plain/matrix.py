"""A matrix as aligned lines of text: labels measured in terminal cells, and what does not fit left out with a note."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from rich.cells import cell_len

from tutor.display.language import _, listed
from tutor.display.numbers import Format, choose_format
from tutor.display.safe import fit, pad, safe

WIDEST_LABEL = 12
GAP = 2
MOST_ROWS = 40
MOST_PARTS = 2

Place = tuple[int, int]


@dataclass
class Sheet:
    """A two-dimensional slice of a node, with the cells to blank out and the cell to put between brackets."""

    values: np.ndarray
    rows: Sequence[str]
    columns: Sequence[str]
    blanks: Collection[Place] = ()
    chosen: Place | None = None
    form: Format | None = None  # where the numbers are to be shown as someone printed them

    def __post_init__(self) -> None:
        self._format: Format = self.form or choose_format(self.values)

    def text(self, row: int, column: int) -> str:
        """One cell as shown; a space where the bracket would stand keeps the column straight."""
        body = "?" if (row, column) in self.blanks else self._format(float(self.values[row, column]))
        return f"[{body}]" if (row, column) == self.chosen else f"{body} "


def sheet_lines(sheet: Sheet, width: int, most_rows: int = MOST_ROWS) -> list[str]:
    """The lines of a sheet, none wider than `width` where one column fits.

    Where all columns fit in two parts, one is printed under the other; of a wider sheet the part with the chosen
    cell. A last line says what was left out.
    """
    row, column = sheet.chosen or (0, 0)
    first_row = max(0, row - most_rows // 2) if row >= most_rows else 0
    rows = range(first_row, min(len(sheet.rows), first_row + most_rows))
    stub = max((cell_len(_label(sheet.rows[r])) for r in rows), default=0)
    parts = _parts(sheet, rows, width - stub)
    if len(parts) > MOST_PARTS:
        parts = [next(part for part in parts if column < part.first + len(part.widths))]
    lines = [line for part in parts for line in _part_lines(sheet, rows, part, stub)]
    return lines + _left_out(sheet, rows, range(parts[0].first, parts[-1].first + len(parts[-1].widths)))


@dataclass(frozen=True)
class Part:
    """Columns that fit side by side: the first of them and the width of each."""

    first: int
    widths: list[int]


def _parts(sheet: Sheet, rows: range, room: int) -> list[Part]:
    """All columns in parts that fit, or as many parts as are needed to come to the chosen column and past the limit."""
    parts: list[Part] = []
    after = 0
    chosen = sheet.chosen[1] if sheet.chosen else 0
    while after < len(sheet.columns) and (len(parts) <= MOST_PARTS or after <= chosen):
        parts.append(Part(after, _column_widths(sheet, rows, after, room)))
        after += len(parts[-1].widths)
    return parts or [Part(0, [])]


def _part_lines(sheet: Sheet, rows: range, part: Part, stub: int) -> list[str]:
    columns = range(part.first, part.first + len(part.widths))
    heading = "".join(
        pad(_label(sheet.columns[c]) + " ", size, "right") for c, size in zip(columns, part.widths, strict=True)
    )
    lines = [(" " * stub + heading).rstrip()]
    for r in rows:
        cells = "".join(pad(sheet.text(r, c), size, "right") for c, size in zip(columns, part.widths, strict=True))
        lines.append((pad(_label(sheet.rows[r]), stub) + cells).rstrip())
    return lines


def _label(text: str) -> str:
    return fit(safe(text), WIDEST_LABEL)


def _column_widths(sheet: Sheet, rows: range, first: int, room: int) -> list[int]:
    """The widths of the columns from `first` on that fit into `room` cells; at least one."""
    widths: list[int] = []
    for c in range(first, len(sheet.columns)):
        needed = 1 + cell_len(_label(sheet.columns[c]))
        needed = GAP + max([needed, *(cell_len(sheet.text(r, c)) for r in rows)])
        if needed > room and widths:
            break
        widths.append(needed)
        room -= needed
    return widths


def _left_out(sheet: Sheet, rows: range, columns: range) -> list[str]:
    parts = []
    if len(rows) < len(sheet.rows):
        parts.append(_("rows {0} to {1} of {2}").format(rows.start, rows.stop - 1, len(sheet.rows)))
    if len(columns) < len(sheet.columns):
        parts.append(_("columns {0} to {1} of {2}").format(columns.start, columns.stop - 1, len(sheet.columns)))
    return [_("(shown: {0}; counted from 0)").format(listed(parts))] if parts else []
