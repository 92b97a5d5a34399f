"""Asks for a layer, or a layer and a head."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tutor.app.jumping import JumpError
from tutor.app.walk import Stop
from tutor.app.widgets.sentence_input import SentenceInput
from tutor.display.language import _
from tutor.display.safe import safe_text


class JumpDialog(ModalScreen[Stop | None]):
    """Hands back where to go, or None. `leads` says where what was typed leads, or raises JumpError."""

    BINDINGS = [Binding("escape", "dismiss(None)", show=False)]
    AUTO_FOCUS = "Input"
    DEFAULT_CSS = """
    JumpDialog { align: center middle; }
    JumpDialog > Vertical {
        width: 60; max-width: 96%; height: auto; border: round $accent; background: $surface; padding: 0 1;
        border-title-color: $text-accent;
    }
    JumpDialog Input, JumpDialog Input:focus {
        border: none; height: 1; padding: 0 1; background: $boost; background-tint: $surface 0%;
    }
    JumpDialog Static { height: auto; padding: 0 1; }
    JumpDialog #ask { margin: 1 0; }
    JumpDialog #wrong { color: $text-error; margin-top: 1; min-height: 1; }
    JumpDialog #wrong:nocolor { text-style: bold; }
    """

    def __init__(self, asked: str, leads: Callable[[str], Stop]) -> None:
        super().__init__()
        self._asked, self._leads = asked, leads

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = _("go to a layer")
            yield Static(safe_text(self._asked), id="ask")
            yield SentenceInput(id="typed")
            yield Static(id="wrong")

    @on(Input.Changed)
    def _typing(self, event: Input.Changed) -> None:
        event.stop()
        self.query_one("#wrong", Static).update("")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            stop = self._leads(event.value)
        except JumpError as error:
            self.query_one("#wrong", Static).update(safe_text(str(error)))
        else:
            self.dismiss(stop)
