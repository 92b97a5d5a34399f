"""Moving numbers without changing them: identity, transpose, heads split, joined again, and shared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tutor.engine.backend import namespace
from tutor.engine.explanation import Addition, Copy, Explanation, Index, Region, product
from tutor.engine.ops.base import Operation, Recipe, cell

if TYPE_CHECKING:
    from tutor.engine.recorder import Recorder
    from tutor.engine.trace import Node


class Move(Operation):
    """An operation whose every cell is some cell of its operand."""

    def inverse(self, operand: Node) -> tuple[Operation, dict[str, Any]]:
        """The operation that moves everything back, with its parameters."""
        raise NotImplementedError

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        (operand,) = node.operands
        operation, params = self.inverse(operand)
        return (lambda name: record(name, operation, gradient, axes=operand.axis_keys, **params),)

    def source(self, node: Node, index: Index, operand: Node) -> Index:
        """Where the number at `index` stood in the operand."""
        raise NotImplementedError

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        (operand,) = operands
        at = self.source(node, index, operand)

        def terms():
            return (product(cell(operand, at)),)

        return Copy(node.name, index, node.at(index), node.formula, terms, {operand.name: at})


class Identity(Move):
    """The operand itself under a second name."""

    name = "identity"
    formula = r"Y = X"

    def forward(self, x: Any) -> Any:
        return x

    def inverse(self, operand: Node) -> tuple[Operation, dict[str, Any]]:
        return self, {}

    def source(self, node: Node, index: Index, operand: Node) -> Index:
        return index


class Transpose(Move):
    """Rows become columns."""

    name = "transpose"
    formula = r"B_{ij} = A_{ji}"

    def forward(self, x: Any) -> Any:
        return namespace(x).matrix_transpose(x)

    def axes(self, operands: Sequence[Node], params: dict[str, Any]) -> tuple[str, ...]:
        *batch, row, column = operands[0].axis_keys
        return (*batch, column, row)

    def inverse(self, operand: Node) -> tuple[Operation, dict[str, Any]]:
        return self, {}

    def source(self, node: Node, index: Index, operand: Node) -> Index:
        *batch, row, column = index
        return (*batch, column, row)


class SplitHeads(Move):
    """Each row of heads·d_k numbers cut into one row of d_k for each head."""

    name = "split_heads"
    formula = r"X^{(h)}_{ij} = X_{i, \; h d_k + j}"

    def forward(self, x: Any, *, heads: int) -> Any:
        xp = namespace(x)
        cut = xp.reshape(x, (*x.shape[:-1], heads, x.shape[-1] // heads))  # [..., position, head, feature]
        return _turned(cut)  # [..., head, position, feature]

    def axes(self, operands: Sequence[Node], params: dict[str, Any]) -> tuple[str, ...]:
        return ("head", *operands[0].axis_keys)

    def inverse(self, operand: Node) -> tuple[Operation, dict[str, Any]]:
        return join_heads, {}

    def source(self, node: Node, index: Index, operand: Node) -> Index:
        head, position, feature = index
        return (position, head * node.shape[-1] + feature)


class JoinHeads(Move):
    """The heads' rows side by side again: Concat(head_1, …, head_h)."""

    name = "join_heads"
    formula = r"\mathrm{Concat}(\mathrm{head}_1, \ldots, \mathrm{head}_h)"

    def forward(self, x: Any) -> Any:
        xp = namespace(x)
        rows = _turned(x)  # [..., position, head, feature]
        return xp.reshape(rows, (*rows.shape[:-2], rows.shape[-2] * rows.shape[-1]))  # [..., position, head·feature]

    def axes(self, operands: Sequence[Node], params: dict[str, Any]) -> tuple[str, ...]:
        return operands[0].axis_keys[1:]

    def inverse(self, operand: Node) -> tuple[Operation, dict[str, Any]]:
        return split_heads, {"heads": operand.shape[-3]}

    def source(self, node: Node, index: Index, operand: Node) -> Index:
        position, feature = index
        width = operand.shape[-1]
        return (feature // width, position, feature % width)


class RepeatHeads(Move):
    """Each head `times` times in a row, so that several query heads share it (Ainslie et al. 2023)."""

    name = "repeat_heads"
    formula = r"Y^{(h)} = X^{(\lfloor h / r \rfloor)}"

    def forward(self, x: Any, *, times: int) -> Any:
        return namespace(x).repeat(x, times, axis=-3)  # [..., head, key, feature] -> [..., head·times, key, feature]

    def axes(self, operands: Sequence[Node], params: dict[str, Any]) -> tuple[str, ...]:
        return operands[0].axis_keys

    def inverse(self, operand: Node) -> tuple[Operation, dict[str, Any]]:
        return add_heads, {"heads": operand.shape[-3]}

    def source(self, node: Node, index: Index, operand: Node) -> Index:
        head, *place = index
        return (head // node.params["times"], *place)


class AddHeads(Operation):
    """Neighbouring heads added up, so that `heads` are left: the gradient of a head that several shared."""

    name = "add_heads"
    formula = r"\frac{\partial L}{\partial X^{(k)}} = \sum_{h: \, \lfloor h / r \rfloor = k} g^{(h)}"

    def forward(self, g: Any, *, heads: int) -> Any:
        xp = namespace(g)
        *batch, many, rows, width = g.shape
        return xp.sum(xp.reshape(g, (*batch, heads, many // heads, rows, width)), axis=-3)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        (g,) = operands
        head, *place = index
        times = g.shape[0] // node.shape[0]

        def terms():
            return tuple(product(cell(g, (head * times + i, *place))) for i in range(times))

        used: dict[str, Region] = {g.name: (slice(head * times, (head + 1) * times), *place)}
        return Addition(node.name, index, node.at(index), node.formula, terms, used)


def _turned(x: Any) -> Any:
    """Heads and positions change places. (NumPy's moveaxis takes ten times as long.)"""
    n = x.ndim
    return namespace(x).permute_dims(x, (*range(n - 3), n - 2, n - 3, n - 1))


identity, transpose, split_heads, join_heads = Identity(), Transpose(), SplitHeads(), JoinHeads()
repeat_heads, add_heads = RepeatHeads(), AddHeads()
