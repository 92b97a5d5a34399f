"""From ids to vectors: table look-ups and position waves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tutor.engine.backend import namespace, plain_array
from tutor.engine.explanation import Explanation, Index, LookUp, Rule, Term, product
from tutor.engine.ops.backward import place_rows, scatter_rows_step
from tutor.engine.ops.base import Operation, OperationError, Recipe, cell

if TYPE_CHECKING:
    from tutor.engine.recorder import Recorder
    from tutor.engine.trace import Node


class TableRows(Operation):
    """For each id, the row of a table with that number."""

    name = "look_up"
    formula = r"x_t = E_{\mathrm{id}_t}"

    def forward(self, table: Any, ids: Any) -> Any:
        xp = namespace(table)
        if type(ids) is np.ndarray and not ((ids >= 0) & (ids < table.shape[0])).all():
            raise OperationError(
                f"the rows of the table go from 0 to {table.shape[0] - 1}, not {ids.min()} to {ids.max()}"
            )
        rows = xp.take(table, xp.reshape(ids, (-1,)), axis=0)  # [vocabulary, feature] -> [ids, feature]
        return xp.reshape(rows, (*ids.shape, table.shape[-1]))  # [..., position, feature]

    def axes(self, operands: Sequence[Node], params: dict[str, Any]) -> tuple[str, ...]:
        return (*operands[1].axis_keys, "feature")

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        table, ids = node.operands
        rows = table.shape[0]
        return (lambda name: record(name, scatter_rows_step, gradient, ids, axes=table.axis_keys, rows=rows), None)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        table, ids = operands
        row = int(ids.value[index[:-1]])
        at = (row, index[-1])

        def terms():
            return (product(cell(table, at)),)

        facts = {"row": row, "chosen_by": cell(ids, index[:-1])}
        regions = {table.name: (row, slice(None)), ids.name: index[:-1]}
        return LookUp(node.name, index, node.at(index), node.formula, terms, regions, facts)


class PositionRows(Operation):
    """Row t of a learned table for position t."""

    name = "position_rows"
    formula = r"x_t = P_t"

    def forward(self, table: Any, ids: Any, *, offset: int = 0) -> Any:
        if offset + ids.shape[-1] > table.shape[0]:
            raise OperationError(f"{ids.shape[-1]} tokens are more than the {table.shape[0]} positions of this model")
        return table[offset : offset + ids.shape[-1], :]  # [position, feature]

    def axes(self, operands: Sequence[Node], params: dict[str, Any]) -> tuple[str, ...]:
        return (operands[1].axis_keys[-1], "feature")

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        table, _ids = node.operands
        params = {"rows": table.shape[0], "offset": node.params.get("offset", 0)}
        return (lambda name: record(name, place_rows, gradient, axes=table.axis_keys, **params), None)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        table, _ = operands
        at = (index[0] + node.params.get("offset", 0), index[1])

        def terms():
            return (product(cell(table, at)),)

        regions = {table.name: (at[0], slice(None))}
        return LookUp(node.name, index, node.at(index), node.formula, terms, regions, {"row": at[0]})


class Sinusoid(Operation):
    """Sine waves in even features, cosines in odd ones (Vaswani et al. 2017, section 3.5). Fixed, not learned.

    With `halves` the same waves in another order: the sines in the first half, the cosines in the second. With
    `every` the waves begin anew after so many positions.
    """

    name = "sinusoid"
    formula = r"P_{t,2i} = \sin \frac{t}{10000^{2i/d}} \quad P_{t,2i+1} = \cos \frac{t}{10000^{2i/d}}"

    def forward(
        self, ids: Any, *, width: int, dtype: str = "float32", offset: int = 0, halves: bool = False, every: int = 0
    ) -> Any:
        table = waves(offset + ids.shape[-1], width)[offset:]  # [position, feature]
        if every:
            table = table[np.arange(len(table)) % every]
        if halves:
            table = np.concatenate([table[:, 0::2], table[:, 1::2]], axis=1)
        return plain_array(ids, table, dtype)

    def axes(self, operands: Sequence[Node], params: dict[str, Any]) -> tuple[str, ...]:
        return (operands[0].axis_keys[-1], "feature")

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        position, feature = index
        every = node.params.get("every", 0)
        position = (position % every if every else position) + node.params.get("offset", 0)
        width, interleaved = node.params["width"], feature
        if node.params.get("halves", False):
            sines = (width + 1) // 2
            interleaved = 2 * feature if feature < sines else 2 * (feature - sines) + 1
        pair = interleaved - interleaved % 2
        wave, name = (math.cos, r"\cos") if interleaved % 2 else (math.sin, r"\sin")
        value = wave(position / 10000 ** (pair / width))
        facts = {
            "position": position,
            "feature": feature,
            "arithmetic": rf"{name} \frac{{{position}}}{{10000^{{{pair}/{width}}}}}",
        }
        return Rule(node.name, index, node.at(index), node.formula, lambda: (Term(value),), {}, facts)


_waves: dict[tuple[int, int], np.ndarray] = {}


def waves(length: int, width: int) -> np.ndarray:
    """The first `length` rows of the sinusoidal table, float64 [length, width]; kept, for it never changes."""
    rows = 1 << (length - 1).bit_length()
    if (rows, width) not in _waves:
        position = np.arange(rows)[:, None]  # [position, 1]
        pair = np.arange(width)[None, :] // 2 * 2  # [1, feature]
        angle = position / 10000 ** (pair / width)  # [position, feature]
        even = np.arange(width) % 2 == 0
        _waves[rows, width] = np.where(even, np.sin(angle), np.cos(angle))
    return _waves[rows, width][:length]


look_up, position_rows, sinusoid = TableRows(), PositionRows(), Sinusoid()
