"""The model run again on the tokens of an earlier trace, with lines of its config or numbers on the way changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from tutor.engine.trace import Trace
from tutor.models.model import Model

Edit = tuple[tuple[int, ...], float]


def editor(edits: Iterable[Edit]) -> Callable[[np.ndarray], np.ndarray]:
    """Puts each number into its cell. Of a shorter sentence the cell may be gone; the edit waits for a longer one."""

    def edit(values: np.ndarray) -> np.ndarray:
        for index, number in edits:
            if all(at < size for at, size in zip(index, values.shape, strict=True)):
                values[index] = number
        return values

    return edit


def rerun(
    model: Model,
    like: Trace,
    config: Mapping[str, Any] | None = None,
    change: Mapping[str, Any] | None = None,
    backend: str = "numpy",
) -> Trace:
    """The answer that the plain model wrote is kept, so that before and after speak of the same words."""
    words: dict[str, Any] = {"change": change or None, "config": dict(config or {}) or None, "backend": backend}
    target_ids = like["decoder.tokens"].value.tolist() if "decoder.tokens" in like else None
    if "segments" in like:
        words["segment_ids"] = like["segments"].value.tolist()
    if "targets" in like and model.reads_masks:  # the right words where they are asked for, else the words read
        asked, read = like["targets"].value, like["tokens"].value
        target_ids = np.where(asked == model.config.pad_id, read, asked).tolist()
    return model.trace_ids(like["tokens"].value.tolist(), target_ids=target_ids, **words)
