"""The slips of the training unit: at the loss, on the way back, and at a step of the optimiser.

As in `alternatives.py`, each takes the trace and the node where it happens and returns the arrays it may lead to.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tutor.course.alternatives import Arrays, onto, pairwise
from tutor.course.recompute import numbers
from tutor.engine.gradient import PREFIX
from tutor.engine.trace import Node, Trace


def sign_of_logarithm(trace: Trace, node: Node) -> Arrays:
    return [-numbers(node)] if node.op == "cross_entropy" else []


def base_two_logarithm(trace: Trace, node: Node) -> Arrays:
    return [numbers(node) / np.log(2)] if node.op in ("log", "cross_entropy") else []


def probability_left_out(trace: Trace, node: Node) -> Arrays:
    if node.op != "cross_entropy":
        return []
    logits, targets = (operand.value for operand in node.operands)
    return [-logits[np.arange(len(targets)), targets].astype(np.float64)]


def one_minus_probability(trace: Trace, node: Node) -> Arrays:
    if node.op != "cross_entropy" or node.params.get("smoothing"):
        return []
    return [1 - np.exp(-numbers(node))]


def sum_instead_of_mean(trace: Trace, node: Node) -> Arrays:
    if node.op not in ("mean_loss", "mean_loss_backward"):
        return []
    pad_id = node.params.get("pad_id")
    count = node.operands[1].value.size if pad_id is None else np.count_nonzero(node.operands[1].value != pad_id)
    return [numbers(node) * count]


def target_not_subtracted(trace: Trace, node: Node) -> Arrays:
    if node.op != "cross_entropy_backward":
        return []
    slope, logits = (numbers(operand) for operand in node.operands[:2])
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return [powers / powers.sum(-1, keepdims=True) * slope[..., None]]


def target_minus_probability(trace: Trace, node: Node) -> Arrays:
    return [-numbers(node)] if node.op == "cross_entropy_backward" else []


def gradient_not_transposed(trace: Trace, node: Node) -> Arrays:
    if node.op == "transposed_product":
        inputs, slopes = (numbers(operand) for operand in node.operands)
        return [onto(node.shape, pairwise(inputs, slopes))]
    if node.op == "linear" and node.name.startswith(PREFIX):
        slopes, weight = (numbers(operand) for operand in node.operands)
        return [onto(node.shape, pairwise(slopes, weight if node.params.get("transposed") else weight.T))]
    return []


def one_position_only(trace: Trace, node: Node) -> Arrays:
    if node.op != "transposed_product" or len(node.shape) != 2:
        return []
    inputs, slopes = (numbers(operand) for operand in node.operands)
    return [np.outer(row, slope) for row, slope in zip(inputs, slopes, strict=True)]


def slope_left_out(trace: Trace, node: Node) -> Arrays:
    return [numbers(node.operands[0])] if node.op == "slope" else []


def share_left_out(trace: Trace, node: Node) -> Arrays:
    if node.op not in ("running_mean", "running_mean_of_squares") or len(node.operands) > 1:
        return []
    return [numbers(node) / (1 - node.params["keep"])]


def shares_swapped(trace: Trace, node: Node) -> Arrays:
    if node.op not in ("running_mean", "running_mean_of_squares") or node.params["keep"] == 0.5:
        return []
    operands = [numbers(operand) for operand in node.operands]
    return [np.asarray(node.operation.forward(*operands, keep=1 - node.params["keep"]))]  # type: ignore[union-attr]


def not_squared(trace: Trace, node: Node) -> Arrays:
    if node.op != "running_mean_of_squares":
        return []
    slope, *before = (numbers(operand) for operand in node.operands)
    keep = node.params["keep"]
    return [(1 - keep) * slope + (keep * before[0] if before else 0.0)]


def not_made_up_for(trace: Trace, node: Node) -> Arrays:
    if node.op != "adam_change":
        return []
    mean, square = (numbers(operand) for operand in node.operands)
    return [node.params["rate"] * mean / (np.sqrt(square) + node.params["epsilon"])]


def root_left_out(trace: Trace, node: Node) -> Arrays:
    if node.op != "adam_change":
        return []
    mean, square = (numbers(operand) for operand in node.operands)
    return [node.params["rate"] * (mean / node.params["one"]) / (square / node.params["two"])]


def learning_rate_forgotten(trace: Trace, node: Node) -> Arrays:
    return [numbers(node) / node.params["rate"]] if node.op == "adam_change" else []


def step_uphill(trace: Trace, node: Node) -> Arrays:
    if node.op != "descend":
        return []
    return [numbers(node) + 2 * numbers(node.operands[1])]


def plain_descent(trace: Trace, node: Node) -> Arrays:
    """The gradient itself times the rate, as before Adam."""
    if node.op != "adam_change" or node.operands[0].op != "running_mean":
        return []
    return [node.params["rate"] * numbers(node.operands[0].operands[0])]


_MEANS = ("running_mean", "running_mean_of_squares")

TRAINING_MISTAKES: tuple[tuple[Callable[[Trace, Node], Arrays], tuple[str, ...], str, str], ...] = (
    (
        sign_of_logarithm,
        ("cross_entropy",),
        "That is ln p, which is below 0. The loss is −ln p.",
        "这是 ln p，它小于 0。损失是 −ln p。",
    ),
    (
        base_two_logarithm,
        ("log", "cross_entropy"),
        "That is the logarithm to base 2. Take the natural one: ln on a pocket calculator.",
        "这是以 2 为底的对数。要取自然对数，也就是计算器上的 ln。",
    ),
    (
        probability_left_out,
        ("cross_entropy",),
        "You took the logit itself. Make it a probability by softmax first, then take −ln.",
        "你直接用了 logit。要先用 softmax 变成概率，再取 −ln。",
    ),
    (
        one_minus_probability,
        ("cross_entropy",),
        "That is 1 − p: how far the probability is from 1. The loss is −ln p.",
        "这是 1 − p，即概率离 1 还差多少。损失是 −ln p。",
    ),
    (
        sum_instead_of_mean,
        ("mean_loss", "mean_loss_backward"),
        "That belongs to the sum over the positions. The loss is their mean: divide by how many there are.",
        "这是各位置之和。损失取的是平均：还要除以位置的个数。",
    ),
    (
        target_not_subtracted,
        ("cross_entropy_backward",),
        "That is the probability's part alone. Take the target off: 1 for the right token, 0 for the others.",
        "这只算了概率那一半。还要减去目标：正确的词元减 1，别的减 0。",
    ),
    (
        target_minus_probability,
        ("cross_entropy_backward",),
        "That is target minus probability. The gradient is probability minus target.",
        "这是目标减概率。梯度是概率减目标。",
    ),
    (
        gradient_not_transposed,
        ("transposed_product", "gradients through linear"),
        "One factor is not transposed: go down a column where you went along a row, or the other way round.",
        "有一个因子没有转置：该沿列走的地方你沿行走了（或者正相反）。",
    ),
    (
        one_position_only,
        ("transposed_product",),
        "That is the part of one position. Every position used this weight: add their parts.",
        "这只是一个位置的那一份。每个位置都用了这个权重：要把各份加起来。",
    ),
    (
        slope_left_out,
        ("slope",),
        "That is what came back, not yet times the slope of the function here.",
        "这是传回来的数，还没乘上函数在这里的斜率。",
    ),
    (
        share_left_out,
        _MEANS,
        "You took all of the new one. Only its share, 1 − β, goes into the running mean.",
        "你把新的全算进去了。进入滑动平均的只有 1 − β 那一份。",
    ),
    (
        shares_swapped,
        _MEANS,
        "You swapped the shares: β keeps the old mean, 1 − β is for the new gradient.",
        "两份弄反了：β 留给旧的平均，1 − β 才给新梯度。",
    ),
    (
        not_squared,
        ("running_mean_of_squares",),
        "Square the gradient first: this is the running mean of squares.",
        "要先把梯度平方：这是平方的滑动平均。",
    ),
    (
        not_made_up_for,
        ("adam_change",),
        "The running means still lean towards 0, where they began: divide them by 1 − βᵗ first.",
        "两个滑动平均从 0 出发，还偏小：要先各自除以 1 − βᵗ。",
    ),
    (
        root_left_out,
        ("adam_change",),
        "You divided by the mean of squares itself. Divide by its root.",
        "你除以了平方的平均本身。要除以它的平方根。",
    ),
    (
        learning_rate_forgotten,
        ("adam_change",),
        "That is the change before it is multiplied by the learning rate.",
        "这是还没乘学习率的改变量。",
    ),
    (
        plain_descent,
        ("adam_change",),
        "That is learning rate times gradient: plain gradient descent. Adam divides by the gradient's usual size.",
        "这是学习率乘梯度，即普通的梯度下降。Adam 还要除以梯度平常的大小。",
    ),
    (
        step_uphill,
        ("descend",),
        "You added the change: that goes uphill, and the loss grows. Take it off.",
        "你把改变量加上了：这是往上坡走，损失会变大。应当减去。",
    ),
)
