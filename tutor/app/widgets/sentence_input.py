"""One line for a sentence: whatever is typed or pasted into it stays one safe line, and nothing of it is lost."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from rich.cells import cell_len, split_graphemes
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.geometry import Size
from textual.reactive import reactive
from textual.widgets import Input
from textual.widgets.input import Selection

from tutor.display.language import _
from tutor.display.safe import REPLACEMENT, safe

# Far more than any model's positions; a longer line would only make every key press slower.
LONGEST = 2_000

# A terminal's own sequences (colours, links, titles) go as a whole, so that no `[31m` is left behind.
_SEQUENCES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")
_BREAKS = re.compile(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def one_line(text: str) -> str:
    """Pasted text as one line: lines and tabs joined by spaces, terminal sequences and control characters dropped."""
    parts = _BREAKS.split(_SEQUENCES.sub("", text))
    return _CONTROLS.sub("", " ".join(part for part in (parts[0].rstrip(), *map(str.strip, parts[1:])) if part))


@lru_cache(8)
def shown(text: str) -> str:
    """The text as it is drawn: a visible stand-in, one character each, for what may not reach the terminal."""
    whole = safe(text)
    if len(whole) == len(text):
        return whole
    return "".join(_stand_in(character, place) for place, character in enumerate(text))


def _stand_in(character: str, place: int) -> str:
    # A combining mark is drawn on the letter before it, so it is looked at together with one.
    drawn = safe("x" + character)[1:]
    if len(drawn) != 1 or (place == 0 and cell_len(drawn) == 0):
        return REPLACEMENT
    return drawn


@lru_cache(8)
def boundaries(text: str) -> tuple[int, ...]:
    """Where the cursor may stand: before and after every character as it is seen (an emoji family is one)."""
    return (0, *(stop for _start, stop, width in split_graphemes(text)[0] if stop))


class _Drawn(Text):
    """The line as it is drawn; the cursor covers a whole character, never half an emoji family."""

    def stylize(self, style: str | Style, start: int = 0, end: int | None = None) -> None:
        places = [*boundaries(self.plain), len(self.plain)]
        if end is not None:
            end = next((place for place in places if place >= end), end)
        super().stylize(style, start, end)


class SentenceInput(Input):
    """The learner's sentence. Posts Input's Changed and Submitted; `edited` says whether the learner changed it."""

    BINDINGS = [Binding("ctrl+a", "select_all", show=False)]

    DEFAULT_CSS = """
    SentenceInput > .input--placeholder { color: $text-muted; }
    """

    # Where the line stands decides how wide it is, so a letter more needs no new layout of the whole screen.
    virtual_size = reactive(Size(0, 0), layout=False)

    def __init__(self, value: str = "", placeholder: str | None = None, **options: Any) -> None:
        options.setdefault("select_on_focus", False)
        options.setdefault("max_length", LONGEST)
        super().__init__(
            value[:LONGEST], _("Type a sentence of your own") if placeholder is None else placeholder, **options
        )
        self.edited = False

    def offer(self, text: str) -> None:
        """Put an example into the line: the next focus selects it, so that typing replaces it."""
        self.edited = False
        if self.value != text[:LONGEST]:
            self.value = text[:LONGEST]
        self.selection = Selection(0, len(self.value)) if self.has_focus else Selection.cursor(len(self.value))

    def validate_placeholder(self, placeholder: str) -> str:
        """What a model answered may stand here too."""
        return safe(placeholder)

    # -- typing and pasting -------------------------------------------------------------------------------------

    def replace(self, text: str, start: int, end: int) -> None:
        """Put `text` in the place of start…end; as much of it as fits, and a notice about the rest."""
        start, end = sorted((max(0, start), min(len(self.value), end)))
        room = LONGEST - (len(self.value) - (end - start))
        if len(text) > room:
            kept = text[: max(0, room)]
            self.app.notify(
                _("The line holds {0:,} characters: {1:,} of the {2:,} new ones went in.").format(
                    LONGEST, len(kept), len(text)
                ),
                severity="warning",
                markup=False,
            )
            text = kept
            if not text:  # what was selected stays rather than being replaced by nothing
                return
        self.edited = True
        super().replace(text, start, end)

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        if line := one_line(event.text):
            self.replace(line, *self.selection)

    def action_paste(self) -> None:
        """Paste from the application's own clipboard."""
        if line := one_line(self.app.clipboard):
            self.replace(line, *self.selection)

    def _on_focus(self, event: events.Focus) -> None:
        if not self.edited and not event.from_app_focus:
            self.select_all()

    # -- drawing --------------------------------------------------------------------------------------------------

    @property
    def _value(self) -> Text:
        return _Drawn(shown(self.value), no_wrap=True, overflow="ignore", end="")

    def _position_to_cell(self, position: int) -> int:
        return cell_len(shown(self.value)[:position])

    def _cell_offset_to_index(self, offset: int) -> int:
        drawn = shown(self.value)
        offset += self.scroll_offset.x
        cells = 0
        for start, _stop, width in split_graphemes(drawn)[0]:
            if cells <= offset < cells + width:
                return start
            cells += width
        return len(drawn) if offset > 0 else 0

    # -- moving and deleting by what is seen as one character -------------------------------------------------------

    def _beside(self, position: int, *, after: bool) -> int:
        places = boundaries(shown(self.value))
        if after:
            return next((place for place in places if place > position), len(self.value))
        return next((place for place in reversed(places) if place < position), 0)

    def _step(self, *, after: bool, select: bool) -> None:
        start, end = self.selection
        if select:
            self.selection = Selection(start, self._beside(end, after=after))
        elif self.selection.is_empty:
            self.cursor_position = self._beside(end, after=after)
        else:
            self.cursor_position = max(start, end) if after else min(start, end)

    def action_cursor_left(self, select: bool = False) -> None:
        """One character back."""
        self._step(after=False, select=select)

    def action_cursor_right(self, select: bool = False) -> None:
        """One character on."""
        self._step(after=True, select=select)

    def action_delete_left(self) -> None:
        """Delete the selection, or the character before the cursor."""
        if self.selection.is_empty:
            self.delete(self._beside(self.cursor_position, after=False), self.cursor_position)
        else:
            self.delete_selection()

    def action_delete_right(self) -> None:
        """Delete the selection, or the character after the cursor."""
        if self.selection.is_empty:
            self.delete(self.cursor_position, self._beside(self.cursor_position, after=True))
        else:
            self.delete_selection()
