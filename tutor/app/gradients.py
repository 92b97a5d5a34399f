"""From a matrix to its gradient and back, and the test of a gradient: nudge the number and see the loss move."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tutor.app.tracing import Request, compute
from tutor.app.walk import Stop
from tutor.engine.gradient import PREFIX
from tutor.engine.optimiser import PREFIX as STEP
from tutor.engine.trace import Trace

NUDGES = (0.1, 0.01, 0.001)


@dataclass(frozen=True)
class Nudge:
    """A number changed by `by`: how far the gradient says that the loss moves, and how far it moved."""

    by: float
    predicted: float
    measured: float


@dataclass(frozen=True)
class Nudged:
    """What came of nudging one number."""

    stop: Stop
    loss: float
    gradient: float
    nudges: tuple[Nudge, ...]


def underlying(trace: Trace, name: str) -> str:
    """The node that `name` is the gradient of (or a step towards it), or the weight that is stepped; else `name`."""
    if name.startswith(STEP):
        return name.removeprefix(STEP).rpartition(".")[0]
    words = name.removeprefix(PREFIX).split(".") if name.startswith(PREFIX) else []
    while words:
        if (found := ".".join(words)) in trace:
            return found
        words.pop()
    return name


def other_side(trace: Trace, name: str) -> str:
    """The gradient of a node, or the node of a gradient. Raises TraceError where the loss does not depend on it."""
    return underlying(trace, name) if name.startswith(PREFIX) else trace.gradient(underlying(trace, name)).name


def nudged(request: Request, trace: Trace, stop: Stop) -> Nudged:
    """Run the model again with one number a little larger, for each of `NUDGES`. Raises TraceError as `other_side`."""
    name = underlying(trace, stop.node)
    loss, slope = trace["loss"].at(()), trace.gradient(name).at(stop.index)
    nudges = []
    for by in NUDGES:
        others = tuple(edit for edit in request.edits.get(name, ()) if edit[0] != stop.index)
        edits = {**request.edits, name: (*others, (stop.index, trace[name].at(stop.index) + by))}
        moved = compute(replace(request, edits=edits)).trace
        if moved is not None:
            nudges.append(Nudge(by, slope * by, moved["loss"].at(()) - loss))
    return Nudged(Stop(name, stop.index), loss, slope, tuple(nudges))
