"""The slips of the units on the block and on training's tricks: at norms, when weights are counted, with dropout.

As in `alternatives.py`, each takes the trace and the node where it happens and returns the arrays it may lead to.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tutor.course.alternatives import Arrays
from tutor.course.recompute import numbers
from tutor.engine.trace import Node, Trace

_NORMS = ("layer_norm", "rms_norm")


def _trained(node: Node, bare: np.ndarray) -> np.ndarray:
    """A normed row with the scale and the shift put on it."""
    trained = [numbers(operand) for operand in node.operands[1:]]
    return bare * (trained[0] if trained else 1.0) + (trained[1] if len(trained) > 1 else 0.0)


def variance_for_deviation(trace: Trace, node: Node) -> Arrays:
    if node.op != "layer_norm":
        return []
    x = numbers(node.operands[0])
    return [_trained(node, (x - x.mean(-1, keepdims=True)) / x.var(-1, keepdims=True))]


def sample_deviation(trace: Trace, node: Node) -> Arrays:
    if node.op != "layer_norm" or node.shape[-1] < 2:
        return []
    x = numbers(node.operands[0])
    return [_trained(node, (x - x.mean(-1, keepdims=True)) / x.std(-1, ddof=1, keepdims=True))]


def mean_not_subtracted(trace: Trace, node: Node) -> Arrays:
    if node.op != "layer_norm":
        return []
    x = numbers(node.operands[0])
    return [_trained(node, x / x.std(-1, keepdims=True))]


def token_for_batch(trace: Trace, node: Node) -> Arrays:
    """Where a program norms columns by turning the matrix twice: its rows normed."""
    normed = node.operands[0] if node.op == "transpose" else node
    if normed is node or normed.op not in _NORMS or normed.operands[0].op != "transpose":
        return []
    x = numbers(normed.operands[0].operands[0])
    return [np.asarray(normed.operation.forward(x, **normed.params))]  # type: ignore[union-attr]


def dropped_not_made_up_for(trace: Trace, node: Node) -> Arrays:
    made_up = node.op == "scale" and not node.params.get("inverse") and node.operands[0].op == "multiply"
    return [numbers(node.operands[0])] if made_up else []


def smoothing_left_out(trace: Trace, node: Node) -> Arrays:
    if node.op != "cross_entropy" or not node.params.get("smoothing"):
        return []
    logits, targets = (operand.value for operand in node.operands)
    params = {**node.params, "smoothing": 0.0}
    return [np.asarray(node.operation.forward(logits.astype(np.float64), targets, **params))]  # type: ignore[union-attr]


def smoothing_on_others_only(trace: Trace, node: Node) -> Arrays:
    """The share of all tokens given to the wrong ones alone, in the loss or in the target itself."""
    if node.op == "add" and len(node.operands) == 2:
        return _target_on_others_only(*map(numbers, node.operands))
    if not (plain := smoothing_left_out(trace, node)):
        return []
    share, logits = node.params["smoothing"], numbers(node.operands[0])
    total = np.log(np.exp(logits - logits.max(-1, keepdims=True)).sum(-1)) + logits.max(-1)
    every = (total[..., None] - logits).sum(-1)  # the sum of -ln p over all tokens
    return [(1 - share) * plain[0] + share * (every - plain[0]) / (logits.shape[-1] - 1)]


def _target_on_others_only(kept: np.ndarray, even: np.ndarray) -> Arrays:
    one_hot = (kept != 0).sum(-1) == 1
    size = even.shape[-1] if even.ndim else 0
    if size < 2 or not one_hot.all() or not (even == even.flat[0]).all():
        return []
    return [np.where(kept != 0, kept, even * size / (size - 1))]


def counted_for_every_head(trace: Trace, node: Node) -> Arrays:
    if node.op != "row_product" or "attention" not in node.name:
        return []
    projects = [label.endswith(("weight", "bias")) for label in node.labels[0]]
    return [numbers(node) * np.where(projects, trace.config.heads, 1)[:, None]]


def counted_for_every_position(trace: Trace, node: Node) -> Arrays:
    return [numbers(node) * trace["tokens"].shape[-1]] if node.op in ("row_product", "total") else []


def sides_added(trace: Trace, node: Node) -> Arrays:
    return [numbers(node.operands[0]).sum(-1, keepdims=True)] if node.op == "row_product" else []


def vectors_left_out(trace: Trace, node: Node) -> Arrays:
    if node.op != "total":
        return []
    sizes = numbers(node.operands[0].operands[0])
    return [np.asarray(numbers(node.operands[0])[sizes[:, 0] > 1].sum())]


def positive_zeroed(trace: Trace, node: Node) -> Arrays:
    if node.op != "relu":
        return []
    x = numbers(node.operands[0])
    return [np.where(x > 0, 0.0, np.nan)]


def square_taken_once(trace: Trace, node: Node) -> Arrays:
    if node.op != "multiply":
        return []
    factors = node.operands
    squares = [at for at, one in enumerate(factors) if one.op == "multiply" and len(set(one.inputs)) == 1]
    return [numbers(factors[1 - at]) * numbers(factors[at].operands[0]) for at in squares]


def attention_alone(trace: Trace, node: Node) -> Arrays:
    """A layer's total without its feed-forward network."""
    if node.op != "add" or not node.name.startswith("count."):
        return []
    return [np.asarray(sum(numbers(one) for one in node.operands if "attention" in one.name), dtype=np.float64)]


BLOCK_MISTAKES: tuple[tuple[Callable[[Trace, Node], Arrays], tuple[str, ...], str, str], ...] = (
    (
        variance_for_deviation,
        ("layer_norm",),
        "You divided by the variance. Take its root first: that is the deviation.",
        "你除以的是方差。要先开根号，得到标准差。",
    ),
    (
        sample_deviation,
        ("layer_norm",),
        "You divided the squares' sum by n − 1, as for a sample. Here the row is all there is: divide by n.",
        "你求方差时除以了 n − 1，那是对抽样用的。这里一行就是全部，要除以 n。",
    ),
    (
        mean_not_subtracted,
        ("layer_norm",),
        "The mean has not been taken off: first the number minus the row's mean, then divide.",
        "还没减去均值：先用本数减这一行的均值，再除。",
    ),
    (
        token_for_batch,
        ("layer_norm of columns",),
        "You took the token's own numbers: that is layer norm. Batch norm goes down the column of one feature.",
        "你用的是这个词元自己的一行，那是层归一化。批归一化沿着一个特征的那一列往下算。",
    ),
    (
        dropped_not_made_up_for,
        ("scale",),
        "What is left must make up for what was dropped: divide by the share that is kept.",
        "留下的要补上丢掉的：还要除以保留的比例。",
    ),
    (
        smoothing_left_out,
        ("cross_entropy",),
        "That is the loss without smoothing: the other tokens must be given their small share, too.",
        "这是没有平滑的损失：还要把那一小份分给所有词元。",
    ),
    (
        smoothing_on_others_only,
        ("cross_entropy", "add"),
        "You spread the share over the wrong tokens alone. Here it is spread over all, the right one included.",
        "你把那一份只撒给了错的词元。这里是撒给全部，正确的也有份。",
    ),
    (
        counted_for_every_head,
        ("row_product",),
        "You counted it once for each head. All heads together share the one matrix: each has a slice of it.",
        "你给每个头各数了一遍。所有头合用这一个矩阵，每个头只占其中一段。",
    ),
    (
        counted_for_every_position,
        ("row_product", "total"),
        "You counted it once for each token. All tokens go through the same weights, however long the sentence.",
        "你给每个词元各数了一遍。所有词元过的是同一批权重，与句子长短无关。",
    ),
    (
        sides_added,
        ("row_product",),
        "You added the sides. A matrix holds rows times columns numbers.",
        "你把两边相加了。矩阵里的数有“行数 × 列数”个。",
    ),
    (
        vectors_left_out,
        ("total",),
        "Those are the matrices alone: the biases and the norm's scale and shift are learned, too.",
        "这只是各个矩阵：偏置，还有 norm 的缩放和平移，也都是学来的。",
    ),
    (
        positive_zeroed,
        ("relu",),
        "The number before ReLU is positive here, and stays as it is: only what is negative becomes 0.",
        "ReLU 之前这个数是正的，原样不动；变成 0 的只是负数。",
    ),
    (
        square_taken_once,
        ("multiply",),
        "A square is a number times itself; you took that number once only.",
        "平方是一个数乘它自己，你只乘了一次。",
    ),
    (
        attention_alone,
        ("add",),
        "That is attention alone: the feed-forward network belongs to the layer, too.",
        "这只是注意力：前馈网络也属于这一层。",
    ),
)
