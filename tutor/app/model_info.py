"""What a model says of itself, read once."""

from __future__ import annotations

from functools import cache

from tutor.models import registry
from tutor.models.errors import ModelError
from tutor.models.registry import ModelInfo


def info_of(name: str) -> ModelInfo | None:
    """What the list of models says of one; None for one that is not there or cannot be read."""
    try:
        return _read(name)
    except ModelError:
        return None


@cache
def _read(name: str) -> ModelInfo:
    return registry.info_of(name)
