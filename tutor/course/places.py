"""From what a lesson says to nodes and cells of a trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tutor.course.counterparts import STACKS, counterpart
from tutor.course.schema import Place
from tutor.engine.counting import PREFIX as COUNT
from tutor.engine.explanation import Cell
from tutor.engine.gradient import PREFIX as GRADIENT
from tutor.engine.lens import PREFIX as LENS
from tutor.engine.message import Message
from tutor.engine.optimiser import PARTS
from tutor.engine.optimiser import PREFIX as STEP
from tutor.engine.sharing import PREFIX as SHARE
from tutor.engine.trace import Node, Trace, TraceError
from tutor.engine.widths import PREFIX as WIDTH


class PlaceError(ValueError):
    """A `look_at` that the node cannot satisfy; the message says which axis and its range."""


def find_node(trace: Trace, pattern: str) -> Node:
    """The node with that name, or the first that matches the glob. Raises TraceError with the nearest names.

    A name or a glob after `gradient.` means the gradient of what it finds; between `step.` and one of the optimiser's
    parts (`step.logits.weight.after`) it means a weight; after `lens.` stands a layer (`lens.0.probabilities`) or a
    position (`lens.at.3.probabilities`) of the logit lens; `count.encoder.0.total` counts weights,
    `share.decoder.before` says what heads attend to, `width.64.divided.weights` is a head of any width on random
    numbers. All are computed when first asked for. In a model of one stack, a name in the other stack means its
    counterpart.
    """
    if pattern in trace:
        return trace[pattern]
    if pattern.startswith(GRADIENT):
        return trace.gradient(find_node(trace, pattern.removeprefix(GRADIENT)).name)
    if pattern.startswith(STEP):
        return _of_step(trace, pattern)
    if pattern.startswith(LENS):
        return trace.lens(pattern)
    if pattern.startswith(COUNT):
        return trace.count(_in_its_stack(trace, pattern))
    if pattern.startswith(SHARE):
        return trace.share(_in_its_stack(trace, pattern))
    if pattern.startswith(WIDTH):
        return trace.width(pattern)
    found = trace.find(pattern)
    if not found and (other := counterpart(trace, pattern)):
        return find_node(trace, other)
    if not found:
        if any(sign in pattern for sign in "*?["):
            raise TraceError(Message("no node matches {pattern}; `tutor trace` lists all names", pattern=pattern))
        return trace[pattern]
    return trace[found[0]]


def is_at_hand(trace: Trace, pattern: str) -> bool:
    """Whether `find_node` need not walk back through the model for it, or read words off a layer."""
    return not pattern.startswith((GRADIENT, STEP, LENS, COUNT, SHARE, WIDTH)) or pattern in trace


def _in_its_stack(trace: Trace, pattern: str) -> str:
    """`share.encoder.first` is `share.decoder.first` in a model without an encoder, and the other way about."""
    words = pattern.split(".")
    if words[1] in STACKS and f"{words[1]}.output" not in trace:
        words[1] = STACKS[1 - STACKS.index(words[1])]
    return ".".join(words)


def _of_step(trace: Trace, pattern: str) -> Node:
    weight, _point, part = pattern.removeprefix(STEP).rpartition(".")
    if part not in PARTS:
        raise TraceError(Message("{name} is no part of a step; there are {parts}", name=part, parts=", ".join(PARTS)))
    found = find_node(trace, weight).name
    if f"{STEP}{found}.after" not in trace:
        trace.optimiser_step(found)
    return trace[f"{STEP}{found}.{part}"]


def cell_at(node: Node, look_at: Mapping[str, Place]) -> tuple[int, ...]:
    """The cell that `look_at` means; axes it does not name are looked at from their start.

    The largest of an axis is the largest number there once all other axes have their places.
    """
    index = [0] * len(node.shape)
    for axis, place in sorted(look_at.items(), key=lambda item: item[1] == "largest"):
        if axis not in node.axes:
            names = {"node": node.name, "axis": axis, "axes": ", ".join(node.axes)}
            raise PlaceError(Message("{node} has no axis {axis!r}; it has {axes}", **names))
        at = node.axes.index(axis)
        size = node.shape[at]
        if place == "largest":
            row = node.value[tuple(slice(None) if i == at else index[i] for i in range(len(index)))]
            index[at] = int(np.argmax(row))
            continue
        index[at] = 0 if place == "first" else size - 1 if place == "last" else int(place)
        if not 0 <= index[at] < size:
            where = {"node": node.name, "axis": axis, "last": size - 1, "given": place}
            raise PlaceError(Message("{node}: {axis} goes from 0 to {last}, not {given}", **where))
    return tuple(index)


def cell_label(node: Node, index: tuple[int, ...], words: int = 1) -> str:
    """The cell by its labels, such as `weights[1, am, student]`. Labels are foreign text: show them as such.

    `words` is how many of the last words of the node's name stand before the labels.
    """
    labels = (axis[i] for axis, i in zip(node.labels, index, strict=True))
    mark, parts = ("∂", node.name.removeprefix(GRADIENT)) if node.name.startswith(GRADIENT) else ("", node.name)
    return mark + ".".join(parts.split(".")[-words:]) + (f"[{', '.join(labels)}]" if index else "")


def cell_labels(trace: Trace, cells: Sequence[Cell]) -> list[str]:
    """The labels of several cells, with enough of the nodes' names to tell those nodes apart."""
    nodes = {cell.node for cell in cells}
    split = [(name.startswith(GRADIENT), name.split(".")) for name in nodes]
    words = next((n for n in (1, 2, 3) if len({(of, tuple(name[-n:])) for of, name in split}) == len(nodes)), 9)
    return [cell_label(trace[cell.node], cell.index, words) for cell in cells]
