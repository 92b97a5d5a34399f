"""Which steps of a lesson can be done on a model that it was not written for, and why the others cannot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tutor.course.exercises import make
from tutor.course.mistakes import MistakeError
from tutor.course.places import find_node, is_at_hand
from tutor.course.schema import Fill, Lesson, Step, Try
from tutor.engine.backend import BackendError
from tutor.engine.config import ConfigError, TransformerConfig
from tutor.engine.gradient import PREFIX as GRADIENT
from tutor.engine.message import Message
from tutor.engine.ops import OperationError
from tutor.engine.trace import Trace, TraceError
from tutor.models.errors import ModelError
from tutor.models.model import Model
from tutor.models.registry import available

REASONS = (BackendError, ConfigError, MistakeError, ModelError, OperationError, TraceError)
KINDS = {
    "encoder_only": Message("it is about models that look both ways and fill gaps: encoders alone"),
    "decoder_only": Message("it is about models that go on with a text: decoders alone"),
}

Run = Callable[[Mapping[str, Any] | None], Trace]


@dataclass(frozen=True)
class Fit:
    """What of a lesson can be done on a model: `reasons` has why not, by the step's number from 0.

    `refusal` is why none of it can; a lesson on given numbers needs no model.
    """

    lesson: Lesson
    reasons: Mapping[int, Message | str] = field(default_factory=dict)
    refusal: Message | str = ""

    @property
    def needs_model(self) -> bool:
        """Whether the lesson computes with a model at all."""
        return self.lesson.program is None

    @property
    def steps(self) -> int:
        """How many steps can be done."""
        return 0 if self.refusal else len(self.lesson.steps) - len(self.reasons)


def fit(lesson: Lesson, model: Model, language: str, sentence: str) -> Fit:
    """Every step of the lesson tried on the model, on the lesson's own sentence or, where it has none, on this."""
    if lesson.program is not None:
        return Fit(lesson)
    if refusal := mismatch(lesson, model.config):
        return Fit(lesson, refusal=refusal)
    said = lesson.sentence.get(language) if lesson.sentence else sentence
    wanted = lesson.target and (model.name == lesson.model or takes_target(model.config))
    target = lesson.target.get(language) if lesson.target and wanted else None
    runs: dict[str, Trace] = {}

    def run(config: Mapping[str, Any] | None) -> Trace:
        key = repr(sorted((config or {}).items()))
        if key not in runs:
            runs[key] = model.trace(said, target=target, config=config or None, pad_to=lesson.pad_to)
        return runs[key]

    try:
        run(None)
    except REASONS as error:
        return Fit(lesson, refusal=_words(error))
    found = ((number, _reason(step, run, model.config)) for number, step in enumerate(lesson.steps))
    return Fit(lesson, {number: reason for number, reason in found if reason})


def mismatch(lesson: Lesson, config: TransformerConfig) -> Message | str:
    """Why a lesson on a model of one stack says nothing true of a model of another build; empty where it does."""
    own = next((info.architecture for info in available() if info.name == lesson.model), config.architecture)
    if own == config.architecture or own not in KINDS:
        return ""
    return KINDS[own]


def takes_target(config: TransformerConfig) -> bool:
    """Whether a lesson's target means something to a model of this build."""
    return config.architecture == "encoder_decoder"


def absent(lesson: Lesson, trace: Trace) -> dict[int, Message | str]:
    """What of this one trace tells at once: steps whose matrix, or whose generation, its model has not."""
    if lesson.program is not None:
        return {}
    # What a step shows under a what-if of its own, this trace need not have.
    plain = ((number, step) for number, step in enumerate(lesson.steps) if isinstance(step, Try) or not step.config)
    found = ((number, _absent(step, trace)) for number, step in plain)
    return {number: reason for number, reason in found if reason}


def other_model_said(lesson: Lesson, trace: Trace) -> Message | str:
    """What a learner who opens the lesson on another model should know; empty where there is nothing to say."""
    if lesson.program is not None:
        return ""
    if reason := mismatch(lesson, trace.config):
        return Message("this lesson does not fit {model}: {reason}", model=trace.model, reason=reason)
    count = len(absent(lesson, trace))
    if not count:
        return ""
    return Message(
        "{model} is built otherwise: {count} of {steps} steps have nothing to show there, and say so",
        model=trace.model,
        count=count,
        steps=len(lesson.steps),
    )


def _absent(step: Step, trace: Trace) -> Message | str:
    if isinstance(step, Try) and (reason := _cannot_generate(step, trace.config)):
        return reason
    name = step.show or ""
    inner = name.removeprefix(GRADIENT)
    if not name or not is_at_hand(trace, inner):
        return ""
    try:
        find_node(trace, inner)
    except TraceError:
        return Message("it has no {name}", name=inner)
    return ""


def _reason(step: Step, run: Run, config: TransformerConfig) -> Message | str:
    """Why a step cannot be done; empty where it can."""
    own, wanted = (None, step.goal.config) if isinstance(step, Try) else (step.config, step.config)
    try:
        if reason := _absent(step, run(own)):
            return reason
        trace = run(wanted)
        if isinstance(step, Fill):
            make(step, trace)
        elif step.show:
            find_node(trace, step.show)
    except REASONS as error:
        return _words(error)
    return ""


def _cannot_generate(step: Try, config: TransformerConfig) -> Message | str:
    if step.goal.generate is None:
        return ""
    if config.architecture == "encoder_only":
        return Message("it reads and does not write: it has no decoder")
    return "" if "words" in config.tasks else Message("it has no head that chooses words")


def _words(error: Exception) -> Message | str:
    return next((part for part in error.args if isinstance(part, Message)), str(error))
