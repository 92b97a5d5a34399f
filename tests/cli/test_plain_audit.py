"""An audit line by line: marks by place, the check, and the count at the end."""

import pytest
from click.testing import CliRunner

from tutor.cli import cli
from tutor.course.lesson_file import load_lesson
from tutor.course.progress import Progress
from tutor.course.schema import Audit
from tutor.display.language import set_language


@pytest.fixture
def run():
    def at(step, *lines, language="en"):
        Progress().record("audit", step)
        text = "\n".join([*lines, "quit", ""])
        result = CliRunner().invoke(cli, ["start", "audit", "--plain", "--lang", language], input=text)
        assert result.exit_code == 0, result.output
        return result.stdout.partition("> ")[2]

    yield at
    set_language("en")


def test_marks_are_checked(run):
    said = run(1, "mark 0,0 0,3", "check")
    assert "Marked: 0,0, 0,3." in said and "max(0, 0.56)" in said
    assert "1 of 8 slips found, 1 false alarm. 8 of 36 cells are slips." in said
    assert "Missed: 1,3, 2,2, 2,3, 3,3, 4,3, 5,2, 5,3." in said and "Not slips: 0,0." in said


def test_a_mark_is_taken_away_and_all_or_none(run):
    said = run(1, "mark 0,3", "mark 0,3", "all", "none", "check")
    assert said.count("Marked: none.") == 2 and "and 24 more" in said and "0 of 8 slips found, no false alarm." in said


def test_the_recomputed_matrix_is_covered_until_asked_for(run):
    said = run(1, "why 2,2", "uncover", "why 2,2")
    covered, uncovered = said.split("> uncover")
    assert "yours to find" in covered and "max(0, -0.57)" in uncovered


def test_both_matrices_stand_beneath_each_other_where_nothing_is_covered(run):
    step = next(n for n, s in enumerate(load_lesson("audit").steps) if isinstance(s, Audit) and not s.audit.covered)
    Progress().record("audit", step)
    result = CliRunner().invoke(cli, ["start", "audit", "--plain"], input="quit\n")
    assert "Printed:" in result.stdout and "Recomputed:" in result.stdout
    assert "0.9693  " in result.stdout and "0.969322" in result.stdout


@pytest.mark.parametrize("line", ["mark", "mark 9,9", "mark a", "mark 0", "mark 0,0 9,9", "blah"])
def test_what_cannot_be_marked_is_answered_and_changes_nothing(run, line):
    said = run(1, line, "none", "check")
    assert "0 of 8 slips found, no false alarm." in said


def test_the_last_audit_counts_them_all(run):
    said = run(11, "all", "check", language="zh")
    assert "36 处错误找到了 36 处，没有误报。" in said and "所有矩阵" in said and "relu_printed: 8 / 36" in said


def test_an_attempt_is_kept(run):
    run(1, "mark 0,3", "check")
    assert Progress().done("audit") is False and Progress().resume("audit") == 1
