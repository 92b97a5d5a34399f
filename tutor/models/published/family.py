"""What a family of published models is: how its settings become a config, and what its tensors are called."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tutor.engine.config import TransformerConfig
from tutor.models.errors import ModelError
from tutor.models.published.names import Source, Table, find
from tutor.models.published.settings import Settings
from tutor.models.published.tensors import Stored

ACTIVATIONS = {
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "relu": "relu",
    "silu": "silu",
    "swish": "silu",
}


@dataclass(frozen=True)
class Checkpoint:
    """What a config is read from: the settings, and which tensors there are."""

    settings: Settings
    tensors: Stored
    prefixes: tuple[str, ...] = ()

    @property
    def architecture(self) -> str:
        """The class in Transformers that wrote it; empty where it does not say."""
        return architecture_of(self.settings)

    def has(self, *names: str) -> bool:
        """Whether there is a tensor with one of these names."""
        return find(self.tensors, Source(names), self.prefixes) is not None

    def rows(self, *names: str) -> int:
        """How many rows such a tensor has; 0 where there is none."""
        name = find(self.tensors, Source(names), self.prefixes)
        shape = self.tensors[name].shape if name else ()
        return shape[0] if shape else 0


@dataclass(frozen=True)
class Family:
    """One family. `table` has every weight a config of it may ask for; `prefixes` may stand before a tensor's name.

    Tensors that match a glob of `ignored` hold nothing that is needed: buffers that are computed, copies of tied
    weights.
    """

    config: Callable[[Checkpoint], TransformerConfig]
    table: Table
    architectures: tuple[str, ...]
    prefixes: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    def check(self, settings: Settings) -> None:
        """Raise ModelError for an architecture that has a head, or a mask, that is not known here."""
        architecture = architecture_of(settings)
        if architecture and architecture not in self.architectures:
            raise ModelError(
                "{path}: architectures: {name} is not supported; of this family there are {names}",
                path=settings.path,
                name=architecture,
                names=", ".join(self.architectures),
            )

    def unused(self, names: Iterable[str], used: set[str]) -> tuple[str, ...]:
        """The tensors that no weight was read from though they are none of the ignored ones."""
        globs = [f"{prefix}{glob}" for glob in self.ignored for prefix in ("", *self.prefixes)]
        left = (name for name in names if name not in used)
        return tuple(name for name in left if not any(fnmatch.fnmatchcase(name, glob) for glob in globs))


def architecture_of(settings: Settings) -> str:
    """The class in Transformers that wrote a checkpoint; empty where its settings do not say."""
    names = settings.get("architectures")
    return names[0] if isinstance(names, list) and names and isinstance(names[0], str) else ""


def padding(settings: Settings, end_id: int) -> dict[str, Any]:
    """The padding token of a model that only continues text, which often has none or takes the end token for it."""
    pad_id = settings.token("pad_token_id", end_id)
    return {"pad_id": pad_id, "padding_mask": pad_id != end_id and "pad_token_id" in settings}


def labels(checkpoint: Checkpoint) -> tuple[str, ...]:
    """What the classes are called, in their order; empty where the settings do not say."""
    names = checkpoint.settings.get("id2label")
    if not isinstance(names, dict):
        return ()
    found = [names.get(str(number)) for number in range(len(names))]
    return tuple(str(name) for name in found) if all(isinstance(name, str) for name in found) else ()
