"""A node of a trace as a grid for paper: the sheet that matters, of a size that a page holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tutor.display.language import _, listed
from tutor.display.numbers import choose_format, printed_format
from tutor.display.prose import label
from tutor.display.titles import axis_title, long_title
from tutor.engine.explanation import Region
from tutor.engine.trace import Node
from tutor.worksheet.blocks import Grid, GridCell, Mark

Index = tuple[int, ...]
Places = tuple[Sequence[int], Sequence[int]]  # rows and columns

MOST_ROWS = 24
MOST_COLUMNS = 48  # split over parts below each other
FEW_COLUMNS = 12  # of what is wider still: one part
MOST_NEEDED = 400  # cells of an operand that are printed for an exercise


@dataclass(frozen=True)
class Look:
    """What is special about cells: boxes by their number, the marks of others, and what must come into view."""

    boxes: Mapping[Index, int] = field(default_factory=dict)
    marks: Mapping[Index, Mark] = field(default_factory=dict)
    at: Index = ()
    decimals: int | None = None  # where the numbers are to stand as someone printed them


def grid_of(node: Node, look: Look, meaning: str = "", region: Places | None = None) -> Grid:
    """The two-dimensional sheet of the node that holds `look.at`, or `region` of it."""
    at = look.at or (0,) * len(node.shape)
    leading = at[:-2]
    values = np.asarray(node.value)
    sheet = values[leading].reshape(_sheet_shape(values.shape))
    rows, columns = region or _window(node, sheet, [at, *(i for i in (*look.boxes, *look.marks) if i[:-2] == leading)])
    form = choose_format(values) if look.decimals is None else printed_format(values, look.decimals)
    row_labels, column_labels = _labels(node)
    cells = tuple(tuple(_cell(node, look, leading, r, c, form(float(sheet[r, c]))) for c in columns) for r in rows)
    return Grid(
        _title(node, leading, meaning),
        tuple(label(row_labels, r) for r in rows),
        tuple(label(column_labels, c) for c in columns),
        cells,
        _left_out(node, sheet.shape, rows, columns),
    )


def _cell(node: Node, look: Look, leading: Index, row: int, column: int, text: str) -> GridCell:
    index = (*leading, row, column)[-len(node.shape) :] if node.shape else ()
    return GridCell(text, look.boxes.get(index), look.marks.get(index, ""))


def _sheet_shape(shape: tuple[int, ...]) -> tuple[int, int]:
    rows, columns = (1, 1, *shape)[-2:]
    return rows, columns


def _labels(node: Node) -> tuple[Sequence[str], Sequence[str]]:
    if len(node.shape) >= 2:
        return node.labels[-2], node.labels[-1]
    return ("",), node.labels[0] if node.shape else ("",)


def _title(node: Node, leading: Index, meaning: str) -> str:
    """`encoder 1 · self-attention · scaled scores · query × key 4×4 · head 1/6`"""
    parts = [meaning or long_title(node.name)]
    if node.shape:
        axes = " × ".join(axis_title(axis) for axis in node.axes[-2:])
        parts.append(f"{axes} {'×'.join(str(size) for size in node.shape[-2:])}")
    for axis, place, size in zip(node.axes, leading, node.shape, strict=False):
        parts.append(f"{axis_title(axis)} {place + 1}/{size}")
    return " · ".join(parts)


def _window(node: Node, sheet: np.ndarray, wanted: Iterable[Index]) -> Places:
    """The rows and columns to print: all where the page holds them, else those around the cells wanted."""
    places = [_sheet_shape(index) if len(index) < 2 else index[-2:] for index in wanted]
    rows = _around([place[0] if len(node.shape) > 1 else 0 for place in places], sheet.shape[0], MOST_ROWS, MOST_ROWS)
    if node.axes and node.axes[-1] == "vocabulary" and sheet.shape[1] > MOST_COLUMNS:
        return rows, _likeliest(sheet[list(rows)], [place[1] for place in places])
    return rows, _around([place[1] for place in places], sheet.shape[1], MOST_COLUMNS, FEW_COLUMNS)


def _around(wanted: Collection[int], size: int, most: int, few: int) -> Sequence[int]:
    if size <= most:
        return range(size)
    first = max(0, min(min(wanted, default=0), size - few))
    if max(wanted, default=0) < few:
        first = 0
    near = range(first, first + few)
    return sorted({*near[: max(1, few - len(set(wanted) - set(near)))], *wanted})


def _likeliest(sheet: np.ndarray, wanted: Collection[int]) -> Sequence[int]:
    """Of a whole vocabulary the columns asked for, the largest of every row, and then the next largest."""
    asked = [place for place in wanted if place]
    order = [*asked, *sheet.argmax(axis=1), *np.argsort(-sheet.max(axis=0), kind="stable")[:FEW_COLUMNS]]
    return sorted(list(dict.fromkeys(int(place) for place in order))[: max(FEW_COLUMNS, len(asked))])


def _left_out(node: Node, shape: tuple[int, ...], rows: Sequence[int], columns: Sequence[int]) -> str:
    said = []
    for name, shown, size in ((_("rows"), rows, shape[0]), (_("columns"), columns, shape[1])):
        if len(shown) < size:
            said.append(_("{0} of {1} {2}").format(len(shown), f"{size:,}", name))
    return _("Printed: {0}.").format(listed(said)) if said else ""


def needed(node: Node, regions: Iterable[Region]) -> Places | None:
    """The rows and columns of an operand that some cells are made from; None where they are too many for paper."""
    rows: set[int] = set()
    columns: set[int] = set()
    for region in regions:
        row, column = (*(slice(None) for _ in range(2 - len(region))), *region)[-2:]
        sizes = _sheet_shape(node.shape)
        rows |= _places(row if len(node.shape) > 1 else 0, sizes[0])
        columns |= _places(column, sizes[1])
    whole = _sheet_shape(node.shape)
    if whole[0] <= FEW_COLUMNS and whole[1] <= FEW_COLUMNS:
        return range(whole[0]), range(whole[1])  # easier to read than parts of it
    if len(rows) * len(columns) > MOST_NEEDED or len(rows) > MOST_COLUMNS or len(columns) > MOST_COLUMNS:
        return None
    return sorted(rows), sorted(columns)


def _places(place: int | slice, size: int) -> set[int]:
    return set(range(size)[place]) if isinstance(place, slice) else {place % size}
