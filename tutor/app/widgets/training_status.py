"""How a training stands: a line of figures, and a remark of two lines."""

from __future__ import annotations

from rich.text import Text
from textual.widget import Widget

from tutor.display.flow import wrapped
from tutor.display.safe import fit


class TrainingStatus(Widget):
    """The figures, and below them what is to be said; `urgent` makes the remark stand out."""

    COMPONENT_CLASSES = {"status--urgent"}
    DEFAULT_CSS = """
    TrainingStatus { height: 3; padding: 0 1; & > .status--urgent { color: $text-warning; text-style: bold; } }
    """

    figures = ""
    remark = ""
    urgent = False

    def show(self, figures: str, remark: str, urgent: bool) -> None:
        """Say something else."""
        if (figures, remark, urgent) != (self.figures, self.remark, self.urgent):
            self.figures, self.remark, self.urgent = figures, remark, urgent
            self.refresh()

    def render(self) -> Text:
        width = self.size.width
        style = self.get_component_rich_style("status--urgent", partial=True) if self.urgent else ""
        text = Text(fit(self.figures, width), style="bold", end="")
        return Text("\n", end="").join([text, wrapped(Text(self.remark, style=style, end=""), width)])
