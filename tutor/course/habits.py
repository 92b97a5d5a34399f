"""What a head mostly attends to, told from its weights alone.

A head's habit is the place that gets most of its weight beyond what even shares would give it. It is a mean over the
queries that have the place and more than one key to choose from: so it tells what the head does on this sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from tutor.engine.trace import Node, Trace

SELF, BEFORE, AFTER, FIRST, LAST, SAME, COPY = "self", "before", "after", "first", "last", "same", "copy"
ONE, SPREAD, MIXED = "one", "spread", "mixed"
LEAST_EXCESS = 0.15  # so much more than even shares must a place get to be called a habit
LEAST_EVENNESS = 0.85  # of a row's entropy, to its largest: above it a head without a habit spreads its weight
FEWEST_QUERIES = 2

WEIGHTS = re.compile(r"(encoder|decoder)\.(\d+)\.(self_attention|cross_attention)\.weights")


@dataclass(frozen=True)
class Habit:
    """What a head attends to: `share` of its weight, where even shares would give `even`; `key` for one token."""

    kind: str
    share: float = 0.0
    even: float = 0.0
    key: int = -1


@dataclass(frozen=True)
class Block:
    """The attention of one kind in a stack: the names of its weights [head, query, key], layer by layer."""

    stack: str
    kind: str
    names: tuple[str, ...]


def attention_blocks(trace: Trace) -> tuple[Block, ...]:
    """Every self-attention and cross-attention of a trace, in the order computed."""
    found: dict[tuple[str, str], list[str]] = {}
    for name in trace.names:
        if match := WEIGHTS.fullmatch(name):
            found.setdefault((match[1], match[3]), []).append(name)
    ordered = sorted(found.items(), key=lambda item: (item[0][0] == "decoder", item[0][1] == "cross_attention"))
    return tuple(Block(stack, kind, tuple(names)) for (stack, kind), names in ordered)


def habits(trace: Trace, name: str) -> tuple[Habit, ...]:
    """The habit of every head of these attention weights."""
    node = trace[name]
    weights, seen = node.value, _allowed(node)
    places = _places(trace, name, seen)
    return tuple(_habit(head.astype(np.float64), seen, places) for head in weights)


def _allowed(node: Node) -> np.ndarray:
    """Which keys each query may look at, [query, key]."""
    scores = node.operands[0] if node.operands else None
    if scores is not None and scores.op == "mask":
        return np.broadcast_to(scores.operands[1].value != 0, node.shape[-2:])
    return np.ones(node.shape[-2:], dtype=bool)


def _places(trace: Trace, name: str, seen: np.ndarray) -> dict[str, np.ndarray]:
    """The keys that each place means, [query, key]; a row without any has no such place."""
    queries, keys = seen.shape
    first = np.zeros(seen.shape, dtype=bool)
    first[:, 0] = True
    if ".cross_attention." in name:
        last = np.zeros(seen.shape, dtype=bool)
        last[:, _last_seen(seen)] = True
        return {FIRST: first & seen, LAST: last & seen}
    before, here, after = (np.eye(queries, keys, by, dtype=bool) for by in (-1, 0, 1))
    found = {FIRST: first, BEFORE: before, SELF: here, AFTER: after}
    ids = _ids(trace, name, queries)
    if ids is not None:
        same = (ids[:, None] == ids[None, :]) & ~here
        found |= {SAME: same, COPY: np.roll(same, 1, axis=1) & ~here}
        found[COPY][:, 0] = False  # nothing comes before the first token
    return {place: where & seen for place, where in found.items()}


def _last_seen(seen: np.ndarray) -> int:
    return int(np.flatnonzero(seen.any(axis=0)).max(initial=0))


def _ids(trace: Trace, name: str, count: int) -> np.ndarray | None:
    own = "decoder.tokens" if name.startswith("decoder.") and "decoder.tokens" in trace else "tokens"
    ids = trace[own].value if own in trace else None
    return ids if ids is not None and ids.shape == (count,) else None


def _habit(weights: np.ndarray, seen: np.ndarray, places: dict[str, np.ndarray]) -> Habit:
    counts = seen.sum(axis=1)
    chooses = (counts > 1) & (weights.sum(axis=1) > 0)
    if not chooses.any():
        return Habit(MIXED)
    best = Habit(MIXED)
    for kind, where in places.items():
        asked = chooses & where.any(axis=1)
        if asked.sum() < min(FEWEST_QUERIES, chooses.sum()):
            continue
        share = float((weights * where).sum(axis=1)[asked].mean())
        even = float((where.sum(axis=1)[asked] / counts[asked]).mean())
        # A tie goes to the plainer place, which stands first.
        if share - even > best.share - best.even + 1e-9:
            best = Habit(kind, share, even)
    one = _one_key(weights[chooses], seen[chooses])
    if one.share - one.even > best.share - best.even + 0.05:
        best = one
    if best.share - best.even >= LEAST_EXCESS:
        return best
    evenness = _evenness(weights[chooses], counts[chooses])
    return Habit(SPREAD if evenness >= LEAST_EVENNESS else MIXED, evenness)


def _one_key(weights: np.ndarray, seen: np.ndarray) -> Habit:
    """The key that gets most from all queries that see it."""
    shares = weights.sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    shares[seen.sum(axis=0) < min(FEWEST_QUERIES, len(seen))] = 0
    key = int(shares.argmax())
    sees = seen[:, key]
    if not sees.any():
        return Habit(MIXED)
    return Habit(ONE, float(shares[key]), float((1 / seen[sees].sum(axis=1)).mean()), key)


def _evenness(weights: np.ndarray, counts: np.ndarray) -> float:
    """The mean entropy of the rows, as a share of what even shares would have."""
    logs = np.log(weights, where=weights > 0, out=np.zeros_like(weights))
    return float((-(weights * logs).sum(axis=1) / np.log(counts)).mean())
