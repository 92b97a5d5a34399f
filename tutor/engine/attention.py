"""Attention, written once: what the families add to Vaswani et al. 2017, section 3.2.2, are fields of the config."""

from __future__ import annotations

from typing import Any, NamedTuple

from tutor.engine import ops
from tutor.engine.config import TransformerConfig
from tutor.engine.layers import Shapes, linear, linear_shapes, norm_shapes, normalise
from tutor.engine.recorder import Recorder
from tutor.engine.trace import Node


class Sight(NamedTuple):
    """Who may look at whom in an attention, and what the distance between them adds to their score."""

    mask: Node  # [query, key]
    bias: Node | None = None  # [head, query, key]
    first: int = 0  # the position of the first query


def self_sight(record: Recorder, config: TransformerConfig, stack: str, tokens: Node) -> tuple[Sight, ...]:
    """For every layer of a stack, what its self-attention may see of the tokens [..., position] so far."""
    # A picture or a series has no padding, and a decoder that starts with the padding token must be able to look at it.
    filled = not config.patch and not config.series and (stack == "encoder" or config.start_id != config.pad_id)
    pad_id = config.pad_id if config.padding_mask and filled else None
    causal = stack == "decoder" and config.causal_mask
    block = config.block(tokens.shape[-1]) if config.separate_variables or config.choices else 0
    seen = record.tokens_so_far(tokens)
    layers = getattr(config, f"{stack}_layers")
    narrow = range(min(config.window_from, layers), layers) if causal and config.window else range(0)

    def mask(name: str, window: int) -> Node:
        limit: dict[str, Any] = {"window": window} if window else {}
        limit |= {"block": block} if block else {}
        return record(f"{stack}.{name}", ops.attention_mask, tokens, seen, causal=causal, pad_id=pad_id, **limit)

    whole = mask("mask", config.window if len(narrow) == layers else 0)
    windowed = mask("window_mask", config.window) if 0 < len(narrow) < layers else whole
    bias = relative_bias(record, config, stack, tokens, seen) if config.position == "relative" else None
    first = seen.shape[-1] - tokens.shape[-1]
    return tuple(Sight(windowed if layer in narrow else whole, bias, first) for layer in range(layers))


def cross_sight(record: Recorder, config: TransformerConfig, tokens: Node, memory_tokens: Node) -> Sight:
    """What the decoder may see of the encoder's output: all but padding."""
    pad_id = config.pad_id if config.padding_mask else None
    return Sight(record("decoder.cross_mask", ops.attention_mask, tokens, memory_tokens, causal=False, pad_id=pad_id))


def relative_bias(record: Recorder, config: TransformerConfig, stack: str, tokens: Node, seen: Node) -> Node:
    """One learned number for every head and bucket of distances (Raffel et al. 2020, section 2.1).

    All layers of the stack share it, [head, query, key].
    """
    table = record.weight(f"{stack}.relative.table", ("bucket", "head"))
    settings: dict[str, Any] = {"buckets": config.relative_buckets, "distance": config.relative_distance}
    both_ways = stack == "encoder"
    buckets = record(f"{stack}.relative.bucket", ops.relative_buckets, tokens, seen, both_ways=both_ways, **settings)
    return record(f"{stack}.relative.bias", ops.relative_bias, table, buckets)  # b = T[bucket]   [head, query, key]


def attention(record: Recorder, config: TransformerConfig, name: str, x: Node, memory: Node, sight: Sight) -> Node:
    """softmax(Q Kᵀ / √d_k) V for every head, heads side by side, projected (equation 1, section 3.2.2).

    `x` [..., query, feature] asks; `memory` [..., key, feature] is `x` itself in self-attention.
    """
    queries, keys = (node.axis_keys[-2].partition("@")[2] for node in (x, memory))
    fixed = memory is not x  # in cross-attention: the same at every step of an answer

    def project(which: str, source: Node, axis: str, heads: int) -> Node:
        y = linear(record, f"{name}.{which}", source, f"{name}.{which}_projection")  # X W^Q + b^Q
        y = record(f"{name}.{which}", ops.split_heads, y, axes=("head", axis, "feature"), heads=heads)
        if which == "value":
            return y  # [head, position, d_k]
        if config.query_key_norm:
            y = normalise(record, config, f"{name}.{which}_norm", y)
        if config.position == "rotary" and not fixed:
            turn: dict[str, Any] = {"base": config.rotary_base, "scaling": config.rotary_scaling, "offset": sight.first}
            y = record(f"{name}.{which}_rotated", ops.rotate, y, **turn)
        return y

    def shared(which: str) -> Node:
        heads, times = config.key_value_heads, config.heads // config.key_value_heads
        y = record.rows_so_far(f"{name}.{which}", lambda: project(which, memory, f"key@{keys}", heads), fixed)
        return record(f"{name}.{which}_repeated", ops.repeat_heads, y, times=times) if times > 1 else y

    q = project("query", x, f"query@{queries}", config.heads)
    k, v = shared("key"), shared("value")
    s = record(f"{name}.scores", ops.dot_products, q, k)  # S = Q Kᵀ   [head, query, key]
    if config.scale_scores:
        s = record(f"{name}.scaled", ops.scale, s, root_of=config.d_k, inverse=True)  # S / √d_k
    if sight.bias is not None:
        s = record(f"{name}.positioned", ops.add, s, sight.bias)  # S + b
    s = record(f"{name}.masked", ops.mask, s, sight.mask)  # -∞ where the mask forbids
    a = record(f"{name}.weights", ops.softmax, s)  # A = softmax(S)   [head, query, key]
    z = record(f"{name}.heads", ops.matmul, record.dropped(a), v)  # A V   [head, query, d_k]
    if any(head.startswith(f"{name}.") for head in config.heads_off):
        keep = tuple(int(f"{name}.{head}" not in config.heads_off) for head in range(config.heads))
        z = record(f"{name}.heads_kept", ops.keep_heads, z, keep=keep)
    axes = (f"position@{queries}", "feature")
    z = record(f"{name}.concat", ops.join_heads, z, axes=axes)  # [position, heads·d_k]
    return linear(record, f"{name}.output", z)  # O = Concat(head_1 … head_h) W^O + b^O


def attention_shapes(c: TransformerConfig, name: str) -> Shapes:
    """The shapes of what `attention` uses, and its norm's."""
    shapes: Shapes = {}
    for which, heads in (("query", c.heads), ("key", c.key_value_heads), ("value", c.key_value_heads)):
        shapes |= linear_shapes(f"{name}.{which}", c.d_model, heads * c.d_k, c.attention_bias)
        if c.query_key_norm and which != "value":
            shapes |= norm_shapes(c, f"{name}.{which}_norm", c.d_k)
    output_bias = c.attention_bias and c.attention_output_bias
    shapes |= linear_shapes(f"{name}.output", c.heads * c.d_k, c.d_model, output_bias)
    return shapes | norm_shapes(c, f"{name}.norm")
