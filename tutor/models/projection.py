"""Many numbers a word brought down to two, so that a table of vectors can be looked at while it changes."""

from __future__ import annotations

import numpy as np


class Projection:
    """The plane in which vectors are most spread out (Pearson 1901), kept from turning over between two looks.

    Principal axes are known up to their direction only, and change places where two are equally long. So each new
    picture is turned, or mirrored, to lie as near as it can to the one before (Schönemann 1966).
    """

    def __init__(self) -> None:
        self._before: np.ndarray | None = None
        self.share = 0.0  # of the whole spread, how much the plane shows: 0 to 1

    def points(self, table: np.ndarray) -> np.ndarray:
        """The rows of a table [row, feature] in the plane: [row, 2]."""
        centred = table.astype(np.float64) - table.mean(axis=0, dtype=np.float64)
        _rows, lengths, axes = np.linalg.svd(centred, full_matrices=False)
        spread = lengths**2
        self.share = float(spread[:2].sum() / spread.sum()) if spread.sum() else 1.0
        points = centred @ axes[:2].T
        if self._before is None or self._before.shape != points.shape:
            largest = np.abs(points).argmax(axis=0)
            points *= np.where(points[largest, [0, 1]] < 0, -1.0, 1.0)
        else:
            left, _lengths, right = np.linalg.svd(points.T @ self._before)
            points = points @ (left @ right)
        self._before = points
        return points
