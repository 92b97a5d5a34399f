"""What can be wrong with the goal of a `try` step, as far as no trace is needed to tell."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields
from typing import Any

from tutor.course.goals import LEAST, MOST, generated_with, setting_of, to_generate, with_strategy
from tutor.course.schema import Goal
from tutor.course.spelling import nearest
from tutor.course.widths import START
from tutor.engine.choosing import STRATEGY_OF, Decoding, DecodingError
from tutor.engine.widths import WIDTHS
from tutor.models.recipe import SETTINGS as TRAINING_SETTINGS

Problem = tuple[str, str, str]
"""The field inside the step, what is wrong with it, and what to do."""


def goal_problems(goal: Goal) -> Iterator[Problem]:
    """What is wrong with the settings of a goal."""
    if goal.generate is not None:
        yield from _generation_problems(goal)
    if goal.train is not None:
        yield from _training_problems(goal)
    if goal.width is not None:
        yield from _width_problems(goal)


def _generation_problems(goal: Goal) -> Iterator[Problem]:
    known = [one.name for one in fields(Decoding)]
    limits = [f"{field}{end}" for field in STRATEGY_OF for end in (LEAST, MOST)]
    problems = [*_unknown("try.generate", goal.generate or {}, [*known, *limits])]
    problems += _unknown("try.settings", goal.settings, known)
    yield from problems
    if problems:
        return
    wanted = with_strategy(goal.generate or {})
    for name in wanted:
        belongs = STRATEGY_OF.get(setting_of(name), wanted.get("strategy"))
        if belongs != wanted.get("strategy"):
            yield f"try.generate.{name}", f"goes with strategy {belongs}", f"Write strategy: {belongs}"
            return
    try:
        Decoding(**goal.settings)  # type: ignore[arg-type]
    except DecodingError as error:
        yield "try.settings", str(error), ""
        return
    for name, value in wanted.items():
        try:
            Decoding(**{setting_of(name): value})
        except (DecodingError, TypeError) as error:
            yield f"try.generate.{name}", str(error), ""
            return
    if generated_with(goal.generate or {}, goal.settings):
        yield "try.generate", "is where the generation begins, so the step is done by any", "Ask for a change"
    elif not generated_with(goal.generate or {}, to_generate(goal)):
        yield "try.generate", "cannot be reached: its limits exclude each other", "Give one of them"


def _training_problems(goal: Goal) -> Iterator[Problem]:
    problems = list(_unknown("try.settings", goal.settings, TRAINING_SETTINGS))
    yield from problems
    if problems:
        return
    for name, value in goal.settings.items():
        rule, accepts = TRAINING_SETTINGS[name]
        if not accepts(value):
            yield f"try.settings.{name}", f"must be {rule}, not {value}", ""


def _width_problems(goal: Goal) -> Iterator[Problem]:
    yield from _unknown("try.settings", goal.settings, START)
    width, seed = (goal.settings.get(name, START[name]) for name in START)
    if width not in WIDTHS:
        yield "try.settings.width", f"must be one of {', '.join(map(str, WIDTHS))}, not {width}", ""
    if type(seed) is not int or seed < 0:
        yield "try.settings.seed", f"must be a whole number from 0, not {seed}", ""


def _unknown(place: str, given: Mapping[str, Any], known: Collection[str]) -> Iterator[Problem]:
    for name in given:
        if name not in known:
            guess = nearest(name, known)
            remedy = f"Did you mean {guess}?" if guess else f"There are {', '.join(known)}"
            yield f"{place}.{name}", "there is no such setting", remedy
