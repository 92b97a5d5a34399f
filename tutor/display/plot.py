"""Pictures out of characters: a curve in braille dots, and labels at their places in a plane."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from rich.cells import cell_len

from tutor.display.numbers import number
from tutor.display.safe import pad

AXIS_WIDTH = 8  # cells for the numbers at the left, the rule included
LEAST_SPAN = 50  # so many values does an axis hold at least; beyond, it doubles
DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])  # Unicode's braille, 4 dots by 2 a cell
BLANK_BRAILLE = 0x2800
NEARBY = sorted(
    ((row, column) for row in range(-2, 3) for column in range(-6, 7)),
    key=lambda place: (2 * abs(place[0]) + abs(place[1]), place),
)


@dataclass(frozen=True)
class Curve:
    """The lines of a curve, and for each what stands at its left; then what stands below."""

    ticks: tuple[str, ...]
    lines: tuple[str, ...]
    below: str


def span_of(count: int) -> int:
    """How many values the axis holds: it stays as it is for a while and then doubles."""
    span = LEAST_SPAN
    while span < count:
        span *= 2
    return span


def curve(values: Sequence[float], width: int, height: int, log: bool = False, span: int = 0) -> Curve:
    """Finite values, the first at 1, as a curve that is `width` × `height` cells with its axes.

    The axis holds at least `span` values.
    """
    columns, rows = max(1, width - AXIS_WIDTH), max(1, height - 2)
    span = span_of(max(span, len(values)))
    heights, low, high = _scaled(values, log)
    ticks = [" " * (AXIS_WIDTH - 1) + "│"] * rows
    for row in {0, (rows - 1) // 2, rows - 1}:
        at = high - row / max(1, rows - 1) * (high - low)
        ticks[row] = pad(number(math.exp(at) if log else at, 2), AXIS_WIDTH - 2, "right") + " ┤"
    lines = _braille(_dots(heights, round(len(values) / span * 2 * columns), 4 * rows, 2 * columns))
    first, middle, last = "1", f"{span // 2:,}", f"{span:,}"
    below = " " * AXIS_WIDTH + first + pad(middle, columns - len(first) - len(last), "center") + last
    return Curve((*ticks, " " * (AXIS_WIDTH - 1) + "└"), (*lines, "─" * columns), below)


@dataclass(frozen=True)
class Schedule:
    """The lines of a schedule, what stands at their left, how many of their columns have been, and a rule below."""

    ticks: tuple[str, ...]
    lines: tuple[str, ...]
    past: int
    rule: str


def schedule(values: Sequence[float], now: int, width: int, height: int) -> Schedule:
    """Values over the whole axis, of which the first `now` have been: the present is marked on the rule below."""
    columns, rows = max(1, width - AXIS_WIDTH), max(1, height - 1)
    heights, _low, high = _scaled(values, log=False)
    ticks = [" " * (AXIS_WIDTH - 1) + "│"] * rows
    ticks[0] = pad(number(high, 2), AXIS_WIDTH - 2, "right") + " ┤"
    past = min(columns, round(now / max(1, len(values)) * columns))
    at = min(columns - 1, past)
    rule = " " * (AXIS_WIDTH - 1) + "└" + "─" * at + "▲" + "─" * (columns - at - 1)
    return Schedule(tuple(ticks), _braille(_dots(heights, 2 * columns, 4 * rows, 2 * columns)), past, rule)


def _braille(dots: np.ndarray) -> tuple[str, ...]:
    """Dots [row, column] as lines of characters of 4 × 2 dots each."""
    rows, columns = dots.shape[0] // 4, dots.shape[1] // 2
    codes = (dots.reshape(rows, 4, columns, 2) * DOTS[:, None, :]).sum(axis=(1, 3))
    return tuple("".join(chr(BLANK_BRAILLE + code) if code else " " for code in line) for line in codes.tolist())


def _scaled(values: Sequence[float], log: bool) -> tuple[np.ndarray, float, float]:
    """The values between 0 and 1, and what 0 and 1 stand for (with `log`, their logarithms)."""
    array = np.asarray(values, dtype=np.float64)
    if log:
        array = np.log(np.maximum(array, 1e-12))
    low = float(array.min()) if log and array.size else 0.0
    high = float(array.max()) if array.size else 1.0
    if high - low < 1e-9:
        high = low + 1.0
    return (array - low) / (high - low), low, high


def _dots(heights: np.ndarray, reach: int, rows: int, columns: int) -> np.ndarray:
    """Which dots [row, column] are set, the curve going from the left as far as column `reach`."""
    dots = np.zeros((rows, columns), dtype=np.int64)
    if not heights.size:
        return dots
    reach = max(1, min(reach, columns))
    if len(heights) < reach:
        heights = np.interp(np.linspace(0, len(heights) - 1, reach), np.arange(len(heights)), heights)
    starts = (np.arange(reach) * len(heights)) // reach
    lowest, highest = np.minimum.reduceat(heights, starts), np.maximum.reduceat(heights, starts)
    before = heights[np.maximum(starts - 1, 0)]
    tops = np.rint((1 - np.maximum(highest, before)) * (rows - 1)).astype(int)
    bottoms = np.rint((1 - np.minimum(lowest, before)) * (rows - 1)).astype(int)
    for column, (top, bottom) in enumerate(zip(tops.tolist(), bottoms.tolist(), strict=True)):
        dots[top : bottom + 1, column] = 1
    return dots


class Placed(NamedTuple):
    """A label and where it stands: the row and the first cell of it."""

    row: int
    column: int
    which: int  # the label's number


def places(
    points: np.ndarray, labels: Sequence[str], width: int, height: int, reach: Sequence[float]
) -> tuple[Placed, ...]:
    """Labels at their points [label, 2] in a field of cells, (0, 0) in its middle and `reach` at its edges.

    A label whose cells are taken moves to the nearest free place; where there is none it is left out.
    """
    taken = np.zeros((max(1, height), max(1, width)), dtype=bool)
    found = []
    for which, ((x, y), label) in enumerate(zip(points.tolist(), labels, strict=True)):
        size = cell_len(label)
        row = round((1 - y / reach[1]) / 2 * (height - 1))
        column = round((1 + x / reach[0]) / 2 * (width - size))
        for down, right in NEARBY:
            at, start = row + down, column + right
            if 0 <= at < height and 0 <= start <= width - size and not taken[at, start : start + size].any():
                taken[at, start : start + size] = True
                found.append(Placed(at, start, which))
                break
    return tuple(found)
