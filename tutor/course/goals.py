"""What a `try` step asks for, and whether the learner has done it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from tutor.course.reaching import has_reached
from tutor.course.schema import Goal, Try
from tutor.engine.choosing import STRATEGY_OF, Decoding
from tutor.engine.trace import Trace

LEAST, MOST = "_at_least", "_at_most"


@dataclass(frozen=True)
class Evidence:
    """What the learner did on a step: the trace on screen, the settings of each generation, the goals of training."""

    trace: Trace | None = None
    before: Trace | None = None  # the plain model's, where the trace is of a what-if
    generated: tuple[Mapping[str, Any], ...] = ()
    trained: frozenset[str] = frozenset()
    width_found: bool = False  # whether the d_k that was asked for was marked


def reached(step: Try, evidence: Evidence) -> bool:
    """Whether what the learner did is what the step asks for."""
    goal = step.goal
    if goal.reach is not None:
        return evidence.trace is not None and has_reached(goal.reach, evidence.trace, evidence.before)
    if goal.generate is not None:
        return any(generated_with(goal.generate, settings) for settings in evidence.generated)
    if goal.train is not None:
        return goal.train in evidence.trained
    if goal.width is not None:
        return evidence.width_found
    return evidence.trace is not None and tried(step, evidence.trace)


def tried(step: Try, trace: Trace) -> bool:
    """Whether the trace was run with the config that the step asks for; false where it asks for something else."""
    wanted = step.goal.config
    return wanted is not None and all(_same(getattr(trace.config, name, None), wanted[name]) for name in wanted)


def generated_with(wanted: Mapping[str, Any], settings: Mapping[str, Any]) -> bool:
    """Whether a generation with these settings (what is not given has its default) is one that was wanted."""
    actual = {one.name: one.default for one in fields(Decoding)} | dict(settings)
    return all(_meets(actual, name, value) for name, value in with_strategy(wanted).items())


def with_strategy(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The settings wanted, with the strategy that they speak of: a temperature is one of sampling."""
    named = (STRATEGY_OF[field] for field in map(setting_of, wanted) if field in STRATEGY_OF)
    strategy = wanted.get("strategy") or next(named, None)
    return {**({"strategy": strategy} if strategy else {}), **wanted}


def to_generate(goal: Goal) -> dict[str, Any]:
    """Settings that reach the goal; a limit is met by itself."""
    wanted = with_strategy(goal.generate or {})
    return {**goal.settings, **{setting_of(name): value for name, value in wanted.items()}}


def setting_of(name: str) -> str:
    """The setting that a wanted one speaks of: temperature_at_least is a limit on temperature."""
    return name.removesuffix(LEAST).removesuffix(MOST)


def _meets(actual: Mapping[str, Any], name: str, value: Any) -> bool:
    field = setting_of(name)
    if field == name:
        return bool(actual.get(field) == value)
    return bool(actual[field] >= value if name.endswith(LEAST) else actual[field] <= value)


def _same(actual: Any, wanted: Any) -> bool:
    if isinstance(actual, tuple | list) or isinstance(wanted, tuple | list):
        return set(actual or ()) == set(wanted or ())
    return bool(actual == wanted)
