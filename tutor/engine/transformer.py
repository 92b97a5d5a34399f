"""The Transformer, written once. Encoder-decoder, encoder-only and decoder-only are configs of it.

Vaswani et al. 2017, "Attention Is All You Need"; the formulas beside the lines are those on screen. Every line that
records a node names it, so that lessons, tests and screens can ask for it. Rows are positions: y = x W + b.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tutor.engine import ops
from tutor.engine.config import TransformerConfig
from tutor.engine.heads import answer, head_shapes
from tutor.engine.layers import Shapes, linear, linear_shapes, norm_shapes, normalise, token_input
from tutor.engine.trace import Node, Recorder


def run(
    record: Recorder,
    config: TransformerConfig,
    ids: Sequence[int] | np.ndarray,
    target_ids: Sequence[int] | np.ndarray | None = None,
    segment_ids: Sequence[int] | np.ndarray | None = None,
    targets: Sequence[int] | np.ndarray | None = None,
    smoothing: float = 0.0,
    task_targets: Mapping[str, Any] | None = None,
) -> Node:
    """The whole model on token ids [..., position]; returns the probabilities [..., position, vocabulary].

    `target_ids` are the decoder's input in an encoder-decoder, start token first. Padding is `config.pad_id`. With
    `targets`, the right token for every position of the last stack, the loss is recorded and returned instead; with
    `task_targets`, the right classes of the config's other tasks by their names (`heads.py`), so are their losses.
    """
    stack = config.stacks[0]
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
    return answer(record, config, x, targets, smoothing, task_targets)


def encode(record: Recorder, config: TransformerConfig, tokens: Node) -> Node:
    """The encoder of an encoder-decoder: ids [..., position] to vectors [..., position, feature]."""
    return run_stack(record, config, "encoder", embed(record, config, "encoder.", tokens), tokens)


def decode(record: Recorder, config: TransformerConfig, target: Node, memory: Node, tokens: Node) -> Node:
    """The decoder of an encoder-decoder, from ids [..., position] to vectors [..., position, feature]."""
    return run_stack(record, config, "decoder", embed(record, config, "decoder.", target), target, memory, tokens)


def embed(record: Recorder, config: TransformerConfig, prefix: str, tokens: Node, segment_ids: Any = None) -> Node:
    """Token + position (+ segment) vectors, [..., position, feature] (section 3.4 and 3.5)."""
    name = f"{prefix}embedding"
    source = tokens.axis_keys[-1].partition("@")[2]
    table = record.weight(f"{name}.token.table", (f"vocabulary@{source}", "feature"))
    x = record(f"{name}.token", ops.look_up, table, tokens)  # x_t = E[id_t]   [position, feature]
    if config.scale_embedding:
        x = record(f"{name}.scaled", ops.scale, x, root_of=config.d_model)  # √d_model x_t
    parts = [x]
    first: dict[str, Any] = {"offset": record.offset} if record.offset else {}
    if config.position == "sinusoidal":
        dtype = str(table.array.dtype).rpartition(".")[2]
        parts.append(record(f"{name}.position", ops.sinusoid, tokens, width=config.d_model, dtype=dtype, **first))
    elif config.position == "learned":
        rows = record.weight(f"{name}.position.table", ("position", "feature"))
        parts.append(record(f"{name}.position", ops.position_rows, rows, tokens, **first))
    if config.segments:
        given = np.zeros(tokens.shape) if segment_ids is None else np.asarray(segment_ids)
        segments = record.input(tokens.name.replace("tokens", "segments"), given.astype(np.int64), tokens.axis_keys)
        segment_table = record.weight(f"{name}.segment.table", ("segment", "feature"))
        parts.append(record(f"{name}.segment", ops.look_up, segment_table, segments))
    last = "sum" if config.embedding_norm else "output"
    x = record(f"{name}.{last}", ops.add if len(parts) > 1 else ops.identity, *parts)
    return record.dropped(
        normalise(record, config, f"{name}.norm", x, f"{name}.output") if config.embedding_norm else x
    )


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
    pad_id = config.pad_id if config.padding_mask else None
    causal = stack == "decoder" and config.causal_mask
    seen = record.tokens_so_far(tokens)
    mask = record(f"{stack}.mask", ops.attention_mask, tokens, seen, causal=causal, pad_id=pad_id)
    cross_mask = None
    if memory_tokens is not None:
        cross_mask = record(
            f"{stack}.cross_mask", ops.attention_mask, tokens, memory_tokens, causal=False, pad_id=pad_id
        )
    for layer in range(getattr(config, f"{stack}_layers")):
        x = block(record, config, f"{stack}.{layer}", x, mask, memory, cross_mask)
    if config.final_norm and record.has_weight(f"{stack}.norm.scale"):
        return normalise(record, config, f"{stack}.norm", x, f"{stack}.output")
    return record(f"{stack}.output", ops.identity, x)


def block(
    record: Recorder,
    config: TransformerConfig,
    name: str,
    x: Node,
    mask: Node,
    memory: Node | None = None,
    cross_mask: Node | None = None,
) -> Node:
    """One block: self-attention, cross-attention where there is a memory, feed-forward (figure 1)."""

    def self_attention(place: str, h: Node) -> Node:
        return attention(record, config, place, h, h, mask)

    def cross_attention(place: str, h: Node) -> Node:
        assert memory is not None and cross_mask is not None
        return attention(record, config, place, h, memory, cross_mask)

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


def attention(record: Recorder, config: TransformerConfig, name: str, x: Node, memory: Node, mask: Node) -> Node:
    """softmax(Q Kᵀ / √d_k) V for every head, heads side by side, projected (equation 1, section 3.2.2).

    `x` [..., query, feature] asks; `memory` [..., key, feature] is `x` itself in self-attention.
    """
    queries, keys = (node.axis_keys[-2].partition("@")[2] for node in (x, memory))

    def project(which: str, source: Node, axis: str) -> Node:
        y = linear(record, f"{name}.{which}", source, f"{name}.{which}_projection")  # X W^Q + b^Q
        axes = ("head", axis, "feature")
        return record(f"{name}.{which}", ops.split_heads, y, axes=axes, heads=config.heads)  # [head, position, d_k]

    q = project("query", x, f"query@{queries}")
    fixed = memory is not x  # in cross-attention: the same at every step of an answer
    k = record.rows_so_far(f"{name}.key", lambda: project("key", memory, f"key@{keys}"), fixed)
    v = record.rows_so_far(f"{name}.value", lambda: project("value", memory, f"key@{keys}"), fixed)
    s = record(f"{name}.scores", ops.dot_products, q, k)  # S = Q Kᵀ   [head, query, key]
    if config.scale_scores:
        s = record(f"{name}.scaled", ops.scale, s, root_of=config.d_k, inverse=True)  # S / √d_k
    s = record(f"{name}.masked", ops.mask, s, mask)  # -∞ where the mask forbids
    a = record(f"{name}.weights", ops.softmax, s)  # A = softmax(S)   [head, query, key]
    z = record(f"{name}.heads", ops.matmul, a, v)  # A V   [head, query, d_k]
    if any(head.startswith(f"{name}.") for head in config.heads_off):
        keep = tuple(int(f"{name}.{head}" not in config.heads_off) for head in range(config.heads))
        z = record(f"{name}.heads_kept", ops.keep_heads, z, keep=keep)
    axes = (f"position@{queries}", "feature")
    z = record(f"{name}.concat", ops.join_heads, z, axes=axes)  # [position, heads·d_k]
    return linear(record, f"{name}.output", z)  # O = Concat(head_1 … head_h) W^O + b^O


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
    return linear(record, f"{name}.output", hidden)  # [position, feature]


def weight_shapes(config: TransformerConfig) -> Shapes:
    """The name and shape of every weight that a model of this config has, in the order they are used."""
    c = config
    shapes: Shapes = {}
    two = config.architecture == "encoder_decoder"
    for stack in config.stacks:
        prefix = f"{stack}." if two else ""
        vocabulary = c.output_vocabulary if two and stack == "decoder" else c.vocabulary
        shapes |= _embedding_shapes(c, f"{prefix}embedding", vocabulary)
        for layer in range(getattr(c, f"{stack}_layers")):
            for kind in ("self_attention", "cross_attention") if two and stack == "decoder" else ("self_attention",):
                shapes |= _attention_shapes(c, f"{stack}.{layer}.{kind}")
            shapes |= _feed_forward_shapes(c, f"{stack}.{layer}.feed_forward")
        if c.final_norm:
            shapes |= norm_shapes(c, f"{stack}.norm")
    return shapes | head_shapes(c)


def _embedding_shapes(c: TransformerConfig, name: str, vocabulary: int) -> Shapes:
    shapes: Shapes = {f"{name}.token.table": (vocabulary, c.d_model)}
    if c.position == "learned":
        shapes[f"{name}.position.table"] = (c.maximum_positions, c.d_model)
    if c.segments:
        shapes[f"{name}.segment.table"] = (c.segments, c.d_model)
    return shapes | (norm_shapes(c, f"{name}.norm") if c.embedding_norm else {})


def _attention_shapes(c: TransformerConfig, name: str) -> Shapes:
    width = c.heads * c.d_k
    shapes: Shapes = {}
    for which in ("query", "key", "value"):
        shapes |= linear_shapes(f"{name}.{which}", c.d_model, width, c.attention_bias)
    return (
        shapes | linear_shapes(f"{name}.output", width, c.d_model, c.attention_bias) | norm_shapes(c, f"{name}.norm")
    )


def _feed_forward_shapes(c: TransformerConfig, name: str) -> Shapes:
    shapes: Shapes = {}
    for which in ("gate", "up") if c.gated else ("hidden",):
        shapes |= linear_shapes(f"{name}.{which}", c.d_model, c.d_ff, c.feed_forward_bias)
    return (
        shapes
        | linear_shapes(f"{name}.output", c.d_ff, c.d_model, c.feed_forward_bias)
        | norm_shapes(c, f"{name}.norm")
    )
