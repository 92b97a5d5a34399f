"""The trace: a graph of named arrays recorded while a model ran, and all that can be asked of it."""

from __future__ import annotations

import difflib
import fnmatch
import operator
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from tutor.engine.counting import TOTAL, record_counts
from tutor.engine.explanation import Changed, Explanation, Index, Leaf
from tutor.engine.gradient import backward
from tutor.engine.lens import Lens
from tutor.engine.message import Message
from tutor.engine.node import Node, TraceError
from tutor.engine.optimiser import PREFIX as STEP
from tutor.engine.optimiser import AdamW, record_step
from tutor.engine.recorder import Recorder
from tutor.engine.sharing import record_shares
from tutor.engine.widths import LABELS, Widths


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

    @classmethod
    def of(cls, record: Recorder, labels: Mapping[str, Sequence[str]] | None = None, **info: Any) -> Trace:
        """The trace of all that was recorded. Raises TraceError where a change named a node that never came."""
        trace = cls(record.nodes.values(), labels, **info)
        for name in record.changes_without_effect:
            trace[name]  # raises, naming the nearest
            raise TraceError(Message("{name} was not computed in this run, so it cannot be changed", name=name))
        return trace

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
                raise TraceError(Message("this trace has no loss: give the model a target to be measured against"))
            self._walk_back()
        found = self._gradients.get(node.name)
        if found is None:
            raise TraceError(Message("the loss does not depend on {name}, so it has no gradient", name=name))
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
