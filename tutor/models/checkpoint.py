"""A training on disk, to go on from: weights, both moments of AdamW, the average, the step, and what was trained how.

One safetensors file with tensors called `weights/…`, `first/…`, `second/…` and `averaged/…`, so that it is replaced as
a whole; what is no tensor stands as JSON among its notes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from tutor.engine.backend import Backend
from tutor.engine.training import Arrays, State
from tutor.models.errors import ModelError
from tutor.models.weights import Shape, TensorRecord, check_tensors, read_header, read_parts, read_tensor, write_whole

FILE_NAME = "checkpoint.safetensors"
FORMAT = 1
GROUPS = ("weights", "first", "second", "averaged")


def save_checkpoint(path: Path, state: State, about: Mapping[str, Any], backend: Backend) -> None:
    """Write a state, replacing an older one only when the new one is whole. Raises OSError."""
    tensors = {
        f"{group}/{name}": np.ascontiguousarray(backend.to_numpy(array), np.float32)
        for group in GROUPS
        for name, array in getattr(state, group).items()
    }
    notes = {"format": FORMAT, "step": state.step, **about}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, save(tensors, {"training": json.dumps(notes, ensure_ascii=False)}))


def read_notes(path: Path) -> dict[str, Any]:
    """What was trained how, and how far, without the tensors. Raises ModelError."""
    try:
        with path.open("rb") as file:
            _entries, notes, _start = read_parts(file, path)
        found = json.loads(notes["training"])
        if found["format"] != FORMAT or not isinstance(found["step"], int):
            raise ValueError
    except OSError as error:
        raise ModelError("{path}: cannot be read ({reason})", path=path, reason=error.strerror or error) from None
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError("{path}: not a checkpoint of a training", path=path) from None
    return found


def load_checkpoint(path: Path, shapes: Mapping[str, Shape], backend: Backend) -> State:
    """The state in a file, on the backend. Raises ModelError where it does not fit the shapes."""
    step = read_notes(path)["step"]
    try:
        with path.open("rb") as file:
            records, start = read_header(file, path)
            groups = _grouped(records, shapes, path)
            arrays = {
                group: {name: read_tensor(file, start, record) for name, record in members.items()}
                for group, members in groups.items()
            }
    except OSError as error:
        raise ModelError("{path}: cannot be read ({reason})", path=path, reason=error.strerror or error) from None

    def placed(group: str) -> Arrays:
        # A copy, in the order of the model's weights, for the order of a sum is part of its result.
        return {name: backend.asarray(arrays[group][name].copy()) for name in shapes if name in arrays[group]}

    return State(placed("weights"), placed("first"), placed("second"), placed("averaged"), step)


def _grouped(
    records: Mapping[str, TensorRecord], shapes: Mapping[str, Shape], path: Path
) -> dict[str, dict[str, TensorRecord]]:
    """The records by group, each known to fit. A weight that nothing depends on has no moments."""
    groups: dict[str, dict[str, TensorRecord]] = {group: {} for group in GROUPS}
    for full_name, record in records.items():
        group, _slash, name = full_name.partition("/")
        if group not in groups:
            raise ModelError("{path}: not a checkpoint of a training", path=path)
        groups[group][name] = record
    check_tensors(groups["weights"], shapes, path)
    for group in GROUPS[1:]:
        check_tensors(groups[group], {name: shapes[name] for name in shapes if name in groups[group]}, path)
    return groups
