"""The Transformer, written once. Encoder-decoder, encoder-only and decoder-only are configs of it.

Vaswani et al. 2017, "Attention Is All You Need"; the formulas beside the lines are those on screen. Every line that
records a node names it, so that lessons, tests and screens can ask for it. Rows are positions: y = x W + b.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tutor.engine import ops
from tutor.engine.attention import Sight, attention, attention_shapes, cross_sight, self_sight
from tutor.engine.config import TransformerConfig
from tutor.engine.embedding import embed, embed_picture, embedding_shapes, picture_input
from tutor.engine.heads import answer, head_shapes
from tutor.engine.layers import Shapes, linear, linear_shapes, norm_shapes, normalise, token_input
from tutor.engine.recorder import Recorder
from tutor.engine.series import embed_series, series_input
from tutor.engine.trace import Node


def run(
    record: Recorder,
    config: TransformerConfig,
    ids: Sequence[int] | np.ndarray,
    target_ids: Sequence[int] | np.ndarray | None = None,
    segment_ids: Sequence[int] | np.ndarray | None = None,
    targets: Sequence[int] | np.ndarray | None = None,
    smoothing: float = 0.0,
    task_targets: Mapping[str, Any] | None = None,
    costs: Any = None,
) -> Node:
    """The whole model on token ids [..., position]; returns the probabilities [..., position, vocabulary].

    A model with `config.patch` reads the pixels of a picture [..., channel, row, column] in their place, one with
    `config.series` the numbers of a series [..., step, variable].
    `target_ids` are the decoder's input in an encoder-decoder, start token first. Padding is `config.pad_id`. With
    `targets`, the right token for every position of the last stack, the loss is recorded and returned instead; with
    `task_targets`, the right classes of the config's other tasks by their names (`heads.py`), so are their losses.
    With `costs` [sentence, answer] the targets are answers to be compared, and their expected cost is the loss.
    """
    stack = config.stacks[0]
    if config.patch:
        pixels, tokens = picture_input(record, config, ids)
        x = run_stack(record, config, stack, embed_picture(record, config, pixels, tokens), tokens)
        return answer(record, config, x, targets, smoothing, task_targets)
    if config.series:
        series, tokens = series_input(record, config, ids)
        x = run_stack(record, config, stack, embed_series(record, config, series, tokens), tokens)
        return answer(record, config, x, targets, smoothing, task_targets)
    tokens = token_input(record, "tokens", ids, stack, config.vocabulary)
    if config.architecture != "encoder_decoder":
        x = embed(record, config, "", tokens, segment_ids)
        x = run_stack(record, config, stack, x, tokens)
    elif target_ids is None:
        raise ValueError("an encoder-decoder needs target_ids: the decoder's input, start token first")
    else:
        memory = encode(record, config, tokens)
        target = token_input(record, "decoder.tokens", target_ids, "decoder", config.output_vocabulary)
        x = decode(record, config, target, memory, tokens)
    return answer(record, config, x, targets, smoothing, task_targets, costs)


def encode(record: Recorder, config: TransformerConfig, tokens: Node) -> Node:
    """The encoder of an encoder-decoder: ids [..., position] to vectors [..., position, feature]."""
    return run_stack(record, config, "encoder", embed(record, config, "encoder.", tokens), tokens)


def decode(record: Recorder, config: TransformerConfig, target: Node, memory: Node, tokens: Node) -> Node:
    """The decoder of an encoder-decoder, from ids [..., position] to vectors [..., position, feature]."""
    return run_stack(record, config, "decoder", embed(record, config, "decoder.", target), target, memory, tokens)


def run_stack(
    record: Recorder,
    config: TransformerConfig,
    stack: str,
    x: Node,
    tokens: Node,
    memory: Node | None = None,
    memory_tokens: Node | None = None,
) -> Node:
    """All blocks of one stack, [..., position, feature] to the same shape. `memory` is the encoder's output."""
    here = self_sight(record, config, stack, tokens)
    across = None if memory_tokens is None else cross_sight(record, config, tokens, memory_tokens)
    for layer, sight in enumerate(here):
        x = block(record, config, f"{stack}.{layer}", x, sight, memory, across)
    if config.final_norm and record.has_weight(f"{stack}.norm.scale"):
        return normalise(record, config, f"{stack}.norm", x, f"{stack}.output")
    return record(f"{stack}.output", ops.identity, x)


def block(
    record: Recorder,
    config: TransformerConfig,
    name: str,
    x: Node,
    here: Sight,
    memory: Node | None = None,
    across: Sight | None = None,
) -> Node:
    """One block: self-attention, cross-attention where there is a memory, feed-forward (figure 1)."""

    def self_attention(place: str, h: Node) -> Node:
        return attention(record, config, place, h, h, here)

    def cross_attention(place: str, h: Node) -> Node:
        assert memory is not None and across is not None
        return attention(record, config, place, h, memory, across)

    def feed(place: str, h: Node) -> Node:
        return feed_forward(record, config, place, h)

    x = sublayer(record, config, f"{name}.self_attention", x, self_attention)
    if memory is not None:
        x = sublayer(record, config, f"{name}.cross_attention", x, cross_attention)
    return sublayer(record, config, f"{name}.feed_forward", x, feed)


def sublayer(record: Recorder, config: TransformerConfig, name: str, x: Node, inner: Any) -> Node:
    """Residual and norm around `inner`: Norm(x + f(x)) after it (2017), or x + f(Norm(x)) before it (GPT-2)."""
    before = config.norm_position == "pre"
    y = inner(name, normalise(record, config, f"{name}.norm", x) if before else x)
    y = record.dropped(y)
    if config.residual:
        y = record(f"{name}.residual", ops.add, x, y)  # x + f(x)
    else:
        y = record(f"{name}.residual", ops.identity, y)
    return y if before else normalise(record, config, f"{name}.norm", y)


def feed_forward(record: Recorder, config: TransformerConfig, name: str, x: Node) -> Node:
    """Two linear maps with an activation between, for every position alike (equation 2); gated: Shazeer 2020."""
    activation = ops.OPERATIONS[config.activation]
    if config.gated:
        gate = linear(record, f"{name}.gate", x)  # G = X W_g   [position, d_ff]
        active = record(f"{name}.activation", activation, gate)
        up = linear(record, f"{name}.up", x)  # U = X W_u   [position, d_ff]
        hidden = record(f"{name}.product", ops.multiply, active, up)
    else:
        hidden = record(f"{name}.activation", activation, linear(record, f"{name}.hidden", x))  # [position, d_ff]
    return linear(record, f"{name}.output", record.dropped(hidden))  # [position, feature]


def weight_shapes(config: TransformerConfig) -> Shapes:
    """The name and shape of every weight that a model of this config has, in the order they are used."""
    c = config
    shapes: Shapes = {}
    for stack in config.stacks:
        shapes |= embedding_shapes(c, stack)
        if c.position == "relative":
            shapes[f"{stack}.relative.table"] = (c.relative_buckets, c.heads)
        crossed = c.architecture == "encoder_decoder" and stack == "decoder"
        for layer in range(getattr(c, f"{stack}_layers")):
            for kind in ("self_attention", "cross_attention") if crossed else ("self_attention",):
                shapes |= attention_shapes(c, f"{stack}.{layer}.{kind}")
            shapes |= _feed_forward_shapes(c, f"{stack}.{layer}.feed_forward")
        if c.final_norm:
            shapes |= norm_shapes(c, f"{stack}.norm")
    return shapes | head_shapes(c)


def _feed_forward_shapes(c: TransformerConfig, name: str) -> Shapes:
    shapes: Shapes = {}
    for which in ("gate", "up") if c.gated else ("hidden",):
        shapes |= linear_shapes(f"{name}.{which}", c.d_model, c.d_ff, c.feed_forward_bias)
    return (
        shapes
        | linear_shapes(f"{name}.output", c.d_ff, c.d_model, c.feed_forward_bias)
        | norm_shapes(c, f"{name}.norm")
    )
