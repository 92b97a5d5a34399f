"""What a `try` step asks for: read, checked, and told from what the learner did."""

import json

import pytest

import tutor
from tests.course.sample import PROGRAM
from tutor.course.check import check_lesson
from tutor.course.check_goals import goal_problems
from tutor.course.errors import LessonError
from tutor.course.goals import Evidence, reached, to_generate
from tutor.course.json_schema import json_schema
from tutor.course.lesson_file import parse_lesson
from tutor.course.schema import Goal, Text, Try

MODEL = """
format: 1
id: to-try
unit: 5
title: {en: Try, zh: 试试}
summary: {en: A line, zh: 一句话说明学什么}
minutes: 5
model: proverbs
sentence: {en: 天行健, zh: 天行健}
steps:
  - try: {generate: {strategy: beam, beams: 3}}
    say: {en: Search., zh: 搜索。}
"""
GOAL = "{generate: {strategy: beam, beams: 3}}"


def with_goal(goal: str) -> str:
    return MODEL.replace(GOAL, goal)


def step(**goal) -> Try:
    return Try(goal=Goal(**goal), say=Text("Try.", "试试。"))


@pytest.mark.parametrize(
    ("goal", "kind"),
    [
        (GOAL, "generate"),
        ("{generate: {temperature_at_least: 2.0}, settings: {strategy: sample}}", "generate"),
        ("{train: right}", "train"),
        ("{width: {below: 0.5, measure: slope, side: undivided}, settings: {seed: 3}}", "width"),
        ("{train: broken, settings: {learning_rate: 0.3, clip: 0}}", "train"),
    ],
)
def test_a_goal_needs_no_matrix_unless_it_is_a_switch(goal, kind):
    lesson = parse_lesson(with_goal(goal))
    assert (lesson.steps[0].goal.kind, lesson.steps[0].show) == (kind, None)
    assert check_lesson(lesson) == ()


@pytest.mark.parametrize(
    ("goal", "field", "message", "remedy"),
    [
        ("{}", "steps[0].try", "asks for nothing", "config, reach, generate, train"),
        ("{train: right, generate: {beams: 2}}", "steps[0].try", "generate and train at once", "exactly one"),
        ("{train: rigth}", "steps[0].try.train", "broken, warmed, not rigth", "mean right?"),
        ("{generate: {}}", "steps[0].try.generate", "at least 1", ""),
        ("{tain: right}", "steps[0].try.tain", "not a field", "Did you mean train?"),
        ("{config: {residual: false}}", "steps[0].show", "is missing", "show: NODE"),
        ("{train: [right]}", "steps[0].try.train", "not a list", ""),
        ("{config: {residual: false}, settings: {seed: 1}}", "steps[0].try.settings", "no meaning", "Leave it out"),
    ],
)
def test_a_goal_that_cannot_be_read(goal, field, message, remedy):
    with pytest.raises(LessonError) as caught:
        parse_lesson(with_goal(goal), "some.yaml")
    (problem,) = caught.value.problems
    assert (problem.field, problem.line) == (field, 11)
    assert message in problem.message and remedy in problem.remedy


@pytest.mark.parametrize(
    ("goal", "field", "message"),
    [
        ("{generate: {beems: 3}}", "generate.beems", "no such setting"),
        ("{generate: {strategy: bean}}", "generate.strategy", "must be one of"),
        ("{generate: {beams: 0}}", "generate.beams", "whole number"),
        ("{generate: {beams: three}}", "generate.beams", "whole number"),
        ("{generate: {strategy: beam, temperature: 2.0}}", "generate.temperature", "goes with strategy sample"),
        ("{generate: {strategy: greedy, beams: 2}}", "generate.beams", "goes with strategy beam"),
        ("{generate: {top_k_at_least: -1}}", "generate.top_k_at_least", "whole number"),
        ("{generate: {strategy: greedy}}", "generate", "done by any"),
        ("{generate: {beams: 3}, settings: {strategy: beam, beams: 3}}", "generate", "done by any"),
        ("{generate: {temperature_at_least: 2, temperature_at_most: 1}}", "generate", "exclude each other"),
        ("{generate: {beams: 3}, settings: {temperature: -1}}", "settings", "at least 0"),
        ("{train: right, settings: {learning_rat: 1}}", "settings.learning_rat", "no such setting"),
        ("{train: right, settings: {learning_rate: 0}}", "settings.learning_rate", "above 0"),
        ("{train: stepped, settings: {clip: true}}", "settings.clip", "at least 0"),
        ("{width: {below: 0.5}, settings: {with: 4}}", "settings.with", "no such setting"),
        ("{width: {below: 0.5}, settings: {width: 3}}", "settings.width", "must be one of 1, 2, 4"),
        ("{width: {below: 0.5}, settings: {seed: -1}}", "settings.seed", "whole number"),
    ],
)
def test_settings_that_cannot_be(goal, field, message):
    problems = check_lesson(parse_lesson(with_goal(goal)))
    assert [(one.field, message in one.message) for one in problems] == [(f"steps[0].try.{field}", True)], problems


def test_a_program_generates_nothing():
    text = PROGRAM + f"  - try: {GOAL}\n    say: {{en: Search., zh: 搜索。}}\n"
    (problem,) = check_lesson(parse_lesson(text))
    assert problem.field == "steps[3].try.generate" and "no meaning" in problem.message
    assert check_lesson(parse_lesson(text.replace(GOAL, "{train: right}"))) == ()


def test_a_goal_of_generation_is_reached_by_settings_that_include_it():
    beam = step(generate={"strategy": "beam", "beams": 3})
    assert not reached(beam, Evidence())
    assert not reached(beam, Evidence(generated=({"strategy": "beam"}, {"strategy": "sample", "seed": 3})))
    assert reached(beam, Evidence(generated=({}, {"strategy": "beam", "beams": 3, "length_penalty": 0.0})))
    hot = step(generate={"temperature_at_least": 2.0})
    assert not reached(hot, Evidence(generated=({"strategy": "sample", "temperature": 1.9},)))
    assert not reached(hot, Evidence(generated=({"strategy": "greedy", "temperature": 3.0},)))
    assert reached(hot, Evidence(generated=({"strategy": "sample", "temperature": 2.5},)))
    # What is not given has its default.
    assert reached(step(generate={"strategy": "beam", "beams": 4}), Evidence(generated=({"strategy": "beam"},)))


@pytest.mark.parametrize(
    "wanted", [{"beams": 3}, {"temperature_at_least": 2.0}, {"top_k": 5, "temperature_at_most": 0.5}]
)
def test_there_are_settings_that_reach_a_goal(wanted):
    goal = Goal(generate=wanted, settings={"seed": 7})
    assert list(goal_problems(goal)) == []
    settings = to_generate(goal)
    assert settings["seed"] == 7
    assert reached(Try(goal=goal, say=Text("a", "一")), Evidence(generated=(settings,)))
    tutor.load_model("proverbs").generate("天行健", **settings)


def test_a_goal_of_training_is_reached_by_its_name():
    assert reached(step(train="broken"), Evidence(trained=frozenset({"stepped", "broken"})))
    assert not reached(step(train="right"), Evidence(trained=frozenset({"stepped", "broken"})))


def test_editors_know_the_goals():
    definitions = json.loads(json.dumps(json_schema()))["$defs"]
    assert {tuple(one["required"]) for one in definitions["Goal"]["oneOf"]} == {
        ("config",), ("reach",), ("generate",), ("train",), ("width",),
    }  # fmt: skip
    assert sorted(definitions["Goal"]["properties"]["train"]["enum"]) == ["broken", "right", "stepped", "warmed"]
    assert definitions["Try"]["required"] == ["try", "say"]
