"""Bringing something about, line by line: numbers put into cells, taken back, and how far off the goal is."""

import click
import pytest

from tutor.course.lesson_file import load_lesson
from tutor.display.language import set_language
from tutor.plain.reaching import Reaching
from tutor.plain.source import Source
from tutor.plain.trying import task_of


@pytest.fixture
def task():
    set_language("en")
    lesson = load_lesson("saturation")
    step = next(step for step in lesson.steps if step.kind == "try" and step.goal.reach is not None)
    found = task_of(step, Source(lesson, "en"), "en")
    assert isinstance(found, Reaching) and not found.finished
    return found


def said(task, line):
    return "\n".join(task.answer(line))


def test_numbers_are_put_until_the_goal_is_reached_and_taken_back(task):
    before = "\n".join(task.matrix(80))
    assert "% of this row" in before and "Before:" not in before
    small = said(task, "put encoder.0.self_attention.scaled 0,2,2 1")
    assert "% of this row" in small and "Before:" in small and not task.finished
    assert "Done" in said(task, "put encoder.0.self_attention.scaled 0,2,2 99") and task.finished
    assert task.edits == {"encoder.0.self_attention.scaled": (((0, 2, 2), 99.0),)}
    assert "% of this row" in said(task, "put") and not task.finished and not task.edits
    assert "\n".join(task.matrix(80)) == before


def test_a_cell_of_the_matrix_on_show_and_a_switch(task):
    said(task, "put 2,2 1e9")  # the head stays where it is
    assert task.finished and list(task.edits) == [task.step.show]
    task.edits, task.config = {}, {"scale_scores": False}
    task.begin()
    assert "What if" in "\n".join(task.matrix(80)) and task.trace.config.scale_scores is False


@pytest.mark.parametrize("line", ["put 1", "put nothing 0,0,0 1", "put 0,9,9 1", "put 0,2,2 x", "put a b c d"])
def test_what_cannot_be_put_changes_nothing(task, line):
    with pytest.raises((click.UsageError, KeyError)):
        said(task, line)
    assert not task.edits and not task.finished


def test_other_words_are_answered(task):
    assert "put" in said(task, "blah") and "put" in task.prompt()
