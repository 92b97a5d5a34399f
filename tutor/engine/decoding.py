"""From probabilities to text: greedy, beam search and sampling, every step with the candidates it chose among."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tutor.engine.backend import Backend
from tutor.engine.cache import NextToken, NextTokens, Work
from tutor.engine.choosing import Decoding, best_places, chances_of, draw
from tutor.engine.config import TransformerConfig

SHOWN = 10  # the candidates a step of greedy decoding or sampling keeps


@dataclass(frozen=True)
class Candidate:
    """One token that a hypothesis could go on with."""

    token: int
    label: str
    parent: int  # which survivor of the step before it continues
    logit: float
    probability: float  # the model's, of this token
    log_probability: float
    total: float  # the log-probability of the whole hypothesis, this token included
    score: float  # what hypotheses are ranked by: `total` over the length penalty
    chance: float  # of being chosen: sampling draws by it; greedy decoding and beam search know it beforehand
    fate: str = "dropped"  # or "kept", or "ended" for an end token that was chosen


@dataclass(frozen=True)
class Hypothesis:
    """A continuation: its tokens without the end token, and what the model thinks of it."""

    ids: tuple[int, ...] = ()
    log_probability: float = 0.0  # of the end token too, where it ended
    score: float = 0.0
    ended: bool = False  # else it was cut off at the length asked for

    @property
    def probability(self) -> float:
        """The model's probability of exactly this continuation."""
        return math.exp(self.log_probability)


@dataclass(frozen=True)
class Step:
    """The candidates of one step, the best first (greedy and sampling keep the likeliest and the one chosen)."""

    number: int
    candidates: tuple[Candidate, ...]
    hypotheses: tuple[Hypothesis, ...]  # all that ended so far or go on, the highest score first
    work: Work = Work()  # what the key-value cache saved
    # Of every token, [hypothesis, vocabulary], in the order of the survivors before, where it was asked for.
    probabilities: np.ndarray | None = field(default=None, repr=False, compare=False)

    @property
    def survivors(self) -> tuple[Candidate, ...]:
        """Those that the next step goes on from, in the order that its candidates' `parent` counts."""
        return tuple(candidate for candidate in self.candidates if candidate.fate == "kept")

    @property
    def ended(self) -> tuple[Candidate, ...]:
        """Those that came to their end here."""
        return tuple(candidate for candidate in self.candidates if candidate.fate == "ended")


def greedy(
    weights: Mapping[str, Any],
    config: TransformerConfig,
    ids: Sequence[int],
    maximum: int,
    backend: Backend | None = None,
) -> list[int]:
    """The most likely continuation of at most `maximum` tokens, without the start token, up to but not with the end.

    An encoder-decoder answers `ids`; a decoder-only model continues them; an encoder-only one has nothing to say.
    A model with learned positions also ends where it has no more of them.
    """
    answer: list[int] = []
    maximum = longest(config, ids, maximum)
    if maximum < 1:
        return answer
    following = NextToken(weights, config, ids, backend)
    probabilities = following.first()
    while (best := int(np.argmax(probabilities))) != config.end_id:
        answer.append(best)
        if len(answer) == maximum:
            break
        probabilities = following.following(best)
    return answer


def greedy_each(
    weights: Mapping[str, Any],
    config: TransformerConfig,
    sentences: np.ndarray,
    maximum: int,
    backend: Backend | None = None,
) -> list[list[int]]:
    """What `greedy` gives for each of several sentences [sentence, position], padded, for an encoder-decoder."""
    answers: list[list[int]] = [[] for _sentence in sentences]
    maximum = longest(config, (), maximum)
    writing = set(range(len(answers))) if maximum > 0 else set()
    following = NextTokens(weights, config, sentences, backend)
    probabilities = following.first() if writing else np.zeros((0, 0))
    while writing:
        best = np.argmax(probabilities, axis=-1).tolist()
        writing -= {sentence for sentence in writing if best[sentence] == config.end_id}
        for sentence in writing:
            answers[sentence].append(best[sentence])
        writing -= {sentence for sentence in writing if len(answers[sentence]) == maximum}
        if writing:
            probabilities = following.following_each(best, range(len(answers)))
    return answers


def longest(config: TransformerConfig, ids: Sequence[int], maximum: int) -> int:
    """`maximum`, or as many tokens as there is room for where positions are learned; 0 without a decoder."""
    if config.architecture == "encoder_only":
        return 0
    if config.position != "learned":
        return maximum
    before = 1 if config.architecture == "encoder_decoder" else len(ids)
    return min(maximum, config.maximum_positions - before + 1)


def decode_steps(
    weights: Mapping[str, Any],
    config: TransformerConfig,
    ids: Sequence[int],
    maximum: int,
    settings: Decoding,
    labels: Sequence[str] | None = None,
    backend: Backend | None = None,
    cached: bool = True,
    with_all: bool = False,
) -> Iterator[Step]:
    """The steps of one decoding as they are taken, at most `maximum` of them; what was found is in the last.

    Beam search stops once `beams` hypotheses have ended. There are no steps where `greedy` would give no tokens for
    want of a decoder or of positions. `labels` name the tokens of the candidates. `with_all` keeps the probabilities
    of every token in the steps, which of a large vocabulary are many.
    """
    maximum = longest(config, ids, maximum)
    if maximum < 1:
        return iter(())
    if settings.strategy == "beam":
        several = NextTokens(weights, config, ids, backend, cached)
        return _beam_steps(several, settings, config.end_id, maximum, labels, with_all)
    one = NextToken(weights, config, ids, backend, cached)
    return _single_steps(one, settings, config.end_id, maximum, labels, with_all)


def _single_steps(
    following: NextToken, settings: Decoding, end_id: int, maximum: int, labels: Sequence[str] | None, with_all: bool
) -> Iterator[Step]:
    """Greedy decoding and sampling: one hypothesis."""
    random = np.random.default_rng(settings.seed)
    so_far = Hypothesis()
    row = following.first()
    for number in range(maximum):
        chances = chances_of(row, settings)
        token = int(np.argmax(chances)) if settings.strategy == "greedy" else draw(chances, random.random())
        shown, logits = best_places(row, SHOWN), following.logits
        candidates = []
        for place in shown if token in shown else [*shown[:-1], token]:
            fate = "dropped" if place != token else "ended" if token == end_id else "kept"
            numbers = float(logits[place]), float(row[place]), float(chances[place])
            candidates.append(_candidate(place, 0, numbers, so_far, 0.0, labels, fate))
        chosen = next(candidate for candidate in candidates if candidate.token == token)
        so_far = _extended(so_far, chosen)
        everything = row[None] if with_all else None
        yield Step(number, tuple(candidates), (so_far,), following.work, everything)
        if so_far.ended:
            return
        if number + 1 < maximum:
            row = following.following(token)


def _beam_steps(
    following: NextTokens, settings: Decoding, end_id: int, maximum: int, labels: Sequence[str] | None, with_all: bool
) -> Iterator[Step]:
    """Beam search: the best `beams` hypotheses side by side; those that end among the best make room for others."""
    running: list[Hypothesis] = [Hypothesis()]
    ended: list[Hypothesis] = []
    rows = following.first()
    for number in range(maximum):
        pairs = _best_continuations(rows, running, 2 * settings.beams)
        fates = _fates([token for _, token in pairs], end_id, settings.beams, settings.beams - len(ended))
        candidates, logits, penalty = [], following.logits, settings.length_penalty
        for (parent, token), fate in zip(pairs, fates, strict=True):
            numbers = float(logits[parent, token]), float(rows[parent, token]), float(fate != "dropped")
            candidates.append(_candidate(token, parent, numbers, running[parent], penalty, labels, fate))
        ended += [_extended(running[c.parent], c) for c in candidates if c.fate == "ended"]
        running = [_extended(running[c.parent], c) for c in candidates if c.fate == "kept"]
        found = tuple(sorted((*ended, *running), key=lambda h: -h.score))
        step = Step(number, tuple(candidates), found, following.work, rows if with_all else None)
        yield step
        if not running:
            return
        if number + 1 < maximum:
            survivors = step.survivors
            rows = following.following_each([c.token for c in survivors], [c.parent for c in survivors])


def _fates(tokens: Sequence[int], end_id: int, beams: int, wanted: int) -> list[str]:
    """What becomes of each candidate, the best first; once `wanted` have ended, no other goes on."""
    ends = sum(token == end_id for token in tokens[:beams])
    places = beams if ends < wanted else 0
    fates = []
    for rank, token in enumerate(tokens):
        if token == end_id:
            fates.append("ended" if rank < beams else "dropped")
        else:
            fates.append("kept" if places > 0 else "dropped")
            places -= 1
    return fates


def _best_continuations(rows: np.ndarray, running: Sequence[Hypothesis], count: int) -> list[tuple[int, int]]:
    """The (hypothesis, token) pairs with the highest log-probability in total, at most `count`, the best first."""
    totals = np.array([hypothesis.log_probability for hypothesis in running])
    with np.errstate(invalid="ignore"):  # a model whose training went wrong may say not-a-number
        joint = rows * np.exp(totals - totals.max())[:, None]  # [hypothesis, vocabulary], times a constant
    joint = np.nan_to_num(joint).reshape(-1)
    places = best_places(joint, count)
    possible = [place for place in places if joint[place] > 0] or places[:1]
    return [divmod(place, rows.shape[1]) for place in possible]


def _candidate(
    token: int,
    parent: int,
    numbers: tuple[float, float, float],  # logit, probability, chance
    before: Hypothesis,
    penalty: float,
    labels: Sequence[str] | None,
    fate: str,
) -> Candidate:
    logit, probability, chance = numbers
    log_probability = math.log(probability) if probability > 0 else -math.inf
    total = before.log_probability + log_probability
    score = total / length_penalty(len(before.ids) + 1, penalty)
    label = labels[token] if labels else str(token)
    return Candidate(token, label, parent, logit, probability, log_probability, total, score, chance, fate)


def _extended(before: Hypothesis, chosen: Candidate) -> Hypothesis:
    ended = chosen.fate == "ended"
    ids = before.ids if ended else (*before.ids, chosen.token)
    return replace(before, ids=ids, log_probability=chosen.total, score=chosen.score, ended=ended)


def length_penalty(length: int, alpha: float) -> float:
    """((5 + length) / 6)^α: what a log-probability is divided by, so that long hypotheses have a chance.

    Wu et al. 2016, equation 14. The length counts the end token.
    """
    return ((5 + length) / 6) ** alpha
