"""One matrix of attention weights as a picture: a title, what stands where, and where the picked row looks most."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from tutor.app.widgets.matrix_theme import depth_for
from tutor.display.colours import tint
from tutor.display.thumbnail import HALF, pooled, shade

HUE = 185.0
LINES_AROUND = 3  # title, and two lines below


class AttentionMap(Widget):
    """Drawn as large as there is room, each number a whole number of dots."""

    DEFAULT_CSS = """
    AttentionMap { width: 1fr; height: 1fr; padding: 0 1; border: round $foreground 30%; }
    AttentionMap.-picked { border: round $accent; border-title-style: bold; }
    """

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._weights: np.ndarray | None = None
        self._below = ""

    def show(self, weights: np.ndarray | None, below: str) -> None:
        """The weights [query, key], or None while they are computed, and a line below them."""
        self._weights, self._below = weights, below
        self.refresh()

    @property
    def _bright(self) -> np.ndarray:
        """The weights, the largest of them 1: of 24 tokens each has little, and is to be seen all the same."""
        assert self._weights is not None
        return self._weights / max(float(self._weights.max()), 1e-9)

    def render(self) -> Text:
        if self._weights is None:
            return Text("…")
        wide, tall = self.content_size.width, max(1, self.content_size.height - LINES_AROUND)
        text = Text(no_wrap=True, end="")
        if depth_for(self.app) != "full":
            side = min(wide // 2, tall)  # two characters a number, for they are half as wide as high
            for row in pooled(self._bright, side, side).tolist():
                text.append("".join(2 * shade(share) for share in row) + "\n")
        else:
            side = min(wide, 2 * tall)
            picture = pooled(self._bright, side, side)
            background = "#{:02x}{:02x}{:02x}".format(*self.background_colors[1].rgb)
            dark = self.app.current_theme.dark
            for at in range(0, len(picture), 2):
                upper = picture[at].tolist()
                lower = picture[at + 1].tolist() if at + 1 < len(picture) else [0.0] * len(upper)
                for a, b in zip(upper, lower, strict=True):
                    colours = (_pixel(background, dark, round(share, 2)) for share in (a, b))
                    text.append(HALF, Style(color=next(colours), bgcolor=next(colours)))
                text.append("\n")
        text.append("\n")
        below = Text(self._below, overflow="fold")
        return text.append_text(below)


@lru_cache(maxsize=1024)
def _pixel(background: str, dark: bool, share: float) -> str:
    return tint(background, HUE, min(1.0, 0.08 + 0.92 * share**0.6), dark)
