"""A field for one number. Letters that no number needs go on to the screen, whose keys so keep working."""

from __future__ import annotations

from textual import events
from textual.widgets import Input

# The first letter writes the whole word; whoever types on letter by letter gets the same, or the word they meant.
WORDS = ("ln", "log", "sin", "sqrt", "cos", "tanh", "exp")
PARTS = "0123456789.,+-−*/×÷()√^∞eE ０１２３４５６７８９．，－＋／（）"


class NumberInput(Input):
    """Digits, signs, arithmetic such as 8.8/6.93 or e^1.2; some letters write words, `i` after a minus sign -∞."""

    _spelled = ""  # the letters of a word as far as they were typed
    _written = ""  # what they have written so far

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether this key is part of a number."""
        return character is not None and (character in PARTS or self._word(character) is not None)

    def _word(self, character: str) -> str | None:
        """What a letter stands for here, where it stands for something: going on with a word, or beginning one."""
        if self._is_spelling and (word := _beginning(self._spelled + character)):
            return word
        if character == "i" and self.value in ("-", "−"):
            return "∞"
        return _beginning(character) if character != "e" else None

    @property
    def _is_spelling(self) -> bool:
        """Whether the word that was begun still stands before the cursor."""
        return bool(self._spelled) and self.value[: self.cursor_position].endswith(self._written)

    async def _on_key(self, event: events.Key) -> None:
        if event.is_printable and not self.check_consume_key(event.key, event.character):
            event.prevent_default()  # not Input's either; it bubbles on to the screen's bindings
            return
        if event.character and (word := self._word(event.character)):
            event.stop()
            event.prevent_default()
            goes_on = self._is_spelling and word.startswith(self._spelled + event.character)
            start = self.cursor_position - len(self._written) if goes_on else self.cursor_position
            self.replace(word, start, self.cursor_position)
            spelled = self._spelled + event.character if goes_on else event.character
            self._spelled, self._written = ("", "") if spelled == word or word == "∞" else (spelled, word)
            return
        # An e may be the number, part of 1e-3, or the beginning of a word.
        self._spelled = self._written = "e" if event.character == "e" else ""
        await super()._on_key(event)


def _beginning(letters: str) -> str | None:
    return next((word for word in WORDS if word.startswith(letters)), None)
