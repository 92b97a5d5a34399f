"""How many numbers a model has learned: every weight's rows times its columns, added up part by part.

All are nodes, recorded when asked for. A part is a sub-layer (`encoder.0.self_attention`), a layer (`encoder.0`), the
`embeddings` or the `rest`, as far as this run has used their weights:

- `count.PART.sizes` [weight, side], of a sub-layer, the embeddings or the rest: rows and columns of each weight;
- `count.PART.each` [weight, numbers]: the one times the other;
- `count.PART.total`: their sum; of a layer, the sum of its sub-layers';
- `count.total`: the sum of all parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from tutor.engine.backend import namespace
from tutor.engine.explanation import Addition, Explanation, Index, Region, product
from tutor.engine.ops.base import Operation, cell
from tutor.engine.ops.elementwise import add

if TYPE_CHECKING:
    from tutor.engine.node import Node
    from tutor.engine.recorder import Recorder

PREFIX = "count."
TOTAL = "count.total"
SIDES = ("rows", "columns")
SUM_OF_PARTS = r"N = \sum_{\mathrm{parts}} N_{\mathrm{part}}"
_SUBLAYER = re.compile(r"((?:encoder|decoder)\.\d+)\.\w+")


class RowProduct(Operation):
    """The numbers of each row, multiplied."""

    name = "row_product"
    formula = r"n = \mathrm{rows} \times \mathrm{columns}"

    def forward(self, x: Any) -> Any:
        return namespace(x).prod(x, axis=-1, keepdims=True)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        (x,) = operands

        def terms():
            return (product(*(cell(x, (*index[:-1], at)) for at in range(x.shape[-1]))),)

        used: dict[str, Region] = {x.name: (*index[:-1], slice(None))}
        return Addition(node.name, index, node.at(index), node.formula, terms, used)


class Total(Operation):
    """The sum of all numbers of a matrix of one column."""

    name = "total"
    formula = r"N = \sum_i n_i"

    def forward(self, x: Any) -> Any:
        return namespace(x).sum(x)

    def axes(self, operands: Sequence[Node], params: dict[str, Any]) -> tuple[str, ...]:
        return ()

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        (x,) = operands

        def terms():
            return tuple(product(cell(x, (row, 0))) for row in range(x.shape[0]))

        return Addition(node.name, index, node.at(index), node.formula, terms, {x.name: (slice(None), 0)})


row_product, total = RowProduct(), Total()


def record_counts(record: Recorder, weights: Iterable[Node]) -> dict[str, tuple[str, ...]]:
    """Record the count of these weights, and return the labels of the axes of what was recorded."""
    parts: dict[str, list[Node]] = {}
    for weight in weights:
        parts.setdefault(part_of(weight.name), []).append(weight)
    labels: dict[str, tuple[str, ...]] = {f"side@{PREFIX}": SIDES, f"numbers@{PREFIX}": ("numbers",)}
    layers: dict[str, list[Node]] = {}
    for part, found in parts.items():
        rows = f"weight@{PREFIX}{part}"
        labels[rows] = tuple(_label(weight.name, part) for weight in found)
        sizes = record.input(f"{PREFIX}{part}.sizes", [_sides(one.shape) for one in found], (rows, f"side@{PREFIX}"))
        each = record(f"{PREFIX}{part}.each", row_product, sizes, axes=(rows, f"numbers@{PREFIX}"))
        inside = _SUBLAYER.match(part)
        of_part = record(f"{PREFIX}{part}.total", total, each)
        layers.setdefault(inside[1] if inside else part, []).append(of_part)
    totals = [_sum(record, f"{PREFIX}{layer}.total", nodes) for layer, nodes in layers.items()]
    _sum(record, TOTAL, totals)
    return labels


def part_of(weight: str) -> str:
    """The part that a weight belongs to: its sub-layer, the embeddings or the rest."""
    inside = _SUBLAYER.match(weight)
    return inside[0] if inside else "embeddings" if "embedding." in weight else "rest"


def _label(weight: str, part: str) -> str:
    """A weight's name inside its part; of the embeddings' tables what they are tables of, as names there are long."""
    return weight.removeprefix(f"{part}.").replace("embedding.", "").removesuffix(".table")


def _sides(shape: tuple[int, ...]) -> tuple[float, float]:
    """Rows and columns; a vector (a bias, a norm's scale) is one row."""
    return (1.0, float(shape[0])) if len(shape) == 1 else (float(shape[0]), float(shape[1]))


def _sum(record: Recorder, name: str, nodes: Sequence[Node]) -> Node:
    # Embeddings and rest are no sums of parts: they have their own total already.
    return nodes[0] if len(nodes) == 1 and nodes[0].name == name else record(name, add, *nodes, formula=SUM_OF_PARTS)
