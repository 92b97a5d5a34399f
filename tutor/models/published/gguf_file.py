"""A GGUF file's header: settings and where each tensor stands.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. The header is read here and not by the format's
own library, so that a file that promises more than it holds costs nothing; the library unpacks the numbers.
"""

from __future__ import annotations

import importlib
import math
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from tutor.models.errors import ModelError
from tutor.models.published.tensors import Stored
from tutor.models.weights import TensorRecord

MAGIC = b"GGUF"
VERSIONS = (2, 3)
NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
TEXT, ARRAY = 8, 9
LARGEST_HEADER = 200_000_000
MOST_AXES = 4
DEEPEST = 3
LONG_ROW = 2048  # blocks of packed numbers


class GGUFFile(Stored):
    """The settings (`metadata`) and the tensors of a file; read as float32. Raises ModelError naming file and tensor.

    Shapes are as in PyTorch: GGUF lists the axes from the last to the first.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.metadata: dict[str, Any] = {}
        self._records: dict[str, TensorRecord] = {}
        self._types: dict[str, Any] = {}
        self._library = _library(path)
        try:
            with path.open("rb") as file:
                _Header(file, path).read_into(self)
        except FileNotFoundError:
            raise ModelError("{path}: there is no such file", path=path) from None
        except OSError as error:
            raise ModelError("{path}: cannot be read ({reason})", path=path, reason=error.strerror or error) from None

    def __getitem__(self, name: str) -> TensorRecord:
        return self._records[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def path(self, name: str) -> Path:
        return self._path

    def add(self, name: str, shape: tuple[int, ...], kind: int, start: int, room: int) -> None:
        """Count a tensor in, its type known and its bytes in the file. Raises ModelError."""
        try:
            packed = self._library.GGMLQuantizationType(kind)
            block, size = self._library.GGML_QUANT_SIZES[packed]
        except (ValueError, KeyError):
            raise ModelError(
                "{path}: {tensor}: stored as type {kind}, which is not known", path=self._path, tensor=name, kind=kind
            ) from None
        if not shape or shape[-1] % block:
            raise ModelError("{path}: {tensor}: its bytes do not match its shape", path=self._path, tensor=name)
        stop = start + math.prod(shape) // block * size
        if stop > room:
            raise ModelError(
                "{path}: {tensor}: the file is cut short ({missing} bytes are missing)",
                path=self._path,
                tensor=name,
                missing=stop - room,
            )
        self._records[name] = TensorRecord("F32", shape, start, stop)
        self._types[name] = packed

    def read(self, name: str) -> np.ndarray:
        record = self._records[name]
        with self._path.open("rb") as file:
            file.seek(record.start)
            data = np.fromfile(file, np.uint8, record.stop - record.start)
        # The library unpacks sixteen rows at a time: longer rows than the tensor's take it a tenth of the time.
        size = self._library.GGML_QUANT_SIZES[self._types[name]][1]
        rows = data.reshape(-1, size * math.gcd(data.size // size, LONG_ROW))
        try:
            return self._library.quants.dequantize(rows, self._types[name]).reshape(record.shape)
        except NotImplementedError:
            kind = self._types[name].name
            raise ModelError(
                "{path}: {tensor}: numbers packed as {kind} cannot be unpacked", path=self._path, tensor=name, kind=kind
            ) from None


def _library(path: Path) -> Any:
    try:
        library = importlib.import_module("gguf")
        importlib.import_module("gguf.quants")
    except ImportError:
        raise ModelError(
            "{path}: reading it needs the package gguf: pip install 'transformer-tutor[gguf]'", path=path
        ) from None
    return library


class _Header:
    """Reads the header of an open file from its beginning, no byte beyond the file's end."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._path = file, path
        self._size = os.fstat(file.fileno()).st_size

    def read_into(self, found: GGUFFile) -> None:
        if self._file.read(4) != MAGIC or self._number("I") not in VERSIONS:
            raise ModelError("{path}: not a GGUF file of version 2 or 3", path=self._path)
        tensors, settings = self._count(24), self._count(12)
        for _number in range(settings):
            key = self._text()
            found.metadata[key] = self._value(self._number("I"))
        places = []
        for _number in range(tensors):
            name, axes = self._text(), self._number("I")
            if axes > MOST_AXES:
                raise self._nonsense()
            shape = tuple(self._number("Q") for _axis in range(axes))
            places.append((name, shape[::-1], self._number("I"), self._number("Q")))
        alignment = found.metadata.get("general.alignment", 32)
        if not isinstance(alignment, int) or not 0 < alignment <= 1 << 20:
            raise self._nonsense()
        start = -(-self._file.tell() // alignment) * alignment
        for name, shape, kind, offset in places:
            found.add(name, shape, kind, start + offset, self._size)

    def _take(self, count: int) -> bytes:
        if count > LARGEST_HEADER or self._file.tell() > LARGEST_HEADER:
            raise self._nonsense()
        data = self._file.read(count)
        if len(data) < count:
            raise ModelError("{path}: the file is cut short inside its header", path=self._path)
        return data

    def _number(self, kind: str) -> Any:
        return struct.unpack("<" + kind, self._take(struct.calcsize("<" + kind)))[0]

    def _count(self, least: int) -> int:
        """How many things follow, each of at least so many bytes."""
        count = self._number("Q")
        if count * least > self._size:
            raise ModelError("{path}: the file is cut short inside its header", path=self._path)
        return count

    def _text(self) -> str:
        return self._take(self._number("Q")).decode("utf-8", "replace")

    def _value(self, kind: int, depth: int = 0) -> Any:
        if kind in NUMBERS:
            return self._number(NUMBERS[kind])
        if kind == TEXT:
            return self._text()
        if kind != ARRAY or depth == DEEPEST:
            raise self._nonsense()
        inner = self._number("I")
        if inner in NUMBERS:
            size = struct.calcsize("<" + NUMBERS[inner])
            count = self._count(size)
            return list(struct.unpack(f"<{count}{NUMBERS[inner]}", self._take(count * size)))
        return [self._value(inner, depth + 1) for _number in range(self._count(8))]

    def _nonsense(self) -> ModelError:
        return ModelError("{path}: its header makes no sense", path=self._path)
