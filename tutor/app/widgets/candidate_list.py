"""The candidates of one step, a line each, under a line that names the columns."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tutor.app.candidate_lines import Line


class _Lines(OptionList):
    """Up and down are its own; the other arrows and their like step through the generation, as elsewhere on screen."""

    BINDINGS = [
        Binding("left", "screen.step(-1)", show=False),
        Binding("right", "screen.step(1)", show=False),
        Binding("home", "screen.step(-100000)", show=False),
        Binding("end", "screen.step(100000)", show=False),
        Binding("pageup", "screen.scroll_tree(-1)", show=False),
        Binding("pagedown", "screen.scroll_tree(1)", show=False),
    ]


class CandidateList(Vertical):
    """Up and down choose a candidate, Enter opens it."""

    DEFAULT_CSS = """
    CandidateList { height: auto; }
    CandidateList #columns { height: 1; padding: 0 1; color: $text-muted; }
    CandidateList OptionList, CandidateList OptionList:focus {
        height: auto; max-height: 100%; border: none; padding: 0; background: $surface; background-tint: $surface 0%;
        scrollbar-size-vertical: 1;
    }
    CandidateList OptionList > .option-list--option { padding: 0 1; }
    CandidateList OptionList > .option-list--option-highlighted { background: $panel; color: $foreground; }
    CandidateList OptionList:focus > .option-list--option-highlighted {
        background: $block-cursor-background; color: $block-cursor-foreground; text-style: none;
    }
    """

    class Moved(Message):
        """Another candidate is under the cursor."""

        def __init__(self, place: int) -> None:
            self.place = place
            super().__init__()

    class Opened(Message):
        """Enter, or a click: where does this number come from."""

        def __init__(self, place: int) -> None:
            self.place = place
            super().__init__()

    def compose(self) -> ComposeResult:
        yield Static(id="columns")
        yield _Lines()

    @property
    def lines(self) -> OptionList:
        """The candidates' own widget."""
        return self.query_one(_Lines)

    def show(self, heading: str, lines: tuple[Line, ...], at: int) -> None:
        """All lines anew, the cursor on one of them."""
        self.query_one("#columns", Static).update(Content(heading))
        options = self.lines
        with self.prevent(OptionList.OptionHighlighted):
            options.set_options(Option(line.content, disabled=line.place is None) for line in lines)
            options.highlighted = at if at < len(lines) else None

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self.post_message(self.Moved(event.option_index))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(self.Opened(event.option_index))
