"""What a model of series learns from: every window of a table, and what comes after it or is right for its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tutor.engine.config import FORECAST, TransformerConfig
from tutor.engine.layers import STORED
from tutor.engine.recorder import Recorder
from tutor.engine.training import Batch
from tutor.engine.transformer import run
from tutor.models.corpus import Corpus, Pair
from tutor.models.errors import ModelError
from tutor.models.series.generated import GENERATORS
from tutor.models.series.run import PER_STEP

if TYPE_CHECKING:
    from tutor.models.model import Model


def generated_rows(table: str, steps: int, seed: int) -> list[Pair]:
    """The rows of a made-up table as a file would have them, each with its class or nothing."""
    made = GENERATORS[table](steps, seed)
    classes = made.classes or ("",) * steps
    return [(",".join(map(repr, row)), one) for row, one in zip(made.numbers.tolist(), classes, strict=True)]


@dataclass(frozen=True)
class SeriesCorpus(Corpus):
    """Windows of one table. A "sentence" is the row at which a window begins."""

    table: np.ndarray | None = None  # [step, variable]
    classes: np.ndarray | None = None  # [step]
    config: TransformerConfig | None = None

    @classmethod
    def of(cls, model: Model, pairs: Sequence[Pair], batch: int, seed: int = 0) -> SeriesCorpus:
        """The windows of the rows. Raises ModelError where the rows do not fit the model."""
        c = model.config
        table = np.array([[float(cell) for cell in row.split(",")] for row, _class in pairs], np.float32)
        if table.shape[1:] != c.series[1:]:
            raise ModelError(
                "{model} reads {count} columns, not {found}", model=model.name, count=c.series[1], found=table.shape[1]
            )
        numbers = {name: number for number, name in enumerate(model.classes)}
        classes = np.array([numbers.get(one, -1) for _row, one in pairs])
        windows = len(table) - c.series[0] - c.horizon + 1
        starts: tuple[tuple[list[int], list[int]], ...] = tuple(([start], []) for start in range(max(0, windows)))
        return cls(starts, c.pad_id, c.start_id, c.end_id, batch, seed, table=table, classes=classes, config=c)

    def make(self, rows: Sequence[int], chance: np.random.Generator) -> Batch:
        assert self.table is not None and self.classes is not None and self.config is not None
        c, starts = self.config, np.array(rows)[:, None]
        stop = starts + c.series[0]
        right: dict[str, Any] = {}
        if FORECAST in c.tasks:
            right[FORECAST] = self.table[stop + np.arange(c.horizon)]
        if PER_STEP in c.tasks:
            right[PER_STEP] = self.classes[starts + np.arange(c.series[0])]
        return Batch(self.table[starts + np.arange(c.series[0])], None, task_targets=right)

    @cached_property
    def stored(self) -> dict[str, np.ndarray]:
        """The mean and the deviation of every variable, which the model keeps beside its weights."""
        assert self.table is not None
        whole = self.table.astype(np.float64)
        return {name: row.astype(np.float32) for name, row in zip(STORED, (whole.mean(0), whole.std(0)), strict=True)}


def series_figures(model: Model, corpus: SeriesCorpus) -> dict[str, float]:
    """The mean absolute errors of forecasts, in deviations, beside those of guesses without thought; or the share of
    steps whose class is said rightly, beside that of the commonest class.
    """
    c, parts = model.config, dict[str, list[np.ndarray]]()
    mean, deviation = (model.weights[name] for name in STORED)

    def count(name: str, each: np.ndarray) -> None:
        parts.setdefault(name, []).append(each.reshape(-1))

    for batch in corpus.once():
        record = Recorder(model.weights)
        run(record, c, batch.ids)
        right = batch.task_targets or {}
        if FORECAST in right:
            guesses = {
                "error": record.nodes["forecast"].value,
                "error_same_as_last": batch.ids[:, -1:],
                "error_mean": mean,
            }
            if c.series[0] >= 24 > c.horizon:  # hours
                guesses["error_same_as_yesterday"] = batch.ids[:, c.series[0] - 24 :][:, : c.horizon]
            for name, guess in guesses.items():
                count(name, np.abs((guess - right[FORECAST]) / deviation))
        if PER_STEP in right:
            said = record.nodes[f"{PER_STEP}.logits"].value.argmax(axis=-1)
            count("accuracy", said == right[PER_STEP])
    found = {name: round(float(np.concatenate(each).mean()), 3) for name, each in parts.items()}
    if "accuracy" in found and corpus.classes is not None:
        commonest = np.bincount(corpus.classes[corpus.classes >= 0]).max() / len(corpus.classes)
        found["accuracy_commonest_class"] = round(float(commonest), 3)
    return found
