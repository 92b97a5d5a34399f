"""Sentences on disk to batches of ids: some held out, the others shuffled each epoch, like lengths together."""

from __future__ import annotations

import random
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from tutor.engine.training import Batch
from tutor.models.errors import ModelError
from tutor.models.model import Model
from tutor.models.published.tokenizer import AnyTokenizer
from tutor.models.tokenizer import Tokenizer

Pair = tuple[str, str]
Ids = list[int]
CHUNK = 64  # so many batches are sorted by length at a time
SENTENCE_ENDS = tuple(".?!。？！")
ALL_SMALL, NO_MARK, NO_APOSTROPHE = 0.6, 0.6, 0.25  # how often people type so: an estimate, nothing is counted
IN_ORDER = 0xFFFF_FFFF  # in place of an epoch's number, for what is not shuffled


def read_lines(path: Path) -> list[str]:
    """The lines of a corpus that are not empty. Raises ModelError."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise ModelError("the corpus {path} is not there; name its folder with --data", path=path) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError("the corpus {path} cannot be read: {error}", path=path, error=error) from None
    found = [line for line in lines if line.strip()]
    if not found:
        raise ModelError("the corpus {path} has no sentence in it", path=path)
    return found


def read_pairs(path: Path) -> list[Pair]:
    """Pairs from lines of tab-separated columns: source, target; further columns are left alone. Raises ModelError."""
    rows = [line.split("\t") for line in read_lines(path)]
    pairs = [(row[0], row[1]) for row in rows if len(row) > 1 and row[0] and row[1]]
    if not pairs:
        raise ModelError("the corpus {path} has no line with a tab between source and target", path=path)
    return pairs


def split(pairs: Sequence[Pair], held_out: int, seed: int) -> tuple[list[Pair], list[Pair]]:
    """Pairs to train on and pairs to validate on; neither sentence of the latter stands in the former."""
    sources, targets = Counter(s for s, _ in pairs), Counter(t for _, t in pairs)
    alone = [i for i, (s, t) in enumerate(pairs) if sources[s] == 1 and targets[t] == 1]
    chosen = set(np.random.default_rng(seed).permutation(alone)[:held_out].tolist())
    return [p for i, p in enumerate(pairs) if i not in chosen], [pairs[i] for i in sorted(chosen)]


def without(pairs: Sequence[Pair], held_out: Sequence[Pair]) -> list[Pair]:
    """The pairs of a second corpus that share no sentence with those held out of the first."""
    sources, targets = {s for s, _ in held_out}, {t for _, t in held_out}
    return [(s, t) for s, t in pairs if s not in sources and t not in targets]


def first_of_each(pairs: Sequence[Pair]) -> list[Pair]:
    """Of the pairs with the same source the first alone, so that a model need not waver between its translations."""
    found: dict[str, str] = {}
    for source, target in pairs:
        found.setdefault(source, target)
    return list(found.items())


def joined(pairs: Sequence[Pair], count: int, seed: int) -> list[Pair]:
    """`count` pairs made of two each, one after the other, so that a model also learns from long texts.

    Nguyen et al. 2021, "Data Augmentation by Concatenation for Low-Resource Translation". The first of two comes to its
    end with a mark, where any does.
    """
    if not count:
        return []
    random_numbers = np.random.default_rng(seed)
    ending = [pair for pair in pairs if pair[0].endswith(SENTENCE_ENDS)] or pairs
    firsts = random_numbers.integers(len(ending), size=count)
    seconds = random_numbers.integers(len(pairs), size=count)
    return [_after_each_other(ending[i], pairs[j]) for i, j in zip(firsts, seconds, strict=True)]


def _after_each_other(first: Pair, second: Pair) -> Pair:
    """Texts of two pairs as people would write them: no space after a Chinese mark."""
    source, target = (
        f"{one}{' ' if one[-1:].isascii() else ''}{other}".strip() for one, other in zip(first, second, strict=True)
    )
    return source, target


def as_typed(pairs: Sequence[Pair], count: int, seed: int) -> list[Pair]:
    """`count` of the pairs, their sources as people type them: in small letters, without a last mark or apostrophes.

    The targets stay as they are, so that a model answers these with what it answers to the sentence written properly.
    """
    if not count:
        return []
    random_numbers = np.random.default_rng(seed)
    which = random_numbers.integers(len(pairs), size=count)
    ways = random_numbers.random((count, 3))  # [pair, letters mark apostrophes]
    return [(_as_typed(pairs[i][0], *way), pairs[i][1]) for i, way in zip(which, ways, strict=True)]


def _as_typed(source: str, letters: float, mark: float, apostrophes: float) -> str:
    """A source changed as three random numbers below 1 say; the first letter always."""
    text = source.lower() if letters < ALL_SMALL else f"{source[:1].lower()}{source[1:]}"
    if mark < NO_MARK:
        text = text.rstrip("".join(SENTENCE_ENDS)) or text
    if apostrophes < NO_APOSTROPHE:
        text = text.replace("'", "").replace("’", "") or text
    return text


def fingerprint(pairs: Sequence[object]) -> str:
    """A short text that another corpus, or the same in another order, hardly ever has."""
    return f"{len(pairs)}-{zlib.crc32(repr(list(pairs)).encode('utf-8', 'surrogatepass')):08x}"


def padded(rows: Sequence[Sequence[int]], pad_id: int) -> np.ndarray:
    """Rows of ids in one array [sentence, position], filled up with padding."""
    out = np.full((len(rows), max(map(len, rows))), pad_id, dtype=np.int64)
    for row, ids in zip(out, rows, strict=True):
        row[: len(ids)] = ids
    return out


@dataclass(frozen=True)
class Corpus:
    """Encoded sentences and the order they are read in.

    `batch` is the number of sentences in each batch. With `budget` a batch holds as many as have that many tokens
    together, padding included, on their longer side: the loss is a mean over tokens, so with as many sentences in each
    batch a token of a short sentence weighs more than one of a long sentence.
    """

    pairs: tuple[tuple[Ids, Ids], ...]  # where there is no target, the sentence and nothing
    pad_id: int
    start_id: int
    end_id: int
    batch: int
    seed: int = 0
    budget: int = field(default=0, kw_only=True)

    @cached_property
    def batches_an_epoch(self) -> int:
        """How many batches hold every sentence once."""
        return len(self._within_budget(range(len(self.pairs)))) if self.budget else -(-len(self.pairs) // self.batch)

    def batches(self, step: int = 0) -> Iterator[Batch]:
        """Batches without end from batch number `step` on; the same seed gives the same order, wherever it is begun."""
        while self.pairs:
            epoch, done = divmod(step, self.batches_an_epoch)
            for number, rows in enumerate(self._epoch(epoch)[done:], done):
                yield self.make(rows, np.random.default_rng([self.seed, epoch, number]))
                step += 1

    def once(self) -> Iterator[Batch]:
        """Every sentence once, short ones first, always the same: for measuring."""
        order = sorted(range(len(self.pairs)), key=self._length)
        for number, start in enumerate(range(0, len(order), self.batch)):
            rows = order[start : start + self.batch]
            yield self.make(rows, np.random.default_rng([self.seed, IN_ORDER, number]))

    def make(self, rows: Sequence[int], chance: np.random.Generator) -> Batch:
        """One batch of the sentences with these numbers."""
        raise NotImplementedError

    def _epoch(self, epoch: int) -> list[list[int]]:
        chance = np.random.default_rng([self.seed, epoch])
        order = chance.permutation(len(self.pairs)).tolist()
        rows = self._within_budget(order) if self.budget else self._of_one_size(order)
        return [rows[i] for i in chance.permutation(len(rows))]

    def _of_one_size(self, order: Sequence[int]) -> list[list[int]]:
        """`batch` sentences each, like lengths together, as far as a part of the epoch has them."""
        rows: list[list[int]] = []
        for start in range(0, len(order), self.batch * CHUNK):
            chunk = sorted(order[start : start + self.batch * CHUNK], key=self._length)
            rows += [chunk[i : i + self.batch] for i in range(0, len(chunk), self.batch)]
        return rows

    def _within_budget(self, order: Sequence[int]) -> list[list[int]]:
        """Like lengths together. How many batches that makes hangs on the lengths alone, so every epoch has as many."""
        rows: list[list[int]] = [[]]
        longest = 0
        for number in sorted(order, key=self._length):
            tokens = 1 + max(self._length(number))
            longest = max(longest, tokens)
            if rows[-1] and (len(rows[-1]) + 1) * longest > self.budget:
                rows.append([])
                longest = tokens
            rows[-1].append(number)
        return rows

    def _length(self, number: int) -> tuple[int, int]:
        source, target = self.pairs[number]
        return len(target), len(source)


@dataclass(frozen=True)
class PairCorpus(Corpus):
    """Pairs for an encoder-decoder, by teacher forcing: the decoder reads the target and says the next token of it.

    With `respell` the words of a source fall into other pieces each time they are read.
    """

    respell: Callable[[Ids, random.Random], Ids] | None = field(default=None, kw_only=True)

    @classmethod
    def of(
        cls,
        model: Model,
        pairs: Sequence[Pair],
        batch: int,
        seed: int = 0,
        longest: int = 64,
        piece_dropout: float = 0.0,
    ) -> PairCorpus:
        """The pairs in the model's ids, those with more than `longest` tokens left out."""
        encoded = ((list(model.tokenizer.encode(s)), list(model.target_tokenizer.encode(t))) for s, t in pairs)
        kept = tuple((s, t) for s, t in encoded if len(s) < longest and len(t) < longest)
        c = model.config
        respell = respeller(model.tokenizer, piece_dropout, longest) if piece_dropout else None
        return cls(kept, c.pad_id, c.start_id, c.end_id, batch, seed, respell=respell)

    def make(self, rows: Sequence[int], chance: np.random.Generator) -> Batch:
        sources = [[*source, self.end_id] for source in self._sources(rows, chance)]
        targets = [self.pairs[i][1] for i in rows]
        return Batch(
            padded(sources, self.pad_id),
            padded([[*t, self.end_id] for t in targets], self.pad_id),
            padded([[self.start_id, *t] for t in targets], self.pad_id),
        )

    def _sources(self, rows: Sequence[int], chance: np.random.Generator) -> list[Ids]:
        sources = [self.pairs[i][0] for i in rows]
        if self.respell is None:
            return sources
        draw = random.Random(int(chance.integers(1 << 62)))
        return [self.respell(ids, draw) for ids in sources]


def respeller(tokenizer: AnyTokenizer, dropout: float, longest: int) -> Callable[[Ids, random.Random], Ids]:
    """What gives a sentence in other pieces by leaving out merges; as it was where it would grow too long."""
    if not isinstance(tokenizer, Tokenizer):
        raise ModelError("piece_dropout needs a tokenizer of the tutor's own")

    def respell(ids: Ids, chance: random.Random) -> Ids:
        respelt = tokenizer.respelt(tokenizer.decode(ids), dropout, chance)
        return respelt if len(respelt) < longest else ids

    return respell


class NextWordCorpus(Corpus):
    """Sentences for a decoder-only model: at every token it says the next, and after the last the end."""

    @classmethod
    def of(cls, model: Model, lines: Sequence[str], batch: int, seed: int = 0, longest: int = 64) -> NextWordCorpus:
        """The sentences in the model's ids, those with more than `longest` tokens left out."""
        encoded = (list(model.tokenizer.encode(line)) for line in lines)
        c = model.config
        kept = tuple((ids, Ids()) for ids in encoded if 0 < len(ids) <= longest)
        return cls(kept, c.pad_id, c.start_id, c.end_id, batch, seed)

    def make(self, rows: Sequence[int], chance: np.random.Generator) -> Batch:
        sentences = [self.pairs[i][0] for i in rows]
        following = [[*ids[1:], self.end_id] for ids in sentences]
        return Batch(padded(sentences, self.pad_id), padded(following, self.pad_id))
