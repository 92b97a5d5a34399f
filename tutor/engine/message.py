"""A sentence for the learner that an interface can still say in another language."""

from __future__ import annotations

from typing import Any


class Message(str):
    """A finished sentence that keeps its template and values (which may be messages themselves), for translation."""

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, **values: Any) -> Message:
        message = super().__new__(cls, template.format(**values))
        message.template = template
        message.values = values
        return message
