"""Walking a number home: where the learner stands, where they came from, and where Enter goes next."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tutor.engine.explanation import Cell
from tutor.engine.trace import Trace

Index = tuple[int, ...]


@dataclass(frozen=True)
class Stop:
    """One cell of one node."""

    node: str
    index: Index


@dataclass(frozen=True)
class Walk:
    """The stops so far, and which of them the learner stands on. Going back keeps the way forward."""

    stops: tuple[Stop, ...]
    at: int = 0

    @property
    def here(self) -> Stop:
        """Where the learner stands."""
        return self.stops[self.at]

    def moved(self, index: Index) -> Walk:
        """Another cell of the same node: the same stop, not a new one."""
        if index == self.here.index:
            return self
        return Walk((*self.stops[: self.at], replace(self.here, index=index)), self.at)

    def to(self, stop: Stop) -> Walk:
        """A new stop; what lay ahead is forgotten."""
        return self if stop == self.here else Walk((*self.stops[: self.at + 1], stop), self.at + 1)

    def back(self) -> Walk:
        """The stop before this one."""
        return replace(self, at=max(0, self.at - 1))

    def forward(self) -> Walk:
        """The stop that was left by going back."""
        return replace(self, at=min(len(self.stops) - 1, self.at + 1))

    def kept(self, trace: Trace) -> Walk | None:
        """The same walk on another trace, each index pushed inside its node; without the stops whose node is gone.

        None where none of them is left up to where the learner stands.
        """
        stays = [stop.node in trace for stop in self.stops]
        at = sum(stays[: self.at + 1]) - 1
        stops = tuple(fitted(trace, stop) for stop, kept in zip(self.stops, stays, strict=True) if kept)
        return Walk(stops, at) if at >= 0 else None


def fitted(trace: Trace, stop: Stop) -> Stop:
    """The stop with its index inside the node's shape."""
    shape = trace[stop.node].shape
    index = (*stop.index, *(0 for _ in shape))[: len(shape)]
    return Stop(stop.node, tuple(min(i, size - 1) for i, size in zip(index, shape, strict=True)))


def operands(trace: Trace, stop: Stop) -> tuple[Cell, ...]:
    """The cells that made the one at `stop`, in walking order."""
    return trace.explain(stop.node, stop.index).cells


def next_cell(trace: Trace, walk: Walk) -> Cell | None:
    """Where Enter goes: the first operand; at the end of a path, the nearest weight matrix not looked at yet."""
    here = trace.explain(walk.here.node, walk.here.index).leading_cells(1)
    if here:
        return here[0]
    seen = {stop.node for stop in walk.stops}
    for stop in reversed(_path(trace, walk)[:-1]):
        # Most stops have no such weight, and to explain one only to find that out can take a second.
        new = {name for name in trace[stop.node].inputs if trace[name].is_weight and name not in seen}
        if new and (cell := next((cell for cell in operands(trace, stop) if cell.node in new), None)) is not None:
            return cell
    return None


def _path(trace: Trace, walk: Walk) -> list[Stop]:
    """The stops from the last that no earlier one was made from: where the learner was put, not where Enter led."""
    path: list[Stop] = []
    inputs: set[str] = set()
    for stop in walk.stops[: walk.at + 1]:
        if stop.node not in inputs:
            path, inputs = [], set()
        path.append(stop)
        inputs |= set(trace[stop.node].inputs) if stop.node in trace else set()
    return path
