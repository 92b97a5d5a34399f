"""A question made from a trace: choices of which one or more are right, each with what it would mean."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tutor.course.exercises import Hint, Verdict
from tutor.course.schema import Text
from tutor.engine.gradient import PREFIX as GRADIENT

MOST_WRONG = 4


class QuizError(ValueError):
    """A question that this trace has no matrices for; the message says why."""


@dataclass(frozen=True)
class Option:
    """One answer offered: words, or a formula (LaTeX) in place of them, and what it amounts to."""

    text: Text
    why: Text
    right: bool = False
    formula: str = ""
    mistake: str = ""


@dataclass(frozen=True)
class Quiz:
    """A question about `node`. `sheet` holds numbers to look at beside it.

    `beside` is the node that may be looked at before the answer. Where `covers`, the node's own numbers are hidden
    until then; where it is asked `once`, the first answer reveals them, right or wrong.
    """

    ask: Text
    choices: tuple[Option, ...]
    node: str
    beside: str
    hints: tuple[Hint, ...] = ()
    covers: bool = False
    once: bool = False
    sheet: np.ndarray | None = None
    at: tuple[int, ...] = ()  # the cell to look at before the answer, and after it
    reveal_at: tuple[int, ...] = ()

    @property
    def right(self) -> int:
        """The number of a right choice in the order shown."""
        return next(number for number, choice in enumerate(self.choices) if choice.right)

    def answer(self, number: int) -> Verdict:
        """The verdict on choice `number`, from 0 in the order shown."""
        chosen = self.choices[number]
        return Verdict(chosen.right, chosen.mistake or None, chosen.why, float(self.right))

    def hint(self, number: int) -> Hint | None:
        """Hint `number` from 0; None past the last."""
        return self.hints[number] if number < len(self.hints) else None

    def asks_the_same(self, other: Quiz) -> bool:
        """Whether what was answered there still stands here."""
        mine, theirs = (
            (one.ask, one.node, [(option.text, option.formula, option.right) for option in one.choices])
            for one in (self, other)
        )
        return mine == theirs


def shuffled(right: Option, wrong: Sequence[Option], key: str, most: int = MOST_WRONG) -> tuple[Option, ...]:
    """The right choice among the first of the wrong ones, no text twice, in an order that `key` decides."""
    found = {right.text.en: right}
    for option in wrong:
        if len(found) <= most:
            found.setdefault(option.text.en, replace(option, right=False))
    order = list(found.values())
    random.Random(key).shuffle(order)
    return tuple(order)


def title_of(name: str) -> str:
    """The last words of a node's name: enough to tell it from its neighbours."""
    if name.startswith(GRADIENT):
        return f"∂{title_of(name.removeprefix(GRADIENT))}"
    words = name.split(".")
    return ".".join(words[-2:]) if words[-1] in ("output", "norm", "residual", "hidden", "activation") else words[-1]


def same(word: str) -> Text:
    """A word, number or name that is written alike in both languages."""
    return Text(word, word)
