"""Answers beside the right one and what each costs: 1 less its BLEU. Written by `answers.py`, read by a training."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tutor.engine.training import Batch
from tutor.models.corpus import Corpus, Ids, Pair, padded, read_lines
from tutor.models.errors import ModelError
from tutor.models.model import Model

ANSWERS = 8  # to each sentence
ORDER = 4  # the longest n-grams of BLEU
ALIKE = 0.02  # where costs differ by less, there is nothing to choose


def sentence_bleu(answer: Sequence[int], right: Sequence[int]) -> float:
    """BLEU of one answer, from 0 to 1, on its tokens; longer n-grams counted once more (Lin and Och 2004)."""
    if not answer:
        return 0.0
    total = 0.0
    for n in range(1, ORDER + 1):
        found, wanted = _n_grams(answer, n), _n_grams(right, n)
        hits = sum(min(count, wanted[gram]) for gram, count in found.items()) + (n > 1)
        if not hits:
            return 0.0
        total += math.log(hits / (max(0, len(answer) - n + 1) + (n > 1)))
    return math.exp(total / ORDER + min(0.0, 1 - len(right) / len(answer)))


def _n_grams(ids: Sequence[int], n: int) -> Counter[tuple[int, ...]]:
    return Counter(tuple(ids[i : i + n]) for i in range(len(ids) - n + 1))


@dataclass(frozen=True)
class AnswerCorpus(Corpus):
    """Sentences with as many answers each. A pair here is a sentence and the longest of its answers."""

    answers: tuple[tuple[Ids, ...], ...] = field(default=(), kw_only=True)
    costs: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.float32), kw_only=True)  # [sentence, answer]

    @classmethod
    def of(
        cls,
        model: Model,
        rows: Iterable[Sequence[str]],
        pairs: Iterable[Pair],
        budget: int,
        seed: int = 0,
        longest: int = 64,
    ) -> AnswerCorpus:
        """Rows of a sentence and answers to it, those left out where no answer is better than the others.

        An answer costs 1 less its BLEU beside the closest of the sentence's translations in `pairs`; a sentence without
        one is left out. A batch has at most `budget` tokens. Raises ModelError where nothing is left.
        """
        translations: dict[str, list[str]] = {}
        for source, target in pairs:
            translations.setdefault(source, []).append(target)
        kept: list[tuple[Ids, list[Ids], list[float]]] = []
        for source, *said in rows:
            right = [list(model.target_tokenizer.encode(one)) for one in translations.get(source, ())]
            if not right:
                continue
            ids = list(model.tokenizer.encode(source))
            answers = [list(model.target_tokenizer.encode(one)) for one in said[:ANSWERS]]
            costs = [1 - max(sentence_bleu(one, target) for target in right) for one in answers]
            fits = len(ids) < longest and all(len(one) < longest for one in answers)
            if fits and len(answers) == ANSWERS and max(costs) - min(costs) >= ALIKE:
                kept.append((ids, answers, costs))
        if not kept:
            raise ModelError("no sentence has {count} answers to choose among", count=ANSWERS)
        c = model.config
        return cls(
            tuple((ids, max(answers, key=len)) for ids, answers, _costs in kept),
            c.pad_id,
            c.start_id,
            c.end_id,
            1,
            seed,
            budget=max(1, budget // ANSWERS),
            answers=tuple(tuple(answers) for _ids, answers, _costs in kept),
            costs=np.array([costs for _ids, _answers, costs in kept], np.float32),
        )

    def make(self, rows: Sequence[int], chance: np.random.Generator) -> Batch:
        sources = [[*self.pairs[i][0], self.end_id] for i in rows for _answer in range(ANSWERS)]
        answers = [one for i in rows for one in self.answers[i]]
        return Batch(
            padded(sources, self.pad_id),
            padded([[*one, self.end_id] for one in answers], self.pad_id),
            padded([[self.start_id, *one] for one in answers], self.pad_id),
            costs=self.costs[list(rows)],
        )


def read_answers(path: Path) -> list[list[str]]:
    """Lines of a sentence and answers to it, a tab between them. Raises ModelError."""
    return [line.split("\t") for line in read_lines(path)]


def with_answers(batches: Iterator[Batch], answers: Iterator[Batch], accumulate: int) -> Iterator[Batch]:
    """So many batches, then one of answers, again and again: what `train` takes for a step."""
    while True:
        for _batch in range(accumulate):
            yield next(batches)
        yield next(answers)
