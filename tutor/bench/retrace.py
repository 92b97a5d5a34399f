"""One more token at the end of a sentence: a trace after the one before, against the whole anew."""

from collections.abc import Iterator

import numpy as np

from tutor.bench import gpt2_shape
from tutor.bench.figure import Figure, medians, timed
from tutor.engine.backend import load_backend
from tutor.engine.incremental import recorder_after
from tutor.engine.recorder import Recorder
from tutor.engine.trace import Trace
from tutor.engine.transformer import run

LENGTHS = (8, 32, 128, 512)


def measure(repeat: int) -> Iterator[Figure]:
    """One figure a length."""
    weights = gpt2_shape.random_weights()
    for length in LENGTHS:
        ids = gpt2_shape.random_ids(length)
        before = _traced(weights, ids[:-1], None)

        def whole(ids: np.ndarray = ids) -> float:
            return timed(lambda: _traced(weights, ids, None)["logits"].value)

        def after(ids: np.ndarray = ids, before: Trace = before) -> float:
            return timed(lambda: _traced(weights, ids, before)["logits"].value)

        after()
        ours, theirs = medians([after, whole], repeat)
        name = f"one token typed after {length - 1}, GPT-2 small shape"
        yield Figure(name, "ms", ours * 1e3, theirs * 1e3, "everything computed anew")


def _traced(weights: dict[str, np.ndarray], ids: np.ndarray, before: Trace | None) -> Trace:
    record: Recorder = recorder_after(before, gpt2_shape.CONFIG, weights, ids.tolist(), load_backend("numpy"))
    run(record, gpt2_shape.CONFIG, ids)
    return Trace.of(record, config=gpt2_shape.CONFIG)
