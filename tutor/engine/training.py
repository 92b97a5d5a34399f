"""Learning: the loss of a batch, its gradients, one optimiser step, again and again. Arrays in, progress out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from tutor.engine.backend import Backend, load_backend, namespace
from tutor.engine.config import TransformerConfig
from tutor.engine.gradient import backward
from tutor.engine.layers import STORED
from tutor.engine.message import Message
from tutor.engine.packing import Packing
from tutor.engine.recorder import Recorder
from tutor.engine.transformer import run

Arrays = dict[str, Any]


class TrainingError(ArithmeticError):
    """Training that cannot go on: the loss or its gradients are no longer numbers."""


@dataclass(frozen=True)
class Batch:
    """Token ids [sentence, position], padded; `targets` are the right tokens, padding where nothing is asked.

    A model without words has None for them; one that reads series has [series, step, variable] for the ids.
    """

    ids: np.ndarray
    targets: np.ndarray | None
    target_ids: np.ndarray | None = None  # the decoder's input, in an encoder-decoder
    segment_ids: np.ndarray | None = None
    task_targets: Mapping[str, np.ndarray] | None = None  # the right classes of other tasks, by the task's name
    costs: np.ndarray | None = None  # [sentence, answer]: the targets are answers, and are to cost less on average

    @property
    def tokens(self) -> int:
        """How many tokens are predicted; of a model without words, how many classes or numbers."""
        if self.targets is None:
            right = (self.task_targets or {}).values()
            return sum(one.size if one.dtype.kind == "f" else int(np.count_nonzero(one >= 0)) for one in right)
        return int(np.count_nonzero(self.targets))


@dataclass(frozen=True)
class Settings:
    """How to train. The defaults are near those of Vaswani et al. 2017, section 5."""

    steps: int = 1000
    learning_rate: float = 1e-3  # the highest, reached after `warmup` steps
    warmup: int = 100
    decay: str = "cosine"  # or "inverse_sqrt" (the paper's), or "none"
    weight_decay: float = 0.0
    beta_1: float = 0.9
    beta_2: float = 0.98
    epsilon: float = 1e-9
    clip: float = 1.0  # the longest that all gradients together may be; 0 is no limit
    dropout: float = 0.0
    smoothing: float = 0.0
    average: float = 0.0  # how much of the running average of the weights is kept each step; 0 keeps none
    accumulate: int = 1  # so many batches, their gradients added up, make one step
    risk: float = 0.0  # above 0, a batch of answers with costs joins each step, and weighs so much
    seed: int = 0


@dataclass
class State:
    """All that training changes. Saved and loaded whole, it goes on bit for bit."""

    weights: Arrays
    first: Arrays = field(default_factory=dict)  # AdamW's running mean of the gradients
    second: Arrays = field(default_factory=dict)  # and of their squares
    averaged: Arrays = field(default_factory=dict)
    step: int = 0
    packing: Packing | None = field(default=None, repr=False, compare=False)  # of NumPy arrays, from the first step on

    @property
    def best(self) -> Arrays:
        """What training is for: the averaged weights where an average is kept, else the weights."""
        return self.averaged or self.weights


@dataclass(frozen=True)
class Progress:
    """One step: its loss (nats a token), how many tokens it predicted, the learning rate, the gradients' length."""

    step: int
    loss: float
    tokens: int
    learning_rate: float
    length: float


def learning_rate(step: int, settings: Settings) -> float:
    """The rate for step 1, 2, …: up in a line for `warmup` steps, then down."""
    up = min(1.0, step / max(1, settings.warmup))
    if step <= settings.warmup or settings.decay == "none":
        return settings.learning_rate * up
    if settings.decay == "inverse_sqrt":
        return settings.learning_rate * math.sqrt(max(1, settings.warmup) / step)
    done = (step - settings.warmup) / max(1, settings.steps - settings.warmup)
    return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def gradients(
    weights: Mapping[str, Any],
    config: TransformerConfig,
    batch: Batch,
    settings: Settings | None = None,
    step: int = 0,
    backend: Backend | None = None,
    part: int = 0,
) -> tuple[float, Arrays]:
    """The loss of a batch and its gradient for every weight.

    Dropout follows from the seed, the step and which `part` of the step the batch is.
    """
    settings = settings or Settings()
    generator = np.random.default_rng([settings.seed, step, part])
    record = Recorder(weights, backend, dropout=settings.dropout, generator=generator, bound=math.inf)
    given = (batch.ids, batch.target_ids, batch.segment_ids, batch.targets)
    smoothing = settings.smoothing if batch.costs is None else 0.0  # an answer is as likely as the model says
    loss = run(record, config, *given, smoothing, batch.task_targets, batch.costs)
    record.let_go()
    learned = [name for name in weights if name not in STORED]
    found = backward(record, loss, learned, use_up=True)
    return float(loss.value), {name: found[name].array for name in weights if name in found}


def accumulated(
    weights: Mapping[str, Any],
    config: TransformerConfig,
    parts: Sequence[Batch],
    settings: Settings,
    step: int = 0,
    backend: Backend | None = None,
) -> tuple[float, Arrays]:
    """As `gradients`, of the batches that together make one step: their mean, each weighed by its tokens.

    The expected cost of answers comes on top, `settings.risk` times, and is no part of the loss that is returned.
    """
    if len(parts) == 1:
        return gradients(weights, config, parts[0], settings, step, backend)
    tokens = sum(batch.tokens for batch in parts if batch.costs is None)
    loss, found = 0.0, Arrays()
    for part, batch in enumerate(parts):
        of_part, slopes = gradients(weights, config, batch, settings, step, backend, part)
        share = batch.tokens / max(1, tokens) if batch.costs is None else settings.risk
        loss += of_part * share if batch.costs is None else 0.0
        for name, slope in slopes.items():
            found[name] = found[name] + slope * share if name in found else slope * share
    return loss, found


def evaluate(
    weights: Mapping[str, Any], config: TransformerConfig, batches: Iterable[Batch], backend: Backend | None = None
) -> float:
    """The mean of -ln p(right token) over all batches, nats a token, without dropout or smoothing."""
    total, tokens = 0.0, 0
    for batch in batches:
        record = Recorder(weights, backend, keep=False, generator=np.random.default_rng(0))
        given = (batch.ids, batch.target_ids, batch.segment_ids, batch.targets)
        loss = run(record, config, *given, task_targets=batch.task_targets)
        total += float(loss.value) * batch.tokens
        tokens += batch.tokens
    return total / max(1, tokens)


def adamw(state: State, slopes: Arrays, settings: Settings) -> float:
    """One step of AdamW (Loshchilov and Hutter 2017, algorithm 2), in place; returns the gradients' length.

    Raises TrainingError, with nothing changed, where the gradients are no longer numbers.
    """
    length = math.sqrt(sum(map(_square, slopes.values())))
    if not math.isfinite(length):
        raise TrainingError(Message("the gradients of step {step} are no longer numbers", step=state.step + 1))
    state.step += 1
    update = _Update.of(state.step, length, settings)
    if _can_be_packed([state.weights[name] for name in slopes]):
        _update_packed(state, slopes, update)
    else:
        for name, g in slopes.items():
            w = state.weights[name]
            m, v = state.first.get(name, w * 0), state.second.get(name, w * 0)
            state.weights[name], state.first[name], state.second[name] = update(w, m, v, g, len(w.shape) > 1)
    _average(state, settings)
    return length


@dataclass(frozen=True)
class _Update:
    """What one step of AdamW does to each number of a weight."""

    beta_1: float
    beta_2: float
    shrink: float  # by clipping
    epsilon: float
    rate: float
    decay: float

    @classmethod
    def of(cls, step: int, length: float, settings: Settings) -> _Update:
        rate = learning_rate(step, settings)
        shrink = min(1.0, settings.clip / length) if settings.clip and length else 1.0
        one, two = 1 - settings.beta_1**step, math.sqrt(1 - settings.beta_2**step)
        numbers = settings.beta_1, settings.beta_2, shrink, settings.epsilon * two
        return cls(*numbers, rate * two / one, rate * settings.weight_decay)

    def __call__(self, w: Any, m: Any, v: Any, g: Any, decays: bool) -> tuple[Any, Any, Any]:
        """Weight and running means after the step, in place where the library can; `g` is left as it was."""
        m *= self.beta_1
        m += g * ((1 - self.beta_1) * self.shrink)
        g = g * g
        g *= (1 - self.beta_2) * self.shrink**2
        v *= self.beta_2
        v += g
        root = namespace(v).sqrt(v)
        root += self.epsilon
        change = m / root
        change *= self.rate
        if decays and self.decay:  # biases and norms are left alone
            w *= 1 - self.decay
        w -= change
        return w, m, v


def _can_be_packed(weights: Sequence[Any]) -> bool:
    return all(type(w) is np.ndarray for w in weights) and len({w.dtype for w in weights}) == 1


def _update_packed(state: State, slopes: Mapping[str, np.ndarray], update: _Update) -> None:
    """The update of NumPy arrays: the same numbers, in fewer calls on more of them."""
    kinds = state.weights, state.first, state.second
    if state.packing is None or not state.packing.holds(kinds, slopes):
        for name in slopes:
            for kind in kinds[1:]:
                kind.setdefault(name, np.zeros_like(state.weights[name]))
        state.packing = Packing(kinds, state.first)
    w, m, v = state.packing.vectors
    for stretch in state.packing.stretches(slopes):
        for at, g in stretch.parts(slopes):
            update(w[at], m[at], v[at], g, stretch.matrices)


def _square(g: Any) -> float:
    flat = namespace(g).reshape(g, (-1,))
    return float(namespace(g).vecdot(flat, flat))


def _average(state: State, settings: Settings) -> None:
    if not settings.average:
        return
    # Young averages follow faster, so that the random start is soon forgotten.
    kept = min(settings.average, (1 + state.step) / (10 + state.step))
    for name, w in state.weights.items():
        if name not in state.averaged:
            state.averaged[name] = w * 1
            continue
        a = state.averaged[name]
        a += (1 - kept) * (w - a)
        state.averaged[name] = a


def begin(weights: Mapping[str, np.ndarray], backend: Backend | None = None) -> State:
    """A state before the first step, on copies of the weights."""
    backend = backend or load_backend("numpy")
    return State({name: backend.asarray(np.array(array)) for name, array in weights.items()})


def train(
    state: State,
    config: TransformerConfig,
    batches: Iterable[Batch],
    settings: Settings,
    backend: Backend | None = None,
) -> Iterator[Progress]:
    """Train on the batches as they come, `settings.accumulate` a step, until `settings.steps`.

    With `settings.risk` every step has a batch of answers besides, the last of each.

    Raises TrainingError before weights turn to NaN.
    """
    coming = iter(batches)
    together = settings.accumulate + bool(settings.risk)
    while state.step < settings.steps and (parts := tuple(islice(coming, together))):
        with np.errstate(all="ignore"):  # what overflows is found in the loss
            loss, slopes = accumulated(state.weights, config, parts, settings, state.step, backend)
            if not math.isfinite(loss):
                raise TrainingError(Message("the loss of step {step} is {loss}", step=state.step + 1, loss=loss))
            length = adamw(state, slopes, settings)
        rate = learning_rate(state.step, settings)
        tokens = sum(batch.tokens for batch in parts)
        yield Progress(state.step, loss, tokens, rate, length)
