"""Some rows of a matrix: the first one, those that are asked for, or the same one of several matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tutor.engine.backend import namespace, scatter_rows
from tutor.engine.explanation import Addition, Copy, Explanation, Index, product
from tutor.engine.ops.backward import place_rows
from tutor.engine.ops.base import Operation, Recipe, cell

if TYPE_CHECKING:
    from tutor.engine.recorder import Recorder
    from tutor.engine.trace import Node


class FirstRow(Operation):
    """The row of the first position alone: what BERT's pooler reads. With `every`, the first of every so many."""

    name = "first_row"
    formula = r"Y = X_1"

    def forward(self, x: Any, *, every: int = 0) -> Any:
        return x[..., :: every or x.shape[-2], :]  # [..., position, feature] -> [..., 1, feature]

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        (x,) = node.operands
        return (lambda name: record(name, place_rows, gradient, axes=x.axis_keys, rows=x.shape[-2], **node.params),)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        (x,) = operands
        at = (index[0] * node.params.get("every", 0), index[1])

        def terms():
            return (product(cell(x, at)),)

        return Copy(node.name, index, node.at(index), node.formula, terms, {x.name: at})


class PickRows(Operation):
    """The rows with these numbers, counted through a whole batch, so that no other is worked on."""

    name = "pick_rows"
    formula = r"Y_i = X_{p_i}"

    def forward(self, x: Any, places: Any) -> Any:
        xp = namespace(x)
        return xp.take(xp.reshape(x, (-1, x.shape[-1])), places, axis=0)  # [..., position, feature] -> [n, feature]

    def axes(self, operands: Sequence[Node], params: dict[str, Any]) -> tuple[str, ...]:
        return (*operands[1].axis_keys, operands[0].axis_keys[-1])

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        x, places = node.operands
        return (lambda name: record(name, put_back_rows, gradient, places, axes=x.axis_keys, shape=x.shape), None)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        x, places = operands
        at = (int(places.value[index[0]]), index[-1])

        def terms():
            return (product(cell(x, at)),)

        return Copy(node.name, index, node.at(index), node.formula, terms, {x.name: at})


class PutBackRows(Operation):
    """The gradient of rows that were picked: each at its place again, zeros where no row was picked."""

    name = "put_back_rows"
    formula = r"\frac{\partial L}{\partial X_{p_i}} = g_i"

    def forward(self, g: Any, places: Any, *, shape: tuple[int, ...]) -> Any:
        return namespace(g).reshape(scatter_rows(math.prod(shape[:-1]), places, g), shape)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        g, places = operands
        picked = [i for i, place in enumerate(places.value.tolist()) if place == index[0]]

        def terms():
            return tuple(product(cell(g, (i, index[-1]))) for i in picked)

        return Addition(node.name, index, node.at(index), node.formula, terms, {g.name: (slice(None), index[-1])})


class RowOfEach(Operation):
    """The row of one position out of several matrices of the same shape, one below the other."""

    name = "row_of_each"
    formula = r"Y_l = X^{(l)}_p"

    def forward(self, *matrices: Any, position: int) -> Any:
        xp = namespace(matrices[0])
        return xp.stack([x[..., position, :] for x in matrices], axis=-2)  # [..., matrix, feature]

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        x, at = operands[index[0]], (node.params["position"], index[1])

        def terms():
            return (product(cell(x, at)),)

        return Copy(node.name, index, node.at(index), node.formula, terms, {x.name: at})


first_row, pick_rows, put_back_rows, row_of_each = FirstRow(), PickRows(), PutBackRows(), RowOfEach()
