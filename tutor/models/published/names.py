"""Where each weight of ours stands in a published file: its names there, and how the tensor is laid out."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from tutor.engine.layers import Shapes
from tutor.models.errors import ModelError
from tutor.models.published.tensors import Stored
from tutor.models.weights import check_type

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Source:
    """A tensor by the names it may have; the first that is there is taken. `{}` stands for the layer's number.

    `turned` is PyTorch's linear map, [output, input, …], where ours is [input, output]; of the last axis then only
    `part` (number, of how many) is ours; and at last it is brought to our shape.
    """

    names: tuple[str, ...]
    turned: bool = False
    part: tuple[int, int] = (0, 1)

    def named(self, layer: str) -> Source:
        """The same with the layer's number in the names."""
        return replace(self, names=tuple(name.replace("{}", layer) for name in self.names))

    def fits(self, stored: Shape, wanted: Shape) -> bool:
        """Whether a tensor of one shape can be brought to the other."""
        if self.turned and len(stored) >= 2:
            stored = (math.prod(stored[1:]), stored[0])
        number, parts = self.part
        if parts > 1:
            if not stored or stored[-1] % parts:
                return False
            stored = (*stored[:-1], stored[-1] // parts)
        return [size for size in stored if size != 1] == [size for size in wanted if size != 1]

    def laid(self, array: np.ndarray, wanted: Shape) -> np.ndarray:
        """The tensor as ours; a view of it where that can be."""
        if self.turned and array.ndim >= 2:
            array = array.reshape(array.shape[0], -1).T
        number, parts = self.part
        if parts > 1:
            width = array.shape[-1] // parts
            array = array[..., number * width : (number + 1) * width]
        return array.reshape(wanted)


Table = Mapping[str, Source]


def same(ours: str, *theirs: str) -> dict[str, Source]:
    """A tensor that is laid out as ours."""
    return {ours: Source(theirs)}


def linear(ours: str, *theirs: str, bias: str = "bias") -> dict[str, Source]:
    """PyTorch's linear map and its bias."""
    return {
        f"{ours}.weight": Source(tuple(f"{name}.weight" for name in theirs), turned=True),
        f"{ours}.bias": Source(tuple(f"{name}.{bias}" for name in theirs)),
    }


def norm(ours: str, *theirs: str) -> dict[str, Source]:
    """A norm's scale and shift, under PyTorch's names or TensorFlow's."""
    return {
        f"{ours}.scale": Source((*(f"{name}.weight" for name in theirs), *(f"{name}.gamma" for name in theirs))),
        f"{ours}.shift": Source((*(f"{name}.bias" for name in theirs), *(f"{name}.beta" for name in theirs))),
    }


LAYER = re.compile(r"\.(\d+)\.")


def source_of(table: Table, weight: str) -> Source:
    """Where a weight stands, by its name with the layer's number taken out."""
    found = LAYER.search(weight)
    if found is None:
        return table[weight]
    return table[LAYER.sub(".{}.", weight, count=1)].named(found[1])


def find(tensors: Collection[str], source: Source, prefixes: tuple[str, ...]) -> str | None:
    """The first of a source's names that is there, with one of the prefixes or without."""
    for name in source.names:
        for prefix in (*prefixes, ""):
            if prefix + name in tensors:
                return prefix + name
    return None


def read_weights(
    tensors: Stored, shapes: Shapes, table: Table, prefixes: tuple[str, ...]
) -> tuple[dict[str, np.ndarray], set[str]]:
    """The weights of the given shapes, and the names of the tensors they came from. Raises ModelError.

    All shapes are checked before the first tensor is read. Weights that come from one tensor share its memory.
    """
    places: dict[str, tuple[str, Source]] = {}
    for weight, shape in shapes.items():
        source = source_of(table, weight)
        name = find(tensors, source, prefixes)
        if name is None:
            wanted = (*prefixes, "")[0] + source.names[0]
            raise ModelError(
                "{path}: {tensor}: missing; the config asks for it", path=tensors.path(wanted), tensor=wanted
            )
        check_type(name, tensors[name], tensors.path(name))
        if not source.fits(tensors[name].shape, shape):
            raise ModelError(
                "{path}: {tensor}: has shape {found}, which does not make the config's {expected}",
                path=tensors.path(name),
                tensor=name,
                found=list(tensors[name].shape),
                expected=list(shape),
            )
        places[weight] = (name, source)
    uses = Counter(name for name, _source in places.values())
    shared: dict[str, np.ndarray] = {}
    weights = {}
    for weight, (name, source) in places.items():
        array = shared[name] if name in shared else tensors.read(name)
        if uses[name] > 1:
            shared[name] = array
        weights[weight] = source.laid(array, shapes[weight])
    return weights, set(uses)
