"""A d_k to be found: where it is, and what is said of one that is not it."""

import numpy as np
import pytest

import tutor
from tutor.course.check import check_lesson
from tutor.course.errors import LessonError
from tutor.course.goals import Evidence, reached
from tutor.course.lesson_file import parse_lesson
from tutor.course.schema import Goal, Text, Try, WidthGoal
from tutor.course.widths import even, judged, percent, shares, sought
from tutor.engine.widths import WIDTHS

SENTENCE = "白日依山尽"


@pytest.fixture(scope="module")
def trace():
    return tutor.load_model("proverbs").trace(SENTENCE)


@pytest.mark.parametrize("measure", ["entropy", "slope"])
def test_shares_are_of_an_even_row(trace, measure):
    n = len(trace["tokens"].labels[0])
    assert even("entropy", n) == pytest.approx(np.log(n)) and even("slope", n) == pytest.approx((n - 1) / n)
    for side in ("undivided", "divided"):
        found = shares(trace, side, measure)
        assert found.shape == (len(WIDTHS),) and (0 < found).all() and (found <= 1 + 1e-6).all()
        np.testing.assert_allclose(found * even(measure, n), trace.width(f"width.{side}.{measure}").value, rtol=1e-5)


@pytest.mark.parametrize("below", [0.3, 0.5, 0.7])
def test_the_one_that_is_sought_is_right_and_no_other(trace, below):
    goal = WidthGoal(below=below)
    found = shares(trace, "undivided", "entropy")
    wanted = sought(goal, trace)
    at = WIDTHS.index(wanted)
    assert found[at - 1] >= below and (found[at:] < below).all()
    assert [width for width in WIDTHS if judged(goal, trace, width)[0]] == [wanted]
    for width, share in zip(WIDTHS, found, strict=True):
        good, said = judged(goal, trace, width)
        assert percent(share) in said.en and percent(share) in said.zh, (width, said)
        if not good and width < wanted:
            assert "go on" in said.en or "stay" in said.en


def test_a_dip_that_does_not_last_is_not_it(trace, monkeypatch):
    up_and_down = np.array([0.9, 0.4, 0.6, 0.45, 0.3, 0.2, 0.1, 0.1, 0.1, 0.1])
    monkeypatch.setattr("tutor.course.widths.shares", lambda *_given: up_and_down)
    goal = WidthGoal(below=0.5)
    assert sought(goal, trace) == 8
    assert "does not stay" in judged(goal, trace, 2)[1].en and "half as wide" in judged(goal, trace, 16)[1].en


def test_what_is_all_but_the_limit_is_told_in_tenths(trace, monkeypatch):
    nearly = np.array([0.9, 0.503, 0.497, 0.4, 0.3, 0.2, 0.1, 0.1, 0.1, 0.1])
    monkeypatch.setattr("tutor.course.widths.shares", lambda *_given: nearly)
    goal = WidthGoal(below=0.5)
    assert "50.3 %" in judged(goal, trace, 2)[1].zh
    assert "At 2 it is 50.3 %, at 4 it is 49.7 %, and it stays below 50 %" in judged(goal, trace, 4)[1].en
    assert percent(0.503) == "50 %" and percent(0.6, 0.5) == "60 %"


def test_where_there_is_none(trace):
    goal = WidthGoal(below=0.01, side="divided")
    assert sought(goal, trace) is None
    assert all(not judged(goal, trace, width)[0] for width in WIDTHS)
    alone = tutor.load_model("speaker").trace("a")
    if alone["tokens"].shape[0] == 1:
        assert not shares(alone, "undivided", "entropy").any()


def test_the_step_is_done_once_it_was_found():
    step = Try(goal=Goal(width=WidthGoal(below=0.5)), say=Text("a", "一"))
    assert not reached(step, Evidence()) and reached(step, Evidence(width_found=True))


LESSON = """
format: 1
id: sample
unit: 3
title: {en: A, zh: 一}
summary: {en: A, zh: 一}
minutes: 5
model: MODEL
sentence: {en: 白日依山尽, zh: 白日依山尽}
steps:
  - try: GOAL
    say: {en: Turn., zh: 转。}
"""


@pytest.mark.parametrize(
    ("goal", "model", "field"),
    [
        ("{width: {below: 0.5}}", "proverbs", None),
        ("{width: {below: 0.01, side: divided}}", "proverbs", "try.width"),
        ("{width: {below: 0.5}}", "forecaster", "try.width"),
        ("{width: {below: 0.5}, settings: {width: FOUND}}", "proverbs", "try.settings.width"),
    ],
)
def test_the_check_proves_that_there_is_one(trace, goal, model, field):
    found = str(sought(WidthGoal(below=0.5), trace))
    text = LESSON.replace("GOAL", goal.replace("FOUND", found)).replace("MODEL", model)
    if model == "forecaster":
        text = "".join(line for line in text.splitlines(True) if not line.startswith("sentence"))
        text = text.replace("steps:", "sentence: {en: day, zh: day}\nsteps:")
    problems = check_lesson(parse_lesson(text))
    assert [one.field for one in problems] == ([f"steps[0].{field}"] if field else []), problems


@pytest.mark.parametrize("goal", ["{below: 1.5}", "{below: 0.5, side: left}", "{measure: entropy}", "{below: half}"])
def test_what_is_no_goal_is_told(goal):
    with pytest.raises(LessonError, match="width"):
        parse_lesson(LESSON.replace("GOAL", f"{{width: {goal}}}").replace("MODEL", "proverbs"))
