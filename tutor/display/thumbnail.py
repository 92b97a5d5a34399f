"""A matrix of shares as a picture of a few terminal cells: two numbers a cell in colour, one as a shade without."""

from __future__ import annotations

from bisect import bisect

import numpy as np

HALF = "▀"
SHADES = " ░▒▓█"
# A picture is to show where the weight is, so the smaller shares get more of the steps.
SHADES_FROM = (0.06, 0.2, 0.4, 0.65)


def pooled(weights: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """[..., row, column] in at most so many rows and columns: of each block its largest number.

    The largest and not the mean, so that a single strong weight among two hundred tokens stays in sight. A matrix
    that has room to spare is enlarged, each number a whole number of times.
    """
    return _along(_along(weights, rows, -2), columns, -1)


def reduced(weights: np.ndarray, most: int) -> np.ndarray:
    """The same, at most `most` rows and columns and none enlarged: what is kept to be drawn in several sizes."""
    return _along(_along(weights, most, -2, enlarge=False), most, -1, enlarge=False)


def _along(weights: np.ndarray, room: int, axis: int, enlarge: bool = True) -> np.ndarray:
    size = weights.shape[axis]
    if size <= room:
        return weights.repeat(max(1, room // max(1, size)) if enlarge else 1, axis)
    return np.maximum.reduceat(weights, np.arange(room) * size // room, axis)


def shade(share: float) -> str:
    """A share from 0 to 1 as a character that fills more of its cell the larger it is."""
    return SHADES[bisect(SHADES_FROM, share)]
