"""What a model that reads masks would put in their place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tutor.engine.trace import Trace
from tutor.models.errors import ModelError
from tutor.models.framing import BETWEEN as SEPARATOR

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
    if not model.reads_masks:
        raise ModelError("{model} has no token for a masked word", model=model.name)
    masks = np.flatnonzero(trace["tokens"].value == mask_id)
    rows = trace["logits"].value[masks].astype(float)  # [mask, vocabulary]
    shares = np.exp(rows - rows.max(axis=-1, keepdims=True, initial=-math.inf))
    shares /= shares.sum(axis=-1, keepdims=True)
    return tuple(
        Guess(position, _likeliest(model.tokenizer.labels, row, count))
        for position, row in zip(masks.tolist(), shares, strict=True)
    )


def _likeliest(labels: Sequence[str], row: np.ndarray, count: int) -> tuple[Candidate, ...]:
    best = np.argsort(-row, kind="stable")[:count].tolist()
    return tuple(Candidate(token, labels[token], float(row[token])) for token in best)


def filled(model: Model, trace: Trace) -> str:
    """The sentence of a trace with the likeliest token in every mask's place; as it is where there is no mask."""
    tokens = np.array(trace["tokens"].value)  # [position]
    masks = np.flatnonzero(tokens == model.tokenizer.mask_id)
    if not masks.size:
        return trace.text
    tokens[masks] = trace["logits"].value[masks].argmax(axis=-1)
    segments = trace["segments"].value if "segments" in trace else np.zeros_like(tokens)
    parts = (model.tokenizer.decode(tokens[segments == one].tolist()) for one in np.unique(segments))
    return SEPARATOR.join(part for part in parts if part)
