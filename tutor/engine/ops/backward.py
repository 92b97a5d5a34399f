"""The operations that gradients are made of. They explain their cells like any other, so "why" works on a gradient."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tutor.engine.backend import namespace, plain_array, row_sum, scatter_rows, where_array
from tutor.engine.explanation import Addition, Explanation, Index, Region, figure, product
from tutor.engine.ops.base import Operation, aligned, cell, region
from tutor.engine.ops.shape import identity

if TYPE_CHECKING:
    from tutor.engine.trace import Node


class TransposedProduct(Operation):
    """Aᵀ G: for a weight the inputs against the gradients, summed over positions (and over a batch, `over_batch`)."""

    name = "transposed_product"
    formula = r"C_{ij} = \sum_t A_{ti} G_{tj}"

    def forward(self, a: Any, g: Any, *, over_batch: bool = False) -> Any:
        xp = namespace(g)
        if over_batch and a.ndim > 2:
            a, g = (xp.reshape(x, (-1, x.shape[-1])) for x in (a, g))  # [batch·position, feature]
        return xp.matmul(xp.matrix_transpose(a), g)  # [..., i, t] [..., t, j] -> [..., i, j]

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        a, g = operands
        *batch, i, j = index

        def terms():
            rows = range(g.shape[-2])
            return tuple(product(cell(a, (*batch, t, i)), cell(g, (*batch, t, j))) for t in rows)

        used: dict[str, Region] = {a.name: (*batch, slice(None), i), g.name: (*batch, slice(None), j)}
        return Explanation(node.name, index, node.at(index), node.formula, terms, used)


class SumTo(Operation):
    """Summed over the axes along which a smaller operand was repeated: the gradient of a bias sums over positions."""

    name = "sum_to"
    formula = r"\frac{\partial L}{\partial b_j} = \sum_t \frac{\partial L}{\partial y_{tj}}"

    def forward(self, g: Any, *, shape: tuple[int, ...]) -> Any:
        xp = namespace(g)
        extra = g.ndim - len(shape)
        if extra:
            g = xp.sum(g, axis=tuple(range(extra)))
        ones = tuple(i for i, (size, wide) in enumerate(zip(shape, g.shape, strict=True)) if size == 1 < wide)
        return xp.sum(g, axis=ones, keepdims=True) if ones else g

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        (g,) = operands
        extra = len(g.shape) - len(index)
        own = (*(range(size) for size in g.shape[:extra]),)
        inner = (
            range(wide) if size == 1 < wide else (at,)
            for at, size, wide in zip(index, node.shape, g.shape[extra:], strict=True)
        )
        places = list(itertools.product(*own, *inner))

        def terms():
            return tuple(product(cell(g, place)) for place in places)

        used = {
            g.name: tuple(slice(None) if len({p[k] for p in places}) > 1 else places[0][k] for k in range(len(g.shape)))
        }
        return Addition(node.name, index, node.at(index), node.formula, terms, used)


class SoftmaxBackward(Operation):
    """y (g - Σ g y): a share can only grow at the cost of the others."""

    name = "softmax_backward"
    formula = r"\frac{\partial L}{\partial x_i} = y_i (g_i - \sum_j g_j y_j)"

    def forward(self, g: Any, y: Any) -> Any:
        out = g - row_sum(g * y)
        out *= y
        return out

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        g, y = operands
        *row, i = index

        def terms():
            share = cell(y, index)
            others = (
                product(share, cell(y, (*row, j)), cell(g, (*row, j)), coefficient=-1.0, text="-1")
                for j in range(g.shape[-1])
            )
            return (product(share, cell(g, index)), *others)

        used = {g.name: region(index, whole=-1), y.name: region(index, whole=-1)}
        return Explanation(node.name, index, node.at(index), node.formula, terms, used)


class NormBackward(Operation):
    """The gradient through a norm: what would only shift or stretch the whole row is taken out (Ba et al. 2016)."""

    name = "norm_backward"
    formula = (
        r"\frac{\partial L}{\partial x_i} = \frac{1}{\sigma} (a_i - \bar{a} - \hat{x}_i \overline{a \hat{x}})"
        r", \quad a = g \odot \gamma"
    )

    def forward(self, g: Any, x: Any, scale: Any = None, *, epsilon: float, centred: bool) -> Any:
        count = x.shape[-1]
        a = g if scale is None else g * scale
        y = x - row_sum(x) / count if centred else x
        square = row_sum(y * y) / count + epsilon  # σ²   [..., 1]
        out = a - y * (row_sum(a * y) / (count * square))
        if centred:
            out -= row_sum(a) / count
        out *= 1 / namespace(g).sqrt(square)
        return out

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        g, x, *scale = operands
        *row, i = index
        values = [float(v) for v in x.value[tuple(row)]]
        count, centred = len(values), node.params["centred"]
        mean = math.fsum(values) / count if centred else 0.0
        variance = math.fsum((v - mean) ** 2 for v in values) / count
        deviation = math.sqrt(variance + node.params["epsilon"])
        unit = [(v - mean) / deviation for v in values]

        def terms():
            parts = []
            for j in range(count):
                weight = ((i == j) - centred / count - unit[i] * unit[j] / count) / deviation
                gain = [cell(scale[0], (j,))] if scale else []
                parts.append(product(cell(g, (*row, j)), *gain, coefficient=weight, text=figure(weight)))
            return tuple(parts)

        used = {node_.name: region(index, whole=-1) for node_ in (g, x)} | {s.name: (slice(None),) for s in scale}
        facts = {"mean": mean, "deviation": deviation, "count": count}
        return Explanation(node.name, index, node.at(index), node.formula, terms, used, facts)


class ScatterRows(Operation):
    """Each gradient row is added to the table's row that was looked up; rows that no token asked for stay 0."""

    name = "scatter_rows"
    formula = r"\frac{\partial L}{\partial E_{v}} = \sum_{t: \, \mathrm{id}_t = v} g_t"

    def forward(self, g: Any, ids: Any, *, rows: int) -> Any:
        xp = namespace(g)
        return scatter_rows(rows, xp.reshape(ids, (-1,)), xp.reshape(g, (-1, g.shape[-1])))  # [vocabulary, feature]

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        g, ids = operands
        asked = [t for t, number in enumerate(ids.value.tolist()) if number == index[0]]

        def terms():
            return tuple(product(cell(g, (t, index[1]))) for t in asked)

        return Addition(node.name, index, node.at(index), node.formula, terms, {g.name: (slice(None), index[1])})


class PlaceRows(Operation):
    """The gradient of rows that were taken out of a table: each row at its place, zeros elsewhere.

    The rows stand one after the other from `offset` on or, with `every`, so many apart.
    """

    name = "place_rows"
    formula = r"\frac{\partial L}{\partial P_t} = g_t"

    def forward(self, g: Any, *, rows: int, offset: int = 0, every: int = 0) -> Any:
        xp = namespace(g)
        dtype = str(g.dtype).rpartition(".")[2]

        def zeros(count: int) -> Any:
            return plain_array(g, np.zeros((*g.shape[:-2], count, g.shape[-1])), dtype) if count else g[..., :0, :]

        if every:
            parts = [part for i in range(g.shape[-2]) for part in (g[..., i : i + 1, :], zeros(every - 1))]
            return xp.concat(parts, axis=-2)[..., :rows, :]
        return xp.concat([zeros(offset), g, zeros(rows - offset - g.shape[-2])], axis=-2)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        (g,) = operands
        every = node.params.get("every", 0)
        row = index[0] // every if every else index[0] - node.params.get("offset", 0)
        inside = 0 <= row < g.shape[0] and not (every and index[0] % every)

        def terms():
            return (product(cell(g, (row, index[1]))),) if inside else ()

        return Addition(
            node.name, index, node.at(index), node.formula, terms, {g.name: (row, index[1])} if inside else {}
        )


class MaskBackward(Operation):
    """The gradient where looking was allowed, 0 where it was not."""

    name = "mask_backward"
    formula = r"\frac{\partial L}{\partial s_{ij}} = g_{ij} M_{ij}"

    def forward(self, g: Any, mask: Any) -> Any:
        xp = namespace(g)
        return xp.where(xp.astype(mask, xp.bool), g, where_array(g, 0.0))

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        g, mask = operands
        at = aligned(mask, index)

        def terms():
            return (product(cell(g, index), cell(mask, at)),)

        return Addition(node.name, index, node.at(index), node.formula, terms, {g.name: index, mask.name: at})


transposed_product, sum_to = TransposedProduct(), SumTo()
softmax_backward, norm_backward = SoftmaxBackward(), NormBackward()
scatter_rows_step, place_rows, mask_backward = ScatterRows(), PlaceRows(), MaskBackward()


def reduced(record: Any, gradient: Node, operand: Node, name: str) -> Node:
    """The gradient of an operand that may have been repeated to the result's shape."""
    if gradient.shape == operand.shape:
        return record(name, identity, gradient, axes=operand.axis_keys)
    return record(name, sum_to, gradient, axes=operand.axis_keys, shape=operand.shape)
