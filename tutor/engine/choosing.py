"""How the next token is chosen out of its probabilities: the likeliest, or by chance (temperature, top-k, top-p)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np

from tutor.engine.message import Message

STRATEGIES = ("greedy", "beam", "sample")
# Which strategy a setting belongs to.
STRATEGY_OF = {
    "beams": "beam",
    "length_penalty": "beam",
    "temperature": "sample",
    "top_k": "sample",
    "top_p": "sample",
    "seed": "sample",
}
MOST_BEAMS = 256  # they are computed side by side, so memory grows with them


class DecodingError(ValueError):
    """A strategy or a setting of it that does not exist; the message says which values do."""


@dataclass(frozen=True)
class Decoding:
    """How to choose the next token. `beams` and `length_penalty` are of beam search, the last four of sampling."""

    strategy: str = "greedy"
    beams: int = 4
    length_penalty: float = 1.0  # α of Wu et al. 2016, equation 14; 0 ranks by log-probability alone
    temperature: float = 1.0  # below 1 the likely becomes likelier; 0 takes the likeliest
    top_k: int = 0  # only the k likeliest; 0 means all
    top_p: float = 1.0  # only the likeliest that together reach this probability (Holtzman et al. 2020)
    seed: int = 0

    def __post_init__(self) -> None:
        if self.strategy not in STRATEGIES:
            rule = Message("must be one of {choices}", choices=", ".join(STRATEGIES))
            raise DecodingError(_refusal("strategy", rule, self.strategy))
        for name, least in (("beams", 1), ("top_k", 0), ("seed", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
                rule = Message("must be a whole number of at least {least}", least=least)
                raise DecodingError(_refusal(name, rule, value))
        if self.beams > MOST_BEAMS:
            raise DecodingError(_refusal("beams", Message("must be at most {most}", most=MOST_BEAMS), self.beams))
        for name in ("length_penalty", "temperature"):
            value = getattr(self, name)
            if not 0 <= _number(value) < math.inf:
                raise DecodingError(_refusal(name, Message("must be a number of at least 0"), value))
        if not 0 < _number(self.top_p) <= 1:
            raise DecodingError(_refusal("top_p", Message("must be a number above 0 and at most 1"), self.top_p))


def _number(value: object) -> float:
    """The value, or not-a-number, which no comparison holds for."""
    return float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan


def _refusal(name: str, rule: Message, value: object) -> Message:
    return Message("{field}: {rule}, not {value!r}", field=name, rule=rule, value=value)


def chances_of(probabilities: np.ndarray, settings: Decoding) -> np.ndarray:
    """How likely each token [vocabulary] is to be chosen, float64: temperature first, then top-k, then top-p."""
    if settings.strategy == "beam":
        return np.asarray(probabilities, dtype=np.float64)
    if settings.strategy == "greedy" or settings.temperature == 0:
        return (np.arange(len(probabilities)) == np.argmax(probabilities)).astype(np.float64)
    chances = np.asarray(probabilities, dtype=np.float64)
    if settings.temperature != 1:
        with np.errstate(divide="ignore", over="ignore"):
            chances = np.exp(np.log(chances / chances.max()) / settings.temperature)  # p^(1/T): softmax(z / T)
    if 0 < settings.top_k < len(chances):
        chances = _only(chances, best_places(chances, settings.top_k))
    if settings.top_p < 1:
        order = np.lexsort((np.arange(len(chances)), -chances))
        reached = np.cumsum(chances[order]) / chances.sum()
        enough = int(np.searchsorted(reached, settings.top_p)) + 1  # the one that reaches top_p is still in
        chances = _only(chances, order[:enough])
    return chances / chances.sum()


def _only(chances: np.ndarray, places: Sequence[int] | np.ndarray) -> np.ndarray:
    kept = np.zeros_like(chances)
    kept[places] = chances[places]
    return kept


def draw(chances: np.ndarray, number: float) -> int:
    """The token that a random number in [0, 1) falls on when the tokens stand side by side, each as wide as likely."""
    edges = np.cumsum(chances)
    place = int(np.searchsorted(edges, number * edges[-1], side="right"))
    return min(place, int(np.flatnonzero(chances)[-1]))


def best_places(values: np.ndarray, count: int) -> list[int]:
    """Where the `count` largest of some numbers stand, the largest first; of equal ones the first."""
    if count < len(values):
        least = np.partition(values, len(values) - count)[len(values) - count]
        places = np.flatnonzero(values >= least)
    else:
        places = np.arange(len(values))
    return places[np.argsort(-values[places], kind="stable")][:count].tolist()
