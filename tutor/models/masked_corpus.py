"""What BERT learns from: sentences with masks and, where the model can tell them apart, two sentences at a time.

Devlin et al. 2018, section 3.1: the masked words, and whether the second sentence follows the first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tutor.engine.heads import UNASKED
from tutor.engine.training import Batch
from tutor.models.corpus import Corpus, Ids, Pair, padded
from tutor.models.errors import ModelError
from tutor.models.framing import NEXT_SENTENCE, is_framed
from tutor.models.model import Model

FOLLOWS, ANOTHER = 0, 1  # the classes of next_sentence, as in BERT
WITH_SECOND = 0.3  # where nothing says what follows what, so many sentences get another, so that segments are learned
TRIES = 8


@dataclass(frozen=True)
class MaskedCorpus(Corpus):
    """Sentences for an encoder-only model, masked by BERT's rule (Devlin et al. 2018, section 3.1).

    A share of the tokens is asked for; of these 80 % are masked, 10 % replaced by any word and 10 % left as they are.
    A pair is two sentences; in half of them, where the model learns `next_sentence`, the second is any other's second.
    """

    mask_id: int = 0
    words: tuple[int, ...] = ()  # the ids that a replacement is drawn from
    share: float = 0.15
    framed: bool = False  # start, first sentence, end, second sentence, end
    next_sentence: bool = False

    @classmethod
    def of(cls, model: Model, pairs: Sequence[Pair], batch: int, seed: int = 0, longest: int = 64) -> MaskedCorpus:
        """The pairs in the model's ids (an empty second sentence is none), those too long left out.

        Raises ModelError.
        """
        mask_id, c = model.tokenizer.mask_id, model.config
        if mask_id is None:
            message = "{model} has no token {mask}, so it cannot learn from masks"
            raise ModelError(message, model=model.name, mask="<mask>")
        framed, next_sentence = is_framed(c, model.tokenizer), NEXT_SENTENCE in c.tasks
        encoded = [(list(model.tokenizer.encode(one)), list(model.tokenizer.encode(other))) for one, other in pairs]
        if framed and c.segments > 1 and not next_sentence:
            encoded = _with_seconds(encoded, seed)
        kept = tuple((a, b) for a, b in encoded if a and len(a) + len(b) + framed * (2 + bool(b)) <= longest)
        words = tuple(sorted(set(range(c.vocabulary)) - set(model.tokenizer.specials.values())))
        order = (c.pad_id, c.start_id, c.end_id, batch, seed)
        return cls(kept, *order, mask_id, words, framed=framed, next_sentence=next_sentence)

    def make(self, rows: Sequence[int], chance: np.random.Generator) -> Batch:
        pairs, classes = [], []
        for number in rows:
            first, second = self.pairs[number]
            answer = FOLLOWS if second else UNASKED
            if self.next_sentence and second and chance.random() < 0.5:
                other = self._another(second, chance)
                second, answer = (other, ANOTHER) if other else (second, FOLLOWS)
            pairs.append((first, second))
            classes.append([answer])
        right = padded([self._row(first, second) for first, second in pairs], self.pad_id)
        batch = self._masked(right, chance)
        segments = [[0] * (len(a) + 2) + [1] * (len(b) + 1 if b else 0) for a, b in pairs] if self.framed else None
        tasks = {NEXT_SENTENCE: np.array(classes)} if self.next_sentence else None
        return Batch(*batch, None, padded(segments, 0) if segments else None, tasks)

    def _row(self, first: Ids, second: Ids) -> Ids:
        if not self.framed:
            return first
        return [self.start_id, *first, self.end_id, *second, *([self.end_id] if second else [])]

    def _masked(self, right: np.ndarray, chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Ids with masks, and what is right where a word is asked for."""
        words = right != self.pad_id
        if self.framed:
            words &= (right != self.start_id) & (right != self.end_id)
        draw = np.where(words, chance.random(right.shape), 2.0)
        least = draw.min(axis=-1, keepdims=True)  # of a short sentence at least one token
        asked = (draw < self.share) | (draw == least)
        fate = chance.random(right.shape)
        other = chance.choice(np.asarray(self.words), right.shape)
        ids = np.where(asked & (fate < 0.8), self.mask_id, np.where(asked & (fate >= 0.9), other, right))
        return ids, np.where(asked, right, self.pad_id)

    def _another(self, second: Ids, chance: np.random.Generator) -> Ids:
        """Any other second sentence as long as this, so that its length tells nothing; an empty one if none is."""
        alike = self._seconds[len(second)]
        for _ in range(TRIES):
            other = self.pairs[alike[int(chance.integers(len(alike)))]][1]
            if other != second:
                return other
        return []

    @cached_property
    def _seconds(self) -> dict[int, list[int]]:
        """The pairs with a second sentence, by its length."""
        found: dict[int, list[int]] = defaultdict(list)
        for number, (_first, second) in enumerate(self.pairs):
            if second:
                found[len(second)].append(number)
        return found


def _with_seconds(encoded: list[tuple[Ids, Ids]], seed: int) -> list[tuple[Ids, Ids]]:
    """Some of the sentences with any other beside them."""
    chance = np.random.default_rng([seed, len(encoded)])
    chosen, others = chance.random(len(encoded)) < WITH_SECOND, chance.permutation(len(encoded)).tolist()
    return [
        (first, encoded[other][0] if take and not second else second)
        for (first, second), take, other in zip(encoded, chosen, others, strict=True)
    ]
