"""The gradient put to the test: how far the loss should move for a nudge, and how far it moved."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from tutor.app.gradients import Nudged
from tutor.display.flow import wrapped
from tutor.display.language import _
from tutor.display.numbers import number
from tutor.display.safe import pad

WIDTH = 56


class NudgeDialog(ModalScreen[None]):
    """A small table, one line for each nudge."""

    DEFAULT_CSS = """
    NudgeDialog { align: center middle; }
    NudgeDialog > Vertical {
        width: 62; max-width: 96%; height: auto; border: round $accent; background: $surface; padding: 0 1;
    }
    NudgeDialog Static { height: auto; }
    """
    BINDINGS = [Binding("escape,enter,space,N", "dismiss(None)", show=False)]

    def __init__(self, cell: str, nudged: Nudged) -> None:
        super().__init__()
        self._cell, self._nudged = cell, nudged

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = _("nudge it")
            yield Static(nudge_text(self._cell, self._nudged))


def nudge_text(cell: str, nudged: Nudged) -> Text:
    """What the dialog says, as lines of at most `WIDTH` cells."""
    said = _("The loss is {0}. Its gradient for {1} is {2}: so much it should move for each 1 that the number grows.")
    text = wrapped(Text(said.format(number(nudged.loss, 5), cell, number(nudged.gradient, 4))), WIDTH)
    heads = (_("number grows by"), _("loss should move"), _("loss moved"))
    text.append("\n\n" + "".join(pad(head, 18, "right") for head in heads) + "\n", style="dim")
    for nudge in nudged.nudges:
        cells = (number(nudge.by, 3), number(nudge.predicted, 4), number(nudge.measured, 4))
        text.append("".join(pad(one, 18, "right") for one in cells) + "\n")
    end = _("The smaller the step, the better the two agree, until rounding sets in. esc: back")
    return text.append("\n").append_text(wrapped(Text(end, style="dim"), WIDTH))
