"""What the models say when something cannot be done, and what they say beside a result."""

from __future__ import annotations

from typing import Any


class Message(str):
    """A finished sentence that keeps its template and values, so that an interface can say it in its own language."""

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, **values: Any) -> Message:
        message = super().__new__(cls, template.format(**values))
        message.template = template
        message.values = values
        return message


class ModelError(ValueError):
    """A model, tokenizer or weight file that cannot be used; one line saying which, why and what to do.

    `template` and `values` are the line before its values were put in, for translation.
    """

    def __init__(self, template: str, **values: Any) -> None:
        self.message = Message(template, **values)
        self.template = template
        self.values = values
        super().__init__(self.message)
