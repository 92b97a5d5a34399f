"""Every key of the screen below, in groups."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tutor.app.widgets.key_line import Hint, KeyLine
from tutor.display.language import _
from tutor.display.safe import pad, safe
from tutor.display.wrapping import breaks

WIDTH = 78
BORDER_AND_PADDING = 3

Section = tuple[str, Sequence[tuple[str, str]]]


class HelpDialog(ModalScreen[None]):
    """A list of keys; Esc, ? or F1 closes it."""

    BINDINGS = [
        Binding("escape,question_mark,f1,q", "close", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("up,k", "scroll(-1)", show=False),
    ]
    DEFAULT_CSS = """
    HelpDialog { align: center middle; }
    HelpDialog #box {
        width: 78; max-width: 96%; height: auto; max-height: 94%; border: round $accent; background: $surface;
        border-title-color: $text-accent;
    }
    HelpDialog #keys { height: auto; padding: 1 2; scrollbar-size-vertical: 1; }
    HelpDialog #keys Static { height: auto; }
    HelpDialog KeyLine { background: $surface; padding: 0 2; }
    """

    def __init__(self, sections: Sequence[Section], title: str = "") -> None:
        super().__init__()
        self._sections, self._title = sections, title

    def compose(self) -> ComposeResult:
        with Vertical(id="box") as box:
            box.border_title = safe(self._title or _("keys"))
            with VerticalScroll(id="keys"):
                yield Static()
            yield KeyLine(id="close")

    def on_mount(self) -> None:
        """How to leave again."""
        self.query_one(KeyLine).hints = (
            Hint("↑↓", _("scroll"), "screen.scroll(1)"),
            Hint("esc", _("close"), "screen.close"),
        )

    def on_resize(self, event: events.Resize) -> None:
        """Keep the way out in view, and the words beside their keys."""
        self.query_one("#keys").styles.max_height = max(3, event.size.height - 6)
        width = min(WIDTH, event.size.width * 96 // 100) - 2 * BORDER_AND_PADDING - 1
        self.query_one(Static).update(self._content(width))

    def _content(self, width: int) -> Content:
        keys = [key for _title, lines in self._sections for key, _text in lines]
        column = min(22, max((cell_len(safe(key)) for key in keys), default=0)) + 5
        parts: list[Content | tuple[str, str] | str] = []
        for place, (title, lines) in enumerate(self._sections):
            parts.append((("\n\n" if place else "") + safe(title), "bold $text-accent"))
            for key, text in lines:
                parts += ["\n  ", (pad(safe(key), column - 5), "bold"), "   "]
                parts.append(_hanging(safe(text), max(10, width - column), column))
        return Content.assemble(*parts)

    def action_scroll(self, lines: int) -> None:
        """Further down, or back up."""
        self.query_one("#keys").scroll_relative(y=lines, animate=False)

    def action_close(self) -> None:
        """Back to the screen below."""
        self.dismiss(None)

    def on_click(self, event: events.Click) -> None:
        """A click beside the box closes it."""
        if event.widget is self:
            self.action_close()


def _hanging(text: str, width: int, column: int) -> str:
    """The text in lines that all begin in the same column."""
    cuts = [0, *breaks(text, width), len(text)]
    return ("\n" + " " * column).join(text[start:stop].rstrip() for start, stop in pairwise(cuts))
