"""Cell by cell: sum, product and scaling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tutor.engine.backend import namespace, where_array
from tutor.engine.explanation import Addition, Explanation, Index, factor, figure, product
from tutor.engine.ops.backward import reduced, sum_to
from tutor.engine.ops.base import Operation, OperationError, Recipe, aligned, cell
from tutor.engine.ops.shape import transpose

if TYPE_CHECKING:
    from tutor.engine.recorder import Recorder
    from tutor.engine.trace import Node


class Add(Operation):
    """The sum of two or more arrays of one shape, or that broadcast to one."""

    name = "add"
    formula = r"C = A + B"

    def forward(self, first: Any, *others: Any) -> Any:
        total = first
        for other in others:
            total = total + other
        return total

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        def recipe(operand: Node) -> Recipe:
            return lambda name: reduced(record, gradient, operand, name)

        return tuple(recipe(operand) for operand in node.operands)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        places = [aligned(operand, index) for operand in operands]

        def terms():
            return tuple(product(cell(operand, at)) for operand, at in zip(operands, places, strict=True))

        regions = {operand.name: at for operand, at in zip(operands, places, strict=True)}
        return Addition(node.name, index, node.at(index), node.formula, terms, regions)


class AddColumn(Operation):
    """A bias down the rows: number i of the bias is added to every cell of row i (features as columns)."""

    name = "add_column"
    formula = r"C_{ij} = A_{ij} + b_i"

    def forward(self, matrix: Any, bias: Any) -> Any:
        if bias.shape[-1] != matrix.shape[-2]:
            raise OperationError(f"a bias of {bias.shape[-1]} numbers does not fit a matrix of {matrix.shape[-2]} rows")
        return matrix + namespace(bias).reshape(bias, (-1, 1))  # [row, column] + [row, 1]

    def axes(self, operands: Sequence[Node], params: dict[str, Any]) -> tuple[str, ...]:
        return operands[0].axis_keys

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        matrix, bias = node.operands

        def for_bias(name: str) -> Node:
            turned = record(f"{name}.turned", transpose, gradient)
            return record(name, sum_to, turned, axes=bias.axis_keys, shape=bias.shape)

        return (lambda name: reduced(record, gradient, matrix, name), for_bias)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        matrix, bias = operands
        at = (index[-2],)

        def terms():
            return product(cell(matrix, index)), product(cell(bias, at))

        return Addition(node.name, index, node.at(index), node.formula, terms, {matrix.name: index, bias.name: at})


class Multiply(Operation):
    """The product of two arrays, cell by cell."""

    name = "multiply"
    formula = r"C = A \odot B"

    def forward(self, a: Any, b: Any) -> Any:
        return a * b

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        def recipe(operand: Node, other: Node) -> Recipe:
            def record_it(name: str) -> Node:
                if gradient.shape == operand.shape:
                    return record(name, self, gradient, other, axes=operand.axis_keys)
                return reduced(record, record(f"{name}.each", self, gradient, other), operand, name)

            return record_it

        a, b = node.operands
        return recipe(a, b), recipe(b, a)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        places = [aligned(operand, index) for operand in operands]

        def terms():
            return (product(*(cell(operand, at) for operand, at in zip(operands, places, strict=True))),)

        regions = {operand.name: at for operand, at in zip(operands, places, strict=True)}
        return Addition(node.name, index, node.at(index), node.formula, terms, regions)


class Scale(Operation):
    """Every cell times one number. `root_of` and `inverse` say where the number comes from: 1/√d_k, √d_model."""

    name = "scale"
    formula = r"C = c A"

    def forward(self, x: Any, *, by: float | None = None, root_of: int | None = None, inverse: bool = False) -> Any:
        return x * coefficient(by, root_of, inverse)

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        (operand,) = node.operands
        return (lambda name: record(name, self, gradient, axes=operand.axis_keys, **node.params),)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        by, root_of, inverse = (node.params.get(key) for key in ("by", "root_of", "inverse"))
        value = coefficient(by, root_of, bool(inverse))

        def terms():
            return (product(cell(operands[0], index), coefficient=value, text=coefficient_text(by, root_of, inverse)),)

        facts = {"coefficient": value, "root_of": root_of, "inverse": inverse}
        kind = Scaled if root_of and inverse else Addition
        return kind(node.name, index, node.at(index), node.formula, terms, {operands[0].name: index}, facts)


class Scaled(Addition):
    """A division by a square root, written as the fraction it is."""

    def _arithmetic(self) -> str:
        x, root = self.terms[0].cells[0].value, self.facts["root_of"]
        return rf"\frac{{{figure(x)}}}{{\sqrt{{{root}}}}} = \frac{{{figure(x)}}}{{{figure(math.sqrt(root))}}}"


def coefficient(by: float | None, root_of: int | None, inverse: bool | None) -> float:
    """The number that `Scale` multiplies with."""
    value = math.sqrt(root_of) if root_of is not None else 1.0 if by is None else by
    return 1 / value if inverse else value


def coefficient_text(by: float | None, root_of: int | None, inverse: bool | None) -> str:
    """The same number as LaTeX."""
    text = rf"\sqrt{{{root_of}}}" if root_of is not None else factor(1.0 if by is None else by)
    return rf"\frac{{1}}{{{text}}}" if inverse else text


class KeepHeads(Operation):
    """Each head times 1 (kept) or 0 (switched off by the learner)."""

    name = "keep_heads"
    formula = r"\mathrm{head}_i \cdot \mathrm{keep}_i"

    def forward(self, heads: Any, *, keep: Sequence[int]) -> Any:
        xp = namespace(heads)
        return heads * xp.reshape(where_array(heads, list(keep)), (-1, 1, 1))  # [head, query, feature] · [head, 1, 1]

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        (operand,) = node.operands
        return (lambda name: record(name, self, gradient, axes=operand.axis_keys, **node.params),)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        keep = node.params["keep"][index[-3]]

        def terms():
            return (product(cell(operands[0], index), coefficient=float(keep), text=str(keep)),)

        return Addition(node.name, index, node.at(index), node.formula, terms, {operands[0].name: index})


add, add_column, multiply, scale, keep_heads = Add(), AddColumn(), Multiply(), Scale(), KeepHeads()
