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
from tutor.engine.rules import Rules

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
    rules: Rules | None = None,
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
    before, rules = _before(config, ids), rules or Rules((config.end_id,))
    probabilities = following.first()
    while (best := _likeliest(rules, probabilities, maximum, before, answer)) not in rules.ends:
        answer.append(best)
        if len(answer) == maximum:
            break
        probabilities = following.following(best)
    return answer


def _likeliest(rules: Rules, row: np.ndarray, maximum: int, before: Sequence[int], answer: Sequence[int]) -> int:
    return int(np.argmax(rules.allowed(row, len(answer), maximum, (*before, *answer))))


def _before(config: TransformerConfig, ids: Sequence[int]) -> tuple[int, ...]:
    """The tokens that stand before the answer on the side where it is written."""
    return (config.start_id,) if config.architecture == "encoder_decoder" else tuple(int(number) for number in ids)


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
    rules: Rules | None = None,
) -> Iterator[Step]:
    """The steps of one decoding as they are taken, at most `maximum` of them; what was found is in the last.

    Beam search stops once `beams` hypotheses have ended. There are no steps where `greedy` would give no tokens for
    want of a decoder or of positions. `labels` name the tokens of the candidates. `with_all` keeps the probabilities
    of every token in the steps, which of a large vocabulary are many. Without `rules` only the config's end ends.
    """
    maximum = longest(config, ids, maximum)
    if maximum < 1:
        return iter(())
    course = _Course(rules or Rules((config.end_id,)), maximum, _before(config, ids))
    if settings.strategy == "beam":
        return _beam_steps(NextTokens(weights, config, ids, backend, cached), settings, course, labels, with_all)
    return _single_steps(NextToken(weights, config, ids, backend, cached), settings, course, labels, with_all)


@dataclass(frozen=True)
class _Course:
    """What a decoding keeps to: the rules, how many tokens there may be, and what stands before them."""

    rules: Rules
    maximum: int
    before: tuple[int, ...]

    def allowed(self, row: np.ndarray, number: int, hypothesis: Hypothesis) -> np.ndarray:
        """The probabilities of what may follow a hypothesis."""
        return self.rules.allowed(row, number, self.maximum, (*self.before, *hypothesis.ids))

    def forced(self, number: int) -> bool:
        """Whether step `number` has no choice, so that no hypothesis gains or loses by it."""
        return self.rules.forced(number, self.maximum) is not None


def _single_steps(
    following: NextToken, settings: Decoding, course: _Course, labels: Sequence[str] | None, with_all: bool
) -> Iterator[Step]:
    """Greedy decoding and sampling: one hypothesis."""
    random = np.random.default_rng(settings.seed)
    so_far = Hypothesis()
    row = following.first()
    for number in range(course.maximum):
        chances = chances_of(course.allowed(row, number, so_far), settings)
        token = int(np.argmax(chances)) if settings.strategy == "greedy" else draw(chances, random.random())
        shown, logits = best_places(row, SHOWN), following.logits
        candidates = []
        for place in shown if token in shown else [*shown[:-1], token]:
            fate = "dropped" if place != token else "ended" if token in course.rules.ends else "kept"
            numbers = float(logits[place]), float(row[place]), float(chances[place])
            candidates.append(_candidate(place, 0, numbers, so_far, 0.0, labels, fate, course.forced(number)))
        chosen = next(candidate for candidate in candidates if candidate.token == token)
        so_far = _extended(so_far, chosen)
        everything = row[None] if with_all else None
        yield Step(number, tuple(candidates), (so_far,), following.work, everything)
        if so_far.ended:
            return
        if number + 1 < course.maximum:
            row = following.following(token)


def _beam_steps(
    following: NextTokens, settings: Decoding, course: _Course, labels: Sequence[str] | None, with_all: bool
) -> Iterator[Step]:
    """Beam search: the best `beams` hypotheses side by side; those that end among the best make room for others."""
    running: list[Hypothesis] = [Hypothesis()]
    ended: list[Hypothesis] = []
    rows, ends = following.first(), course.rules.ends
    for number in range(course.maximum):
        allowed = rows
        if not course.rules.are_plain:
            allowed = np.stack([course.allowed(row, number, one) for row, one in zip(rows, running, strict=True)])
        pairs = best_continuations(allowed, running, max(2, 1 + len(ends)) * settings.beams)
        fates = fates_of([token for _, token in pairs], ends, settings.beams, settings.beams - len(ended))
        candidates, logits, penalty = [], following.logits, settings.length_penalty
        for (parent, token), fate in zip(pairs, fates, strict=True):
            numbers = float(logits[parent, token]), float(rows[parent, token]), float(fate != "dropped")
            before, forced = running[parent], course.forced(number)
            candidates.append(_candidate(token, parent, numbers, before, penalty, labels, fate, forced))
        ended += [_extended(running[c.parent], c) for c in candidates if c.fate == "ended"]
        running = [_extended(running[c.parent], c) for c in candidates if c.fate == "kept"]
        found = tuple(sorted((*ended, *running), key=lambda h: -h.score))
        step = Step(number, tuple(candidates), found, following.work, rows if with_all else None)
        yield step
        if not running:
            return
        if number + 1 < course.maximum:
            survivors = step.survivors
            rows = following.following_each([c.token for c in survivors], [c.parent for c in survivors])


def fates_of(tokens: Sequence[int], end_ids: Sequence[int], beams: int, wanted: int) -> list[str]:
    """What becomes of each candidate, the best first; once `wanted` have ended, no other goes on."""
    ends = sum(token in end_ids for token in tokens[:beams])
    places = beams if ends < wanted else 0
    fates = []
    for rank, token in enumerate(tokens):
        if token in end_ids:
            fates.append("ended" if rank < beams else "dropped")
        else:
            fates.append("kept" if places > 0 else "dropped")
            places -= 1
    return fates


def best_continuations(rows: np.ndarray, running: Sequence[Hypothesis], count: int) -> list[tuple[int, int]]:
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
    forced: bool = False,
) -> Candidate:
    logit, probability, chance = numbers
    log_probability = math.log(probability) if probability > 0 else -math.inf
    total = before.log_probability + (0.0 if forced else log_probability)
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
