"""Sums of products: matrix product, linear map, dot products of queries and keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tutor.engine.backend import namespace
from tutor.engine.explanation import Explanation, Index, product
from tutor.engine.ops.backward import sum_to, transposed_product
from tutor.engine.ops.base import Operation, OperationError, Recipe, aligned, cell, region, regions

if TYPE_CHECKING:
    from tutor.engine.recorder import Recorder
    from tutor.engine.trace import Node


BY_FIRST = r"\frac{\partial L}{\partial A} = \frac{\partial L}{\partial C} B^\top"
BY_QUERY = r"\frac{\partial L}{\partial Q} = \frac{\partial L}{\partial S} K"
BY_INPUT = r"\frac{\partial L}{\partial X} = \frac{\partial L}{\partial Y} W^\top"


class MatMul(Operation):
    """Matrix product: each cell is a row of the first times a column of the second."""

    name = "matmul"
    formula = r"C_{ij} = \sum_k A_{ik} B_{kj}"

    def forward(self, a: Any, b: Any) -> Any:
        if a.shape[-1] != b.shape[-2]:
            raise OperationError(f"a matrix of {_shape(a)} cannot be multiplied by one of {_shape(b)}")
        return namespace(a).matmul(a, b)  # [..., i, k] [..., k, j] -> [..., i, j]

    def axes(self, operands: Sequence[Node], params: dict[str, Any]) -> tuple[str, ...]:
        a, b = operands
        return (*a.axis_keys[:-1], b.axis_keys[-1])

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        a, b = node.operands
        return (
            lambda name: record(name, dot_products, gradient, b, axes=a.axis_keys, formula=BY_FIRST),  # G Bᵀ
            lambda name: record(name, transposed_product, a, gradient, axes=b.axis_keys),  # Aᵀ G
        )

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        a, b = operands
        *batch, i, j = index
        a_index = aligned(a, (*batch, i, 0))
        b_index = aligned(b, (*batch, 0, j))

        def terms():
            pairs = range(a.shape[-1])
            return tuple(product(cell(a, (*a_index[:-1], k)), cell(b, (*b_index[:-2], k, j))) for k in pairs)

        used = regions((a, region(a_index, whole=-1)), (b, region(b_index, whole=-2)))
        return Explanation(node.name, index, node.at(index), node.formula, terms, used)


class DotProducts(Operation):
    """Every row of the first with every row of the second: Q Kᵀ (Vaswani et al. 2017, equation 1)."""

    name = "dot_products"
    formula = r"S_{ij} = \sum_k Q_{ik} K_{jk}"

    def forward(self, q: Any, k: Any) -> Any:
        if q.shape[-1] != k.shape[-1]:
            raise OperationError(f"rows of {q.shape[-1]} and of {k.shape[-1]} numbers have no dot product")
        xp = namespace(q)
        return xp.matmul(q, xp.matrix_transpose(k))  # [..., query, k] [..., key, k] -> [..., query, key]

    def axes(self, operands: Sequence[Node], params: dict[str, Any]) -> tuple[str, ...]:
        q, k = operands
        return (*q.axis_keys[:-1], k.axis_keys[-2])

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        q, k = node.operands
        return (
            lambda name: record(name, matmul, gradient, k, axes=q.axis_keys, formula=BY_QUERY),  # G K
            lambda name: record(name, transposed_product, gradient, q, axes=k.axis_keys),  # Gᵀ Q
        )

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        q, k = operands
        *batch, i, j = index
        q_index, k_index = aligned(q, (*batch, i, 0)), aligned(k, (*batch, j, 0))

        def terms():
            width = range(q.shape[-1])
            return tuple(product(cell(q, (*q_index[:-1], f)), cell(k, (*k_index[:-1], f))) for f in width)

        used = regions((q, region(q_index, whole=-1)), (k, region(k_index, whole=-1)))
        return Explanation(node.name, index, node.at(index), node.formula, terms, used)


class Linear(Operation):
    """x W + b, rows as vectors. `transposed` reads the weight as [output, input], as tied embeddings need."""

    name = "linear"
    formula = r"Y = X W + b"

    def forward(self, x: Any, weight: Any, bias: Any = None, *, transposed: bool = False) -> Any:
        xp = namespace(x)
        if transposed:
            weight = xp.matrix_transpose(weight)
        if x.shape[-1] != weight.shape[0]:
            raise OperationError(f"rows of {x.shape[-1]} numbers do not fit a weight of {_shape(weight)}")
        rows = xp.reshape(x, (-1, x.shape[-1])) if x.ndim > 2 else x  # one product for the whole batch
        y = _times(rows, weight)  # [rows, input] [input, output] -> [rows, output]
        if bias is not None:
            y += bias
        return xp.reshape(y, (*x.shape[:-1], weight.shape[-1])) if x.ndim > 2 else y

    def axes(self, operands: Sequence[Node], params: dict[str, Any]) -> tuple[str, ...]:
        return (*operands[0].axis_keys[:-1], "feature")

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        x, weight, *bias = node.operands
        turned = node.params.get("transposed", False)
        sides = (gradient, x) if turned else (x, gradient)  # Xᵀ G, or Gᵀ X for a weight kept as [output, input]

        def for_x(name: str) -> Node:
            return record(
                name, self, gradient, weight, axes=x.axis_keys, transposed=not turned, formula=BY_INPUT
            )  # G Wᵀ

        def for_weight(name: str) -> Node:
            return record(name, transposed_product, *sides, axes=weight.axis_keys, over_batch=True)

        def for_bias(name: str) -> Node:
            return record(name, sum_to, gradient, axes=bias[0].axis_keys, shape=bias[0].shape)

        return (for_x, for_weight, for_bias)[: len(node.operands)]

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        x, weight, *bias = operands
        *row, output = index
        transposed = node.params.get("transposed", False)

        def at(i: int) -> Index:
            return (output, i) if transposed else (i, output)

        def terms():
            products = tuple(product(cell(x, (*row, i)), cell(weight, at(i))) for i in range(x.shape[-1]))
            return products + tuple(product(cell(b, (output,))) for b in bias)

        column = region(at(0), whole=1 if transposed else 0)
        used = regions((x, region(index, whole=-1)), (weight, column), *((b, (output,)) for b in bias))
        return LinearSum(node.name, index, node.at(index), node.formula, terms, used)


class LinearSum(Explanation):
    """A sum of products and a bias; the walk goes to the largest product first and to the bias last."""

    @property
    def cells(self):
        products = [term for term in self.terms if len(term.cells) == 2]
        ordered = sorted(products, key=lambda term: -abs(term.value))
        walk = [cell for term in ordered for cell in term.cells]
        walk += [term.cells[0] for term in self.terms if len(term.cells) == 1]
        return tuple(dict.fromkeys(walk))


FEW_ROWS = 48  # from about here on OpenBLAS no longer minds which matrix comes first


def _times(rows: Any, weight: Any) -> Any:
    """rows · weight, as (weightᵀ rowsᵀ)ᵀ where the weight lies in memory as [output, input] and the rows are few.

    The time then goes into reading the weight, and OpenBLAS reads it up to twice as fast as the first matrix.
    """
    few = type(rows) is np.ndarray and len(rows) <= FEW_ROWS and type(weight) is np.ndarray
    if few and weight.T.flags.c_contiguous:
        return np.ascontiguousarray(np.matmul(weight.T, rows.T).T)
    return namespace(rows).matmul(rows, weight)


def _shape(array: Any) -> str:
    return "×".join(str(size) for size in array.shape)


matmul, dot_products, linear = MatMul(), DotProducts(), Linear()
