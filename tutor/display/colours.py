"""Colour scales for numbers, and when to use no colour at all.

Zero is the background. The further a number is from zero the further its lightness is from the background's, so
the order survives in grey; negative is blue and positive orange, which the common kinds of colour blindness tell
apart. Steps are even in OKLab (Björn Ottosson, "A perceptual color space for image processing", 2020).
"""

import math
from bisect import bisect
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from rich.style import Style

from tutor.display.numbers import finite_sample

Depth = Literal["full", "16", "none"]
Kind = Literal["diverging", "sequential", "plain"]

LEVELS = 10
# Hue in degrees and chroma of the far ends; lightness and chroma are the same on both sides.
_BLUE, _ORANGE, _TEAL = 255.0, 62.0, 185.0
_CHROMA = 0.105
_FAR_LIGHTNESS = {True: 0.475, False: 0.775}  # dark theme, light theme
_TEXT = {True: "#f4f4f4", False: "#141414"}
_DEFAULT_BACKGROUND = {True: "#121212", False: "#ffffff"}


def depth_of(color_system: str | None) -> Depth:
    """How much colour a Rich console's colour system has."""
    if color_system is None:
        return "none"
    return "16" if color_system in ("standard", "windows") else "full"


@dataclass(frozen=True)
class Scale:
    """From a number to a style. `styles` runs from -LEVELS to LEVELS, zero in the middle; `limit` is the far end."""

    kind: Kind
    limit: float
    styles: tuple[Style, ...]

    def level(self, value: float) -> int:
        """The step of the scale for a number, from -LEVELS to LEVELS. Not-a-number and -∞ are at 0."""
        if math.isnan(value) or value == -math.inf:
            return 0
        return bisect(self.bounds, value) - LEVELS

    @cached_property
    def bounds(self) -> list[float]:
        """Where one level ends and the next begins, in order: what `bisect` gives is the place in `styles`."""
        if self.kind == "plain" or self.limit <= 0:
            return [-math.inf] * LEVELS + [math.inf] * LEVELS
        # Small numbers are the many; a power below one gives them more of the levels.
        above = [self.limit * ((level + 0.5) / LEVELS) ** (4 / 3) for level in range(LEVELS)]
        return [-bound for bound in reversed(above)] + above

    def style(self, value: float) -> Style:
        """How the cell of this number looks."""
        return self.styles[self.level(value) + LEVELS]


def scale_for(
    values: np.ndarray,
    *,
    dark: bool = True,
    background: str | None = None,
    depth: Depth = "full",
    kind: Kind | None = None,
    limit: float | None = None,
) -> Scale:
    """The scale that suits a matrix: sequential where all numbers are in [0, 1], else diverging around zero."""
    low, high = _extremes(values)
    if kind is None:
        kind = "sequential" if 0 <= low and high <= 1 else "diverging"
    if limit is None:
        limit = max(abs(low), abs(high))
    return Scale(kind, limit, _styles(kind, dark, background or _DEFAULT_BACKGROUND[dark], depth))


def _extremes(values: np.ndarray) -> tuple[float, float]:
    sample = finite_sample(values)
    return (float(sample.min()), float(sample.max())) if sample.size else (0.0, 0.0)


def _styles(kind: Kind, dark: bool, background: str, depth: Depth) -> tuple[Style, ...]:
    if kind == "plain" or depth == "none":
        return (Style(),) * (2 * LEVELS + 1)
    if depth == "16":
        # Written as what a terminal of sixteen colours turns into bright cyan and yellow, or into blue and red.
        negative, positive = ("#55ffff", "#ffff55") if dark else ("#0000aa", "#aa0000")
        return tuple(_sixteen(level, negative if level < 0 else positive) for level in range(-LEVELS, LEVELS + 1))
    hues = (_BLUE, _TEAL if kind == "sequential" else _ORANGE)
    styles = []
    for level in range(-LEVELS, LEVELS + 1):
        colour = tint(background, hues[level > 0], abs(level) / LEVELS, dark)
        styles.append(Style(color=_TEXT[dark], bgcolor=colour) if level else Style())
    return tuple(styles)


def _sixteen(level: int, colour: str) -> Style:
    """Sixteen colours have no shades to spare for backgrounds: the number itself is coloured, the largest bold."""
    if abs(level) <= LEVELS // 4:
        return Style()
    return Style(color=colour, bold=abs(level) > LEVELS * 2 // 3 or None)


def tint(background: str, hue: float, amount: float, dark: bool = True) -> str:
    """The background moved towards a hue (degrees) by an amount from 0 to 1, in even steps of lightness."""
    lightness, green_red, blue_yellow = _to_oklab(background)
    far = _FAR_LIGHTNESS[dark]
    angle = math.radians(hue)
    keep = 1 - amount
    # The first steps have little chroma at little lightness; otherwise they would fall outside of sRGB.
    chroma = _CHROMA * amount**0.8
    return _from_oklab(
        lightness + (far - lightness) * amount,
        green_red * keep + chroma * math.cos(angle),
        blue_yellow * keep + chroma * math.sin(angle),
    )


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb (WCAG 2.2)."""
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2), from 1 to 21."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _linear(colour: str) -> tuple[float, float, float]:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return red, green, blue


def _to_oklab(colour: str) -> tuple[float, float, float]:
    red, green, blue = _linear(colour)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def _from_oklab(lightness: float, green_red: float, blue_yellow: float) -> str:
    long = (lightness + 0.3963377774 * green_red + 0.2158037573 * blue_yellow) ** 3
    middle = (lightness - 0.1055613458 * green_red - 0.0638541728 * blue_yellow) ** 3
    short = (lightness - 0.0894841775 * green_red - 1.2914855480 * blue_yellow) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
    channels = [12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in (max(0.0, x) for x in linear)]
    return "#" + "".join(f"{round(255 * min(1.0, channel)):02x}" for channel in channels)
