"""From token ids, or the pixels of a picture, to one vector a position."""

from __future__ import annotations

from typing import Any

import numpy as np

from tutor.engine import ops
from tutor.engine.config import TransformerConfig
from tutor.engine.layers import STORED, Shapes, linear, linear_shapes, norm_shapes, normalise
from tutor.engine.ops import OperationError
from tutor.engine.recorder import Recorder
from tutor.engine.trace import Node


def embed(record: Recorder, config: TransformerConfig, prefix: str, tokens: Node, segment_ids: Any = None) -> Node:
    """Token + position (+ segment) vectors, [..., position, feature] (Vaswani et al. 2017, sections 3.4 and 3.5)."""
    name = f"{prefix}embedding"
    stack = tokens.axis_keys[-1].partition("@")[2]
    table = record.weight(config.table_of(stack), (f"vocabulary@{stack}", "feature"))
    x = record(f"{name}.token", ops.look_up, table, tokens)  # x_t = E[id_t]   [position, feature]
    if config.scale_embedding:
        x = record(f"{name}.scaled", ops.scale, x, root_of=config.d_model)  # √d_model x_t
    parts = [x, *positions(record, config, name, tokens, str(table.array.dtype).rpartition(".")[2])]
    if config.segments:
        given = np.zeros(tokens.shape) if segment_ids is None else np.asarray(segment_ids)
        segments = record.input(tokens.name.replace("tokens", "segments"), given.astype(np.int64), tokens.axis_keys)
        segment_table = record.weight(f"{name}.segment.table", ("segment", "feature"))
        parts.append(record(f"{name}.segment", ops.look_up, segment_table, segments))
    return summed(record, config, name, parts)


def picture_input(record: Recorder, config: TransformerConfig, pixels: Any) -> tuple[Node, Node]:
    """The pixels [..., channel, row, column] and the number of every position as nodes. Raises OperationError."""
    numbers = np.asarray(pixels)
    if numbers.shape[-3:] != config.picture:
        wanted, found = ("×".join(map(str, shape)) for shape in (config.picture, numbers.shape))
        raise OperationError(f"pixels: a picture of {wanted} numbers is wanted, not one of {found}")
    if numbers.dtype not in (np.float32, np.float64):
        numbers = numbers.astype(np.float32)
    places = np.broadcast_to(np.arange(1 + config.patches), (*numbers.shape[:-3], 1 + config.patches))
    tokens = record.input("tokens", np.ascontiguousarray(places), (f"position@{config.stacks[0]}",))
    return record.input("pixels", numbers, ("channel", "row", "column")), tokens


def embed_picture(record: Recorder, config: TransformerConfig, pixels: Node, tokens: Node) -> Node:
    """A picture [..., channel, row, column] as vectors [..., position, feature] (Dosovitskiy et al. 2021, equation 1).

    Position 0 is the class token, position n the square number n. `tokens` are these numbers.
    """
    patches = record("embedding.patches", ops.patches, pixels, axes=("patch", "pixel"), size=config.patch)
    x = linear(record, "embedding.patch", patches)  # P E   [patch, feature]
    row = record.weight("embedding.class.row", ("feature",))
    x = record("embedding.token", ops.prepend, row, x, axes=(*tokens.axis_keys[-1:], "feature"))
    dtype = str(row.array.dtype).rpartition(".")[2]
    return summed(record, config, "embedding", [x, *positions(record, config, "embedding", tokens, dtype)])


def positions(record: Recorder, config: TransformerConfig, name: str, tokens: Node, dtype: str) -> list[Node]:
    """What is added to the vectors for where they stand, if anything is; in every block of them counted anew."""
    block = config.block(tokens.shape[-1])
    offset = record.offset + (config.position_offset if config.position == "learned" else 0)
    first: dict[str, Any] = {"offset": offset} if offset else {}
    if config.position in ("sinusoidal", "sinusoidal_halves"):
        first |= {"halves": True} if config.position == "sinusoidal_halves" else {}
        first |= {"every": block} if block else {}
        return [record(f"{name}.position", ops.sinusoid, tokens, width=config.d_model, dtype=dtype, **first)]
    if config.position == "learned":
        rows = record.weight(f"{name}.position.table", ("position", "feature"))
        if block:
            places = np.broadcast_to(np.arange(tokens.shape[-1]) % block + offset, tokens.shape)
            numbers = record.input(f"{name}.place", np.ascontiguousarray(places), tokens.axis_keys)
            return [record(f"{name}.position", ops.look_up, rows, numbers)]
        return [record(f"{name}.position", ops.position_rows, rows, tokens, **first)]
    return []


def summed(record: Recorder, config: TransformerConfig, name: str, parts: list[Node]) -> Node:
    """The sum of the parts, after a norm where the config has one: what the first block reads."""
    last = "sum" if config.embedding_norm else "output"
    x = record(f"{name}.{last}", ops.add if len(parts) > 1 else ops.identity, *parts)
    return record.dropped(
        normalise(record, config, f"{name}.norm", x, f"{name}.output") if config.embedding_norm else x
    )


def embedding_shapes(c: TransformerConfig, stack: str) -> Shapes:
    """The shapes of what `embed` or `embed_picture` uses."""
    name = f"{stack}.embedding" if c.architecture == "encoder_decoder" else "embedding"
    vocabulary = c.output_vocabulary if name.startswith("decoder.") else c.vocabulary
    shapes: Shapes = {}
    if c.series:
        shapes |= {weight: (c.series[1],) for weight in STORED}
        shapes |= linear_shapes("embedding.value", c.series_token_width, c.d_model, True)
    elif c.patch:
        shapes |= linear_shapes("embedding.patch", c.picture[0] * c.patch**2, c.d_model, True)
        shapes["embedding.class.row"] = (c.d_model,)
    else:
        shapes[c.table_of(stack)] = (vocabulary, c.d_model)
    if c.position == "learned":
        shapes[f"{name}.position.table"] = (c.maximum_positions + c.position_offset, c.d_model)
    if c.segments and not (c.patch or c.series):
        shapes[f"{name}.segment.table"] = (c.segments, c.d_model)
    return shapes | (norm_shapes(c, f"{name}.norm") if c.embedding_norm else {})
