"""A head of any width on random numbers: what the learner has looked at, and the numbers to show. No widget."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tutor.app.walk import Stop
from tutor.course.places import find_node
from tutor.course.schema import Text
from tutor.course.schema_steps import WidthGoal
from tutor.course.widths import even, judged, shares
from tutor.engine.trace import Node, Trace
from tutor.engine.widths import MEASURES, PREFIX, SIDES, WIDTHS


@dataclass(frozen=True)
class WidthView:
    """Where the slider stands, which row is looked at on which side, and which widths were seen."""

    width: int = WIDTHS[0]
    row: int = 0
    side: str = SIDES[0]
    seed: int = 0
    seen: frozenset[int] = frozenset()
    verdict: Text | None = None
    good: bool | None = None
    found: bool = False  # whether what the lesson asks for was marked once

    def turned(self, by: int) -> WidthView:
        """Another width; not beyond the ends."""
        at = WIDTHS.index(self.width) + by
        width = WIDTHS[max(0, min(at, len(WIDTHS) - 1))]
        return replace(self, width=width, seen=self.seen | {width}, verdict=None, good=None)

    def anew(self) -> WidthView:
        """Other random numbers, none of them seen yet."""
        return replace(self, seed=self.seed + 1, seen=frozenset({self.width}), verdict=None, good=None)

    def other_side(self) -> WidthView:
        """The row of the other side is the one to open."""
        return replace(self, side=next(side for side in SIDES if side != self.side))


class Slider:
    """The numbers behind a view. Raises TraceError where the trace has no tokens to draw numbers for."""

    def __init__(self, trace: Trace, view: WidthView, goal: WidthGoal | None = None) -> None:
        self.trace, self.goal = trace, goal
        trace.width(f"{PREFIX}{SIDES[0]}.{MEASURES[0]}", seed=view.seed)
        row = max(0, min(view.row, len(self.tokens) - 1))
        self.view = replace(view, row=row, seen=view.seen | {view.width})

    @property
    def tokens(self) -> tuple[str, ...]:
        """The sentence's, one a row."""
        return tuple(self.trace["tokens"].labels[0])

    def node(self, name: str) -> Node:
        """A node of the width looked at, such as `divided.weights`."""
        return find_node(self.trace, f"{PREFIX}{self.view.width}.{name}")

    def row_of(self, side: str) -> np.ndarray:
        """The weights of the row looked at."""
        row: np.ndarray = self.node(f"{side}.weights").value[self.view.row]
        return row

    def measured(self, side: str, measure: str) -> float:
        """The entropy, or the slope, of the row looked at."""
        return self.node(f"{side}.{measure}").at((self.view.row,))

    def mean(self, side: str, measure: str) -> float:
        """The mean over the rows, at the width looked at."""
        return find_node(self.trace, f"{PREFIX}{side}.{measure}").at((WIDTHS.index(self.view.width),))

    def shares(self, side: str, measure: str) -> tuple[float | None, ...]:
        """The means as shares of an even row's, for every width; None for those not seen yet."""
        found = shares(self.trace, side, measure).tolist()
        return tuple(share if width in self.view.seen else None for width, share in zip(WIDTHS, found, strict=True))

    def even(self, measure: str) -> float:
        """What an even row has."""
        return even(measure, len(self.tokens))

    def span(self, name: str) -> tuple[float, float]:
        """The smallest and the largest number of a node of this width."""
        value = self.node(name).value
        return float(value.min()), float(value.max())

    # What the learner does.

    def turn(self, by: int) -> None:
        """Another width."""
        self.view = self.view.turned(by)

    def move(self, by: int) -> None:
        """Another row."""
        self.view = replace(self.view, row=max(0, min(self.view.row + by, len(self.tokens) - 1)))

    def draw_anew(self) -> None:
        """Other random numbers."""
        self.view = self.view.anew()
        self.trace.width(f"{PREFIX}{SIDES[0]}.{MEASURES[0]}", seed=self.view.seed)

    def mark(self) -> None:
        """The learner says that this is the width asked for."""
        if self.goal is not None:
            good, verdict = judged(self.goal, self.trace, self.view.width)
            self.view = replace(self.view, verdict=verdict, good=good, found=self.view.found or good)

    def stop(self, measure: str = "") -> Stop:
        """The number to open: the largest weight of the row, or the row's entropy or slope."""
        view = self.view
        if measure:
            return Stop(self.node(f"{view.side}.{measure}").name, (view.row,))
        return Stop(self.node(f"{view.side}.weights").name, (view.row, int(self.row_of(view.side).argmax())))
