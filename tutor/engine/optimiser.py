"""One step of AdamW on one weight, recorded operation by operation: what training does, to be looked at."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tutor.engine.message import Message
from tutor.engine.node import TraceError
from tutor.engine.ops.elementwise import scale
from tutor.engine.ops.optimiser import adam_change, descend, running_mean, running_mean_of_squares

if TYPE_CHECKING:
    from tutor.engine.recorder import Recorder
    from tutor.engine.trace import Node

PREFIX = "step."
PARTS = ("clipped", "first", "second", "change", "after")


@dataclass(frozen=True)
class AdamW:
    """How large the step is, and which: the fields mean what they mean in `training.Settings`.

    `learning_rate` is the rate of this very step. `first` and `second` are the running means before it, of the
    weight's shape; only the first step does without them. `clip` is the longest that all gradients together may be.
    """

    learning_rate: float = 0.01
    step: int = 1
    beta_1: float = 0.9
    beta_2: float = 0.98
    epsilon: float = 1e-9
    weight_decay: float = 0.0
    clip: float = 0.0
    first: Any = None
    second: Any = None


def record_step(record: Recorder, weight: Node, gradient: Node, all_gradients: Iterable[Node], how: AdamW) -> Node:
    """The weight after the step, with all that leads to it (Loshchilov and Hutter 2017, algorithm 2).

    Recorded are `step.WEIGHT.first` (the running mean of the gradients), `.second` (of their squares), `.change` and
    `.after`; and `.clipped`, where all gradients together were longer than `clip`. Raises TraceError.
    """
    moments = _moments(weight, how)
    place, axes = f"{PREFIX}{weight.name}", weight.axis_keys
    if how.clip and (length := _length(all_gradients)) > how.clip:
        gradient = record(f"{place}.clipped", scale, gradient, axes=axes, by=how.clip / length)
    before = [record.input(f"{place}.{name}_before", array, axes) for name, array in moments.items()]
    first, second = before if before else (None, None)
    m = record(f"{place}.first", running_mean, *_both(gradient, first), axes=axes, keep=how.beta_1)
    v = record(f"{place}.second", running_mean_of_squares, *_both(gradient, second), axes=axes, keep=how.beta_2)
    change = record(
        f"{place}.change",
        adam_change,
        m,
        v,
        axes=axes,
        rate=how.learning_rate,
        one=1 - how.beta_1**how.step,
        two=1 - how.beta_2**how.step,
        epsilon=how.epsilon,
    )
    decays = how.weight_decay and len(weight.shape) > 1  # biases and norms are left alone
    decay = how.learning_rate * how.weight_decay if decays else 0.0
    return record(f"{place}.after", descend, weight, change, axes=axes, decay=decay)


def _length(nodes: Iterable[Node]) -> float:
    return math.sqrt(math.fsum(float((node.value.astype(float) ** 2).sum()) for node in nodes))


def _both(gradient: Node, before: Node | None) -> tuple[Node, ...]:
    return (gradient,) if before is None else (gradient, before)


def _moments(weight: Node, how: AdamW) -> dict[str, Any]:
    given = {"first": how.first, "second": how.second}
    if all(array is None for array in given.values()):
        if how.step == 1:
            return {}
        raise TraceError(Message("step {step} needs the running means before it: give first and second", step=how.step))
    for name, array in given.items():
        if array is None or tuple(array.shape) != weight.shape:
            size = " × ".join(map(str, weight.shape))
            raise TraceError(Message("{name} must be given in the weight's shape, {size}", name=name, size=size))
    return given
