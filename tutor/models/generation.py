"""What a model writes: the text, and every step with the candidates it chose among."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tutor.engine.choosing import Decoding, DecodingError
from tutor.engine.decoding import Hypothesis, Step
from tutor.engine.message import Message
from tutor.models.errors import ModelError
from tutor.models.published.tokenizer import AnyTokenizer


@dataclass(frozen=True)
class Answer(Hypothesis):
    """A hypothesis and its text."""

    text: str = ""


@dataclass(frozen=True)
class Generation:
    """What came of `Model.generate`. The best answer's fields are also read from here: `text`, `ids`, `score`, …"""

    answers: tuple[Answer, ...]  # all that ended or were in the running at the end, the highest score first
    steps: tuple[Step, ...]
    settings: Decoding
    prompt: str  # the sentence that was given
    prompt_ids: tuple[int, ...]
    model: str
    trained: bool
    notice: str = ""

    def prefixes(self, number: int) -> tuple[tuple[int, ...], ...]:
        """The tokens of each hypothesis that step `number` goes on from, in the order that `parent` counts."""
        found: tuple[tuple[int, ...], ...] = ((),)
        for step in self.steps[:number]:
            found = tuple((*found[candidate.parent], candidate.token) for candidate in step.survivors)
        return found

    @property
    def text(self) -> str:
        """The best answer's text."""
        return self.answers[0].text

    @property
    def ids(self) -> tuple[int, ...]:
        """The best answer's tokens, without the start and the end token."""
        return self.answers[0].ids

    @property
    def log_probability(self) -> float:
        """The model's log-probability of the best answer, its end token included where it ended."""
        return self.answers[0].log_probability

    @property
    def probability(self) -> float:
        """The model's probability of the best answer."""
        return math.exp(self.log_probability)

    @property
    def score(self) -> float:
        """What answers are ranked by: the log-probability over the length penalty."""
        return self.answers[0].score

    @property
    def ended(self) -> bool:
        """Whether the best answer came to its end token; else it was cut off at `maximum`."""
        return self.answers[0].ended


def decoding_settings(**values: Any) -> Decoding:
    """The settings of a decoding. Raises ModelError for values that they cannot have."""
    try:
        return Decoding(**values)
    except DecodingError as error:
        message = error.args[0]
        raise ModelError(message.template, **message.values) from None


def taken(steps: Iterable[Step], on_step: Callable[[Step], object] | None) -> tuple[Step, ...]:
    """All steps; `on_step` is told of each as it is taken."""
    found = []
    for step in steps:
        found.append(step)
        if on_step is not None:
            on_step(step)
    return tuple(found)


def answers_of(steps: tuple[Step, ...], tokenizer: AnyTokenizer) -> tuple[Answer, ...]:
    """The hypotheses that the last step left, with their texts."""
    return tuple(
        Answer(found.ids, found.log_probability, found.score, found.ended, tokenizer.decode(found.ids))
        for found in steps[-1].hypotheses
    )


def checked_maximum(maximum: int | None, default: int, room: int) -> int:
    """How many tokens to choose: as asked for or by default, where there is room for so many. Raises ModelError."""
    if maximum is None:
        return min(default, room)
    if isinstance(maximum, bool) or not isinstance(maximum, int) or maximum < 1:
        rule = Message("must be a whole number of at least {least}", least=1)
        raise ModelError("{field}: {rule}, not {value!r}", field="maximum", rule=rule, value=maximum)
    return min(maximum, room)
