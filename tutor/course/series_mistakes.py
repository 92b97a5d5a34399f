"""The slips of the lessons on series of numbers: on the way to deviations from the mean, and back.

As in `alternatives.py`, each takes the trace and the node where it happens and returns the arrays it may lead to.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tutor.course.alternatives import Arrays
from tutor.course.recompute import numbers
from tutor.engine.trace import Node, Trace


def not_divided(trace: Trace, node: Node) -> Arrays:
    return [numbers(node.operands[0])] if node.op == "divide" else []


def not_centred(trace: Trace, node: Node) -> Arrays:
    if node.op != "divide" or node.operands[0].op != "subtract":
        return []
    return [numbers(node.operands[0].operands[0]) / numbers(node.operands[1])]


def multiplied_by_deviation(trace: Trace, node: Node) -> Arrays:
    return [numbers(node.operands[0]) * numbers(node.operands[1])] if node.op == "divide" else []


def forgot_the_mean(trace: Trace, node: Node) -> Arrays:
    return [numbers(node.operands[0])] if _brings_back(node) else []


def mean_alone_added(trace: Trace, node: Node) -> Arrays:
    if not _brings_back(node):
        return []
    return [numbers(node.operands[0].operands[0]) + numbers(node.operands[1])]


def _brings_back(node: Node) -> bool:
    """Whether the node is a normalised number times the deviation plus the mean."""
    return node.op == "add" and len(node.operands) == 2 and node.operands[0].op == "multiply"


def other_way_round(trace: Trace, node: Node) -> Arrays:
    return [np.negative(numbers(node))] if node.op == "subtract" else []


SERIES_MISTAKES: tuple[tuple[Callable[[Trace, Node], Arrays], tuple[str, ...], str, str], ...] = (
    (
        not_divided,
        ("divide",),
        "That is the number less the mean. It is still in its unit: divide by the deviation.",
        "这只减了均值，还带着原来的单位：要再除以标准差。",
    ),
    (
        not_centred,
        ("divide",),
        "You divided, but did not take the mean away first.",
        "你除了标准差，但没有先减均值。",
    ),
    (
        multiplied_by_deviation,
        ("divide",),
        "You multiplied by the deviation. Divide by it: one deviation from the mean is to become 1.",
        "你乘了标准差。应当除以它：偏离一个标准差，应变成 1。",
    ),
    (
        forgot_the_mean,
        ("add",),
        "Times the deviation is right; the mean must still be added.",
        "乘标准差是对的，还要加上均值。",
    ),
    (
        mean_alone_added,
        ("add",),
        "You added the mean to deviations. Multiply by the deviation first, then both are in one unit.",
        "你直接把均值加上去了。先乘标准差，单位才一致。",
    ),
    (
        other_way_round,
        ("subtract",),
        "You took the first from the second: the sign is the other way round.",
        "你减反了：正负号颠倒。",
    ),
)
