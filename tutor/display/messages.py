"""What the engine, the models and the course have to say, in the language of the interface."""

from __future__ import annotations

from typing import Any

from tutor.display.language import _
from tutor.engine.message import Message


def translated(text: Any) -> str:
    """A message in the language of the interface; any other text as it is."""
    if not isinstance(text, Message):
        return said(text) if isinstance(text, BaseException) else str(text)
    if not text.values:
        return _(text.template)
    values = {
        name: translated(value) if isinstance(value, Message | BaseException) else value
        for name, value in text.values.items()
    }
    return _(text.template).format(**values)


def said(error: BaseException) -> str:
    """What an error says, in the language of the interface where it was raised with a message."""
    message = next((part for part in error.args if isinstance(part, Message)), None)
    return str(error) if message is None else translated(message)
