"""Softmax over the last axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tutor.engine.backend import exponential, namespace, row_max, row_sum, where_array
from tutor.engine.explanation import Explanation, Index, Softmax, Term
from tutor.engine.ops.backward import softmax_backward
from tutor.engine.ops.base import Operation, Recipe, cell, region

if TYPE_CHECKING:
    from tutor.engine.recorder import Recorder
    from tutor.engine.trace import Node


class SoftmaxRows(Operation):
    """Each row to shares that sum to 1. A row with nothing allowed in it becomes zeros rather than not-a-number."""

    name = "softmax"
    formula = r"y_i = \frac{e^{x_i}}{\sum_j e^{x_j}}"

    def forward(self, x: Any) -> Any:
        xp = namespace(x)
        largest = row_max(x)  # [..., 1]
        largest = xp.where(xp.isfinite(largest), largest, where_array(x, 0.0))
        e = exponential(x - largest)
        total = row_sum(e)  # [..., 1]
        e /= xp.maximum(total, where_array(x, 1.0))  # the largest adds 1, so the total is less only if it is 0
        return e

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        (x,) = node.operands
        return (lambda name: record(name, softmax_backward, gradient, node, axes=x.axis_keys),)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        (x,) = operands
        row = x.value[index[:-1]].astype(np.float64)
        largest = float(row.max())
        shift = largest if math.isfinite(largest) else 0.0
        powers = np.exp(row - shift)

        def term(place: int) -> Term:
            return Term(float(powers[place]), (cell(x, (*index[:-1], place)),))

        def terms():
            return tuple(map(term, range(len(powers))))

        total = math.fsum(powers.tolist())
        facts: dict[str, Any] = {"chosen": index[-1], "score": float(row[index[-1]]), "maximum": shift, "total": total}
        facts |= {"powers": powers, "term": term}
        regions = {x.name: region(index, whole=-1)}
        return Softmax(node.name, index, node.at(index), node.formula, terms, regions, facts)


softmax = SoftmaxRows()
