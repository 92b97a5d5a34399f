"""Who may look at whom: the mask, and minus infinity where it forbids."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tutor.engine.backend import namespace, plain_array, where_array
from tutor.engine.explanation import Explanation, Index, Mask, Rule, Term
from tutor.engine.ops.backward import mask_backward
from tutor.engine.ops.base import Operation, Recipe, aligned, cell

if TYPE_CHECKING:
    from tutor.engine.recorder import Recorder
    from tutor.engine.trace import Node


class AttentionMask(Operation):
    """1 where a query may look at a key: not at padding (`pad_id`), and not at the future (`causal`).

    With a `window` also not further back than that many tokens, itself included (Beltagy et al. 2020, section 3.1).
    With a `block` every so many tokens are a world of their own.
    """

    name = "attention_mask"
    formula = r"M_{ij} = 1 \; \mathrm{where} \; i \; \mathrm{may} \; \mathrm{see} \; j"

    def forward(
        self, query_ids: Any, key_ids: Any, *, causal: bool, pad_id: int | None, window: int = 0, block: int = 0
    ) -> Any:
        xp = namespace(key_ids)
        queries, keys = query_ids.shape[-1], key_ids.shape[-1]
        one_query = xp.reshape(query_ids, (*query_ids.shape, 1))  # [..., query, 1]
        one_key = xp.reshape(key_ids, (*key_ids.shape[:-1], 1, keys))  # [..., 1, key]
        anything = (one_query == one_query) & (one_key == one_key)  # [..., query, key], all true
        allowed = anything if pad_id is None else anything & (one_key != pad_id)
        if causal and queries > 1:  # a single query is the last token, before which all others stand
            allowed = xp.tril(allowed, k=keys - queries)
        if causal and window:
            allowed = xp.triu(allowed, k=keys - queries - window + 1)
        if block:
            own = np.arange(queries)[:, None] // block == np.arange(keys) // block
            allowed = allowed & plain_array(key_ids, own, "bool")
        return allowed if allowed.ndim == 2 else xp.expand_dims(allowed, axis=-3)  # a batch: [batch, 1, query, key]

    def axes(self, operands: Sequence[Node], params: dict[str, Any]) -> tuple[str, ...]:
        queries, keys = (node.axis_keys[-1].partition("@")[2] for node in operands)
        return (f"query@{queries}", f"key@{keys}")

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        queries, keys = operands
        query, key = index
        token = cell(keys, (key,))
        pad_id, offset = node.params["pad_id"], keys.shape[-1] - queries.shape[-1]
        future = node.params["causal"] and key > query + offset
        padding = pad_id is not None and int(token.value) == pad_id
        window = node.params.get("window", 0) if node.params["causal"] else 0
        far = bool(window) and key <= query + offset - window
        block = node.params.get("block", 0)
        apart = bool(block) and query // block != key // block
        rules = (
            ([rf"{key} \leq {query + offset}"] if node.params["causal"] else [])
            + ([rf"{key} > {query + offset} - {window}"] if window else [])
            + ([rf"{query // block} = {key // block}"] if block else [])
            + ([] if pad_id is None else [rf"{int(token.value)} \neq {pad_id}"])
        )
        reasons = {"padding": padding, "future": future, "far": far, "apart": apart}
        facts = {
            "reason": next((reason for reason, holds in reasons.items() if holds), "allowed"),
            "operands": (token,),
            "arithmetic": " ".join(f"[{rule}]" for rule in rules) or "1",  # Iverson's brackets: 1 where true, else 0
        }

        def terms():
            return (Term(float(facts["reason"] == "allowed")),)

        regions = {keys.name: (key,)}
        return Rule(node.name, index, float(node.value[index]), node.formula, terms, regions, facts)


class MaskScores(Operation):
    """Minus infinity where the mask forbids, before the softmax: e to that power is exactly 0."""

    name = "mask"
    formula = r"\mathrm{masked}_{ij} = s_{ij} \; \mathrm{if} \; M_{ij} = 1, \; \mathrm{else} \; -\infty"

    def forward(self, scores: Any, mask: Any) -> Any:
        xp = namespace(scores)
        allowed = mask if mask.dtype == xp.bool else xp.astype(mask, xp.bool)
        return xp.where(allowed, scores, where_array(scores, -math.inf))

    def axes(self, operands: Sequence[Node], params: dict[str, Any]) -> tuple[str, ...]:
        return operands[0].axis_keys

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        scores, mask = node.operands
        return (lambda name: record(name, mask_backward, gradient, mask, axes=scores.axis_keys), None)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        scores, mask = operands
        score, switch = cell(scores, index), cell(mask, aligned(mask, index))
        allowed = bool(switch.value)

        def terms():
            if allowed:
                return Term(score.value, (score,)), Term(1.0, (switch,))
            return (Term(-math.inf, (switch, score)),)

        facts = {"allowed": allowed, "score": score.value}
        regions = {scores.name: index, mask.name: switch.index}
        return Mask(node.name, index, node.at(index), node.formula, terms, regions, facts)


attention_mask, mask = AttentionMask(), MaskScores()
