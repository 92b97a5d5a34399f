"""How much of a trace stands in memory: the large arrays up to a bound, the others computed again when asked for."""

from __future__ import annotations

import math
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tutor.engine.trace import Node

BOUND = 96_000_000  # bytes
SMALL = 1_000_000  # bytes; what is smaller is never forgotten
# The residual stream stays, so that no number is more than one sub-layer away from numbers that are there.
KEPT = ("add", "identity")


class Memory:
    """The large arrays of one trace, the newest up to `bound` bytes. Those beyond it are forgotten.

    A node whose array was forgotten, or put off, computes it from its operands' when it is asked for. That gives the
    same numbers, for the operation, its operands and their shapes are the same. Safe to ask from several threads.
    """

    def __init__(self, bound: float = BOUND) -> None:
        self._bound = bound
        self._held: dict[Node, int] = {}  # the oldest first
        self._total = 0
        self._lock = Lock()

    def hold(self, node: Node) -> None:
        """Count a node's array in, and forget the oldest ones that no longer fit beside it."""
        if self._bound == math.inf:
            return
        size = 4 * math.prod(node.shape)
        if not node.at_hand or size < SMALL or node.operation is None or node.operation.name in KEPT or node.changed:
            return
        with self._lock:
            self._total += size - self._held.pop(node, 0)
            self._held[node] = size
            for oldest in list(self._held):
                if self._total <= self._bound or oldest is node:
                    break
                self._total -= self._held.pop(oldest)
                oldest.forget()

    def restore(self, node: Node) -> Any:
        """The array of a node, computed from its operands."""
        assert node.operation is not None
        node.array = array = node.operation.forward(*(operand.array for operand in node.operands), **node.params)
        self.hold(node)
        return array
