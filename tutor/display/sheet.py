"""A few numbers in rows, without names: a matrix of which one is to guess what it is."""

import numpy as np

from tutor.display.numbers import number
from tutor.display.safe import pad


def sheet_lines(values: np.ndarray, digits: int = 3) -> list[str]:
    """The rows as lines of numbers under each other; … at the end, since the matrix goes on."""
    texts = [[number(float(value), digits) for value in row] for row in values]
    width = max((len(text) for row in texts for text in row), default=0) + 2
    return ["".join(pad(text, width, "right") for text in row) + "  …" for row in texts]
