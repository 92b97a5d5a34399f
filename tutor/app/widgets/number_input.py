"""A field for one number. Letters that no number needs go on to the screen, whose keys so keep working."""

from __future__ import annotations

from textual import events
from textual.widgets import Input

PARTS = "0123456789.,+-−*/×÷()√^∞eE ０１２３４５６７８９．，－＋／（）"


class NumberInput(Input):
    """Digits, signs and simple arithmetic such as 8.8/6.93; `i` after a minus sign writes -∞."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether this key is part of a number."""
        return character is not None and (character in PARTS or self._is_infinity(character))

    def _is_infinity(self, character: str) -> bool:
        return character == "i" and self.value in ("-", "−")

    async def _on_key(self, event: events.Key) -> None:
        if event.is_printable and not self.check_consume_key(event.key, event.character):
            event.prevent_default()  # not Input's either; it bubbles on to the screen's bindings
            return
        if event.character and self._is_infinity(event.character):
            event.stop()
            event.prevent_default()
            self.insert_text_at_cursor("∞")
            return
        await super()._on_key(event)
