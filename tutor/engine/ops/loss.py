"""How wrong the answer is: cross-entropy at each position, its mean, and that of each of many answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tutor.engine.backend import add_at, exponential, namespace, where_array
from tutor.engine.explanation import Addition, Explanation, Index, Region, Term, product
from tutor.engine.ops.base import Operation, Recipe, cell

if TYPE_CHECKING:
    from tutor.engine.trace import Node


class CrossEntropy(Operation):
    """-ln p of the right token at each position, from the logits; 0 at padding.

    With `smoothing` a share of the target goes evenly to all words (Szegedy et al. 2015, section 7).
    """

    name = "cross_entropy"
    formula = r"\ell_t = -\ln p_{t,\,\mathrm{target}_t} = \ln \sum_i e^{z_i} - z_{\mathrm{target}_t}"

    def forward(self, logits: Any, targets: Any, *, smoothing: float = 0.0, pad_id: int | None = None) -> Any:
        xp = namespace(logits)
        largest = xp.max(logits, axis=-1, keepdims=True)  # [..., position, 1]
        total = xp.log(xp.sum(exponential(logits - largest), axis=-1)) + largest[..., 0]  # ln Σ e^z   [..., position]
        flat = xp.reshape(logits, (-1,))
        right = xp.reshape(xp.take(flat, _places(xp, targets, logits.shape[-1]), axis=0), targets.shape)
        losses = total - right
        if smoothing:
            losses = (1 - smoothing) * losses + smoothing * (total - xp.mean(logits, axis=-1))
        return losses if pad_id is None else xp.where(targets == pad_id, where_array(losses, 0.0), losses)

    def axes(self, operands: Sequence[Node], params: dict[str, Any]) -> tuple[str, ...]:
        return operands[1].axis_keys

    def backward(self, record: Any, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        logits, targets = node.operands

        def for_logits(name: str) -> Node:
            return record(name, cross_entropy_backward, gradient, logits, targets, axes=logits.axis_keys, **node.params)

        return for_logits, None

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        logits, targets = operands
        token = int(targets.value[index])
        row = logits.value[index].astype(float)
        largest = float(row.max())
        total = largest + math.log(math.fsum(math.exp(z - largest) for z in row.tolist()))
        smoothing = node.params.get("smoothing", 0.0)
        facts = {"total": total, "target": token}

        def terms():
            if token == node.params.get("pad_id"):
                return ()
            parts = [_given(total), product(cell(logits, (*index, token)), coefficient=smoothing - 1.0)]
            return (*parts, _given(-smoothing * math.fsum(row.tolist()) / len(row))) if smoothing else tuple(parts)

        used: dict[str, Region] = {logits.name: (*index, slice(None)), targets.name: index}
        return Addition(node.name, index, node.at(index), node.formula, terms, used, facts)


class CrossEntropyBackward(Operation):
    """Probabilities minus target: the simplest gradient there is."""

    name = "cross_entropy_backward"
    formula = r"\frac{\partial L}{\partial z_i} = g_t (p_i - y_i)"

    def forward(self, g: Any, logits: Any, targets: Any, *, smoothing: float = 0.0, pad_id: int | None = None) -> Any:
        xp = namespace(logits)
        p = exponential(logits - xp.max(logits, axis=-1, keepdims=True))
        p /= xp.sum(p, axis=-1, keepdims=True)  # [..., position, vocabulary]
        if smoothing:
            p -= smoothing / logits.shape[-1]
        p = add_at(p, _places(xp, targets, logits.shape[-1]), smoothing - 1.0)
        if pad_id is not None:
            g = xp.where(targets == pad_id, where_array(g, 0.0), g)
        p *= xp.expand_dims(g, axis=-1)
        return p

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        g, logits, targets = operands
        *row, i = index
        token = int(targets.value[tuple(row)])
        values = logits.value[tuple(row)].astype(float)
        powers = [math.exp(z - float(values.max())) for z in values.tolist()]
        share = powers[i] / math.fsum(powers)
        smoothing = node.params.get("smoothing", 0.0)
        target = (1 - smoothing) * (i == token) + smoothing / len(powers)

        def terms():
            if token == node.params.get("pad_id"):
                return ()
            slope = cell(g, tuple(row))
            return product(slope, coefficient=share), product(slope, coefficient=-target)

        facts = {"probability": share, "target": target}
        used = {g.name: tuple(row), logits.name: index, targets.name: tuple(row)}
        return Addition(node.name, index, node.at(index), node.formula, terms, used, facts)


class MeanLoss(Operation):
    """The mean over the positions that are not padding."""

    name = "mean_loss"
    formula = r"L = \frac{1}{T} \sum_t \ell_t"

    def forward(self, losses: Any, targets: Any, *, pad_id: int | None = None) -> Any:
        xp = namespace(losses)
        real = losses if pad_id is None else xp.where(targets == pad_id, where_array(losses, 0.0), losses)
        return xp.sum(real) / _count(xp, losses, targets, pad_id)

    def axes(self, operands: Sequence[Node], params: dict[str, Any]) -> tuple[str, ...]:
        return ()

    def backward(self, record: Any, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        losses, targets = node.operands

        def for_losses(name: str) -> Node:
            return record(name, mean_loss_backward, gradient, targets, axes=losses.axis_keys, **node.params)

        return for_losses, None

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        losses, targets = operands
        pad_id = node.params.get("pad_id")
        share = 1 / max(1, _real(targets, pad_id))
        asked = [place for place, number in np.ndenumerate(targets.value) if number != pad_id]

        def terms():
            return tuple(product(cell(losses, place), coefficient=share) for place in asked)

        used: dict[str, Region] = {losses.name: (slice(None),) * len(losses.shape)}
        return Addition(node.name, index, node.at(index), node.formula, terms, used, {"count": round(1 / share)})


class MeanLossBackward(Operation):
    """Every real position has the same say in the mean."""

    name = "mean_loss_backward"
    formula = r"\frac{\partial L}{\partial \ell_t} = \frac{1}{T}"

    def forward(self, g: Any, targets: Any, *, pad_id: int | None = None) -> Any:
        xp = namespace(g)
        shares = xp.broadcast_to(g / _count(xp, g, targets, pad_id), targets.shape)
        return shares if pad_id is None else xp.where(targets == pad_id, where_array(g, 0.0), shares)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        g, targets = operands
        pad_id = node.params.get("pad_id")
        share = 0.0 if int(targets.value[index]) == pad_id else 1 / max(1, _real(targets, pad_id))

        def terms():
            return (product(cell(g, ()), coefficient=share),)

        return Addition(node.name, index, node.at(index), node.formula, terms, {g.name: (), targets.name: index})


class AnswerScores(Operation):
    """How likely each whole answer is: the mean of ln p over its tokens, padding left out.

    Edunov et al. 2018, section 3.2. Losses [answer, position] in, one sentence's answers after the other's; scores
    [sentence, answer] out, for each sentence as many `answers`.
    """

    name = "answer_scores"
    formula = r"u_{sk} = -\frac{1}{T_{sk}} \sum_t \ell_{skt}"

    def forward(self, losses: Any, targets: Any, *, answers: int, pad_id: int) -> Any:
        xp = namespace(losses)
        real = xp.where(targets == pad_id, where_array(losses, 0.0), losses)
        scores = -xp.sum(real, axis=-1) / _count(xp, losses, targets, pad_id, axis=-1)  # [answer]
        return xp.reshape(scores, (-1, answers))  # [sentence, answer]

    def axes(self, operands: Sequence[Node], params: dict[str, Any]) -> tuple[str, ...]:
        return ("sentence", "answer")

    def backward(self, record: Any, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        losses, targets = node.operands

        def for_losses(name: str) -> Node:
            return record(name, answer_scores_backward, gradient, targets, axes=losses.axis_keys, **node.params)

        return for_losses, None

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        losses, targets = operands
        row = index[0] * node.params["answers"] + index[1]
        asked = [t for t, token in enumerate(targets.value[row].tolist()) if token != node.params["pad_id"]]
        share = 1 / max(1, len(asked))

        def terms():
            return tuple(product(cell(losses, (row, t)), coefficient=-share) for t in asked)

        used: dict[str, Region] = {losses.name: (row, slice(None)), targets.name: (row, slice(None))}
        return Addition(node.name, index, node.at(index), node.formula, terms, used, {"count": len(asked)})


class AnswerScoresBackward(Operation):
    """Every token of an answer has the same share in its score."""

    name = "answer_scores_backward"
    formula = r"\frac{\partial L}{\partial \ell_{skt}} = -\frac{1}{T_{sk}} \frac{\partial L}{\partial u_{sk}}"

    def forward(self, g: Any, targets: Any, *, answers: int, pad_id: int) -> Any:
        xp = namespace(g)
        shares = -xp.reshape(g, (-1,)) / _count(xp, g, targets, pad_id, axis=-1)  # [answer]
        rows = xp.broadcast_to(xp.expand_dims(shares, axis=-1), targets.shape)  # [answer, position]
        return xp.where(targets == pad_id, where_array(g, 0.0), rows)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        g, targets = operands
        row, pad_id = index[0], node.params["pad_id"]
        share = 1 / max(1, sum(token != pad_id for token in targets.value[row].tolist()))
        at = divmod(row, node.params["answers"])

        def terms():
            return () if int(targets.value[index]) == pad_id else (product(cell(g, at), coefficient=-share),)

        return Addition(node.name, index, node.at(index), node.formula, terms, {g.name: at, targets.name: index})


def _given(number: float) -> Term:
    return Term(number, (), number)


def _places(xp: Any, targets: Any, width: int) -> Any:
    """The place of each target's cell in the flattened logits; of a target below 0, which is not asked, any place."""
    ids = xp.reshape(targets, (-1,))
    ids = xp.where(ids < 0, ids * 0, ids)
    return xp.arange(ids.shape[0], dtype=ids.dtype, **_device(ids)) * width + ids


def _device(array: Any) -> dict[str, Any]:
    return {"device": array.device} if type(array).__module__.startswith("torch") else {}


def _count(xp: Any, like: Any, targets: Any, pad_id: int | None, axis: int | None = None) -> Any:
    """How many targets are no padding, at least 1; along an axis, of each row."""
    if pad_id is None:
        return math.prod(targets.shape)
    return xp.maximum(xp.sum(xp.astype(targets != pad_id, like.dtype), axis=axis), where_array(like, 1.0))


def _real(targets: Node, pad_id: int | None) -> int:
    return sum(number != pad_id for number in targets.value.reshape(-1).tolist())


cross_entropy, cross_entropy_backward = CrossEntropy(), CrossEntropyBackward()
mean_loss, mean_loss_backward = MeanLoss(), MeanLossBackward()
answer_scores, answer_scores_backward = AnswerScores(), AnswerScoresBackward()
