"""The recorder: runs the operations of a model and writes down each result under its name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tutor.engine.backend import Backend, load_backend
from tutor.engine.memory import BOUND, Memory
from tutor.engine.node import Node, TraceError
from tutor.engine.ops.base import Operation, OperationError
from tutor.engine.ops.elementwise import multiply

Change = np.ndarray | Sequence[Any] | float | Callable[[np.ndarray], Any]


class Recorder:
    """Runs operations and writes down what they did.

    Call it as `record(name, operation, *nodes, axes=…, **params)`. With `keep=False` it forgets all but what is still
    held by the caller, which is what generation wants. `change` replaces or edits nodes and weights as they come.
    Large arrays beyond `bound` bytes are forgotten and computed again when asked for (see `memory.py`).
    """

    def __init__(
        self,
        weights: Mapping[str, Any],
        backend: Backend | None = None,
        change: Mapping[str, Change] | None = None,
        keep: bool = True,
        bound: float = BOUND,
        dropout: float = 0.0,
        generator: np.random.Generator | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.training = generator is not None
        self._dropout, self._generator = dropout, generator
        self.backend = backend or load_backend("numpy")
        self.nodes: dict[str, Node] = {}
        self._weights = weights
        self._weight_nodes: dict[str, Node] = {}
        self._change = dict(change or {})
        self._used: set[str] = set()
        self._keep = keep
        self._memory = memory or Memory(bound)

    def __call__(
        self,
        name: str,
        operation: Operation,
        *operands: Node,
        axes: tuple[str, ...] | None = None,
        formula: str = "",
        **params: Any,
    ) -> Node:
        """Compute `operation` on the operands and record the result as `name`."""
        array = self.computed(name, operation, [node.array for node in operands], params)
        axes = axes or operation.axes(operands, params)
        kept = operands if self._keep else ()  # else each node would hold all that came before it
        node = Node(name, array, axes, self.backend, operation, kept, params, self._memory)
        node.own_formula = formula
        return self._record(node)

    @staticmethod
    def computed(name: str, operation: Operation, arrays: Sequence[Any], params: Mapping[str, Any]) -> Any:
        """What an operation gives for some arrays. Raises OperationError naming the node for arrays it cannot take."""
        try:
            return operation.forward(*arrays, **params)
        except OperationError as error:
            raise OperationError(f"{name}: {error}") from None
        except (ValueError, IndexError, TypeError, RuntimeError) as error:  # each array library raises its own
            shapes = ", ".join(" × ".join(map(str, array.shape)) or "one number" for array in arrays)
            raise OperationError(f"{name}: {operation.name} cannot take operands of {shapes}: {error}") from error

    def later(self, name: str, operation: Operation, x: Node) -> Node:
        """Record an operation that keeps the shape of `x`, and compute it only when its numbers are asked for."""
        if not self._keep:
            return self(name, operation, x)
        node = Node(name, x.array, x.axis_keys, self.backend, operation, (x,), memory=self._memory)
        node.forget()
        return self._record(node)

    def input(self, name: str, value: Any, axes: tuple[str, ...]) -> Node:
        """Record numbers that come from outside: token ids, a matrix of a hand-size program."""
        return self._record(Node(name, self.backend.asarray(value), axes, self.backend))

    def weight(self, name: str, axes: tuple[str, ...] = ("input", "output")) -> Node:
        """The weight called `name`, as an operand. Raises TraceError where the model has none."""
        if name not in self._weight_nodes:
            if name not in self._weights:
                raise TraceError(f"the model has no weight called {name}")
            array = self.backend.asarray(self._weights[name])
            node = Node(name, array, axes[-len(array.shape) :], self.backend, params={"weight": True})
            self._weight_nodes[name] = self._changed(node)
        return self._weight_nodes[name]

    def dropped(self, node: Node) -> Node:
        """In training, the node with a random share of its numbers set to 0 and the others made up for it.

        Srivastava et al. 2014, section 10; outside training the node itself.
        """
        if not (self._dropout and self._generator):
            return node
        # Two random bytes a number are quick and fine enough: the share is met to 1 in 65,536.
        drawn = np.frombuffer(self._generator.bytes(2 * math.prod(node.shape)), np.uint16)
        limit = round(self._dropout * 65536)
        factors = (drawn >= limit).astype(str(node.array.dtype).rpartition(".")[2]).reshape(node.shape)
        factors *= 65536 / (65536 - limit)
        return self(f"{node.name}.dropped", multiply, node, self.input(f"{node.name}.kept", factors, node.axis_keys))

    def let_go(self) -> None:
        """Forget all that was recorded, and from here on keep nothing but what the caller holds."""
        self._keep, self.nodes = False, {}

    # Where a sentence is decoded token by token these three are more than they are here (see `cache.py`).

    offset = 0  # the position of the first token

    def tokens_so_far(self, tokens: Node) -> Node:
        """The tokens that may be looked at: these, and those before them."""
        return tokens

    def rows_so_far(self, name: str, compute: Callable[[], Node], fixed: bool) -> Node:
        """The keys or values called `name`: those of these tokens, and of those before them unless they are `fixed`."""
        return compute()

    @property
    def changes_without_effect(self) -> tuple[str, ...]:
        """The names in `change` that no node and no weight had."""
        return tuple(name for name in self._change if name not in self._used)

    def has_weight(self, name: str) -> bool:
        """Whether the model has a weight of that name."""
        return name in self._weights

    def _record(self, node: Node) -> Node:
        node = self._changed(node)
        if self._keep:
            self.nodes[node.name] = node
            self._memory.hold(node)
        return node

    def _changed(self, node: Node) -> Node:
        if node.name not in self._change:
            return node
        self._used.add(node.name)
        change = self._change[node.name]
        before = np.array(node.value)
        after = change(before.copy()) if callable(change) else change
        try:
            given = np.asarray(after)
        except ValueError:  # rows of different lengths
            given = np.asarray(None)
        if given.dtype.kind not in "biuf":
            raise TraceError(f"a change of {node.name} must be an array of numbers, or a function that returns one")
        after = given.astype(before.dtype)
        if after.shape != before.shape:
            raise TraceError(f"a change of {node.name} must have its shape {before.shape}, not {after.shape}")
        if before.dtype.kind == "i" and not np.array_equal(after, given):
            raise TraceError(f"{node.name} holds whole numbers, so a change of it must too")
        node.original = before
        node.array = self.backend.asarray(after)
        return node
