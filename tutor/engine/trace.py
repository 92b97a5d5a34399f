"""The trace: a graph of named arrays recorded while a model runs, and the recorder that makes it."""

from __future__ import annotations

import difflib
import fnmatch
import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from tutor.engine.backend import Backend, load_backend
from tutor.engine.counting import TOTAL, record_counts
from tutor.engine.explanation import Changed, Explanation, Index, Leaf
from tutor.engine.gradient import backward
from tutor.engine.lens import Lens
from tutor.engine.memory import BOUND, Memory
from tutor.engine.message import Message
from tutor.engine.node import Node, TraceError
from tutor.engine.ops.base import Operation, OperationError
from tutor.engine.ops.elementwise import multiply
from tutor.engine.optimiser import PREFIX as STEP
from tutor.engine.optimiser import AdamW, record_step
from tutor.engine.sharing import record_shares
from tutor.engine.widths import LABELS, Widths

Change = np.ndarray | Sequence[Any] | float | Callable[[np.ndarray], Any]


class Trace:
    """What a run of a model left: every node by name, in the order computed, and the weights they used.

    `labels` maps a label source ("encoder", "vocabulary@decoder", …) to the labels on it; `info` carries what the
    model knows of this run (text, target, model, config, …), read as attributes.
    """

    def __init__(self, nodes: Iterable[Node], labels: Mapping[str, Sequence[str]] | None = None, **info: Any) -> None:
        self._nodes = {node.name: node for node in nodes if not node.is_weight}
        self._weights: dict[str, Node] = {}
        for node in self._nodes.values():
            self._weights |= {operand.name: operand for operand in node.operands if operand.is_weight}
        for node in (*self._nodes.values(), *self._weights.values()):
            node._labels = labels or {}
        self.info = info
        self._gradients: dict[str, Node] = {}  # by the name of the node they are the gradient of
        self._steps_back: dict[str, Node] = {}  # every node of the way back, by its own name
        self._read_off: dict[str, Node] = {}  # the nodes of the logit lens that were asked for
        self._counts: dict[str, Node] = {}  # how many numbers the weights hold, part by part
        self._shares: dict[str, Node] = {}  # how much weight every head gives to a place
        self._widths: Widths | None = None  # heads of any width, on random numbers
        self._width_seed = 0

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["info"][name]
        except KeyError:
            raise AttributeError(f"this trace has no {name!r}") from None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The computed nodes and the inputs, in the order computed."""
        return tuple(self._nodes)

    @cached_property
    def weight_names(self) -> tuple[str, ...]:
        """The weights, in the order first used."""
        return tuple(self._weights)

    @property
    def gradient_names(self) -> tuple[str, ...]:
        """Every node of the way back from the loss; empty until a gradient was asked for."""
        return tuple(self._steps_back)

    @property
    def _parts(self) -> tuple[dict[str, Node], ...]:
        widths = self._widths.nodes if self._widths is not None else {}
        return self._nodes, self._weights, self._steps_back, self._read_off, self._counts, self._shares, widths

    def __contains__(self, name: object) -> bool:
        return any(name in part for part in self._parts)

    def __getitem__(self, name: str) -> Node:
        node = next((part[name] for part in self._parts if name in part), None)
        if node is None:
            near = difflib.get_close_matches(str(name), (*self.names, *self.weight_names), 3)
            if near:
                raise TraceError(Message("no node called {name}; nearest: {near}", name=name, near=", ".join(near)))
            raise TraceError(Message("no node called {name}; `tutor trace` lists all names", name=name))
        return node

    def find(self, pattern: str) -> tuple[str, ...]:
        """The names that match a glob such as `decoder.*.cross_attention.weights`, nodes before weights."""
        return tuple(name for name in (*self.names, *self.weight_names) if fnmatch.fnmatchcase(name, pattern))

    def gradient(self, name: str) -> Node:
        """d loss / d `name`, a node like any other: `.value` has the node's shape, and its cells can be explained.

        Raises TraceError where this trace has no loss, or where the loss does not depend on the node.
        """
        node = self[name]
        if not self._gradients:
            if "loss" not in self._nodes:
                raise TraceError("this trace has no loss: give the model a target to be measured against")
            self._walk_back()
        found = self._gradients.get(node.name)
        if found is None:
            raise TraceError(f"the loss does not depend on {name}, so it has no gradient")
        return found

    def optimiser_step(self, weight: str, learning_rate: float = 0.01, step: int = 1, **more: Any) -> Node:
        """`weight` after one step of AdamW down its gradient, a node like any other: `step.WEIGHT.after`.

        On the way are `step.WEIGHT.first`, `.second` and `.change`; `optimiser.AdamW` says what `more` may be. Another
        call with the same weight takes the place of the one before. Raises TraceError where it has no gradient.
        """
        node = self[weight]
        if not node.is_weight:
            raise TraceError(Message("{name} is computed, not trained: name a weight", name=weight))
        gradient = self.gradient(node.name)
        everything = (self._gradients[name] for name in self.weight_names if name in self._gradients)
        record = Recorder({}, node._backend)
        after = record_step(record, node, gradient, everything, AdamW(learning_rate, step, **more))
        self._steps_back = {k: v for k, v in self._steps_back.items() if not k.startswith(f"{STEP}{node.name}.")}
        self._add_back(record.nodes)
        return after

    def lens(self, pattern: str = "lens.*.probabilities") -> Node:
        """What the model would say after some layer: `lens.decoder.0.probabilities`, `lens.at.3.logits`, … (`lens.py`).

        Of a glob the first that matches. Raises TraceError where there is no such node, or no words to be read off.
        """
        name = self._lens.find(pattern)
        if name not in self._read_off:
            some = next(iter(self._lens.outputs.values()))
            record = Recorder({}, some._backend, memory=some._memory)
            self._lens.record(record, name)
            for node in record.nodes.values():
                node._labels = some._labels
            self._read_off |= record.nodes
        return self._read_off[name]

    @property
    def lens_names(self) -> tuple[str, ...]:
        """Every node that `lens` can be asked for. Raises TraceError where there is none."""
        return self._lens.names

    @cached_property
    def _lens(self) -> Lens:
        return Lens(self._nodes)

    def count(self, pattern: str = TOTAL) -> Node:
        """How many numbers the weights of this run hold: in all, or in a part, `count.encoder.0.total` (`counting.py`).

        Of a glob the first that matches. Raises TraceError where there is no such node.
        """
        if not self._counts:
            record = Recorder({})
            labels = record_counts(record, self._weights.values())
            for node in record.nodes.values():
                node._labels = labels
            self._counts = record.nodes
        return self._first(self._counts, pattern)

    def share(self, pattern: str = "share.*.before") -> Node:
        """How much weight every head gives to a place, [layer, head]: `share.decoder.before`, … (`sharing.py`).

        Of a glob the first that matches. Raises TraceError where there is no such node.
        """
        if not self._shares:
            some = next(iter(self._nodes.values()))
            record = Recorder({}, some._backend)
            labels = record_shares(record, self._nodes)
            for node in record.nodes.values():
                node._labels = labels
            self._shares = record.nodes
        return self._first(self._shares, pattern)

    def width(self, pattern: str = "width.*.divided.weights", seed: int | None = None) -> Node:
        """A node of a head of any width on random queries and keys: `width.64.divided.weights`, … (`widths.py`).

        Of a glob the first that matches. With another `seed` than before all of them are drawn anew. Raises TraceError
        where there is no such node, or no sentence to draw numbers for.
        """
        if seed is not None:
            self.width_seed = seed
        if self._widths is None:
            if "tokens" not in self._nodes:
                raise TraceError(Message("this trace has no sentence whose tokens could be given queries and keys"))
            tokens = self._nodes["tokens"]
            self._widths = Widths(Recorder({}, tokens._backend), tokens, self._width_seed)
        node, labels = self._widths.find(pattern), {**self._nodes["tokens"]._labels, **LABELS}
        for one in self._widths.nodes.values():
            one._labels = labels
        return node

    @property
    def width_seed(self) -> int:
        """What the random queries and keys of `width` are drawn from. Set to another, it has them drawn anew."""
        return self._width_seed

    @width_seed.setter
    def width_seed(self, seed: int) -> None:
        if seed != self._width_seed:
            self._width_seed, self._widths = seed, None

    @staticmethod
    def _first(nodes: Mapping[str, Node], pattern: str) -> Node:
        found = fnmatch.filter(nodes, pattern)
        if not found:
            near = difflib.get_close_matches(pattern, nodes, 3)
            raise TraceError(Message("no node called {name}; nearest: {near}", name=pattern, near=", ".join(near)))
        return nodes[found[0]]

    def _add_back(self, nodes: Mapping[str, Node]) -> None:
        self._steps_back |= nodes
        for node in nodes.values():
            node._labels = self._nodes["loss"]._labels

    def _walk_back(self) -> None:
        loss = self._nodes["loss"]
        record = Recorder({}, loss._backend)
        found = backward(record, loss)
        self._add_back(record.nodes)
        self._gradients = found

    def explain(self, name: str, index: Sequence[int]) -> Explanation:
        """How one cell came to be. `index` counts from 0 on every axis; negative counts from the end."""
        node = self[name]
        at = self._index(node, index)
        if node.original is not None and not np.array_equal(node.original[at], node.value[at], equal_nan=True):
            facts = {"original": float(node.original[at])}
            return Changed(name, at, node.at(at), node.formula, facts=facts)
        if node.operation is None:
            return Leaf(name, at, node.at(at), facts={"weight": node.is_weight})
        return node.operation.explain(node, at, node.operands)

    @staticmethod
    def _index(node: Node, index: Sequence[int]) -> Index:
        axes = " × ".join(f"{axis} {size}" for axis, size in zip(node.axes, node.shape, strict=True))
        try:
            whole = tuple(operator.index(i) for i in index)
        except TypeError:
            raise TraceError(
                Message("{node} is asked for by whole numbers, one an axis: {axes}", node=node.name, axes=axes)
            ) from None
        if len(whole) != len(node.shape):
            counts = {"count": len(node.shape), "given": len(whole)}
            raise TraceError(
                Message("{node} has {count} axes ({axes}), not {given}", node=node.name, axes=axes, **counts)
            )
        for i, size, axis in zip(whole, node.shape, node.axes, strict=True):
            if not -size <= i < size:
                place = {"node": node.name, "axis": axis, "last": size - 1, "given": i}
                raise TraceError(Message("{node}: {axis} goes from 0 to {last}, not {given}", **place))
        return tuple(i % size for i, size in zip(whole, node.shape, strict=True))


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

    def finish(self, labels: Mapping[str, Sequence[str]] | None = None, **info: Any) -> Trace:
        """The trace of all that was recorded. Raises TraceError where a change named a node that never came."""
        trace = Trace(self.nodes.values(), labels, **info)
        for name in self._change:
            if name not in self._used:
                trace[name]  # raises, naming the nearest
                raise TraceError(f"{name} was not computed in this run, so it cannot be changed")
        return trace
