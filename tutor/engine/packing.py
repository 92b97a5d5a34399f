"""Many arrays end to end in one vector: one call then serves many small ones, and a large one is taken in parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Arrays = dict[str, np.ndarray]
CHUNK = 1 << 15  # numbers at a time: what an update reads and writes then stays in the processor's cache


@dataclass(frozen=True)
class Stretch:
    """Arrays that are neighbours in the vectors, matrices or not, and where they begin and end there."""

    names: tuple[str, ...]
    matrices: bool
    start: int
    stop: int

    def parts(self, slopes: Mapping[str, np.ndarray]) -> Iterator[tuple[slice, np.ndarray]]:
        """Where in the vectors, and what `slopes` has for it in a vector; at most about CHUNK numbers at a time."""
        flat = [slopes[name].reshape(-1) for name in self.names]
        joined = flat[0] if len(flat) == 1 else np.concatenate(flat)
        for at in range(0, len(joined), CHUNK):
            part = joined[at : at + CHUNK]
            yield slice(self.start + at, self.start + at + len(part)), part


class Packing:
    """Several kinds of arrays by the same names (weights, running means), each kind in a vector of its own.

    The arrays in `kinds` are replaced by views of the vectors, so what is done to a vector is done to them.
    """

    def __init__(self, kinds: Sequence[Arrays], names: Iterable[str]) -> None:
        first = kinds[0]
        order = sorted(names, key=lambda name: first[name].ndim < 2)  # matrices in front
        self.names = frozenset(order)
        self.vectors = [np.concatenate([kind[name].reshape(-1) for name in order]) for kind in kinds]
        self._views: list[Arrays] = [{} for _kind in kinds]
        self._places: dict[str, int] = {}
        self._stretches: dict[tuple[str, ...], list[Stretch]] = {}
        at = 0
        for name in order:
            shape, size = first[name].shape, first[name].size
            for kind, views, vector in zip(kinds, self._views, self.vectors, strict=True):
                kind[name] = views[name] = vector[at : at + size].reshape(shape)
            self._places[name] = at
            at += size

    def holds(self, kinds: Sequence[Arrays], names: Iterable[str]) -> bool:
        """Whether these arrays still are the views: none came, none was replaced by another or by a copy."""
        return self.names.issuperset(names) and all(
            kind.get(name) is view and view.base is vector
            for kind, views, vector in zip(kinds, self._views, self.vectors, strict=True)
            for name, view in views.items()
        )

    def stretches(self, names: Iterable[str]) -> list[Stretch]:
        """The arrays of these names, neighbours together until they are some CHUNK numbers."""
        key = tuple(names)
        if key not in self._stretches:
            self._stretches[key] = self._joined(sorted(key, key=self._places.__getitem__))
        return self._stretches[key]

    def _joined(self, order: Sequence[str]) -> list[Stretch]:
        found: list[Stretch] = []
        for name in order:
            array, at = self._views[0][name], self._places[name]
            own = Stretch((name,), array.ndim > 1, at, at + array.size)
            last = found[-1] if found else None
            if last and last.stop == at and last.matrices == own.matrices and own.stop - last.start <= CHUNK:
                found[-1] = Stretch((*last.names, name), own.matrices, last.start, own.stop)
            else:
                found.append(own)
        return found
