"""A model that reads series, run on a window of a table: the trace, with the table's own labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tutor.engine.backend import load_backend
from tutor.engine.config import FORECAST, TransformerConfig
from tutor.engine.heads import UNASKED
from tutor.engine.layers import STORED
from tutor.engine.recorder import Change, Recorder
from tutor.engine.trace import Trace
from tutor.engine.transformer import run
from tutor.models.errors import ModelError
from tutor.models.series import chinese
from tutor.models.series.window import Window, read_window

if TYPE_CHECKING:
    from tutor.models.model import Model

PER_STEP = "token_classification"  # where a token is an instant, a class for every step


@dataclass(frozen=True)
class Errors:
    """How far a forecast is off in the mean, in deviations of each variable; and how far thoughtless guesses are."""

    forecast: float
    last: float  # every step like the last one seen
    mean: float  # every step like the mean


def trace_series(
    model: Model,
    text: str,
    change: Mapping[str, Change] | None,
    switches: Mapping[str, Any] | None,
    backend_name: str,
) -> Trace:
    """The trace of a model that reads series. `text` is what `window.py` reads. Raises ModelError."""
    switches = dict(switches or {})
    kin = model.kin.get(str(switches.get("series_tokens", "")))
    if kin is not None:  # another model has learned to read series so
        del switches["series_tokens"]
        return trace_series(kin, text, change, switches, backend_name)
    now = model.switched_to(switches)
    window = read_window(model, now.config, text)
    config = now.config.changed(series=window.numbers.shape)
    weights = dict(now.weights)
    if window.mean is not None and window.deviation is not None:
        weights |= {
            name: row.astype(np.float32) for name, row in zip(STORED, (window.mean, window.deviation), strict=True)
        }
    backend = load_backend(backend_name)
    record = Recorder(model.weights_on(backend, weights), backend, change)
    run(record, config, window.numbers, task_targets=right_answers(model, config, window))
    trace = Trace.of(
        record,
        labels(config, window)
        | {axis: chinese.said(names, window.words) for axis, names in model.class_labels.items()},
        text=window.text,
        target="",
        model=model.name,
        config=config,
        trained=model.trained and not now.new,
        notice=window.notice or now.notice or backend.notice,
    )
    trace.info["window"] = window
    return trace


def right_answers(model: Model, config: TransformerConfig, window: Window) -> dict[str, Any] | None:
    """What is right, as far as the table has it. Raises ModelError for a class that the model does not know."""
    right: dict[str, Any] = {}
    if FORECAST in config.tasks and window.future is not None:
        right[FORECAST] = window.future
    if PER_STEP in config.tasks and config.series_tokens == "instant" and window.classes:
        numbers = {name: number for number, name in enumerate(model.classes)}
        for time, name in zip(window.times, window.classes, strict=True):
            if name and name not in numbers:
                known = ", ".join(numbers)
                raise ModelError(
                    "at {time}: {name!r} is no class; there are {known}", time=time, name=name, known=known
                )
        right[PER_STEP] = [numbers.get(name, UNASKED) for name in window.classes]
    return right or None


def labels(config: TransformerConfig, window: Window) -> dict[str, Sequence[str]]:
    """What stands beside rows and columns: times, variables and, of patches, variable and first time."""
    tokens: Sequence[str] = {"instant": window.times, "variable": window.variables}.get(config.series_tokens, ())
    if config.series_tokens == "patch":
        starts = window.times[:: config.series_patch]
        tokens = tuple(f"{start} {variable}" for variable in window.variables for start in starts)
    return {
        config.stacks[0]: tokens,
        "past": window.times,
        "future": window.later,
        "variable": window.variables,
        "patch": tuple(str(step + 1) for step in range(config.series_patch)),
    }


def errors(trace: Trace) -> Errors | None:
    """The mean absolute errors of a forecast whose future is known; None where it is not."""
    window: Window | None = trace.info.get("window")
    if window is None or window.future is None or "forecast" not in trace:
        return None
    mean, deviation = (trace[name].value.astype(np.float64) for name in STORED)

    def off(guess: np.ndarray) -> float:
        return float(np.abs((guess - window.future) / deviation).mean())

    return Errors(off(trace["forecast"].value), off(window.numbers[-1:]), off(mean))


def said_classes(trace: Trace) -> tuple[tuple[str, str, str], ...]:
    """The likeliest class of every stretch of steps that have the same: first step, last step, class."""
    name = f"{PER_STEP}.logits"
    if "window" not in trace.info or name not in trace:
        return ()
    node = trace[name]
    best = node.value.argmax(axis=-1).tolist()
    times, classes = node.labels
    found: list[tuple[str, str, str]] = []
    for time, number in zip(times, best, strict=True):
        if found and found[-1][2] == classes[number]:
            found[-1] = (found[-1][0], time, found[-1][2])
        else:
            found.append((time, time, classes[number]))
    return tuple(found)
