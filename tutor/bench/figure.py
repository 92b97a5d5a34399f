"""One measured figure, and the ways of taking it that all measurements share."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """What was measured: our number, the one it is held against, and the bar.

    `limit` says what the machine itself would allow; `note` says why a figure is missing or how it was taken.
    """

    name: str
    unit: str = ""
    ours: float | None = None
    theirs: float | None = None
    against: str = ""
    bar: float | None = None  # for the ratio where there is `theirs`, else for `ours`
    limit: str = ""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours over theirs."""
        return self.ours / self.theirs if self.ours is not None and self.theirs else None

    @property
    def held(self) -> bool | None:
        """Whether the bar was held; None where nothing was measured or there is no bar."""
        value = self.ratio if self.theirs else self.ours
        return None if value is None or self.bar is None else value <= self.bar


def timed(action: Callable[[], object]) -> float:
    """Seconds that one call takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def medians(actions: Sequence[Callable[[], float]], repeat: int) -> list[float]:
    """The median of `repeat` values of each action, taken in turn so that a slow spell meets all alike."""
    values: list[list[float]] = [[] for _action in actions]
    for _round in range(repeat):
        for place, action in enumerate(actions):
            values[place].append(action())
    return [statistics.median(column) for column in values]
