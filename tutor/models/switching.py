"""A model with lines of its config changed: which of its weights still serve, and which are new and untrained."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from tutor.engine.config import TransformerConfig
from tutor.engine.transformer import weight_shapes
from tutor.models.errors import Message, ModelError
from tutor.models.weights import initial

# What a model was trained to read and to write: with another of these its tokens would mean nothing.
FIXED = ("architecture", "vocabulary", "target_vocabulary", "maximum_positions", "patch", "picture")
MOST_NEW = 100_000_000  # new numbers; more would fill the memory for the sake of a what-if
SEED = 7


class Switched(NamedTuple):
    """The config after the change, the weights it needs, how many of them are new, and what to say of it."""

    config: TransformerConfig
    weights: dict[str, np.ndarray]
    new: int = 0
    notice: str = ""


def switched(
    name: str, config: TransformerConfig, weights: Mapping[str, np.ndarray], switches: Mapping[str, Any]
) -> Switched:
    """The model `name` with some fields of its config changed.

    Weights that the change leaves in their shapes stay; those that it needs besides come out of a seed, as in a model
    that is not trained. Raises ConfigError for a field that does not exist, ModelError where the tokens would not fit.
    """
    changed = config.changed(**switches)
    shapes = weight_shapes(changed)
    kept = {place: weights[place] for place, shape in shapes.items() if _fits(weights, place, shape)}
    new = sum(math.prod(shape) for place, shape in shapes.items() if place not in kept)
    if new and (new > MOST_NEW or any(field in FIXED for field in switches)):
        raise ModelError(
            "{model} cannot run with {settings}: that would need another {tensor}",
            model=name,
            settings=", ".join(f"{field}: {value}" for field, value in switches.items()),
            tensor=next(place for place in shapes if place not in kept),
        )
    found = {place: kept[place] if place in kept else initial(place, shapes[place], changed, SEED) for place in shapes}
    return Switched(changed, found, new, _notice(_count(weights), _count(found), new))


def _fits(weights: Mapping[str, np.ndarray], place: str, shape: tuple[int, ...]) -> bool:
    return place in weights and weights[place].shape == shape


def _count(weights: Mapping[str, np.ndarray]) -> int:
    return sum(array.size for array in weights.values())


def _notice(before: int, after: int, new: int) -> str:
    counts = {"before": f"{before:,}", "after": f"{after:,}", "new": f"{new:,}"}
    if new:
        return Message(
            "{before} weights become {after}; {new} new, untrained: pure chance",
            **counts,
        )
    return Message("{before} weights become {after}", **counts) if after != before else ""
