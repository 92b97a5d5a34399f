"""A step of a plain lesson that is a training to watch: by hand, step by step, or until the step's goal is reached."""

from collections.abc import Iterator

import click

from tutor.course.goals import Evidence, reached
from tutor.display.language import _, sentences
from tutor.display.numbers import number
from tutor.display.safe import safe
from tutor.display.training import expectation, title_of, trouble
from tutor.models.live_training import SABOTAGES, LiveTraining
from tutor.models.recipe import DECAYS, find_recipe, read_recipe
from tutor.plain.tasks import Task

RECIPE = "proverbs"
BETWEEN_LINES = 50  # steps
WARM_UP = 100  # steps of the warm-up that `o` takes where the learner chose none
ENOUGH = 2000  # steps after which a goal that is not reached will not be


class Training(Task):
    """`step` takes one step, `train 100` a hundred, `rate 0.3` sets the learning rate; `o` does what is asked.

    `warmup 100` and `decay cosine` say how the rate rises and falls; `break` lists ways to break it, `break peek` takes
    one, `restart` begins anew.
    """

    def begin(self) -> None:
        self.finished = False
        self.training = LiveTraining(read_recipe(find_recipe(RECIPE)), **self.step.goal.settings)
        self.reached: set[str] = set()

    def prompt(self) -> str:
        return super().prompt() if self.finished else _("o: train")

    def wanted(self) -> str:
        return _(
            "Type o to train until it is reached; step, train 100, rate 0.3, warmup 100, break, restart or next, too."
        )

    def answer(self, text: str) -> Iterator[str]:
        word, _space, rest = text.strip().partition(" ")
        word = word.lower()
        if word == "o" and not rest:
            yield from self._reach(self.step.goal.train)
        elif word in ("step", "走一步") and not rest:
            yield from self._step()
        elif word in ("train", "训练"):
            yield from self._train(_count(rest))
        elif word in ("rate", "学习率"):
            self.training.change_rate(_rate(rest))
            yield _("learning rate {0}").format(number(self.training.rate, 4))
        elif word in ("warmup", "预热"):
            self.training.change_warmup(_steps(rest))
            yield self._schedule()
        elif word in ("decay", "衰减"):
            self.training.change_decay(_decay(rest))
            yield self._schedule()
        elif word in ("break", "弄坏"):
            yield from self._break(rest.strip().lower())
        elif word in ("restart", "重来") and not rest:
            self.training.restart(self.training.seed + 1)
            yield from self._answers()
        else:
            yield self.wanted() if not self.finished else next(super().answer(text))
        self.finished = self.finished or reached(self.step, Evidence(trained=frozenset(self.reached)))

    def _reach(self, goal: str) -> Iterator[str]:
        if goal == "stepped":
            yield from self._step()
            return
        if goal == "broken":
            yield from self._break(SABOTAGES[0].name)
        if goal == "warmed":
            self.training.change_warmup(self.training.warmup or WARM_UP)
            self.training.restart(self.training.seed)
            yield self._schedule()
        while goal not in self.reached and self.training.step < ENOUGH and self.training.failure is None:
            yield from self._train(BETWEEN_LINES, answers=False)
        yield from self._answers()

    def _schedule(self) -> str:
        live = self.training
        steps = (1, max(2, live.warmup), 2 * max(2, live.warmup))
        rates = ", ".join(_("step {0}: {1}").format(step, number(live.rate_at(step), 3)) for step in steps)
        return _("warm-up {0}, decay {1}. Learning rate: {2}").format(live.warmup, live.decay, rates)

    def _break(self, name: str) -> Iterator[str]:
        chosen = next((one for one in SABOTAGES if one.name == name), None)
        if chosen is None:
            yield from (f"break {one.name}: {title_of(one.name)}" for one in SABOTAGES)
            return
        self.training.spoil(chosen)
        yield expectation(name)

    def _step(self) -> Iterator[str]:
        found = self.training.step_closely()
        if found is None:
            yield from self._failure()
            return
        self.reached.add("stepped")
        self._note()
        yield _("step {0}: the loss was {1}, now it is {2}").format(
            self.training.step, number(found.before, 5), number(found.after, 5)
        )
        place = f"{found.weight}[{', '.join(map(str, found.index))}]"
        yield _("The weight that moved most is {0}: from {1} to {2}.").format(
            safe(place), number(found.old, 4), number(found.new, 4)
        )

    def _train(self, steps: int, answers: bool = True) -> Iterator[str]:
        self.training.advance(steps)
        self._note()
        if self.training.history:
            loss = number(self.training.history[-1].loss, 5)
            yield _("step {0}: loss {1}").format(self.training.step, loss)
        yield from self._failure()
        if answers:
            yield from self._answers()

    def _failure(self) -> Iterator[str]:
        wrong = trouble(self.training.failure, self.training.has_risen)
        if wrong:
            yield sentences(wrong, _("Type restart to begin anew."))

    def _answers(self) -> Iterator[str]:
        if self.training.failure is not None:
            return
        for found in self.training.answers():
            mark = _("right") if found.is_right else _("wrong")
            yield f"  {safe(found.question)} → {safe(found.text)}  ({mark})"

    def _note(self) -> None:
        """What was reached by now."""
        if self.training.broken:
            self.reached.add("broken")
        elif self.training.all_right:
            self.reached.add("right")
            if self.training.warmed:
                self.reached.add("warmed")


def _count(text: str) -> int:
    if not text.strip().isdecimal() or not 1 <= int(text) <= ENOUGH:
        raise click.UsageError(_("give a number of steps from 1 to {0}, such as train 100").format(ENOUGH))
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate < 1e9:
        raise click.UsageError(_("give a learning rate above 0, such as rate 0.3"))
    return rate


def _steps(text: str) -> int:
    if not text.strip().isdecimal() or int(text) > ENOUGH:
        raise click.UsageError(_("give a number of steps from 0 to {0}, such as warmup 100").format(ENOUGH))
    return int(text)


def _decay(text: str) -> str:
    if text.strip().lower() not in DECAYS:
        raise click.UsageError(_("give one of {0}, such as decay cosine").format(", ".join(DECAYS)))
    return text.strip().lower()
