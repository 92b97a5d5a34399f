"""Relative positions as T5 has them: a learned number for every distance and head, added to the scores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from tutor.engine.backend import namespace, plain_array, scatter_rows
from tutor.engine.explanation import Addition, Explanation, Index, LookUp, Rule, Term, product
from tutor.engine.ops.base import Operation, Recipe, cell

if TYPE_CHECKING:
    from tutor.engine.recorder import Recorder
    from tutor.engine.trace import Node


class RelativeBuckets(Operation):
    """The bucket of the distance from query i to key j: one each for short distances, shared ones for long.

    Raffel et al. 2020, section 2.1. `both_ways` keeps half of the buckets for keys that come after the query;
    without, these all fall into bucket 0.
    """

    name = "relative_buckets"
    formula = r"B_{ij} = \mathrm{bucket}(j - i)"

    def forward(self, query_ids: Any, key_ids: Any, *, buckets: int, distance: int, both_ways: bool) -> Any:
        queries, keys = query_ids.shape[-1], key_ids.shape[-1]
        if both_ways:
            table = bucket_table(keys, buckets, distance, both_ways)[:queries]
        else:  # the queries are the last tokens: those before were decoded earlier
            table = bucket_table(keys, buckets, distance, both_ways)[keys - queries :]
        return plain_array(query_ids, table, "int64")  # [query, key]

    def axes(self, operands: Sequence[Node], params: dict[str, Any]) -> tuple[str, ...]:
        queries, keys = (node.axis_keys[-1].partition("@")[2] for node in operands)
        return (f"query@{queries}", f"key@{keys}")

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        queries, keys = operands
        query, key = index
        if not node.params["both_ways"]:
            query += keys.shape[-1] - queries.shape[-1]
        value = bucket_of(key - query, **node.params)
        facts = {"reason": "distance", "position": key - query, "arithmetic": rf"\mathrm{{bucket}}({key} - {query})"}
        return Rule(node.name, index, node.at(index), node.formula, lambda: (Term(float(value)),), {}, facts)


def bucket_of(offset: int, buckets: int, distance: int, both_ways: bool) -> int:
    """The bucket of a key that stands `offset` positions after the query (before it where negative)."""
    first = 0
    if both_ways:
        buckets //= 2
        first = buckets if offset > 0 else 0
        offset = abs(offset)
    else:
        offset = max(0, -offset)
    exact = buckets // 2
    if offset < exact:
        return first + offset
    # In float32, step by step as the published models were trained with: it decides where a bucket ends.
    share = np.log(np.float32(offset) / np.float32(exact)) / np.float32(math.log(distance / exact))
    return first + min(buckets - 1, exact + int(share * np.float32(buckets - exact)))


@lru_cache(maxsize=16)
def bucket_table(length: int, buckets: int, distance: int, both_ways: bool) -> np.ndarray:
    """The buckets for every query and key of a sentence, [query, key]."""
    row = np.array([bucket_of(offset, buckets, distance, both_ways) for offset in range(1 - length, length)])
    places = np.arange(length)
    return row[places[None, :] - places[:, None] + length - 1]


class RelativeBias(Operation):
    """What the table says for a bucket, head by head: what is added to the score of that query and key."""

    name = "relative_bias"
    formula = r"b^{(h)}_{ij} = T_{B_{ij}, \, h}"

    def forward(self, table: Any, buckets: Any) -> Any:
        xp = namespace(table)
        rows = xp.take(table, xp.reshape(buckets, (-1,)), axis=0)  # [bucket, head] -> [query·key, head]
        return xp.permute_dims(xp.reshape(rows, (*buckets.shape, table.shape[-1])), (2, 0, 1))  # [head, query, key]

    def axes(self, operands: Sequence[Node], params: dict[str, Any]) -> tuple[str, ...]:
        return ("head", *operands[1].axis_keys)

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        table, buckets = node.operands
        rows = table.shape[0]
        return (lambda name: record(name, collect_bias, gradient, buckets, axes=table.axis_keys, rows=rows), None)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        table, buckets = operands
        head, *pair = index
        at = (int(buckets.value[tuple(pair)]), head)

        def terms():
            return (product(cell(table, at)),)

        facts = {"row": at[0], "chosen_by": cell(buckets, tuple(pair))}
        regions = {table.name: at, buckets.name: tuple(pair)}
        return LookUp(node.name, index, node.at(index), node.formula, terms, regions, facts)


class CollectBias(Operation):
    """The gradients of all pairs that share a bucket, added up for each head."""

    name = "collect_bias"
    formula = r"\frac{\partial L}{\partial T_{b h}} = \sum_{i, j: \, B_{ij} = b} g^{(h)}_{ij}"

    def forward(self, g: Any, buckets: Any, *, rows: int) -> Any:
        xp = namespace(g)
        flat = xp.reshape(xp.permute_dims(g, (1, 2, 0)), (-1, g.shape[0]))  # [query·key, head]
        return scatter_rows(rows, xp.reshape(buckets, (-1,)), flat)  # [bucket, head]

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        g, buckets = operands
        row, head = index
        pairs = [tuple(int(i) for i in pair) for pair in np.argwhere(buckets.value == row)]

        def terms():
            return tuple(product(cell(g, (head, *pair))) for pair in pairs)

        used = {g.name: (head, slice(None), slice(None))}
        return Addition(node.name, index, node.at(index), node.formula, terms, used)


relative_buckets, relative_bias, collect_bias = RelativeBuckets(), RelativeBias(), CollectBias()
