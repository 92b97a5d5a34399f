"""A step of a plain lesson that is the slider over d_k: a line a width, and one of them to be found."""

from collections.abc import Iterator

import click

from tutor.course.widths import even, judged, percent, shares, sought, started
from tutor.display.language import N_, _
from tutor.display.numbers import number
from tutor.display.safe import safe
from tutor.display.widths import SIDES
from tutor.engine.widths import MEASURES, PREFIX, WIDTHS
from tutor.plain.tasks import Task


class Widening(Task):
    """`width 64` sets d_k and says what the rows have, `here` marks it, `anew` draws other numbers; `o` does it all."""

    def begin(self) -> None:
        start = started(self.step.goal.settings)
        self.width, self.seed = start["width"], start["seed"]
        self.finished = False

    def asked(self) -> Iterator[str]:
        goal = self.step.goal.width
        most = (number(even(measure, self.trace["tokens"].shape[0]), 3) for measure in MEASURES)
        yield _("Random numbers, nothing learned. 100 % is an evenly shared row: entropy {0}, slope {1}.").format(*most)
        yield _("Find the d_k from which on the mean {0} ({1}) is below {2}.").format(
            _(_MEASURES[goal.measure]), _(SIDES[goal.side]), percent(goal.below)
        )
        yield self._line()

    def prompt(self) -> str:
        return super().prompt() if self.finished else f"d_k = {self.width}"

    def wanted(self) -> str:
        return _("Type width 64 (one of {0}), here to mark it, anew for other numbers, or o to have it found.").format(
            ", ".join(map(str, WIDTHS))
        )

    def answer(self, text: str) -> Iterator[str]:
        word, _space, rest = text.strip().partition(" ")
        word = word.lower()
        if word in ("width", "宽度"):
            self.width = _width(rest)
            yield self._line()
        elif word in ("here", "这里") and not rest:
            yield from self._mark()
        elif word in ("anew", "重抽") and not rest:
            self.seed += 1
            yield self._line()
        elif word == "o" and not rest:
            yield from self._find()
        else:
            yield self.wanted() if not self.finished else next(super().answer(text))

    def _line(self) -> str:
        trace, at = self.trace, WIDTHS.index(self.width)
        trace.width(f"{PREFIX}{self.width}.scores", seed=self.seed)
        parts = [
            _("{0}: entropy {1}, slope {2}").format(
                _(title), *(percent(shares(trace, side, measure)[at]) for measure in MEASURES)
            )
            for side, title in SIDES.items()
        ]
        return f"d_k = {self.width}  " + "; ".join(parts)

    def _mark(self) -> Iterator[str]:
        good, verdict = judged(self.step.goal.width, self.trace, self.width)
        self.finished = self.finished or good
        yield ("✓ " if good else "✗ ") + safe(verdict.get(self.language))

    def _find(self) -> Iterator[str]:
        found = sought(self.step.goal.width, self.trace)
        for width in WIDTHS:
            self.width = width
            yield self._line()
        self.width = found or self.width
        yield from self._mark()


_MEASURES = {"entropy": N_("entropy"), "slope": N_("slope")}


def _width(text: str) -> int:
    if not text.strip().isdecimal() or int(text) not in WIDTHS:
        choices = ", ".join(map(str, WIDTHS))
        raise click.UsageError(_("give one of {0}, such as width 64").format(choices))
    return int(text)
