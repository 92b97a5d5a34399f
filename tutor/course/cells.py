"""Which cells of a node make a good exercise."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from tutor.course.answers import accepts, readings
from tutor.course.mistakes import Slip
from tutor.engine.trace import Node

Index = tuple[int, ...]
MAXIMUM_CANDIDATES = 400
_WRITTEN_OUT = 1000  # a count from here on is typed digit by digit, not rounded
_NEAR = 8  # rows and columns that a small screen shows without scrolling


def choose_cells(node: Node, slips: Sequence[Slip], count: int, chance: random.Random) -> tuple[Index, ...]:
    """`count` cells (fewer where the node has fewer), in reading order, each telling as many mistakes apart as it can.

    Cells that are 0, as good as 1, not finite, or equal to a neighbour come last, unless a listed mistake shows only
    there; so do those that hold what a chosen one holds.
    """
    candidates, whole = _candidates(node, count, chance), is_whole(node)
    merit = {index: _merit(node, index) for index in candidates}
    dull = sum(value > 0.6 for value in merit.values()) < count
    for index in _elsewhere(node, slips, candidates, dull, whole):
        candidates.append(index)
        merit[index] = _merit(node, index)
    tells = {
        index: frozenset(n for n, slip in enumerate(slips) if distinct(node, slip, index, whole))
        for index in candidates
    }
    chosen: list[Index] = []
    times_told = [0] * len(slips)

    def score(index: Index) -> tuple[float, ...]:
        fresh = sum(all(cell[axis] != index[axis] for cell in chosen) for axis in range(-min(len(index), 2), 0))
        told = sum(1 / (1 + times_told[n]) for n in tells[index]) / max(len(slips), 1)
        untold = sum(not times_told[n] for n in tells[index])
        again = any(node.at(cell) == node.at(index) for cell in chosen)
        return (untold, 2 * merit[index] + 2 * told + 0.5 * fresh - again)

    while candidates and len(chosen) < count:
        best = max(candidates, key=score)  # candidates are shuffled, so ties fall by chance
        candidates.remove(best)
        chosen.append(best)
        for n in tells[best]:
            times_told[n] += 1
    return tuple(sorted(chosen))


def _candidates(node: Node, count: int, chance: random.Random) -> list[Index]:
    """Cells in a chance order, of the first matrix where the node is a stack of them (one head)."""
    rows = node.shape[-2:]
    leading = (0,) * (len(node.shape) - len(rows))
    if math.prod(rows) < count:
        every = [tuple(int(i) for i in index) for index in np.ndindex(*node.shape)]
        chance.shuffle(every)
        return every[:MAXIMUM_CANDIDATES]
    near = tuple(min(size, _NEAR) for size in rows)
    if math.prod(near) < 2 * count:
        near = tuple(min(size, 4 * _NEAR) for size in rows)
    found = [(*leading, *(int(i) for i in index)) for index in np.ndindex(*near)]
    chance.shuffle(found)
    return found[:MAXIMUM_CANDIDATES]


def _elsewhere(node: Node, slips: Sequence[Slip], near: Sequence[Index], dull: bool, whole: bool) -> list[Index]:
    """Cells that are worth scrolling to: where a mistake shows that shows nowhere near, and where all near are dull."""
    sheet = (0,) * max(len(node.shape) - 2, 0)
    value = node.value[sheet].astype(float)
    wanted = [np.where(_is_almost_one(value), 0.0, value)] if dull else []
    wanted += [
        slip.value[sheet] - value for slip in slips if not any(distinct(node, slip, cell, whole) for cell in near)
    ]
    found: dict[Index, None] = {}
    for numbers in wanted:
        size = np.abs(np.nan_to_num(numbers, posinf=0.0, neginf=0.0)).reshape(-1)
        for place in np.argsort(-size, kind="stable")[:_NEAR]:
            found[(*sheet, *(int(i) for i in np.unravel_index(place, value.shape)))] = None
    return [index for index in found if index not in near]


def _merit(node: Node, index: Index) -> float:
    """1 for an instructive cell, less for one that is 0, tiny, 1 or nearly, not finite, or equal to a neighbour."""
    value = node.at(index)
    if not math.isfinite(value):
        return 0.0
    merit = 1.0
    if abs(value) < 0.005 or _is_almost_one(value):
        merit -= 0.7
    elif abs(value) < 0.05 or value == 1:
        merit -= 0.3
    for axis in range(len(index)):
        for step in (-1, 1):
            at = index[axis] + step
            if 0 <= at < node.shape[axis] and node.at((*index[:axis], at, *index[axis + 1 :])) == value:
                return merit - 0.25
    return merit


def _is_almost_one(value: Any) -> Any:
    """A share that leaves nothing worth counting for the others: anyone would guess it."""
    return (0.995 < value) & (value < 1)


def is_whole(node: Node) -> bool:
    """Whether the node holds whole numbers alone, as counts are."""
    finite = node.value[np.isfinite(node.value)]
    return bool((finite == np.round(finite)).all())


def distinct(node: Node, slip: Slip, index: Index, whole: bool) -> bool:
    """Whether the mistake's number, as a learner would round it, is not taken for the right one.

    `whole` says whether all numbers of the node are.
    """
    value, wrong = node.at(index), float(slip.value[index])
    if math.isnan(wrong):
        return False
    if not math.isfinite(wrong):
        return wrong != value
    in_full = wrong == round(wrong) and abs(wrong) >= _WRITTEN_OUT
    typed = [f"{wrong:.0f}"] if in_full else [f"{wrong:#.{digits}g}" for digits in (2, 4)]
    return not any(accepts(value, answer, whole=whole) for text in typed for answer in readings(text))
