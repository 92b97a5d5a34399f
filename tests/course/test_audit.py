"""A printed matrix against the arithmetic on its printed predecessors: its slips, and what marks amount to."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.course.sample import PROGRAM
from tutor.course.audit import AuditError, Finding, Sheet, sheets, tally
from tutor.course.check import check_lesson
from tutor.course.errors import LessonError
from tutor.course.json_schema import json_schema
from tutor.course.lesson_file import load_lesson, parse_lesson
from tutor.course.programs import run_program
from tutor.course.schema import Audit
from tutor.engine.trace import TraceError

GIVEN = "    P: {axes: [dimension, mixed], values: [[17, 8.51], [-4, -1.99]]}\n"
STEP = "  - audit: {printed: P, recomputed: Z}\n    say: {en: Mark the slips., zh: 把错的标出来。}\n"


def lesson_with(step=STEP, given=GIVEN):
    return parse_lesson(PROGRAM.replace("  steps:\n    - Z", f"{given}  steps:\n    - Z") + step, "a.yaml")


def sheet_of(**changes):
    lesson = lesson_with(**changes)
    return next(sheets(lesson, run_program(lesson.program)))


def test_a_slip_is_a_whole_unit_of_the_last_printed_decimal_off():
    sheet = sheet_of()  # Z is [[17, 8.5], [-4, -2]]
    assert sheet.decimals == 2
    assert sheet.slips == {(0, 1), (1, 1)}
    assert sheet_of(given=GIVEN.replace("8.51", "8.509")).slips == {(0, 1), (1, 1)}
    assert sheet_of(given=GIVEN.replace("8.51", "8.5").replace("-1.99", "-2.0099")).slips == {(1, 1)}


def test_rounding_and_cutting_off_are_no_slips():
    tenths = "    P: {axes: [dimension, mixed], values: [[0.66, 0.67], [0.6, 0.7]]}\n"
    program = GIVEN.replace(GIVEN, tenths) + "    Q: {axes: [dimension, mixed], values: [[2, 2], [2, 2]]}\n"
    text = PROGRAM.replace("  steps:\n    - Z", f"{program}  steps:\n    - T: {{scale: Q, by: 0.33333333}}\n    - Z")
    lesson = parse_lesson(text + STEP.replace("recomputed: Z", "recomputed: T"), "a.yaml")
    (sheet,) = sheets(lesson, run_program(lesson.program))
    assert sheet.slips == {(1, 0), (1, 1)}  # 0.6 and 0.7 in a matrix of two decimals


def test_a_lesson_may_say_how_exactly_a_matrix_was_printed():
    assert sheet_of(step=STEP.replace("recomputed: Z", "recomputed: Z, decimals: 1")).slips == frozenset()
    assert sheet_of(step=STEP.replace("recomputed: Z", "recomputed: Z, decimals: 3")).decimals == 3


def test_marks_are_hits_misses_and_false_alarms():
    sheet = sheet_of()
    finding = sheet.finding([(0, 1), (0, 0)])
    assert finding == Finding(frozenset({(0, 1)}), frozenset({(1, 1)}), frozenset({(0, 0)}))
    assert not finding.right and sheet.finding(sheet.slips).right
    assert finding.summary.en == "1 of 2 slips found, 1 false alarm."
    assert finding.summary.zh == "2 处错误找到了 1 处，误报 1 处。"
    assert sheet.finding([]).summary.en == "0 of 2 slips found, no false alarm."
    assert sheet.count.en == "2 of 4 cells are slips." and sheet.count.zh == "4 格里有 2 格是错的。"


@given(st.sets(st.tuples(st.integers(0, 1), st.integers(0, 1))))
def test_every_mark_and_every_slip_is_counted_once(marks):
    sheet = sheet_of()
    finding = sheet.finding(marks)
    assert finding.hits | finding.false_alarms == marks and finding.hits | finding.misses == sheet.slips
    counted = Counter([*finding.hits, *finding.misses, *finding.false_alarms])
    assert all(times == 1 for times in counted.values())


def test_what_is_no_number_is_a_slip():
    assert (0, 0) in sheet_of(given=GIVEN.replace("17", ".inf")).slips


def test_the_published_calculation_counted_cell_by_cell():
    """Each matrix from the printed ones before it, recomputed here once more."""
    lesson = load_lesson("audit")
    trace = run_program(lesson.program)
    found = {name: (slips, cells) for name, slips, cells in tally(lesson, trace)}
    assert found["sum_printed"] == (36, 36)
    assert found["position_printed"] == (24, 36)
    assert found["mixed_printed"] == (12, 24)
    assert found["projected_printed"] == (36, 36)
    assert found["mean_printed"] == (6, 6)
    assert found["relu_printed"] == (8, 36)
    assert found["residual2_printed"] == (14, 36)
    value = {name: trace[name].value for name in trace.names if name.endswith(("_printed", "_rounded", "weight"))}
    value |= {name: trace[name].value for name in lesson.program.matrices}
    scores = value["scores_printed"]
    weights = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    slips = np.abs(weights - value["weights_printed"]) >= 1e-4
    assert found["weights_printed"] == (int(slips.sum()), 36)
    again = {
        "sum": (value["embedding_printed"] + value["position_printed"]).T,
        "mixed": value["weights_printed"] @ value["value_printed"],
        "projected": value["mixed_rounded"] @ value["output_weight"],
        "relu": np.maximum(value["hidden_printed"], 0),
        "residual2": value["relu_printed"] + value["norm1_printed"],
        "mean": value["residual1_printed"].mean(axis=1, keepdims=True),
    }
    for name, array in again.items():
        np.testing.assert_allclose(trace[name].value, array, atol=1e-8)


def test_its_errors_of_principle_stand_in_the_trace():
    lesson = load_lesson("audit")
    trace = run_program(lesson.program)
    np.testing.assert_allclose(trace["scaled_by_6"].value * 6**0.5, trace["scaled_by_4"].value * 2)
    assert len(trace.explain("scores", (0, 0)).terms) == 4


@pytest.mark.parametrize(
    ("step", "complaint"),
    [
        (STEP.replace("printed: P", "printed: Nope"), "Nope"),
        (STEP.replace("recomputed: Z", "recomputed: Nope"), "Nope"),
        (STEP.replace("recomputed: Z", "recomputed: b"), "P is 2×2 but b is 2"),
        (STEP.replace("recomputed: Z", "recomputed: A"), "A is given, not computed"),
        (STEP.replace("recomputed: Z", "recomputed: Z, decimals: 0"), "has no slip to find"),
    ],
)
def test_check_finds_an_audit_that_cannot_be(step, complaint):
    given = GIVEN if "decimals" not in step else GIVEN.replace("8.51", "8.6").replace("-1.99", "-2.1")
    problems = check_lesson(lesson_with(step=step, given=given))
    assert len(problems) == 1 and complaint in problems[0].message
    assert problems[0].field.startswith("steps[3].audit") and problems[0].line > 20


def test_check_is_content_with_a_good_one():
    assert check_lesson(lesson_with()) == ()


@pytest.mark.parametrize(
    ("step", "complaint"),
    [
        (STEP.replace("recomputed: Z", "recomputer: Z"), "recomputer"),
        (STEP.replace("recomputed: Z", "recomputed: Z, covered: 1"), "true or false"),
        (STEP.partition("\n")[0], "is missing"),
    ],
)
def test_a_lesson_that_writes_it_wrong_is_told_so(step, complaint):
    with pytest.raises(LessonError) as error:
        lesson_with(step=step)
    assert complaint in str(error.value)


def test_editors_know_it():
    kinds = json_schema()["properties"]["steps"]["items"]["oneOf"]
    assert {"$ref": "#/$defs/Audit"} in kinds
    assert json_schema()["$defs"]["Comparison"]["required"] == ["printed", "recomputed"]


def test_errors_of_a_sheet():
    lesson = lesson_with(step=STEP.replace("recomputed: Z", "recomputed: Nope"))
    step = lesson.steps[-1]
    assert isinstance(step, Audit) and step.show == "P"
    with pytest.raises(TraceError):
        Sheet(step, run_program(lesson.program))
    with pytest.raises(AuditError, match="axes"):
        Sheet(_audit("b", "b"), run_program(lesson.program))


def _audit(printed, recomputed):
    text = STEP.replace("printed: P", f"printed: {printed}").replace("recomputed: Z", f"recomputed: {recomputed}")
    return lesson_with(step=text).steps[-1]
