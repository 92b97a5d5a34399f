"""The loss of every step so far, drawn in braille dots."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.widget import Widget

from tutor.display.plot import curve


class LossCurve(Widget):
    """A curve with its axes, as large as the widget."""

    COMPONENT_CLASSES = {"curve--axis", "curve--line"}
    DEFAULT_CSS = """
    LossCurve {
        & > .curve--axis { color: $text-muted; }
        & > .curve--line { color: $text-accent; text-style: bold; }
    }
    """

    losses: Sequence[float] = ()
    logarithmic = False

    def show(self, losses: Sequence[float], logarithmic: bool) -> None:
        """Draw these."""
        if (losses, logarithmic) != (self.losses, self.logarithmic):
            self.losses, self.logarithmic = losses, logarithmic
            self.refresh()

    def render(self) -> Text:
        width, height = self.size
        drawn = curve(self.losses, width, height, self.logarithmic)
        axis = self.get_component_rich_style("curve--axis", partial=True)
        line = self.get_component_rich_style("curve--line", partial=True)
        text = Text(no_wrap=True, end="")
        *rows, rule = zip(drawn.ticks, drawn.lines, strict=True)
        for tick, dots in rows:
            text.append(tick, axis).append(dots, line).append("\n")
        return text.append("".join(rule) + "\n" + drawn.below, axis)
