"""Auditing a printed matrix: which of its cells are slips, and what the learner's marks amount to."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tutor.course.places import find_node
from tutor.course.schema import Audit, Lesson, Text
from tutor.engine.trace import Node, Trace

Index = tuple[int, int]  # row and column
_HAIR = 1e-9  # of a unit: what float64 leaves of a difference of decimals


class AuditError(ValueError):
    """An audit that cannot be made; the message says why."""


@dataclass(frozen=True)
class Finding:
    """What the learner's marks amount to: slips that were marked, slips that were not, and marks on right cells."""

    hits: frozenset[Index]
    misses: frozenset[Index]
    false_alarms: frozenset[Index]

    @property
    def right(self) -> bool:
        """Whether every slip was marked and nothing else."""
        return not self.misses and not self.false_alarms

    @property
    def summary(self) -> Text:
        """The counts, in both languages."""
        found, slips, false = len(self.hits), len(self.hits) + len(self.misses), len(self.false_alarms)
        en, zh = f"{found} of {slips} slips found", f"{slips} 处错误找到了 {found} 处"
        if false:
            alarms = "1 false alarm" if false == 1 else f"{false} false alarms"
            return Text(f"{en}, {alarms}.", f"{zh}，误报 {false} 处。")
        return Text(f"{en}, no false alarm.", f"{zh}，没有误报。")


class Sheet:
    """A printed matrix beside the same matrix recomputed from its printed predecessors.

    A cell is a slip where the two differ by a whole unit of the last printed decimal or more: then neither rounding
    nor cutting off explains it. Raises AuditError where there is nothing to compare, TraceError for unknown nodes.
    """

    def __init__(self, step: Audit, trace: Trace) -> None:
        self.step, self.trace = step, trace
        self.printed: Node = find_node(trace, step.audit.printed)
        self.recomputed: Node = find_node(trace, step.audit.recomputed)
        if self.printed.shape != self.recomputed.shape:
            shapes = ["×".join(map(str, node.shape)) for node in (self.printed, self.recomputed)]
            raise AuditError(f"{self.printed.name} is {shapes[0]} but {self.recomputed.name} is {shapes[1]}")
        if len(self.printed.shape) != 2:
            raise AuditError(f"{self.printed.name} has {len(self.printed.shape)} axes; an audit needs rows and columns")

    @cached_property
    def decimals(self) -> int:
        """How many decimals the matrix was printed with: what the lesson says, else the most that a number shows."""
        given = self.step.audit.decimals
        return given if given is not None else max((_decimals(float(x)) for x in self.printed.value.flat), default=0)

    @cached_property
    def slips(self) -> frozenset[Index]:
        """The cells that are slips."""
        printed, recomputed = (node.value.astype(np.float64) for node in (self.printed, self.recomputed))
        unit = 10.0**-self.decimals
        wrong = ~(np.abs(printed - recomputed) < unit * (1 - _HAIR))  # what is no number is wrong, too
        return frozenset((int(row), int(column)) for row, column in np.argwhere(wrong))

    @property
    def cells(self) -> tuple[Index, ...]:
        """All cells, row by row."""
        rows, columns = self.printed.shape
        return tuple((row, column) for row in range(rows) for column in range(columns))

    @property
    def size(self) -> int:
        """How many cells there are."""
        return int(self.printed.value.size)

    def finding(self, marked: Collection[Index]) -> Finding:
        """What these marks amount to."""
        marks = frozenset(marked)
        return Finding(marks & self.slips, self.slips - marks, marks - self.slips)

    @property
    def count(self) -> Text:
        """How many cells of the matrix are slips."""
        slips, size = len(self.slips), self.size
        return Text(f"{slips} of {size} cells are slips.", f"{size} 格里有 {slips} 格是错的。")


def sheets(lesson: Lesson, trace: Trace) -> Iterator[Sheet]:
    """All audits of a lesson."""
    for step in lesson.steps:
        if isinstance(step, Audit):
            yield Sheet(step, trace)


def tally(lesson: Lesson, trace: Trace) -> tuple[tuple[str, int, int], ...]:
    """The printed matrices that the lesson audits, each with the number of its slips and of its cells."""
    return tuple((sheet.printed.name, len(sheet.slips), sheet.size) for sheet in sheets(lesson, trace))


def _decimals(value: float) -> int:
    """The decimals that a number as typed shows: 3 for 0.125, 0 for 2."""
    digits = np.format_float_positional(value, trim="-")
    return len(digits.partition(".")[2])
