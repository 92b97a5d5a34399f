"""Sentence pairs on disk to batches of ids: some held out, the others shuffled each epoch, like lengths together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tutor.engine.training import Batch
from tutor.models.errors import ModelError
from tutor.models.model import Model

Pair = tuple[str, str]
Ids = list[int]
CHUNK = 64  # so many batches are sorted by length at a time


def read_pairs(path: Path) -> list[Pair]:
    """Pairs from lines of tab-separated columns: source, target; further columns are left alone. Raises ModelError."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError("the corpus {path} cannot be read: {error}", path=path, error=error) from None
    pairs = [tuple(line.split("\t")[:2]) for line in lines if line.count("\t")]
    if not pairs:
        raise ModelError("the corpus {path} has no line with a tab between source and target", path=path)
    return [(source, target) for source, target in pairs if source and target]


def split(pairs: Sequence[Pair], held_out: int, seed: int) -> tuple[list[Pair], list[Pair]]:
    """Pairs to train on and pairs to validate on; neither sentence of the latter stands in the former."""
    sources, targets = Counter(s for s, _ in pairs), Counter(t for _, t in pairs)
    alone = [i for i, (s, t) in enumerate(pairs) if sources[s] == 1 and targets[t] == 1]
    chosen = set(np.random.default_rng(seed).permutation(alone)[:held_out].tolist())
    return [p for i, p in enumerate(pairs) if i not in chosen], [pairs[i] for i in sorted(chosen)]


def padded(rows: Sequence[Ids], pad_id: int) -> np.ndarray:
    """Rows of ids in one array [sentence, position], filled up with padding."""
    out = np.full((len(rows), max(map(len, rows))), pad_id, dtype=np.int64)
    for row, ids in zip(out, rows, strict=True):
        row[: len(ids)] = ids
    return out


@dataclass(frozen=True)
class PairCorpus:
    """Encoded pairs for an encoder-decoder. `batch` is the number of sentences in each."""

    pairs: tuple[tuple[Ids, Ids], ...]
    pad_id: int
    start_id: int
    end_id: int
    batch: int
    seed: int = 0

    @classmethod
    def of(cls, model: Model, pairs: Sequence[Pair], batch: int, seed: int = 0, longest: int = 64) -> PairCorpus:
        """The pairs in the model's ids, those with more than `longest` tokens left out."""
        encoded = ((list(model.tokenizer.encode(s)), list(model.target_tokenizer.encode(t))) for s, t in pairs)
        kept = tuple((s, t) for s, t in encoded if len(s) < longest and len(t) < longest)
        c = model.config
        return cls(kept, c.pad_id, c.start_id, c.end_id, batch, seed)

    @property
    def batches_an_epoch(self) -> int:
        """How many batches hold every pair once."""
        return -(-len(self.pairs) // self.batch)

    def batches(self, step: int = 0) -> Iterator[Batch]:
        """Batches without end from batch number `step` on; the same seed gives the same order, wherever it is begun."""
        while True:
            epoch, done = divmod(step, self.batches_an_epoch)
            for rows in self._epoch(epoch)[done:]:
                yield self._batch(rows)
                step += 1

    def _epoch(self, epoch: int) -> list[list[int]]:
        chance = np.random.default_rng([self.seed, epoch])
        order = chance.permutation(len(self.pairs)).tolist()
        rows: list[list[int]] = []
        for start in range(0, len(order), self.batch * CHUNK):
            chunk = sorted(order[start : start + self.batch * CHUNK], key=self._length)
            rows += [chunk[i : i + self.batch] for i in range(0, len(chunk), self.batch)]
        return [rows[i] for i in chance.permutation(len(rows))]

    def _length(self, number: int) -> tuple[int, int]:
        source, target = self.pairs[number]
        return len(target), len(source)

    def _batch(self, rows: Sequence[int]) -> Batch:
        sources = [[*self.pairs[i][0], self.end_id] for i in rows]
        targets = [self.pairs[i][1] for i in rows]
        return Batch(
            padded(sources, self.pad_id),
            padded([[*t, self.end_id] for t in targets], self.pad_id),
            padded([[self.start_id, *t] for t in targets], self.pad_id),
        )
