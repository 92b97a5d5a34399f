"""Break it on purpose: ways to spoil a training, each with what to expect."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tutor.display.flow import wrapped
from tutor.display.language import _
from tutor.display.training import expectation, title_of
from tutor.models.live_training import SABOTAGES, Sabotage

WIDTH = 62


class SabotageDialog(ModalScreen[Sabotage | None]):
    """Dismisses with the way chosen, or None."""

    DEFAULT_CSS = """
    SabotageDialog { align: center middle; }
    SabotageDialog > Vertical {
        width: 66; max-width: 96%; height: auto; max-height: 96%;
        border: round $accent; background: $surface; padding: 0 1;
    }
    SabotageDialog OptionList { height: auto; border: none; background: $surface; padding: 0; }
    SabotageDialog OptionList:focus { border: none; }
    SabotageDialog Static { height: auto; margin-top: 1; }
    SabotageDialog #expect { height: 4; }
    SabotageDialog #keys { color: $text-muted; }
    """
    BINDINGS = [Binding("escape,b", "dismiss(None)", show=False)]

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = _("break it on purpose")
            yield OptionList(*(Option(Text(title_of(one.name))) for one in SABOTAGES))
            yield Static(id="expect")
            yield Static(Text(_("enter: break it · r in the training mends it · esc: leave it as it is")), id="keys")

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        words = expectation(SABOTAGES[event.option_index].name)
        self.query_one("#expect", Static).update(wrapped(Text(words), WIDTH))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(SABOTAGES[event.option_index])
