"""The tensors of a checkpoint's folder: one safetensors file, or several shards with an index.

Every header is read and checked first, so that it is known what there is before memory is taken for any of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from tutor.models.errors import ModelError
from tutor.models.published.settings import read_json
from tutor.models.weights import TensorRecord, read_header, read_tensor

SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
UNSAFE = ("pytorch_model.bin", "pytorch_model.bin.index.json", "tf_model.h5", "flax_model.msgpack", "model.ckpt.index")
MOST_SHARDS = 1000


class Stored(Mapping[str, TensorRecord]):
    """Tensors in files: what is known of each by its name, before it is read."""

    def path(self, name: str) -> Path:
        """The file that a tensor stands in; for one that is nowhere, the file to look into."""
        raise NotImplementedError

    def read(self, name: str) -> np.ndarray:
        """A tensor as float32. Raises ModelError naming file and tensor."""
        raise NotImplementedError


class Tensors(Stored):
    """What the files of a checkpoint hold, by the tensors' names. Raises ModelError naming file and tensor."""

    def __init__(self, folder: Path) -> None:
        self._places: dict[str, tuple[Path, int, TensorRecord]] = {}
        self.folder = folder
        for path, promised in shards(folder):
            for name, (start, record) in _header(path).items():
                if promised is None or name in promised:
                    self._places[name] = (path, start, record)
            for name in promised or ():
                if name not in self._places:
                    raise ModelError(
                        "{path}: {tensor}: missing; {index} says it is here", path=path, tensor=name, index=INDEX
                    )

    def __getitem__(self, name: str) -> TensorRecord:
        return self._places[name][2]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def path(self, name: str) -> Path:
        return self._places[name][0] if name in self._places else self.folder / SINGLE

    def read(self, name: str) -> np.ndarray:
        path, start, record = self._places[name]
        try:
            with path.open("rb") as file:
                if os.fstat(file.fileno()).st_size < start + record.stop:
                    raise ModelError(
                        "{path}: {tensor}: the file is being changed while it is read", path=path, tensor=name
                    )
                return read_tensor(file, start, record)
        except OSError as error:
            raise ModelError("{path}: cannot be read ({reason})", path=path, reason=error.strerror or error) from None


def _header(path: Path) -> dict[str, tuple[int, TensorRecord]]:
    try:
        with path.open("rb") as file:
            records, start = read_header(file, path)
    except FileNotFoundError:
        raise ModelError("{path}: missing; {index} names it as a part of the model", path=path, index=INDEX) from None
    except OSError as error:
        raise ModelError("{path}: cannot be read ({reason})", path=path, reason=error.strerror or error) from None
    return {name: (start, record) for name, record in records.items()}


def shards(folder: Path) -> list[tuple[Path, set[str] | None]]:
    """The files that hold the weights, each with the names it must hold; None for whatever it holds."""
    if (folder / SINGLE).is_file():
        return [(folder / SINGLE, None)]
    path = folder / INDEX
    if not path.is_file():
        for name in UNSAFE:
            if (folder / name).is_file():
                raise ModelError(
                    "{path}: weights are read from safetensors only, since other formats can run code when they are "
                    "opened; convert it, for instance with model.save_pretrained(folder) in Transformers",
                    path=folder / name,
                )
        raise ModelError("{path}: there is no such file; a checkpoint needs its weights", path=folder / SINGLE)
    names = read_json(path).get("weight_map")
    if not isinstance(names, dict) or not all(isinstance(file, str) for file in names.values()) or not names:
        raise ModelError("{path}: weight_map: must name a file for every tensor", path=path)
    held: dict[str, set[str]] = {}
    for tensor, file in names.items():
        if file in (".", "..") or Path(file).name != file or "\\" in file or "\0" in file:
            raise ModelError("{path}: {tensor}: {file} is no file of this folder", path=path, tensor=tensor, file=file)
        held.setdefault(file, set()).add(tensor)
    if len(held) > MOST_SHARDS:
        raise ModelError("{path}: more than {most} files", path=path, most=MOST_SHARDS)
    return [(folder / file, tensors) for file, tensors in sorted(held.items())]
