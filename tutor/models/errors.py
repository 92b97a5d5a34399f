"""What the models say when something cannot be done."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tutor.engine.message import Message

__all__ = ["Message", "ModelError", "told_in_one_line"]


class ModelError(ValueError):
    """A model, tokenizer or weight file that cannot be used; one line saying which, why and what to do.

    `template` and `values` are the line before its values were put in, for translation.
    """

    def __init__(self, template: str, **values: Any) -> None:
        self.message = Message(template, **values)
        self.template = template
        self.values = values
        super().__init__(self.message)


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Around what `python -m` runs: a ModelError ends it with its line and status 1."""
    try:
        yield
    except ModelError as error:
        sys.exit(f"error: {error}")
