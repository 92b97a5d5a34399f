"""The two-dimensional sheet of a node that a matrix on screen can show, and back from its cells to indices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tutor.display.titles import axis_title
from tutor.engine.explanation import Region
from tutor.engine.trace import Node

Index = tuple[int, ...]

LONG = 24  # an axis with more words than that has the same word more than once, and is more than a screen long
OF_WORDS = ("query", "key", "position")
COUNTED_FROM_0 = ("vocabulary", "feature", "input", "output")  # ids, and columns that have no other name


@dataclass(frozen=True)
class Plane:
    """One sheet of a node: the last two axes at a fixed head, or a vector as a single row."""

    node: Node
    lead: Index  # the index on the axes before the last two

    @property
    def is_vector(self) -> bool:
        """Whether the node has one axis only, or is a single number."""
        return len(self.node.shape) <= 1

    def sheet(self, values: np.ndarray) -> np.ndarray:
        """The sheet of an array of the node's shape, [row, column]."""
        return values.reshape(1, -1) if self.is_vector else values[self.lead]

    @property
    def values(self) -> np.ndarray:
        """The numbers, [row, column]."""
        return self.sheet(self.node.value)

    @property
    def labels(self) -> tuple[Sequence[str], Sequence[str]]:
        """The labels of the rows and of the columns."""
        labels = self.node.labels
        return (("",), labels[0] if labels else ("",)) if self.is_vector else (labels[-2], labels[-1])

    @property
    def row_names(self) -> Sequence[str]:
        """The labels of the rows; in a long sentence with their numbers, since the same word comes again and again.

        A table of positions has places for rows, whose labels are numbers already.
        """
        rows = self.labels[0]
        if self.is_vector or self.node.is_weight or self.axes[0] not in OF_WORDS or len(rows) <= LONG:
            return rows
        return [f"{number} {label}" for number, label in enumerate(rows, 1)]

    @property
    def long_axes(self) -> tuple[int, ...]:
        """The axes that are too long to see where on them one is: 0 the rows, 1 the columns."""
        return tuple(axis for axis, size in enumerate(self.values.shape) if size > LONG and self.axes[axis])

    @property
    def axes(self) -> tuple[str, str]:
        """The names of the row and the column axis."""
        return ("", "".join(self.node.axes)) if self.is_vector else self.node.axes[-2:]  # type: ignore[return-value]

    def index(self, row: int, column: int) -> Index:
        """The node's index of a cell of the sheet."""
        if self.is_vector:
            return (column,) if self.node.shape else ()
        return (*self.lead, row, column)

    def place(self, index: Index) -> tuple[int, int]:
        """The row and column of an index of the node."""
        return (0, index[0] if index else 0) if self.is_vector else (index[-2], index[-1])

    def holds(self, index: Index) -> bool:
        """Whether the index lies on this sheet."""
        return self.is_vector or index[:-2] == self.lead

    def region(self, region: Region) -> Region | None:
        """The part of an operand's region that lies on this sheet, as (rows, columns)."""
        if self.is_vector:
            return (0, region[0] if region else 0)
        for at, wanted in zip(self.lead, region[:-2], strict=True):
            if isinstance(wanted, int) and wanted != at:
                return None
        return region[-2:]


def plane_at(node: Node, index: Index) -> Plane:
    """The sheet on which `index` lies."""
    return Plane(node, index[:-2])


def place_text(plane: Plane, cell: tuple[int, int]) -> str:
    """Where a cell of a large sheet is: `query 61/128 · vocabulary #40`; empty where that can be seen."""
    return " · ".join(_place(plane, at, cell[at]) for at in plane.long_axes)


def _place(plane: Plane, at: int, index: int) -> str:
    axis = plane.axes[at]
    from_0 = axis in COUNTED_FROM_0 or plane.node.is_weight
    return f"{axis_title(axis)} " + (f"#{index}" if from_0 else f"{index + 1}/{plane.values.shape[at]}")
