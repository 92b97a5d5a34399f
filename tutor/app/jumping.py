"""From a node to the same node of another layer, and from what was typed to where it leads."""

from __future__ import annotations

import re

from tutor.app.walk import Stop, fitted
from tutor.course.places import find_node
from tutor.display.language import _
from tutor.display.titles import long_title
from tutor.engine.trace import Trace, TraceError

LAYER = re.compile(r"(?:^|\.)(encoder|decoder)\.(\d+)\.")
TYPED = re.compile(r"\s*(\d{1,6})?\s*(?:[.,:/ 。，．：]\s*(\d{1,6}))?\s*")


class JumpError(ValueError):
    """What was typed leads nowhere; the message is in the interface's language."""


def layers(trace: Trace, name: str) -> int:
    """How many layers the stack has in which a node stands; 0 for a node outside of the layers."""
    match = LAYER.search(name)
    if match is None:
        return 0
    found = (LAYER.match(one) for one in trace.names)
    return 1 + max(int(one[2]) for one in found if one is not None and one[1] == match[1])


def in_layer(trace: Trace, name: str, layer: int) -> str | None:
    """The same node in another layer (counted from 0); None where it has none."""
    match = LAYER.search(name)
    if match is None or layer < 0:
        return None
    other = f"{name[: match.start(2)]}{layer}{name[match.end(2) :]}"
    try:
        return find_node(trace, other).name
    except TraceError:
        return None


def target(trace: Trace, here: Stop, typed: str) -> Stop:
    """Where `17` (a layer), `17.4` (a layer and a head) or `.4` (a head) leads from a stop. Raises JumpError."""
    match = TYPED.fullmatch(typed)
    if match is None or not (match[1] or match[2]):
        raise JumpError(_("Type a layer such as 2, or a layer and a head such as 2.1."))
    name = here.node
    if match[1]:
        name = _layer(trace, here.node, int(match[1]))
    stop = fitted(trace, Stop(name, here.index))
    if not match[2]:
        return stop
    node, head = trace[name], int(match[2])
    if node.axes[:1] != ("head",):
        raise JumpError(_("There is nothing to choose here: this matrix is not one of many heads."))
    if not 1 <= head <= node.shape[0]:
        raise JumpError(_("There is no head {0}: they go from 1 to {1}.").format(head, node.shape[0]))
    return Stop(name, (head - 1, *stop.index[1:]))


def _layer(trace: Trace, name: str, layer: int) -> str:
    count = layers(trace, name)
    if not count:
        raise JumpError(_("{0} stands in no layer: go to a matrix of a layer first.").format(long_title(name)))
    if not 1 <= layer <= count:
        raise JumpError(_("There is no layer {0}: they go from 1 to {1}.").format(layer, count))
    found = in_layer(trace, name, layer - 1)
    if found is None:
        raise JumpError(_("Layer {0} has no such matrix.").format(layer))
    return found
