"""The thumbnail of a head, drawn line by line: two numbers a cell in colour, one as a shade without."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from rich.segment import Segment
from rich.style import Style

from tutor.display.colours import tint
from tutor.display.thumbnail import HALF, shade

HUE = 185.0


@dataclass(frozen=True)
class Section:
    """The heads of one kind of attention: a title, and the names of its layers' weights."""

    title: str
    names: tuple[str, ...]
    heads: int
    keys: int  # how many columns each matrix has


@dataclass(frozen=True)
class Picture:
    """What is drawn of a layer: [head, row, column], pooled; and a word of at most four cells under each head."""

    weights: np.ndarray
    words: tuple[str, ...]


@dataclass(frozen=True)
class Paint:
    """How it is painted: on what, and whether in shades, where there are no colours."""

    base: Style
    background: str
    dark: bool
    in_shades: bool


def picture_line(numbers: np.ndarray, line: int, wide: int, paint: Paint) -> list[Segment]:
    """The cells of one line of a thumbnail of these numbers, `wide` cells of them."""
    columns = numbers.shape[1]
    rest = [Segment(" " * (wide - columns), paint.base)] if columns < wide else []
    if paint.in_shades:
        row = numbers[line].tolist() if line < len(numbers) else [0.0] * columns
        return [Segment("".join(map(shade, row)), paint.base), *rest]
    rows = (2 * line, 2 * line + 1)
    upper, lower = (numbers[at].tolist() if at < len(numbers) else [-1.0] * columns for at in rows)
    return [*(Segment(HALF, _style(paint, a, b)) for a, b in zip(upper, lower, strict=True)), *rest]


def _style(paint: Paint, upper: float, lower: float) -> Style:
    above, below = (_pixel(paint.background, paint.dark, round(share, 2)) for share in (upper, lower))
    return Style(color=above, bgcolor=below)


@lru_cache(maxsize=4096)
def _pixel(background: str, dark: bool, share: float) -> str:
    """The colour of a share: outside of the matrix (below 0) the background, a share of 0 just off it."""
    if share < 0:
        return background
    # No text stands on it, so the strongest goes beyond the end of the scale that numbers are printed on.
    return tint(background, HUE, 0.07 + 1.4 * min(1.0, share) ** 0.6, dark)
