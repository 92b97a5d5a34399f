"""One named array of a trace, with all that is known about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tutor.engine.backend import Backend
from tutor.engine.explanation import Index
from tutor.engine.formulas import formula_of
from tutor.engine.memory import Memory
from tutor.engine.ops.base import Operation


class TraceError(KeyError):
    """A node or a cell that the trace does not have."""

    def __str__(self) -> str:
        return str(self.args[0])


class Node:
    """One named array of a trace: a weight, an input, or the result of an operation on other nodes."""

    __slots__ = (
        "_array",
        "_backend",
        "_labels",
        "_memory",
        "_value",
        "axis_keys",
        "name",
        "operands",
        "operation",
        "original",
        "own_formula",
        "params",
        "shape",
    )

    def __init__(
        self,
        name: str,
        array: Any,
        axis_keys: tuple[str, ...],
        backend: Backend,
        operation: Operation | None = None,
        operands: tuple[Node, ...] = (),
        params: dict[str, Any] | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.name = name
        self._memory = memory
        self.array = array
        self.axis_keys = axis_keys  # such as "query@decoder": the axis and where its labels come from
        self.operation = operation
        self.operands = operands
        self.params = params or {}
        self.original: np.ndarray | None = None
        self.own_formula = ""  # where the operation's own would say too little
        self._backend = backend
        self._labels: Mapping[str, Sequence[str]] = {}

    def __repr__(self) -> str:
        return f"Node({self.name!r}, {self.op}, {'×'.join(map(str, self.shape))})"

    @property
    def array(self) -> Any:
        """The numbers in the library that computed them; computed now if they are not at hand."""
        array = self._array
        if array is None and self._memory:
            return self._memory.restore(self)
        return array

    @array.setter
    def array(self, array: Any) -> None:
        self._array = array
        self._value: np.ndarray | None = None
        self.shape: tuple[int, ...] = tuple(array.shape)  # the length of every axis

    @property
    def at_hand(self) -> bool:
        """Whether the numbers are there, rather than to be computed when asked for."""
        return self._array is not None

    def forget(self) -> None:
        """Let go of the numbers; they can be computed again."""
        self._array = self._value = None

    @property
    def value(self) -> np.ndarray:
        """The numbers, as a NumPy array of `shape`, whatever library computed them."""
        value = self._value
        if value is None:
            self._value = value = self._backend.to_numpy(self.array)
        return value

    @property
    def op(self) -> str:
        """The operation's name; `weight` or `input` where nothing was computed."""
        return self.operation.name if self.operation else "weight" if self.is_weight else "input"

    @property
    def is_weight(self) -> bool:
        """Whether this is a trained number of the model."""
        return self.operation is None and "weight" in self.params

    @property
    def inputs(self) -> tuple[str, ...]:
        """The operands' names, weights included."""
        return tuple(node.name for node in self.operands)

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes' names, such as ('head', 'query', 'key')."""
        return tuple(key.partition("@")[0] for key in self.axis_keys)

    @property
    def labels(self) -> tuple[Sequence[str], ...]:
        """For every axis the label of every index on it: the tokens themselves where the axis is one of tokens."""
        return tuple(self._axis_labels(key, size) for key, size in zip(self.axis_keys, self.shape, strict=True))

    def _axis_labels(self, key: str, size: int) -> Sequence[str]:
        axis, _, source = key.partition("@")
        for name in (key, source):
            if name and len(self._labels.get(name, ())) == size:
                return self._labels[name]
        return tuple(str(i + (axis == "head")) for i in range(size))  # heads count from 1 on screen

    @property
    def formula(self) -> str:
        """LaTeX: the Transformer's own formula where the node has one, else the operation's."""
        return self.own_formula or formula_of(self) or (self.operation.formula if self.operation else "")

    @property
    def changed(self) -> bool:
        """Whether the learner put these numbers here."""
        return self.original is not None

    def at(self, index: Index) -> float:
        """One cell in float64."""
        return float(self.value[index])
