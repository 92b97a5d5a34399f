"""The glossary: every term and symbol, searched as one types, and the way to the lesson that teaches it."""

from __future__ import annotations

from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from tutor.app.widgets.key_line import Hint, KeyLine
from tutor.app.widgets.prose import Prose
from tutor.app.widgets.sentence_input import SentenceInput
from tutor.course.errors import LessonError
from tutor.course.glossary import Entry, Glossary, load_glossary
from tutor.display.language import _, current_language
from tutor.display.safe import safe


class GlossaryDialog(ModalScreen[None]):
    """Opens at the entry for `start`: a term, a symbol, or a node of the trace. `sentence` goes along to a lesson."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    BINDINGS = [
        Binding("escape,f4", "close", show=False),
        Binding("down", "move(1)", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("pagedown", "move(8)", show=False),
        Binding("pageup", "move(-8)", show=False),
    ]
    AUTO_FOCUS = "#words"
    DEFAULT_CSS = """
    GlossaryDialog { align: center middle; }
    GlossaryDialog #box {
        width: 110; max-width: 96%; height: 32; max-height: 94%; border: round $accent; background: $surface;
        border-title-color: $text-accent;
    }
    GlossaryDialog #words, GlossaryDialog #words:focus {
        border: none; height: 1; padding: 0 1; margin: 1 1 0 1; background: $boost; background-tint: $surface 0%;
    }
    GlossaryDialog #entries, GlossaryDialog #entries:focus {
        border: none; padding: 0 1; background: $surface; background-tint: $surface 0%; scrollbar-size-vertical: 1;
    }
    GlossaryDialog #entries > .option-list--option { padding: 0 1; }
    GlossaryDialog #entries > .option-list--option-highlighted,
    GlossaryDialog #entries:focus > .option-list--option-highlighted {
        background: $panel; color: $foreground; text-style: bold;
    }
    GlossaryDialog #said { padding: 0 2; scrollbar-size-vertical: 1; }
    GlossaryDialog #body { height: 1fr; layout: vertical; margin: 1 0; }
    GlossaryDialog #entries { height: 1fr; }
    GlossaryDialog #said { height: 1fr; min-height: 6; border-top: solid $panel; }
    GlossaryDialog.-wide #body { layout: horizontal; }
    GlossaryDialog.-wide #entries { width: 2fr; height: 100%; }
    GlossaryDialog.-wide #said { width: 3fr; height: 100%; border-top: none; border-left: solid $panel; }
    GlossaryDialog KeyLine { background: $surface; padding: 0 2; }
    """

    def __init__(self, start: str = "", sentence: str = "") -> None:
        super().__init__()
        self._start, self._sentence = start, sentence
        self._problem = ""
        try:
            self._glossary = load_glossary()
        except LessonError as error:
            self._glossary, self._problem = Glossary(()), str(error)
        self._shown: tuple[Entry, ...] = self._glossary.entries

    @property
    def entry(self) -> Entry | None:
        """The entry on screen."""
        at = self.query_one(OptionList).highlighted
        return self._shown[at] if at is not None and at < len(self._shown) else None

    def compose(self) -> ComposeResult:
        with Vertical(id="box") as box:
            box.border_title = _("glossary")
            yield SentenceInput(placeholder=_("search a term, a symbol, a word"), id="words")
            with Horizontal(id="body"):
                yield OptionList(id="entries")
                with VerticalScroll(id="said", can_focus=False):
                    yield Prose(id="text")
            yield KeyLine()

    def on_mount(self) -> None:
        """At the entry asked for."""
        self._list(self._glossary.find(self._start) if self._start else None)

    def _list(self, at: Entry | None = None) -> None:
        entries = self.query_one(OptionList)
        entries.clear_options()
        entries.add_options([Option(_line(entry, current_language())) for entry in self._shown])
        if self._shown:
            entries.highlighted = self._shown.index(at) if at in self._shown else 0
        self._tell()

    def _tell(self) -> None:
        entry = self.entry
        hints = [Hint("↑↓", _("choose"), "screen.move(1)"), Hint("esc", _("close"), "screen.close")]
        taught = self._taught(entry)
        if taught is not None:
            title = taught.title.get(current_language())
            hints.insert(0, Hint("enter", _("open the lesson: {0}").format(title), "screen.open"))
        self.query_one(KeyLine).hints = tuple(hints)
        nothing = Content(safe(self._problem) or _("Nothing of that name."))
        self.query_one(Prose).content = _text(entry, taught, current_language()) if entry else nothing
        self.query_one("#said").scroll_home(animate=False)

    def _taught(self, entry: Entry | None) -> Any:
        course = getattr(self.app, "course", None)
        return course[entry.lesson] if entry and entry.lesson and course and entry.lesson in course else None

    @on(Input.Changed)
    def _searched(self, event: Input.Changed) -> None:
        event.stop()
        before = self.entry
        self._shown = self._glossary.search(event.value)
        self._list(None if event.value.strip() else before)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_open()

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self._tell()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        # A click selects: it only shows the entry. Enter in the list opens its lesson.
        if self.focused is event.option_list and not self._clicked:
            self.action_open()
        self._clicked = False
        self._tell()

    _clicked = False

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Tell a click on an entry from Enter."""
        self._clicked = True

    def on_key(self, event: events.Key) -> None:
        """A key, so no click."""
        self._clicked = False

    def on_click(self, event: events.Click) -> None:
        """A click beside the box closes it."""
        if event.widget is self:
            self.action_close()

    def action_move(self, step: int) -> None:
        """Another entry, while the search keeps the focus."""
        entries = self.query_one(OptionList)
        if self._shown:
            entries.highlighted = min(max((entries.highlighted or 0) + step, 0), len(self._shown) - 1)

    def action_open(self) -> None:
        """Go to the lesson that teaches the entry on screen."""
        taught = self._taught(self.entry)
        if taught is not None:
            app: Any = self.app
            self.dismiss(None)
            app.call_later(app.open_lesson, taught.id, self._sentence)

    def action_close(self) -> None:
        """Back to the screen below."""
        self.dismiss(None)


def _line(entry: Entry, language: str) -> Content:
    symbol = ("  " + safe(entry.symbol), "$text-accent") if entry.symbol else ""
    return Content.assemble(safe(entry.term.get(language)), symbol)


def _text(entry: Entry, taught: Any, language: str) -> Content:
    other = entry.term.get("en" if language == "zh" else "zh")
    parts: list[Content | tuple[str, str] | str] = [
        (safe(entry.term.get(language)), "bold"),
        (f"  {safe(other)}", "$foreground-muted"),
    ]
    if entry.symbol:
        parts.append((f"  {safe(entry.symbol)}", "$text-accent"))
    parts += ["\n\n", safe(entry.say.get(language))]
    if taught is not None:
        parts += ["\n\n", (_("Taught in: {0}").format(safe(taught.title.get(language))), "$foreground-muted")]
    return Content.assemble(*parts)
