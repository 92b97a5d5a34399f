"""Numbers as text: a whole matrix in one format, and single numbers in prose.

No number that differs from zero is ever shown as a plain zero.
"""

import math
from dataclasses import dataclass
from math import isfinite

import numpy as np

TINY = "~0"
BLANK = "____"
_LARGEST_SAMPLE = 1 << 22
_FOR_THE_MEDIAN = 1 << 14


@dataclass(frozen=True)
class Format:
    """How one matrix prints its cells: decimals, or -1 for scientific; width in terminal cells."""

    decimals: int
    width: int
    signed: bool = False

    def __call__(self, value: float) -> str:
        """One cell, at most `width` wide."""
        value = float(value)
        if value == 0:
            return "0"
        if not isfinite(value):
            text = special(value)
        elif self.decimals < 0:
            text = scientific(value, self.width - (self.signed and value > 0))
        else:
            if abs(value) < 0.5 * 10**-self.decimals:
                return TINY
            text = f"{value:.{self.decimals}f}"
            if len(text) > self.width - (self.signed and value > 0):
                text = scientific(value, self.width - (self.signed and value > 0))
        return "+" + text if self.signed and value > 0 else text


def special(value: float) -> str:
    """Infinities and not-a-number."""
    return "nan" if math.isnan(value) else "∞" if value > 0 else "-∞"


def scientific(value: float, room: int = 8) -> str:
    """Like 1.3e-7: as many digits as fit, at least one."""
    for digits in (2, 1, 0):
        mantissa, exponent = f"{value:.{digits}e}".split("e")
        text = f"{mantissa}e{int(exponent)}"
        if len(text) <= room:
            return text
    return text


def choose_format(values: np.ndarray, widest: int = 8, signed: bool = False) -> Format:
    """The format that suits a whole matrix: enough decimals to tell its typical values apart, not more.

    Integers print as integers. A matrix of very small or very large numbers prints in scientific notation.
    """
    sample = finite_sample(values)
    magnitudes = np.abs(sample[sample != 0])
    largest = float(magnitudes.max()) if magnitudes.size else 0.0
    specials = _specials(values)
    if largest < 10 ** (widest - 1) and bool(np.all(magnitudes == np.floor(magnitudes))):
        return _measured(Format(0, widest, signed), sample, specials)
    if largest < 1e-3 or largest >= 10 ** (widest - 2):
        return Format(-1, widest, signed)
    stride = magnitudes.size // _FOR_THE_MEDIAN + 1 | 1
    typical = math.floor(math.log10(float(np.median(magnitudes[::stride]))))
    whole = max(1, math.floor(math.log10(largest)) + 1)
    decimals = min(max(1 - typical, 2), 4, max(1, 5 - whole))
    return _measured(Format(decimals, widest, signed), sample, specials)


def printed_format(values: np.ndarray, decimals: int) -> Format:
    """The format of numbers that are to stand as someone printed them: so many decimals, as wide as the widest."""
    return Format(decimals, max((len(f"{value:.{decimals}f}") for value in finite_sample(values).tolist()), default=1))


def finite_sample(values: np.ndarray) -> np.ndarray:
    """The finite numbers of a matrix as float64; of a very large one some, spread over all rows and columns."""
    flat = np.asarray(values).reshape(-1)
    if flat.size > _LARGEST_SAMPLE:
        flat = flat[:: flat.size // _LARGEST_SAMPLE + 1 | 1]  # an odd step does not stay in the same columns
    flat = flat.astype(np.float64, copy=False)
    finite = np.isfinite(flat)
    return flat if finite.all() else flat[finite]


def _specials(values: np.ndarray) -> set[float]:
    """Which of -∞, ∞ and not-a-number occur."""
    flat = np.asarray(values).reshape(-1)
    if flat.dtype.kind != "f" or flat.size > _LARGEST_SAMPLE or np.isfinite(flat).all():
        return set()
    return {value for value in (-math.inf, math.inf) if bool(np.any(flat == value))} | (
        {math.nan} if bool(np.isnan(flat).any()) else set()
    )


def _measured(form: Format, sample: np.ndarray, specials: set[float]) -> Format:
    """The same format, as narrow as its widest cell."""
    shown = {0.0} | specials
    if sample.size:
        shown |= {float(sample.min()), float(sample.max())}
    width = max(len(form(value)) for value in shown)
    if form.decimals > 0:  # a value between the extremes can need its sign and all decimals as well
        width = max(width, form.decimals + 2 + bool(form.signed or (sample.size and sample.min() < 0)))
    return Format(form.decimals, min(width, form.width), form.signed)


def cell(value: float, form: Format | None = None) -> str:
    """One cell of a matrix; without a format, in the one that suits this number."""
    return (form or choose_format(np.asarray([value])))(value)


def number(value: float, digits: int = 3) -> str:
    """A number in prose, to so many significant digits: 1.27, 0.0312, 1.2e-7, 28,000, -∞."""
    value = float(value)
    if not math.isfinite(value):
        return special(value)
    if value == 0:
        return "0"
    magnitude = abs(value)
    if value == int(value) and magnitude < 1e7:
        return f"{int(value):,}"
    if magnitude < 1e-3 or magnitude >= 1e7:
        mantissa, exponent = f"{value:.{max(0, digits - 1)}e}".split("e")
        return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{int(exponent)}"
    decimals = max(0, digits - 1 - math.floor(math.log10(magnitude)))
    return f"{value:,.{decimals}f}"
