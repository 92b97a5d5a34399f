"""What a learner is to bring about by a what-if: whether a trace has it, and how far from it the numbers are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tutor.course.answers import shown
from tutor.course.places import PlaceError, cell_at, cell_label, find_node
from tutor.course.recompute import numbers
from tutor.course.schema import Reach, Solution, Text
from tutor.engine.message import Message
from tutor.engine.trace import Node, Trace, TraceError
from tutor.models.rerun import Edit, editor

SHARE = 0.99  # of a row's weight: nearly all

Again = Callable[[Mapping[str, Any], Mapping[str, Any]], Trace]
"""The same run with changes to the config and functions that change nodes."""


def has_reached(reach: Reach, trace: Trace, before: Trace | None) -> bool:
    """Whether the trace has what is asked for. False where it lacks the node or the place."""
    try:
        return _Goal(reach, trace).met(before)
    except (PlaceError, TraceError):
        return False


def distance(reach: Reach, trace: Trace) -> Text:
    """How things stand now, in words. Raises TraceError and PlaceError."""
    return _Goal(reach, trace).stands()


def check_place(reach: Reach, trace: Trace) -> None:
    """Raises TraceError and PlaceError where the trace has no such row or cell."""
    _Goal(reach, trace).met(trace)


def solved(solution: Solution, trace: Trace, again: Again) -> Trace:
    """The trace after the solution's switches and numbers. Raises TraceError and PlaceError."""
    edits: dict[str, list[Edit]] = {}
    for one in solution.numbers:
        node = find_node(trace, one.node)
        edits.setdefault(node.name, []).append((cell_at(node, one.at), float(one.number)))
    return again(solution.config or {}, {name: editor(found) for name, found in edits.items()})


class _Goal:
    def __init__(self, reach: Reach, trace: Trace) -> None:
        self.reach, self.node = reach, find_node(trace, reach.node)
        self.at = cell_at(self.node, reach.at)
        self.along = len(self.at)  # the axis of the row, where a row is spoken of
        if reach.kind not in ("above", "below"):
            left = [place for place, axis in enumerate(self.node.axes) if axis not in reach.at]
            if not left:
                raise PlaceError(Message("{node}: every axis has its place, so there is no row", node=self.node.name))
            self.along = left[-1]

    def met(self, before: Trace | None) -> bool:
        reach, kind = self.reach, self.reach.kind
        if kind in ("above", "below"):
            value = self.node.at(self.at)
            return bool(value > reach.above) if reach.above is not None else bool(value < (reach.below or 0))
        row = self.row(self.node)
        if kind == "changes":
            old = find_node(before, self.node.name) if before is not None else None
            same_shape = old is not None and old.shape == self.node.shape
            return same_shape and old is not None and int(np.argmax(self.row(old))) != int(np.argmax(row))
        spot = self.spot(reach.only if reach.only is not None else reach.largest)
        return self.share(row, spot) >= SHARE if kind == "only" else int(np.argmax(row)) == spot

    def row(self, node: Node) -> np.ndarray:
        return numbers(node)[tuple(slice(None) if place == self.along else at for place, at in enumerate(self.at))]

    def share(self, row: np.ndarray, spot: int) -> float:
        total = float(np.abs(row).sum())
        return abs(float(row[spot])) / total if total else 0.0

    def spot(self, spot: Any) -> int:
        size = self.node.shape[self.along]
        place = {"first": 0, "last": size - 1, "self": self.at[self.along - 1] if self.along else 0}.get(spot, spot)
        if not 0 <= place < size:
            names = {"node": self.node.name, "axis": self.node.axes[self.along], "last": size - 1, "given": place}
            raise PlaceError(Message("{node}: {axis} goes from 0 to {last}, not {given}", **names))
        return int(place)

    def stands(self) -> Text:
        """The number or the share that counts, and whose the largest is."""
        kind = self.reach.kind
        if kind in ("above", "below"):
            name, value = cell_label(self.node, self.at), shown(self.node.at(self.at))
            limit = shown(float((self.reach.above if kind == "above" else self.reach.below) or 0))
            word, word_zh = ("above", "大于") if kind == "above" else ("below", "小于")
            return Text(
                f"{name} is {value}; {word} {limit} is wanted.", f"{name} 现在是 {value}，要{word_zh} {limit}。"
            )
        row = self.row(self.node)
        best = int(np.argmax(row))
        labels = self.node.labels[self.along]
        if kind == "only":
            spot = self.spot(self.reach.only)
            held, rest = self.share(row, spot), np.where(np.arange(len(row)) == spot, -np.inf, np.abs(row))
            other = int(np.argmax(rest))
            return Text(
                f"{labels[spot]} has {held:.0%} of this row; the most of the others is {shown(float(row[other]))} "
                f"({labels[other]}).",
                f"这一行里 {labels[spot]} 占 {held:.0%}；其余最大的是 {shown(float(row[other]))}（{labels[other]}）。",
            )
        value = shown(float(row[best]))
        return Text(
            f"The largest of this row is still {labels[best]} ({value}).",
            f"这一行最大的还是 {labels[best]}（{value}）。",
        )
