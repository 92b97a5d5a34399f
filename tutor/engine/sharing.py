"""How much of its weight every head gives to a place: to itself, its neighbours, the first token, to one token.

All are nodes [layer, head], recorded when asked for, each cell a mean over the rows of that head's weights:

- `share.decoder.itself`, `.before`, `.after`: to the token itself, the one before it, the one after it;
- `share.decoder.first`: to the first token, by the rows from the third on (of the second it is the one before);
- `share.decoder.largest`: to whichever token gets most. Near 1 a head looks at one token at a time, small it spreads.

(`share.encoder.…` likewise.) The first row is left out of `itself` and `largest`: a decoder's has no choice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tutor.engine.backend import namespace, plain_array
from tutor.engine.explanation import Addition, Explanation, Index, product
from tutor.engine.ops.base import Operation, cell

if TYPE_CHECKING:
    from tutor.engine.node import Node
    from tutor.engine.recorder import Recorder

PREFIX = "share."
PLACES = ("itself", "before", "after", "first", "largest")
_FIRST_ROW = {"itself": 1, "before": 1, "after": 0, "first": 2, "largest": 1}
_WEIGHTS = re.compile(r"(encoder|decoder)\.\d+\.self_attention\.weights")


class MeanShare(Operation):
    """The mean weight that the rows of every head give to a place, the matrices of the layers one below the other."""

    name = "mean_share"
    formula = r"s = \frac{1}{m} \sum_i A_{i,\,j(i)}"

    def forward(self, *layers: Any, place: str) -> Any:
        return namespace(layers[0]).stack([_means(weights, place) for weights in layers])  # [layer, head]

    def axes(self, operands: Sequence[Node], params: dict[str, Any]) -> tuple[str, ...]:
        return ("layer", "head")

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        layer, head = index
        weights = operands[layer]
        rows, keys = looked_at(weights.value[head], node.params["place"])
        share = 1 / max(len(rows), 1)

        def terms():
            return tuple(
                product(cell(weights, (head, row, key)), coefficient=share, text=rf"\frac{{1}}{{{len(rows)}}}")
                for row, key in zip(rows.tolist(), keys.tolist(), strict=True)
            )

        used = {weights.name: (head, slice(None), slice(None))}
        return Addition(node.name, index, node.at(index), node.formula, terms, used, {"rows": len(rows)})


mean_share = MeanShare()


def looked_at(weights: np.ndarray, place: str) -> tuple[np.ndarray, np.ndarray]:
    """The rows that have such a place, and in each the key it is, from one head's weights [query, key]."""
    rows = np.arange(_FIRST_ROW[place], len(weights) - (place == "after"))
    if place == "largest":
        return rows, weights[rows].argmax(axis=-1)
    return rows, {"itself": rows, "before": rows - 1, "after": rows + 1, "first": 0 * rows}[place]


def _means(weights: Any, place: str) -> Any:
    """Of every head [head]; 0 where the sentence is too short to have such a place."""
    xp = namespace(weights)
    queries, keys = weights.shape[-2:]
    dtype = str(weights.dtype).rpartition(".")[2]
    rows = np.arange(_FIRST_ROW[place], queries - (place == "after"))
    if place == "largest":
        of_rows, largest = np.zeros(queries), xp.max(weights, axis=-1)  # [head, query]
        of_rows[rows] = 1 / max(len(rows), 1)
        return xp.sum(largest * plain_array(weights, of_rows, dtype), axis=-1)
    where = np.zeros((queries, keys))
    where[looked_at(where, place)] = 1 / max(len(rows), 1)
    return xp.sum(weights * plain_array(weights, where, dtype), axis=(-2, -1))


def record_shares(record: Recorder, nodes: Mapping[str, Node]) -> dict[str, tuple[str, ...]]:
    """Record the shares of every stack that has a self-attention, and return the labels of their axes."""
    stacks: dict[str, list[Node]] = {}
    for name, node in nodes.items():
        if match := _WEIGHTS.fullmatch(name):
            stacks.setdefault(match[1], []).append(node)
    for stack, layers in stacks.items():
        for place in PLACES:
            axes = (f"layer@{PREFIX}{stack}", "head")
            record(f"{PREFIX}{stack}.{place}", mean_share, *layers, axes=axes, place=place)
    # Layers count from 1 on screen, as heads do.
    return {f"layer@{PREFIX}{stack}": tuple(str(i + 1) for i in range(len(found))) for stack, found in stacks.items()}
