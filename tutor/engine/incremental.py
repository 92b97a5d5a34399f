"""Tracing a sentence of which a trace knows the beginning: only the rows after it are computed.

No token of a decoder alone looks at a later one, so the rows of its first tokens stay as they are whatever follows.
What comes out is a whole trace: every node with all its rows, its operands and its operation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tutor.engine.backend import Backend
from tutor.engine.config import TransformerConfig
from tutor.engine.ops.base import Operation
from tutor.engine.recorder import Change, Recorder
from tutor.engine.trace import Node, Trace

LEAST_WORK = 50_000_000  # rows known times weights; with less, to keep the books takes longer than to compute anew
STACK = "decoder"
ROW_AXES = tuple(f"{axis}@{STACK}" for axis in ("position", "query", "key"))
KEYS = f"key@{STACK}"
# Operations whose every row is made of the same row of their operands, and of weights.
BY_ROW = (
    "linear", "layer_norm", "rms_norm", "relu", "gelu", "gelu_tanh", "silu", "tanh", "add", "multiply", "scale",
    "identity", "look_up", "split_heads", "join_heads", "repeat_heads", "keep_heads", "mask", "softmax",
)  # fmt: skip
COUNTING = ("sinusoid", "position_rows", "rotate")  # the same, and they count the positions
WITH_ALL = ("dot_products", "matmul")  # the same of the first operand; of the second all rows
VIEWS = ("split_heads", "identity")  # cost nothing for all rows, where those are at hand


def recorder_after(
    before: Trace | None,
    config: TransformerConfig,
    weights: Mapping[str, Any],
    ids: Sequence[int],
    backend: Backend,
    change: Mapping[str, Change] | None = None,
) -> Recorder:
    """What records a trace of `ids`: with the rows that the trace `before` knows, where it knows any of use."""
    if before is None or change:
        return Recorder(weights, backend, change)
    count = rows_known(before, config, weights, ids, backend)
    return RowsRecorder(weights, backend, before, count) if count else Recorder(weights, backend)


def rows_known(
    before: Trace, config: TransformerConfig, weights: Mapping[str, Any], ids: Sequence[int], backend: Backend
) -> int:
    """How many rows of a trace of `ids` the trace `before` knows; 0 where it was run otherwise, or is of no use."""
    if config.architecture != "decoder_only" or not config.causal_mask or backend.name != "numpy":
        return 0
    if before.info.get("config") != config or any(before[name].changed for name in before.names):
        return 0
    if any(before[name].array is not weights.get(name) for name in before.weight_names):
        return 0
    known = before["tokens"].value.tolist()
    longest = min(len(known), len(ids) - 1)  # the last row is always computed: what is asked for is seldom nothing new
    count = next((place for place in range(longest) if known[place] != ids[place]), longest)
    if config.padding_mask and config.pad_id in ids[:count]:
        return 0
    size = sum(math.prod(before[name].shape) for name in before.weight_names)
    return count if count > 1 and count * size >= LEAST_WORK else 0


class RowsRecorder(Recorder):
    """Takes the first `count` rows of every node from the trace `before`, and computes those after them.

    Rows that `before` has let go of (see `memory.py`) are not computed again here either: the node can be asked for
    all the same, and is then computed whole.
    """

    def __init__(self, weights: Mapping[str, Any], backend: Backend, before: Trace, count: int) -> None:
        super().__init__(weights, backend)
        self._before = {name: before[name] for name in before.names}
        self._count = count
        self._new: dict[Node, np.ndarray] = {}  # the rows of each node from `count` on

    def __call__(
        self,
        name: str,
        operation: Operation,
        *operands: Node,
        axes: tuple[str, ...] | None = None,
        formula: str = "",
        **params: Any,
    ) -> Node:
        axes = axes or operation.axes(operands, params)
        if operation.name == "cross_entropy" and name in self._before and operands[0].at_hand:
            # The last token known had nothing after it that it should say.
            start = max(0, self._count - 1)
            array = operation.forward(*(_rows(node, start, None) for node in operands), **params)
            array = np.concatenate([self._before[name].array[:start], array])
            return self._kept(name, array, operation, operands, axes, formula, params)
        if operation.name not in (*BY_ROW, *COUNTING, *WITH_ALL) or name not in self._before or _row(axes) is None:
            return super().__call__(name, operation, *operands, axes=axes, formula=formula, **params)
        given = dict(params)
        if operation.name in COUNTING:
            given["offset"] = given.get("offset", 0) + self._count
        new = self.computed(
            name, operation, [self._given(operation, i, node) for i, node in enumerate(operands)], given
        )
        array = self._joined(operation, operands, axes, params, self._before[name], new)
        node = self._kept(name, array, operation, operands, axes, formula, params, new)
        self._new[node] = new
        return node

    def later(self, name: str, operation: Operation, x: Node) -> Node:
        return self._kept(name, None, operation, (x,), x.axis_keys, "", {}, x)

    def _kept(
        self,
        name: str,
        array: np.ndarray | None,
        operation: Operation,
        operands: tuple[Node, ...],
        axes: tuple[str, ...],
        formula: str,
        params: dict[str, Any],
        like: Any = None,
    ) -> Node:
        """The node recorded; without an array it is left to be computed when asked for, shaped `like` these rows."""
        there = array
        if there is None:
            shape = list(like.shape)
            row = _row(axes)
            if row is not None and isinstance(like, np.ndarray):
                shape[row] += self._count
            there = np.broadcast_to(np.float32(0), shape)
        node = Node(name, there, axes, self.backend, operation, operands, params, self._memory)
        node.own_formula = formula
        if array is None:
            node.forget()
        return self._record(node)

    def _given(self, operation: Operation, number: int, node: Node) -> np.ndarray:
        """What an operation reads of an operand to compute the new rows."""
        if operation.name in WITH_ALL and number == 1:
            return node.array
        return self._new[node] if node in self._new else _rows(node, self._count, None)

    def _joined(
        self,
        operation: Operation,
        operands: tuple[Node, ...],
        axes: tuple[str, ...],
        params: dict[str, Any],
        old: Node,
        new: np.ndarray,
    ) -> np.ndarray | None:
        """All rows; None where the old ones are not at hand."""
        if operation.name in VIEWS:
            return operation.forward(operands[0].array, **params) if operands[0].at_hand else None
        square = KEYS in axes and axes.index(KEYS) != _row(axes)
        if not old.at_hand or (square and not all(node.at_hand or node.is_weight for node in operands)):
            return None
        row, count = _row(axes), self._count
        assert row is not None
        shape = list(new.shape)
        shape[row] += count
        joined = np.empty(shape, new.dtype)
        joined[_at(row, count, None)] = new
        if not square:
            joined[_at(row, 0, count)] = old.array[_at(row, 0, count)]
            return joined
        column = axes.index(KEYS)
        known = joined[_at(row, 0, count)]
        known[_at(column, 0, count)] = old.array[_at(row, 0, count)][_at(column, 0, count)]
        # What the first tokens would see of the later ones: nothing, once it is masked.
        known[_at(column, count, None)] = (
            0
            if operation.name == "softmax"
            else operation.forward(*(_corner(node, count) for node in operands), **params)
        )
        return joined


def _row(axes: Sequence[str]) -> int | None:
    """The axis that has a place for every token of the sentence; None where there is none."""
    return next((number for number, axis in enumerate(axes) if axis in ROW_AXES), None)


def _at(axis: int, start: int, stop: int | None) -> tuple[slice, ...]:
    return (*(slice(None),) * axis, slice(start, stop))


def _rows(node: Node, start: int, stop: int | None) -> np.ndarray:
    """Some rows of a node; of what has no row for every token, all."""
    row = _row(node.axis_keys)
    return node.array if row is None or node.is_weight else node.array[_at(row, start, stop)]


def _corner(node: Node, count: int) -> np.ndarray:
    """Of an operand of scores, what those of the first tokens with the later ones are made of."""
    axes, row = node.axis_keys, _row(node.axis_keys)
    if row is None or node.is_weight:
        return node.array
    if axes[row] == KEYS:
        return _rows(node, count, None)
    rows = _rows(node, 0, count)
    return rows[_at(axes.index(KEYS), count, None)] if KEYS in axes else rows
