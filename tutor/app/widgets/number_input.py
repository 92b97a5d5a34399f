"""A field for one number. Letters that no number needs go on to the screen, whose keys so keep working."""

from __future__ import annotations

from textual import events
from textual.widgets import Input

WORDS = {"l": "ln", "s": "sin", "c": "cos"}
PARTS = "0123456789.,+-−*/×÷()√^∞eE ０１２３４５６７８９．，－＋／（）"


class NumberInput(Input):
    """Digits, signs, arithmetic such as 8.8/6.93 or e^1.2; some letters write words, `i` after a minus sign -∞."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether this key is part of a number."""
        return character is not None and (character in PARTS or self._word(character) is not None)

    def _word(self, character: str) -> str | None:
        """What a letter stands for here, where it stands for something."""
        if character == "i" and self.value in ("-", "−"):
            return "∞"
        return WORDS.get(character)

    async def _on_key(self, event: events.Key) -> None:
        if event.is_printable and not self.check_consume_key(event.key, event.character):
            event.prevent_default()  # not Input's either; it bubbles on to the screen's bindings
            return
        if event.character and (word := self._word(event.character)):
            event.stop()
            event.prevent_default()
            self.insert_text_at_cursor(word)
            return
        await super()._on_key(event)
