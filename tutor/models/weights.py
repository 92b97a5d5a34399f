"""Weights on disk (safetensors), checked against the shapes a config asks for; and weights out of a seed.

The file format: https://github.com/huggingface/safetensors#format. The header is read and checked by itself, so that
no memory is taken for a file that does not hold what it says; bfloat16, which NumPy lacks, is read here as well.
"""

from __future__ import annotations

import json
import math
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from safetensors.numpy import save

from tutor.engine.config import TransformerConfig
from tutor.engine.transformer import weight_shapes
from tutor.models.errors import ModelError

Shape = tuple[int, ...]
STORED = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}
MOST_AXES = 8
QUERY_KEY_VALUE = (".query.weight", ".key.weight", ".value.weight")
LARGEST_HEADER = 100_000_000  # the limit of the format's own library


@dataclass(frozen=True)
class TensorRecord:
    """What the header says of one tensor: its type, its shape and where its bytes stand after the header."""

    dtype: str
    shape: Shape
    start: int
    stop: int


def load_weights(path: str | Path, shapes: Mapping[str, Shape]) -> dict[str, np.ndarray]:
    """The float32 weights of a safetensors file, in the order of `shapes`. Raises ModelError naming file and tensor."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            records, data_start = read_header(file, path)
            check_tensors(records, shapes, path)
            return {name: read_tensor(file, data_start, records[name]) for name in shapes}
    except FileNotFoundError:
        raise ModelError("{path}: there is no such file; a model folder needs its weights", path=path) from None
    except OSError as error:
        raise ModelError("{path}: cannot be read ({reason})", path=path, reason=error.strerror or error) from None


def read_header(file: BinaryIO, path: Path) -> tuple[dict[str, TensorRecord], int]:
    """The records of all tensors, and where their bytes begin. Raises ModelError for a file cut short."""
    header, _notes, data_start = read_parts(file, path)
    room = os.fstat(file.fileno()).st_size - data_start
    return {name: checked_record(name, entry, room, path) for name, entry in header.items()}, data_start


def read_parts(file: BinaryIO, path: Path) -> tuple[dict[str, Any], dict[str, str], int]:
    """The header's entries unchecked, the notes kept with them, and where the bytes begin. Raises ModelError."""
    size = os.fstat(file.fileno()).st_size
    length = int.from_bytes(file.read(8), "little")
    if size < 8 or length > min(LARGEST_HEADER, size - 8):
        raise ModelError("{path}: not a safetensors file, or cut short inside its header", path=path)
    try:
        header = json.loads(file.read(length).decode("utf-8"))
    except (ValueError, RecursionError):
        raise ModelError("{path}: not a safetensors file: its header is not JSON", path=path) from None
    if not isinstance(header, dict):
        raise ModelError("{path}: not a safetensors file: its header is not a table of tensors", path=path)
    notes = header.pop("__metadata__", None)
    return header, notes if isinstance(notes, dict) else {}, 8 + length


def checked_record(name: str, entry: Any, room: int, path: Path) -> TensorRecord:
    """One tensor's record, its bytes known to be in the file and as many as its shape needs. Raises ModelError."""
    try:
        record = TensorRecord(entry["dtype"], tuple(entry["shape"]), *entry["data_offsets"])
        numbers = (*record.shape, record.start, record.stop)
        sound = all(isinstance(number, int) and number >= 0 for number in numbers) and record.start <= record.stop
        sound = sound and isinstance(record.dtype, str) and len(record.shape) <= MOST_AXES
    except (TypeError, KeyError):
        sound = False
    if not sound:
        raise ModelError("{path}: {tensor}: its record in the header makes no sense", path=path, tensor=name)
    if record.stop > room:
        raise ModelError(
            "{path}: {tensor}: the file is cut short ({missing} bytes are missing)",
            path=path,
            tensor=name,
            missing=record.stop - room,
        )
    known = record.dtype in STORED  # a tensor that nobody reads may be of any type
    if known and record.stop - record.start != math.prod(record.shape) * np.dtype(STORED[record.dtype]).itemsize:
        raise ModelError("{path}: {tensor}: its bytes do not match its shape", path=path, tensor=name)
    return record


def check_type(name: str, record: TensorRecord, path: Path) -> None:
    """Raise ModelError for a tensor of a type that weights are not read from."""
    if record.dtype not in STORED:
        raise ModelError(
            "{path}: {tensor}: stored as {dtype}; weights are read from F32, F16 or BF16",
            path=path,
            tensor=name,
            dtype=record.dtype,
        )


def check_tensors(records: Mapping[str, TensorRecord], shapes: Mapping[str, Shape], path: Path) -> None:
    """Raise ModelError for the first tensor that is missing, has another shape, or has no place in the model."""
    for name, shape in shapes.items():
        if name not in records:
            raise ModelError("{path}: {tensor}: missing; the config asks for it", path=path, tensor=name)
        check_type(name, records[name], path)
        if records[name].shape != tuple(shape):
            raise ModelError(
                "{path}: {tensor}: has shape {found}, the config asks for {expected}",
                path=path,
                tensor=name,
                found=list(records[name].shape),
                expected=list(shape),
            )
    for name in records:
        if name not in shapes:
            raise ModelError("{path}: {tensor}: the config has no such tensor", path=path, tensor=name)


def read_tensor(file: BinaryIO, data_start: int, record: TensorRecord) -> np.ndarray:
    """One checked tensor as float32 [shape]."""
    file.seek(data_start + record.start)
    stored = np.fromfile(file, dtype=STORED[record.dtype], count=math.prod(record.shape)).reshape(record.shape)
    if record.dtype == "BF16":  # the upper half of a float32
        return (stored.astype(np.uint32) << 16).view(np.float32)
    return stored.astype(np.float32, copy=False)


def save_weights(weights: Mapping[str, np.ndarray], path: str | Path, half: bool = False) -> None:
    """Write float32 (or, `half` the size, float16) weights as safetensors. Raises ModelError, OSError."""
    dtype = np.float16 if half else np.float32
    for name, array in weights.items() if half else ():
        if not np.isfinite(as_half(array)).all():
            raise ModelError("{path}: {tensor}: has numbers too large for float16", path=path, tensor=name)
    write_whole(Path(path), save({name: np.ascontiguousarray(array, dtype) for name, array in weights.items()}))


def as_half(array: np.ndarray) -> np.ndarray:
    """The array rounded to what float16 can hold."""
    with np.errstate(over="ignore"):  # the caller looks for infinity
        return array.astype(np.float16)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader, whatever happens meanwhile, sees the old one or the whole new one."""
    unfinished = path.with_name(path.name + ".unfinished")
    try:
        with unfinished.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # the bytes before the name, also where the power fails
        os.replace(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def initialise(config: TransformerConfig, seed: int, attention_gain: float = 1.0) -> dict[str, np.ndarray]:
    """Untrained float32 weights, the same for the same seed.

    Matrices as in Glorot and Bengio 2010, equation 16; embeddings normal with deviation d_model^-0.5, which the
    scaling by sqrt(d_model) brings to 1; norms start at scale 1 and shift 0. Biases are small but not zero: a bias
    that can be seen being added teaches more than a row of zeros. The weights of query, key and value are
    `attention_gain` times as large: at √½ they are what one matrix for all three would be (PyTorch's and fairseq's
    attention begin so), and with softer weights at the start a model of many layers learns sooner.
    """
    weights = {name: initial(name, shape, config, seed) for name, shape in weight_shapes(config).items()}
    for name, array in weights.items():
        if name.endswith(QUERY_KEY_VALUE):
            array *= np.float32(attention_gain)
    return weights


def initial(name: str, shape: Shape, config: TransformerConfig, seed: int) -> np.ndarray:
    """One untrained tensor. Its numbers hang on its name and the seed alone, not on which other tensors there are."""
    if name.endswith((".scale", ".deviation")):
        return np.ones(shape, np.float32)
    if name.endswith((".shift", ".mean")):
        return np.zeros(shape, np.float32)
    random = np.random.Generator(np.random.SFC64([seed, zlib.crc32(name.encode())]))
    if name.endswith(".table"):
        return random.standard_normal(shape, np.float32) * np.float32(config.d_model**-0.5)
    reach = 0.1 if len(shape) == 1 else math.sqrt(6 / sum(shape))
    return (random.random(shape, np.float32) - np.float32(0.5)) * np.float32(2 * reach)
