"""What every part of a Transformer is made of: token ids coming in, linear maps, norms."""

from __future__ import annotations

from typing import Any

import numpy as np

from tutor.engine import ops
from tutor.engine.config import TransformerConfig
from tutor.engine.ops import OperationError
from tutor.engine.recorder import Recorder
from tutor.engine.trace import Node

Shapes = dict[str, tuple[int, ...]]  # a weight's name -> its shape
STORED = ("series.mean", "series.deviation")  # measured on what a model learns from; training leaves them alone


def token_input(record: Recorder, name: str, ids: Any, stack: str, vocabulary: int) -> Node:
    """Token ids [..., position] as a node. Raises OperationError for none at all and for ids out of the vocabulary."""
    numbers = np.asarray(ids, dtype=np.int64)
    if not numbers.size or not numbers.ndim:
        raise OperationError(f"{name}: there must be at least one token")
    for wrong in numbers[(numbers < 0) | (numbers >= vocabulary)][:1]:
        raise OperationError(
            f"{name}: {wrong} is no token of this model; its vocabulary goes from 0 to {vocabulary - 1}"
        )
    return record.input(name, numbers, (f"position@{stack}",))


def linear(record: Recorder, place: str, x: Node, name: str | None = None, axes: tuple[str, ...] | None = None) -> Node:
    """X W + b with the weights kept at `place`, recorded as `name` (else under the place itself)."""
    last = axes[-1] if axes else "output"
    weights = [record.weight(f"{place}.weight", ("input", last))]
    if record.has_weight(f"{place}.bias"):
        weights.append(record.weight(f"{place}.bias", (last,)))
    return record(name or place, ops.linear, x, *weights, axes=axes)


def normalise(record: Recorder, config: TransformerConfig, place: str, x: Node, name: str | None = None) -> Node:
    """Layer norm or RMS norm with the scale and shift kept at `place`."""
    operation = ops.layer_norm if config.norm == "layer" else ops.rms_norm
    trained = [record.weight(f"{place}.scale", ("feature",))]
    if config.norm == "layer" and record.has_weight(f"{place}.shift"):
        trained.append(record.weight(f"{place}.shift", ("feature",)))
    return record(name or place, operation, x, *trained, epsilon=config.norm_epsilon)


def linear_shapes(name: str, width: int, out: int, bias: bool) -> Shapes:
    """The shapes of what `linear` uses."""
    shapes: Shapes = {f"{name}.weight": (width, out)}
    return shapes | ({f"{name}.bias": (out,)} if bias else {})


def norm_shapes(c: TransformerConfig, name: str, width: int = 0) -> Shapes:
    """The shapes of what `normalise` uses on rows of `width` numbers, by default d_model."""
    row = (width or c.d_model,)
    shapes: Shapes = {f"{name}.scale": row}
    return shapes | ({f"{name}.shift": row} if c.norm == "layer" else {})
