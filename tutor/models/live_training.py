"""Training to be watched: a small model learns step by step, and at any step can be asked, changed and broken.

Nothing is written to disk; the numbers are those of `tutor.engine.training`. The learning rate, and how it rises and
falls, are the learner's: without their say there is no warm-up and no decay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from tutor.engine.decoding import greedy_each
from tutor.engine.message import Message
from tutor.engine.trace import Trace
from tutor.engine.training import (
    Batch,
    Progress,
    Settings,
    State,
    TrainingError,
    begin,
    evaluate,
    learning_rate,
    train,
)
from tutor.models.corpus import padded
from tutor.models.errors import ModelError
from tutor.models.model import Model
from tutor.models.recipe import DECAYS, FILE_NAME, Recipe
from tutor.models.training_run import encoded, read_corpus, untrained_model
from tutor.models.weights import initialise

EXTRA_TOKENS = 4  # so much longer than the longest right answer may an answer be
RISEN = 1.01  # times the first loss: what is above that has risen
LEAST_RATE, MOST_RATE = 1e-9, 1e9  # beyond these the learner's own rate does not go
WARM_UPS = (0, 10, 20, 50, 100, 200, 400)  # steps that the learner can choose among


@dataclass(frozen=True)
class Sabotage:
    """One way to break training on purpose."""

    name: str
    anew: bool = True  # whether it begins with new weights, rather than with those learned so far
    rate_factor: float = 1.0
    shuffled: bool = False  # at every step the right tokens change places
    zeros: bool = False  # all weights begin at 0, but for the norms' scales
    config: Mapping[str, Any] = field(default_factory=dict)


SABOTAGES = (
    Sabotage("rate", anew=False, rate_factor=100),
    Sabotage("overflow", anew=False, rate_factor=1e14),
    Sabotage("labels", shuffled=True),
    Sabotage("peek", config={"causal_mask": False}),
    Sabotage("zeros", zeros=True),
)
NONE = Sabotage("")


@dataclass(frozen=True)
class Answer:
    """What the model says to a question of its corpus, token by token, beside what would be right."""

    question: str
    right: str
    tokens: tuple[str, ...] = ()
    since: tuple[int, ...] = ()  # for each token, the step at which it was first seen to stand there
    is_right: bool = False

    @property
    def text(self) -> str:
        """The answer in one piece."""
        return "".join(self.tokens)


@dataclass(frozen=True)
class Stepped:
    """A single step, looked at closely: the loss of the whole corpus around it and the weight that moved most."""

    progress: Progress
    before: float
    after: float
    weight: str
    index: tuple[int, ...]
    old: float
    new: float


class LiveTraining:
    """A recipe's model and corpus in memory, and what training has made of it so far.

    The corpus must be written out in the recipe. `settings` go before the recipe's; `steps` is how many the recipe
    thinks enough, no more. The same seed, and the same changes at the same steps, give the same numbers. Raises
    ModelError.
    """

    def __init__(self, recipe: Recipe, **settings: Any) -> None:
        for name in set(settings) - {one.name for one in fields(Settings)}:
            raise ModelError("{field}: there is no such field", field=name)
        self.recipe = recipe = recipe.changed(**{"warmup": 0, "decay": "none", **settings})
        self.warmup, self.decay = recipe.settings.warmup, recipe.settings.decay
        self._plain = untrained_model(recipe)
        if self._plain.config.architecture != "encoder_decoder" or not recipe.pairs:
            path = recipe.folder / FILE_NAME
            raise ModelError("{path}: only a recipe with pairs written out can be watched", path=path)
        self.pairs, _held_out = read_corpus(recipe, None)
        self.restart()
        if len(self.corpus.pairs) < len(self.pairs):
            longest = recipe.longest
            raise ModelError("a pair has more than {longest} tokens, too many to be watched", longest=longest)

    def restart(self, seed: int | None = None, sabotage: Sabotage = NONE) -> None:
        """From random weights again: all that was learned, and whatever was broken, is gone.

        The learning rate is the recipe's again; warm-up and decay stay as they were set.
        """
        if seed is not None:
            self.recipe = self.recipe.changed(seed=seed)
        self.sabotage = sabotage
        self.learning_rate = self.recipe.settings.learning_rate
        self.model = replace(self._plain, config=self._plain.config.changed(**sabotage.config))
        self.corpus = encoded(self.model, self.pairs, self.recipe)
        weights = initialise(self.model.config, self.seed, self.recipe.attention_gain)
        if sabotage.zeros:
            weights = {name: a if name.endswith(".scale") else a * 0 for name, a in weights.items()}
        self.state: State = begin(weights)
        self.history: list[Progress] = []
        self.failure: Message | None = None  # why training cannot go on
        self._answers: tuple[Answer, ...] = tuple(Answer(source, target) for source, target in self.pairs)
        self._answered_at = -1

    def spoil(self, sabotage: Sabotage) -> None:
        """Break it: from here on, or from the beginning where the sabotage asks for that."""
        if sabotage.anew:
            self.restart(sabotage=sabotage)
        else:
            self.sabotage = sabotage

    @property
    def seed(self) -> int:
        """What the random weights, and everything after them, come from."""
        return self.recipe.settings.seed

    @property
    def step(self) -> int:
        """How many steps were taken."""
        return self.state.step

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return self.rate_at(self.step + 1)

    def rate_at(self, step: int) -> float:
        """The learning rate that is planned for a step."""
        return self.rates(step, step)[0]

    def rates(self, first: int, last: int) -> tuple[float, ...]:
        """The learning rates that are planned for these steps."""
        plan = replace(self.recipe.settings, learning_rate=self.learning_rate, warmup=self.warmup, decay=self.decay)
        return tuple(learning_rate(step, plan) * self.sabotage.rate_factor for step in range(first, last + 1))

    def change_rate(self, rate: float) -> None:
        """Another learning rate from the next step on; where it rises and falls, another highest one."""
        self.learning_rate = min(MOST_RATE, max(LEAST_RATE, rate))

    def change_warmup(self, steps: int) -> None:
        """So many steps for the learning rate to rise, counted from the first step. Raises ValueError below 0."""
        if steps < 0:
            raise ValueError(f"warm-up takes at least 0 steps, not {steps}")
        self.warmup = steps

    def change_decay(self, decay: str) -> None:
        """How the rate falls after the warm-up: one of DECAYS. Raises ValueError."""
        if decay not in DECAYS:
            raise ValueError(f"decay is one of {', '.join(DECAYS)}, not {decay}")
        self.decay = decay

    @property
    def losses(self) -> list[float]:
        """The loss of every step so far."""
        return [progress.loss for progress in self.history]

    @property
    def has_risen(self) -> bool:
        """Whether the loss is above where it began."""
        return len(self.history) > 1 and self.history[-1].loss > RISEN * self.history[0].loss

    @property
    def broken(self) -> bool:
        """Whether the loss stopped being a number, or is above where it began."""
        return self.failure is not None or self.has_risen

    def advance(self, steps: int = 1) -> None:
        """Train on. Where the numbers run over, `failure` says so and nothing more happens until a restart."""
        for _step in range(steps if self.failure is None else 0):
            settings = self.recipe.settings
            settings = replace(settings, steps=self.step + 1, learning_rate=self.rate, warmup=0, decay="none")
            try:
                self.history.extend(train(self.state, self.model.config, self._batches(), settings))
            except TrainingError as error:
                self.failure = error.args[0]
                return

    def _batches(self) -> Iterator[Batch]:
        for batch in self.corpus.batches(self.step * self.recipe.settings.accumulate):
            yield self._shuffled(batch) if self.sabotage.shuffled else batch

    def _shuffled(self, batch: Batch) -> Batch:
        assert batch.targets is not None  # words are what the hand-size model is asked for
        targets = batch.targets.copy()
        asked = targets != self.model.config.pad_id
        targets[asked] = np.random.default_rng([self.seed, self.step]).permutation(targets[asked])
        return replace(batch, targets=targets)

    def step_closely(self) -> Stepped | None:
        """One step, and what it did; None where there is none to take."""
        if self.failure is not None:
            return None
        weights = {name: array.copy() for name, array in self.state.weights.items()}
        before = self._loss()
        self.advance()
        if self.failure is not None:
            return None
        moved = {name: np.abs(self.state.weights[name] - old) for name, old in weights.items()}
        name = max(moved, key=lambda name: float(moved[name].max()))
        index = tuple(int(i) for i in np.unravel_index(int(moved[name].argmax()), moved[name].shape))
        old, new = float(weights[name][index]), float(self.state.weights[name][index])
        return Stepped(self.history[-1], before, self._loss(), name, index, old, new)

    def _loss(self) -> float:
        with np.errstate(all="ignore"):
            return evaluate(self.state.weights, self.model.config, self.corpus.once())

    def answers(self) -> tuple[Answer, ...]:
        """What the model says now to each question of the corpus."""
        if self._answered_at != self.step:
            config = self.model.config
            questions = padded([[*source, config.end_id] for source, _right in self.corpus.pairs], config.pad_id)
            longest = max(len(right) for _source, right in self.corpus.pairs) + EXTRA_TOKENS
            with np.errstate(all="ignore"):
                given = greedy_each(self.state.weights, config, questions, longest)
            self._answers = tuple(map(self._answer, self._answers, given, self.corpus.pairs))
            self._answered_at = self.step
        return self._answers

    def _answer(self, last: Answer, given: list[int], pair: tuple[list[int], list[int]]) -> Answer:
        tokens = tuple(self.model.target_tokenizer.label(number) for number in given)
        kept = zip(tokens, last.tokens, last.since, strict=False)
        since = [at if token == before else self.step for token, before, at in kept]
        since += [self.step] * (len(tokens) - len(since))
        return replace(last, tokens=tokens, since=tuple(since), is_right=given == pair[1])

    @property
    def all_right(self) -> bool:
        """Whether the model knows all that it is taught."""
        return all(answer.is_right for answer in self.answers())

    @property
    def warmed(self) -> bool:
        """Whether a warm-up led to the highest learning rate, no lower than the one to begin with, and all is known."""
        rates = [progress.learning_rate for progress in self.history]
        if not rates or self.sabotage is not NONE or self.learning_rate < self.recipe.settings.learning_rate:
            return False
        return rates[0] < self.learning_rate <= max(rates) and self.all_right

    def present_model(self) -> Model:
        """The model as it is now, its weights copied, so that training may go on beside it."""
        name = f"{self._plain.name}@{self.step}"
        card = replace(self._plain.card, name=name, trained=self.step > 0, seed=None)
        weights = {name: array.copy() for name, array in self.state.weights.items()}
        return Model(card, self.model.config, weights, self.model.tokenizer, self.model.target_tokenizer)

    def trace(self, pair: int) -> Trace:
        """The model as it is now on one question of the corpus, its decoder reading the right answer."""
        question, right = self.pairs[pair]
        with np.errstate(all="ignore"):
            return self.present_model().trace(question, target=right)
