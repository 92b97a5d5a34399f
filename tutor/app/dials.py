"""What can be turned on the generation screen: each setting, the values it takes, and how they are written."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tutor.display.language import N_, _
from tutor.engine.choosing import STRATEGIES, STRATEGY_OF

NAMES = {"greedy": N_("greedy"), "beam": N_("beam"), "sample": N_("sampling")}


@dataclass(frozen=True)
class Setting:
    """A setting of decoding. The values stand in the order in which the keys walk through them."""

    name: str
    title: str
    values: tuple[Any, ...]
    written: Callable[[Any], str] = str

    def with_value(self, value: Any) -> tuple[Any, ...]:
        """The values, one more where a lesson begins between two of them."""
        if value in self.values or isinstance(value, str):
            return self.values
        numbers, end = ([*self.values[:-1]], self.values[-1:]) if self.name == "top_k" else ([*self.values], ())
        insort(numbers, value)
        return (*numbers, *end)


def _hundredths(first: int, last: int, step: int) -> tuple[float, ...]:
    return tuple(number / 100 for number in range(first, last + 1, step))


def _two(value: float) -> str:
    return f"{value:.2f}"


SETTINGS = (
    Setting("strategy", N_("strategy"), STRATEGIES, lambda name: _(NAMES[name])),
    Setting("beams", N_("beams"), tuple(range(1, 17))),
    Setting("length_penalty", N_("length penalty"), _hundredths(0, 300, 10), _two),
    Setting("temperature", N_("temperature"), _hundredths(0, 500, 10), _two),
    Setting("top_k", "top-k", (*range(1, 11), 15, 20, 30, 50, 100, 0), lambda k: str(k or _("all"))),
    Setting("top_p", "top-p", _hundredths(5, 100, 5), _two),
    Setting("seed", N_("seed"), tuple(range(1000))),
)


def turns(name: str, strategy: str) -> bool:
    """Whether a setting does anything with a strategy."""
    return STRATEGY_OF.get(name, strategy) == strategy
