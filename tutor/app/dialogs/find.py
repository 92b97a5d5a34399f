"""Asks for a token and shows the rows and columns that have it, as it is typed."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tutor.app.finding import Finder, Found
from tutor.app.planes import COUNTED_FROM_0
from tutor.app.widgets.key_line import Hint, KeyLine
from tutor.app.widgets.sentence_input import SentenceInput
from tutor.display.language import _
from tutor.display.safe import label, safe, safe_text
from tutor.display.titles import axis_title

LABEL = 28  # cells


class FindDialog(ModalScreen[Found | None]):
    """Hands back the row or column chosen, or None."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("pagedown", "move(8)", show=False),
        Binding("pageup", "move(-8)", show=False),
    ]
    AUTO_FOCUS = "Input"
    DEFAULT_CSS = """
    FindDialog { align: center middle; }
    FindDialog #box {
        width: 60; max-width: 96%; height: 18; max-height: 94%; border: round $accent; background: $surface;
        border-title-color: $text-accent;
    }
    FindDialog Input, FindDialog Input:focus {
        border: none; height: 1; padding: 0 1; margin: 1 1 0 1; background: $boost; background-tint: $surface 0%;
    }
    FindDialog #said { height: auto; padding: 0 2; margin: 1 0 0 0; color: $text-muted; }
    FindDialog #said.-wrong { color: $text-warning; }
    FindDialog OptionList, FindDialog OptionList:focus {
        height: 1fr; border: none; padding: 0 1; background: $surface; background-tint: $surface 0%;
        scrollbar-size-vertical: 1;
    }
    FindDialog OptionList > .option-list--option { padding: 0 1; }
    FindDialog OptionList > .option-list--option-highlighted {
        background: $panel; color: $foreground; text-style: bold;
    }
    FindDialog KeyLine { background: $surface; padding: 0 2; }
    """

    def __init__(self, finder: Finder) -> None:
        super().__init__()
        self._finder = finder
        self._found: tuple[Found, ...] = ()

    def compose(self) -> ComposeResult:
        with Vertical(id="box") as box:
            box.border_title = _("find a row or a column")
            yield SentenceInput(placeholder=_("a token, or #17 for a number"), id="typed")
            yield Static(id="said")
            options = OptionList()
            options.can_focus = False
            yield options
            yield KeyLine()

    def on_mount(self) -> None:
        self.query_one(KeyLine).hints = (
            Hint("enter", _("go there"), "screen.take"),
            Hint("↑↓", _("choose"), "screen.move(1)"),
            Hint("esc", _("close"), "screen.dismiss(None)"),
        )
        self._say("")

    @on(Input.Changed)
    def _typing(self, event: Input.Changed) -> None:
        event.stop()
        self._found = self._finder.find(event.value)
        missing = bool(event.value.strip()) and not self._found
        if missing:
            self._found = self._finder.near(event.value)
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(self._line(one)) for one in self._found])
        options.highlighted = 0 if self._found and not missing else None
        self._say(event.value if missing else "")

    def _say(self, missing: str) -> None:
        said = self.query_one("#said", Static)
        said.set_class(bool(missing), "-wrong")
        if not missing:
            names = dict.fromkeys(axis_title(name) for _axis, name, _labels in self._finder.axes)
            said.update(safe_text(_("on: {0}").format(" · ".join(names))))
        elif self._found:
            said.update(safe_text(_("There is no “{0}”. Near it:").format(missing[:40])))
        else:
            said.update(safe_text(_("There is no “{0}”.").format(missing[:40])))

    def _line(self, found: Found) -> Content:
        name = next(name for axis, name, _labels in self._finder.axes if axis == found.axis)
        number = found.index + (name not in COUNTED_FROM_0)
        return Content(f"{label(found.label, LABEL)} {safe(axis_title(name))} #{number}")

    def action_move(self, by: int) -> None:
        """Another of those found."""
        if self._found:
            options = self.query_one(OptionList)
            at = options.highlighted
            options.highlighted = 0 if at is None else max(0, min(at + by, len(self._found) - 1))

    def action_take(self) -> None:
        """Go to the one chosen; where none is, nothing fits."""
        at = self.query_one(OptionList).highlighted
        if at is not None and at < len(self._found):
            self.dismiss(self._found[at])

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_take()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_take()
