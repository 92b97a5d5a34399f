"""The rows of an embedding table as labels in a plane; they move as training moves the table."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from rich.cells import cell_len
from rich.text import Text
from textual.widget import Widget

from tutor.display.plot import places
from tutor.display.safe import fit, safe

LONGEST_LABEL = 7


class EmbeddingMap(Widget):
    """Every label at its point; those chosen stand out."""

    COMPONENT_CLASSES = {"map--chosen", "map--other"}
    DEFAULT_CSS = """
    EmbeddingMap {
        & > .map--chosen { color: $text-accent; text-style: bold; }
        & > .map--other { color: $text-muted; }
    }
    """

    points = np.zeros((0, 2))
    labels: Sequence[str] = ()
    chosen: Collection[int] = ()
    reach: Sequence[float] = (1.0, 1.0)

    def show(self, points: np.ndarray, labels: Sequence[str], chosen: Collection[int], reach: Sequence[float]) -> None:
        """Show other points."""
        self.points, self.chosen, self.reach = points, chosen, reach
        self.labels = [fit(safe(label), LONGEST_LABEL) for label in labels]
        self.refresh()

    def render(self) -> Text:
        width, height = self.size
        styles = [self.get_component_rich_style(f"map--{name}", partial=True) for name in ("other", "chosen")]
        text, row, column = Text(end="", no_wrap=True), 0, 0
        for place in sorted(places(self.points, self.labels, width, height, self.reach)):
            if place.row > row:
                text.append("\n" * (place.row - row))
                row, column = place.row, 0
            label = self.labels[place.which]
            text.append(" " * (place.column - column)).append(label, styles[place.which in self.chosen])
            column = place.column + cell_len(label)
        return text
