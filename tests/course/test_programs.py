"""Hand-size programs become traces like any other, or say which step and which shapes are wrong."""

import numpy as np
import pytest

from tests.course.sample import PROGRAM, with_line
from tutor.course.lesson_file import load_lesson, parse_lesson
from tutor.course.programs import ProgramError, run_program


def trace_of(text: str = PROGRAM):
    return run_program(parse_lesson(text).program)


def test_a_program_is_a_trace_with_axes_labels_and_explanations():
    trace = trace_of()
    assert trace.names == ("X", "A", "b", "Z", "H", "R")
    z = trace["Z"]
    np.testing.assert_array_equal(z.value, [[17, 8.5], [-4, -2]])
    assert (z.op, z.inputs, z.axes) == ("matmul", ("X", "A"), ("dimension", "mixed"))
    assert [list(labels) for labels in z.labels] == [["0", "1"], ["m", "n"]]
    assert list(trace["R"].labels[1]) == ["m", "n"]  # carried on, two steps away
    np.testing.assert_array_equal(trace["R"].value, [[18, 9.5], [0, 0]])
    assert trace.explain("Z", (0, 1)).evaluate() == 8.5
    assert {cell.node for cell in trace.explain("H", (1, 0)).cells} == {"Z", "b"}


def test_a_step_may_give_its_own_formula():
    trace = trace_of(with_line("Z: {matmul: [X, A]}", "Z: {matmul: [X, A], formula: 'X A'}"))
    assert trace["Z"].formula == trace.explain("Z", (0, 0)).formula == "X A"
    assert trace["R"].formula == trace_of()["R"].formula != ""


def test_the_course_program_gives_the_numbers_of_its_source():
    trace = run_program(load_lesson("attention-by-hand").program)
    np.testing.assert_array_equal(trace["X"].value[0], [5, 6, 0, 7, 0])
    np.testing.assert_array_equal(trace["Z"].value[0], [11, 6, 7, 7, 5])
    assert trace["Z"].value[1, 3] == 3 and trace["Z"].value[2, 4] == 1
    assert trace["Y"].shape == trace["X"].shape
    for name in trace.names:
        for index in np.ndindex(trace[name].shape):
            assert trace.explain(name, index).evaluate() == pytest.approx(trace[name].value[index])


def test_ids_and_parameters_reach_the_operations():
    text = with_line("- R: {relu: H}", "- T: {look_up: [X, ids]}\n    - S: {scale: [Z], root_of: 4, inverse: true}")
    text = text.replace("    b: {", "    ids: {axes: [time], values: [1, 0, 1]}\n    b: {")
    trace = trace_of(text)
    np.testing.assert_array_equal(trace["T"].value, [[2, -3], [5, 6], [2, -3]])
    np.testing.assert_array_equal(trace["S"].value, trace["Z"].value / 2)


def test_features_as_rows_take_their_names_from_the_weight():
    text = with_line("- Z: {matmul: [X, A]}", "- Z: {linear: [X, A]}")
    assert trace_of(text)["Z"].axes == ("dimension", "mixed")


@pytest.mark.parametrize(
    ("before", "after", "field", "message", "remedy"),
    [
        ("matmul: [X, A]", "matmull: [X, A]", "steps[0].Z", "no operation matmull", "matmul"),
        ("matmul: [X, A]", "matmul: [X, B]", "steps[0].Z", "no matrix B before", "There are X, A, b"),
        ("matmul: [X, A]", "matmul: [X, H]", "steps[0].Z", "no matrix H before", ""),
        ("matmul: [X, A]", "matmul: [X]", "steps[0].Z", "cannot be called so", "It takes (a, b)"),
        ("matmul: [X, A]", "matmul: [X, A], by: 2", "steps[0].Z", "cannot be called so", "It takes"),
        ("matmul: [X, A]", "matmul: [X, A], axes: [one]", "steps[0].Z", "names 1 axes (one) but is 2×2", "one axis"),
        ("matmul: [X, A]", "matmul: [X, A], axes: [one, one]", "steps[0].Z", "two axes one name", "apart"),
        ("matmul: [X, A]", "matmul: [X, A], labels: {mixed: [m]}", "steps[0].Z", "1 labels for mixed", "one label"),
        ("matmul: [X, A]", "matmul: [X, A], labels: {other: [m]}", "steps[0].Z", "not one of its axes", "mixed"),
        ("- H:", "- Z:", "steps[1].Z", "already the name", "another"),
        (
            "values: [[1, 0.5], [2, 1]]",
            "values: [[1, 2]]",
            "steps[0].Z",
            "matmul of X (2×2) and A (1×2) does not fit",
            "rows",
        ),
        ("values: [1, -40]", "values: [1, 2, 3]", "steps[1].H", "add_column of Z (2×2) and b (3) does not fit", "rows"),
        ("values: [1, -40]", "values: [[1]]", "matrices.b", "names 1 axes (dimension) but is 1×1", "one axis"),
        ("position: [a, b]", "position: [a]", "matrices.X", "1 labels for position, which is 2 long", "one label"),
        ("relu: H", "look_up: [H, X]", "matrices.X", "whole numbers", ""),
        ("relu: H", "scale: [H], root_of: 99999999999", "steps[2].R", "too large", "smaller"),
        ("relu: H", "scale: [H], by: wide", "steps[2].R", "does not fit", ""),
    ],
)
def test_a_program_that_cannot_run_says_why(before, after, field, message, remedy):
    text = with_line(before, after).replace("[[5, 6], [2, -3]]", "[[5, 6], [2, -3.5]]")
    with pytest.raises(ProgramError) as caught:
        trace_of(text)
    error = caught.value
    assert (error.field, message in error.message, remedy in error.remedy) == (field, True, True), error
