"""What series of numbers need: differences, quotients, and rows cut into shorter ones or put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tutor.engine.backend import namespace
from tutor.engine.explanation import Addition, Explanation, Function, Index, Term, factor, figure, product
from tutor.engine.ops.backward import reduced
from tutor.engine.ops.base import Operation, OperationError, Recipe, aligned, cell
from tutor.engine.ops.elementwise import multiply, scale
from tutor.engine.ops.shape import Move

if TYPE_CHECKING:
    from tutor.engine.recorder import Recorder
    from tutor.engine.trace import Node


class Subtract(Operation):
    """The first less the second, cell by cell; a row is taken from every row."""

    name = "subtract"
    formula = r"C = A - B"

    def forward(self, a: Any, b: Any) -> Any:
        return a - b

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        a, b = node.operands

        def for_b(name: str) -> Node:
            if gradient.shape == b.shape:
                return record(name, scale, gradient, axes=b.axis_keys, by=-1.0)
            return reduced(record, record(f"{name}.each", scale, gradient, by=-1.0), b, name)

        return (lambda name: reduced(record, gradient, a, name), for_b)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        (a, at_a), (b, at_b) = ((operand, aligned(operand, index)) for operand in operands)

        def terms():
            return product(cell(a, at_a)), product(cell(b, at_b), coefficient=-1.0)

        used = {a.name: at_a, b.name: at_b}
        return Addition(node.name, index, node.at(index), node.formula, terms, used)


class Divide(Operation):
    """The first by the second, cell by cell; every row is divided by a row."""

    name = "divide"
    formula = r"C = \frac{A}{B}"

    def forward(self, a: Any, b: Any) -> Any:
        return a / b

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        a, b = node.operands

        def for_a(name: str) -> Node:
            if gradient.shape == a.shape:
                return record(name, self, gradient, b, axes=a.axis_keys)
            return reduced(record, record(f"{name}.each", self, gradient, b, axes=node.axis_keys), a, name)

        def for_b(name: str) -> Node:  # d(a/b)/db = -(a/b)/b
            share = record(f"{name}.share", multiply, gradient, node, axes=node.axis_keys)
            share = record(f"{name}.by", self, share, b, axes=node.axis_keys)
            if share.shape == b.shape:
                return record(name, scale, share, axes=b.axis_keys, by=-1.0)
            return reduced(record, record(f"{name}.each", scale, share, by=-1.0), b, name)

        return for_a, for_b

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        above, below = (cell(operand, aligned(operand, index)) for operand in operands)

        def terms():
            return (Term(above.value / below.value, (above, below)),)

        facts = {"arithmetic": rf"\frac{{{figure(above.value)}}}{{{factor(below.value)}}}", "x": above.value}
        used = {above.node: above.index, below.node: below.index}
        return Function(node.name, index, node.at(index), node.formula, terms, used, facts)


class Refold(Move):
    """The same numbers, read row by row, in `rows` rows: long rows cut into short ones, or short ones put together."""

    name = "refold"
    formula = r"Y_{ij} = X_{\lfloor n / w \rfloor, \; n \; \mathrm{mod} \; w} \quad n = i v + j"

    def forward(self, x: Any, *, rows: int) -> Any:
        *batch, height, width = x.shape
        if height * width % rows:
            raise OperationError(f"{height}×{width} numbers cannot be read as {rows} rows of one length")
        return namespace(x).reshape(x, (*batch, rows, height * width // rows))

    def inverse(self, operand: Node) -> tuple[Operation, dict[str, Any]]:
        return self, {"rows": operand.shape[-2]}

    def source(self, node: Node, index: Index, operand: Node) -> Index:
        return divmod(index[0] * node.shape[-1] + index[1], operand.shape[-1])


subtract, divide, refold = Subtract(), Divide(), Refold()
