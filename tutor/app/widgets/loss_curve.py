"""The loss of every step so far, drawn in braille dots; below it, where it changes, the learning rate's schedule."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from tutor.display.plot import curve, schedule

LEAST_SCHEDULE, MOST_SCHEDULE = 3, 7  # lines, the rule included
LEAST_CURVE = 5  # lines that the loss keeps


class LossCurve(Widget):
    """Curves over the same steps, with their axes, as large as the widget."""

    COMPONENT_CLASSES = {"curve--axis", "curve--line", "curve--planned"}
    DEFAULT_CSS = """
    LossCurve {
        & > .curve--axis { color: $text-muted; }
        & > .curve--line { color: $text-accent; text-style: bold; }
        & > .curve--planned { color: $text-muted; }
    }
    """

    losses: Sequence[float] = ()
    rates: Sequence[float] = ()
    logarithmic = False

    def show(self, losses: Sequence[float], logarithmic: bool, rates: Sequence[float] = ()) -> None:
        """Draw these; `rates` of every step of the axis, those still to come too, or none to leave them out."""
        if (losses, logarithmic, rates) != (self.losses, self.logarithmic, self.rates):
            self.losses, self.logarithmic, self.rates = losses, logarithmic, rates
            self.refresh()

    def render(self) -> Text:
        width, height = self.size
        below = max(LEAST_SCHEDULE, min(MOST_SCHEDULE, height // 3)) if self.rates else 0
        if height - below < LEAST_CURVE:
            below = 0
        drawn = curve(self.losses, width, height - below, self.logarithmic, len(self.rates))
        axis = self.get_component_rich_style("curve--axis", partial=True)
        line = self.get_component_rich_style("curve--line", partial=True)
        text = Text(no_wrap=True, end="")
        *rows, rule = zip(drawn.ticks, drawn.lines, strict=True)
        for tick, dots in rows:
            text.append(tick, axis).append(dots, line).append("\n")
        text.append("".join(rule) + "\n" + drawn.below, axis)
        return text.append_text(self._schedule(width, below, axis, line)) if below else text

    def _schedule(self, width: int, height: int, axis: Style, line: Style) -> Text:
        planned = self.get_component_rich_style("curve--planned", partial=True)
        drawn = schedule(self.rates, len(self.losses), width, height)
        text = Text(no_wrap=True, end="")
        for tick, dots in zip(drawn.ticks, drawn.lines, strict=True):
            text.append("\n" + tick, axis).append(dots[: drawn.past], line).append(dots[drawn.past :], planned)
        return text.append("\n" + drawn.rule, axis)
