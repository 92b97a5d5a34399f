"""The slips of the unit on the family: at embeddings with segments, and at the parts that came after 2017.

As in `alternatives.py`, each takes the trace and the node where it happens and returns the arrays it may lead to.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tutor.course.alternatives import Arrays
from tutor.course.recompute import numbers
from tutor.engine.ops import OPERATIONS
from tutor.engine.trace import Node, Trace

_NORMS = ("layer_norm", "rms_norm")
_ACTIVATIONS = ("relu", "gelu", "gelu_tanh", "silu", "tanh")


def forgot_segment(trace: Trace, node: Node) -> Arrays:
    rest = [operand for operand in node.operands if "segment" not in operand.name.lower()]
    if node.op != "add" or len(rest) in (0, len(node.operands)):
        return []
    return [np.broadcast_to(np.add.reduce([numbers(operand) for operand in rest]), node.shape)]


def mean_subtracted(trace: Trace, node: Node) -> Arrays:
    if node.op != "rms_norm":
        return []
    arrays = [numbers(operand) for operand in node.operands]
    return [np.asarray(OPERATIONS["layer_norm"].forward(*arrays, **node.params))]


def root_forgotten(trace: Trace, node: Node) -> Arrays:
    """The row over its mean square."""
    if node.op != "rms_norm":
        return []
    x, *trained = (numbers(operand) for operand in node.operands)
    return [x / (x * x).mean(-1, keepdims=True) * (trained[0] if trained else 1.0)]


def normed_row_added(trace: Trace, node: Node) -> Arrays:
    """Pre-norm, with the row added back as its norm left it, not as it came in."""
    if node.op != "add" or len(node.operands) != 2:
        return []
    row, level, seen = node.operands[0], [node.operands[1]], {node.name}
    for _ in range(16):
        for norm in level:
            if norm.op in _NORMS and norm.operands[0] is row:
                return [numbers(norm) + numbers(node.operands[1])]
        seen.update(one.name for one in level)
        level = [operand for one in level for operand in one.operands if operand.name not in seen]
    return []


def turned_backwards(trace: Trace, node: Node) -> Arrays:
    if node.op != "rotate":
        return []
    params = {**node.params, "inverse": not node.params.get("inverse", False)}
    return [np.asarray(OPERATIONS["rotate"].forward(numbers(node.operands[0]), **params))]


def turned_once_too_often(trace: Trace, node: Node) -> Arrays:
    if node.op != "rotate":
        return []
    params = {**node.params, "offset": node.params.get("offset", 0) + 1}
    return [np.asarray(OPERATIONS["rotate"].forward(numbers(node.operands[0]), **params))]


def gate_without_activation(trace: Trace, node: Node) -> Arrays:
    if node.op != "multiply" or not any(operand.op in _ACTIVATIONS for operand in node.operands):
        return []
    sources = [operand.operands[0] if operand.op in _ACTIVATIONS else operand for operand in node.operands]
    return [np.multiply.reduce([numbers(source) for source in sources])]


def relu_for_silu(trace: Trace, node: Node) -> Arrays:
    return [np.maximum(numbers(node.operands[0]), 0.0)] if node.op == "silu" else []


def sigmoid_alone(trace: Trace, node: Node) -> Arrays:
    return [1 / (1 + np.exp(-numbers(node.operands[0])))] if node.op == "silu" else []


def state_forgotten(trace: Trace, node: Node) -> Arrays:
    """A step of a recurrent network from its input alone: of the sum before its tanh, the first part."""
    if node.op != "tanh" or node.operands[0].op != "add":
        return []
    return [np.tanh(numbers(node.operands[0].operands[0]))]


def share_of_itself(trace: Trace, node: Node) -> Arrays:
    """The diagonal in place of the one beside it."""
    if node.op != "mean_share" or node.params["place"] not in ("before", "after"):
        return []
    return [np.asarray(node.operation.forward(*map(numbers, node.operands), place="itself"))]  # type: ignore[union-attr]


def first_row_counted(trace: Trace, node: Node) -> Arrays:
    """The right sum over the number of all rows."""
    if node.op != "mean_share" or (count := node.operands[0].shape[-1]) < 3:
        return []
    rows = count - (2 if node.params["place"] == "first" else 1)
    return [numbers(node) * rows / count]


def layer_for_head(trace: Trace, node: Node) -> Arrays:
    if node.op != "mean_share":
        return []
    swapped, value = np.full(node.shape, np.nan), numbers(node)
    side = min(node.shape)
    swapped[:side, :side] = value[:side, :side].T
    return [swapped]


def wrong_layer(trace: Trace, node: Node) -> Arrays:
    """The row of the layer before, or of the one after."""
    if node.op != "row_of_each" or node.shape[0] < 2:
        return []
    found = []
    for by in (1, -1):
        rows = np.roll(numbers(node), by, axis=0)
        rows[0 if by > 0 else -1] = np.nan
        found.append(rows)
    return found


FAMILY_MISTAKES: tuple[tuple[Callable[[Trace, Node], Arrays], tuple[str, ...], str, str], ...] = (
    (
        forgot_segment,
        ("a sum with a segment",),
        "Token and position are in; the segment's row is missing.",
        "词元和位置加上了，还少分段的那一行。",
    ),
    (
        mean_subtracted,
        ("rms_norm",),
        "That is layer norm: you took the mean off first. RMSNorm leaves it in.",
        "这是层归一化：你先减了均值。RMSNorm 不减均值。",
    ),
    (
        root_forgotten,
        ("rms_norm",),
        "You divided by the mean square. Take its root first.",
        "你除以的是均方。要先开根号。",
    ),
    (
        normed_row_added,
        ("a sum with a norm before the sub-layer",),
        "You added the normed copy. That is only what the sub-layer reads; added is the row as it came in.",
        "你加的是归一化后的副本，那只给子层去读；加回去的，是进来时的那一行。",
    ),
    (
        turned_backwards,
        ("rotate",),
        "Turned the wrong way round: check the sign before the sine.",
        "转反了：看看正弦前的正负号。",
    ),
    (
        turned_once_too_often,
        ("rotate",),
        "That is one position further: positions count from 0, so the first row is not turned at all.",
        "多转了一个位置：位置从 0 数起，第一行根本不转。",
    ),
    (
        gate_without_activation,
        ("multiply",),
        "The gate goes through its activation before it is multiplied in.",
        "门要先过激活函数，再乘进去。",
    ),
    (
        relu_for_silu,
        ("silu",),
        "That is ReLU. SiLU multiplies x by its sigmoid, so that a little of a negative number comes through.",
        "这是 ReLU。SiLU 用 x 乘以它自己的 sigmoid，负数也会漏过一点点。",
    ),
    (
        sigmoid_alone,
        ("silu",),
        "That is the sigmoid alone. Multiply x by it.",
        "这只是 sigmoid。还要用 x 乘它。",
    ),
    (
        state_forgotten,
        ("tanh",),
        "That is the step from the input alone: the state of the step before must be added inside the tanh.",
        "这只用了本步的输入：tanh 里面还要加上前一步的状态。",
    ),
    (
        share_of_itself,
        ("mean_share",),
        "You went down the diagonal itself: that is each token with itself. Take the cells beside it.",
        "你取的是对角线，那是每个词元看自己。要取它旁边的那一列斜线。",
    ),
    (
        first_row_counted,
        ("mean_share",),
        "The sum is right, but not every row has such a place: divide by those that have.",
        "和是对的，可不是每一行都有这个位置：只除以有的行数。",
    ),
    (
        layer_for_head,
        ("mean_share",),
        "You exchanged layer and head: rows of this table are layers, columns heads.",
        "层和头弄反了：这张表的行是层，列是头。",
    ),
    (
        wrong_layer,
        ("row_of_each",),
        "That is the row of the layer beside it: row 0 is the embedding, row 1 comes out of the first layer.",
        "这是相邻一层的行：第 0 行是嵌入，第 1 行才是第一层的输出。",
    ),
)
