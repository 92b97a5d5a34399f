"""What a step of a plain lesson gives the learner to try: to set a switch, to generate, to train."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from tutor.course.drills import QUIZZED
from tutor.course.goals import Evidence, reached, to_generate
from tutor.course.schema import Ask, Audit, Explain, Fill, Order, Step, Try
from tutor.display.language import _
from tutor.display.messages import translated
from tutor.display.safe import safe
from tutor.models.generation import Generation
from tutor.plain.auditing import Auditing
from tutor.plain.explaining import Explaining
from tutor.plain.generation import answer_lines, step_lines, tree_lines
from tutor.plain.quizzing import Ordered, Quizzing
from tutor.plain.reaching import Reaching
from tutor.plain.source import Source
from tutor.plain.tasks import Choosing, Filling, Task
from tutor.plain.training_task import Training
from tutor.plain.widths_task import Widening

# The lines of a tree as a list's: a screen reader would read every stroke.
LISTED = str.maketrans({"├": "-", "└": "-", "│": " ", "─": " "})


class Trying(Task):
    """A switch to set: `set causal_mask=false`, or `w` for the one the step asks for."""

    def begin(self) -> None:
        self.finished = reached(self.step, Evidence(self.trace))

    @property
    def goal(self) -> dict[str, Any]:
        """The config that the step asks for."""
        return dict(self.step.goal.config)

    def prompt(self) -> str:
        return super().prompt() if self.finished else _("w: switch")

    def wanted(self) -> str:
        pairs = " ".join(f"set {pair}" for pair in _pairs(self.goal))
        return _("Type w (the same as {0}), or next to go on without trying.").format(safe(pairs))

    def answer(self, text: str) -> Iterator[str]:
        if text.strip().lower() != "w":
            yield self.wanted() if not self.finished else next(super().answer(text))
            return
        self.config = {} if self.config == self.goal else self.goal
        self.finished = self.finished or reached(self.step, Evidence(self.trace))


class Generating(Task):
    """Settings to generate with: `generate strategy=beam beams=3`, or `o` for those the step asks for."""

    def begin(self) -> None:
        self.finished = False
        self.found: Generation | None = None

    def prompt(self) -> str:
        return super().prompt() if self.finished else _("o: generate")

    def wanted(self) -> str:
        pairs = " ".join(["generate", *_pairs(to_generate(self.step.goal))])
        return _("Type o (the same as {0}), or next to go on without trying.").format(safe(pairs))

    def answer(self, text: str) -> Iterator[str]:
        word, _space, rest = text.strip().partition(" ")
        if word.lower() == "o" and not rest:
            yield from self._generate(to_generate(self.step.goal))
        elif word.lower() in ("generate", "生成"):
            yield from self._generate(_settings(rest.split()))
        elif word.lower() in ("steps", "步骤") and self.found is not None:
            for step in self.found.steps:
                yield from step_lines(step)
        else:
            yield self.wanted() if not self.finished else next(super().answer(text))

    def _generate(self, settings: Mapping[str, Any]) -> Iterator[str]:
        self.found = self.source.generate(settings, self.config)
        if self.found.notice:
            yield safe(translated(self.found.notice))
        for line in tree_lines(self.found):
            yield line.translate(LISTED)
        yield from answer_lines(self.found)
        self.finished = self.finished or reached(self.step, Evidence(generated=(settings,)))
        yield _("steps prints every candidate of every step.")


def _pairs(settings: Mapping[str, Any]) -> list[str]:
    return [f"{key}={_spelled(value)}" for key, value in settings.items()]


def _spelled(value: Any) -> str:
    return ",".join(value) if isinstance(value, tuple | list) else str(value).lower()


def _settings(pairs: list[str]) -> dict[str, Any]:
    """`key=value` pairs as settings: a whole number, a number, or a word; what they may be is the model's to say."""
    found: dict[str, Any] = {}
    for pair in pairs:
        key, sign, text = pair.partition("=")
        if not sign:
            raise click.UsageError(_("a setting is key=value, such as beams=3, not {0!r}").format(pair))
        found[key] = _number(text)
    return found


def _number(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


TRIALS: dict[str, type[Task]] = {
    "config": Trying,
    "reach": Reaching,
    "generate": Generating,
    "train": Training,
    "width": Widening,
}


def task_of(step: Step, source: Source, language: str) -> Task:
    """The task that a step sets."""
    if isinstance(step, Try):
        return TRIALS[step.goal.kind](step, source, language)
    if isinstance(step, QUIZZED):
        return Quizzing(step, source, language)
    kind = {Fill: Filling, Ask: Choosing, Audit: Auditing, Order: Ordered, Explain: Explaining}.get(type(step), Task)
    return kind(step, source, language)
