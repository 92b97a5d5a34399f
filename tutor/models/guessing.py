"""What a model that reads masks would put in their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tutor.engine.trace import Trace
from tutor.models.errors import ModelError

if TYPE_CHECKING:
    from tutor.models.model import Model


@dataclass(frozen=True)
class Candidate:
    """A token that may stand in a mask's place."""

    token: int
    label: str
    probability: float


@dataclass(frozen=True)
class Guess:
    """One mask: where it stands among the tokens, and the likeliest tokens, the best first."""

    position: int
    candidates: tuple[Candidate, ...]


def guesses(model: Model, trace: Trace, count: int = 5) -> tuple[Guess, ...]:
    """The guesses for every mask of a trace of this model. Raises ModelError for a model without masks."""
    mask_id = model.tokenizer.mask_id
    if mask_id is None or "probabilities" not in trace:
        raise ModelError("{model} has no token for a masked word", model=model.name)
    tokens, rows = trace["tokens"].value, trace["probabilities"].value  # [position], [position, vocabulary]
    return tuple(
        Guess(int(position), _likeliest(model.tokenizer.labels, rows[position], count))
        for position in np.flatnonzero(tokens == mask_id)
    )


def _likeliest(labels: Sequence[str], row: np.ndarray, count: int) -> tuple[Candidate, ...]:
    best = np.argsort(-row, kind="stable")[:count].tolist()
    return tuple(Candidate(token, labels[token], float(row[token])) for token in best)


def filled(model: Model, text: str) -> str:
    """The text with the best guess in every mask's place."""
    read, best = model.read(text), iter(guesses(model, model.trace(text), 1))
    parts = []
    for number, piece in zip(read.ids, read.pieces, strict=True):
        if number != model.tokenizer.mask_id:
            parts.append(piece)
            continue
        word = model.tokenizer.decode([next(best).candidates[0].token])
        parts.append((" " if piece.startswith(" ") else "") + word)
    return "".join(parts)
