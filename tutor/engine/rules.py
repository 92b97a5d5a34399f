"""What may be chosen whatever the probabilities say: the rules that published models come with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Rules:
    """Tokens that end an answer, that must come, and that must not. All lengths count chosen tokens.

    The names that Hugging Face Transformers has for them stand beside.
    """

    ends: tuple[int, ...] = ()  # eos_token_id
    never: tuple[int, ...] = ()  # suppress_tokens, and bad_words_ids of one token
    never_first: tuple[int, ...] = ()  # begin_suppress_tokens
    never_together: tuple[tuple[int, ...], ...] = ()  # bad_words_ids of several
    first: int | None = None  # forced_bos_token_id
    last: int | None = None  # forced_eos_token_id: what the last token that there is room for must be
    shortest: int = 0  # min_new_tokens, min_length: before so many nothing ends
    no_repeat: int = 0  # no_repeat_ngram_size: no row of so many tokens comes twice

    @property
    def are_plain(self) -> bool:
        """Whether they leave every choice to the probabilities."""
        return self == Rules(self.ends)

    def forced(self, number: int, maximum: int) -> int | None:
        """The token that step `number` of at most `maximum` must choose; None where it may choose."""
        if self.last is not None and number == maximum - 1:
            return self.last
        return self.first if number == 0 else None

    def allowed(self, row: np.ndarray, number: int, maximum: int, tokens: Sequence[int]) -> np.ndarray:
        """The probabilities [vocabulary] with zeros for what may not follow `tokens`, of which `number` were chosen.

        What must come has the probability 1.
        """
        if self.are_plain:
            return row
        forced = self.forced(number, maximum)
        if forced is not None:
            return (np.arange(len(row)) == forced).astype(row.dtype)
        forbidden = list(self._forbidden(number, tokens))
        if not forbidden:
            return row
        left = np.array(row)
        left[forbidden] = 0
        return left

    def _forbidden(self, number: int, tokens: Sequence[int]) -> Iterator[int]:
        yield from self.never
        if number == (0 if self.first is None else 1):
            yield from self.never_first
        if number < self.shortest:
            yield from self.ends
        for *before, last in self.never_together:
            if list(tokens[-len(before) :]) == before:
                yield last
        if self.no_repeat and len(tokens) >= self.no_repeat:
            before = list(tokens[len(tokens) - self.no_repeat + 1 :])
            for start in range(len(tokens) - self.no_repeat + 1):
                if list(tokens[start : start + len(before)]) == before:
                    yield tokens[start + len(before)]
