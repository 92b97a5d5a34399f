"""What a plain lesson prints: the matrix of a node, two of them before and after, and the head of a step."""

from collections.abc import Collection, Iterator

import numpy as np

from tutor.display.language import _, listed
from tutor.display.numbers import number
from tutor.display.prose import label
from tutor.display.safe import safe
from tutor.display.titles import axis_title
from tutor.engine.trace import Node
from tutor.plain.matrix import Sheet, sheet_lines

Index = tuple[int, ...]
MOST_ROWS = 20


def node_head(node: Node) -> str:
    """`encoder.0.self_attention.scaled: query × key, 4 × 4`"""
    axes = " × ".join(axis_title(axis) for axis in node.axes)
    return f"{safe(node.name)}: {axes}, {' × '.join(map(str, node.shape))}" if node.shape else safe(node.name)


def matrix_lines(node: Node, at: Index, width: int, blanks: Collection[Index] = (), mark: bool = True) -> Iterator[str]:
    """The two-dimensional sheet of a node that holds the cell `at`, with that cell between brackets."""
    yield node_head(node)
    if not node.shape:
        yield "[?]" if () in blanks else number(float(node.value))
        return
    leading, place = at[:-2], at[-2:]
    if leading:
        pairs = zip(node.axes, leading, node.labels, strict=False)
        # A head is named by its label, which counts from 1 as the lessons do.
        of = zip(pairs, node.shape, strict=False)
        yield listed(
            _("{0} {1} of {2}").format(axis_title(axis), label(labels, where), size)
            for (axis, where, labels), size in of
        )
    values, labels = node.value[leading], node.labels[len(leading) :]
    if values.ndim == 1:
        values, labels = values[None, :], ((axis_title(node.axes[-1]),), labels[0])
    hidden = [_last_two(index) for index in blanks if index[:-2] == leading]
    chosen = _last_two(place) if mark else None
    yield from sheet_lines(Sheet(values, labels[0], labels[1], hidden, chosen), width, MOST_ROWS)


def _last_two(index: Index) -> tuple[int, int]:
    """The row and the column of a cell; a vector is one row."""
    row, column = (0, *index)[-2:]
    return row, column


def comparison_lines(before: Node, after: Node, at: Index, width: int) -> Iterator[str]:
    """The same node before and after a change, and the largest difference."""
    yield _("Before:")
    yield from matrix_lines(before, tuple(min(i, size - 1) for i, size in zip(at, before.shape, strict=True)), width)
    yield _("After:")
    yield from matrix_lines(after, at, width)
    if before.shape != after.shape:
        return
    with np.errstate(invalid="ignore"):
        difference = np.abs(np.asarray(after.value, dtype=np.float64) - before.value)
    finite = np.isfinite(difference)
    if not finite.any() or not (difference[finite].any() or (~finite & ~np.isnan(difference)).any()):
        yield _("No number changed.")
        return
    changed = int(np.count_nonzero(np.nan_to_num(difference, nan=0.0, posinf=1.0)))
    largest = float(difference[finite].max())
    yield _("{0} of {1} numbers changed; the largest finite difference is {2}.").format(
        changed, difference.size, number(largest)
    )
