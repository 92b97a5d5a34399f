"""The slips at norms, with smoothing and dropout, and in counting weights, each done a second time by hand."""

import math

import numpy as np
import pytest

import tutor
from tutor.course.block_mistakes import BLOCK_MISTAKES
from tutor.course.exercises import make
from tutor.course.mistakes import MistakeError, slips
from tutor.course.places import find_node
from tutor.course.programs import run_program
from tutor.course.schema import Cells, Fill, Matrix, Program, ProgramStep

ROWS = ((1.0, 5.0, 1.0, 5.0), (3.0, 1.0, 3.0, 2.0), (1.0, 1.0, 7.0, 7.0))


@pytest.fixture(scope="module")
def trace():
    return tutor.load_model("proverbs").trace("天行健", target="君子以厚德载物")


@pytest.fixture(scope="module")
def program():
    axes = ("token", "feature")
    steps = (
        ProgramStep("LN", "layer_norm", ("X",)),
        ProgramStep("XT", "transpose", ("X",)),
        ProgramStep("BT", "layer_norm", ("XT",)),
        ProgramStep("BN", "transpose", ("BT",)),
        ProgramStep("kept", "multiply", ("X", "M")),
        ProgramStep("D", "scale", ("kept",), {"by": 2.0}),
        ProgramStep("plain", "cross_entropy", ("X", "right")),
        ProgramStep("smooth", "cross_entropy", ("X", "right"), {"smoothing": 0.1}),
    )
    matrices = {
        "X": Matrix(axes, ROWS),
        "M": Matrix(axes, ((1, 0, 1, 0), (0, 1, 1, 0), (1, 1, 0, 0))),
        "right": Matrix(("token",), (1, 0, 2)),
    }
    return run_program(Program(matrices, steps))


def value(trace, pattern: str, mistake: str) -> np.ndarray:
    found = slips(trace, find_node(trace, pattern), mistake)
    assert len(found) == 1
    return found[0].value


def test_at_a_norm(program):
    first = ROWS[0]  # mean 3, variance 4
    assert value(program, "LN", "variance_for_deviation")[0] == pytest.approx([(x - 3) / 4 for x in first])
    assert value(program, "LN", "mean_not_subtracted")[0] == pytest.approx([x / 2 for x in first])
    sample = math.sqrt(16 / 3)
    assert value(program, "LN", "sample_deviation")[0] == pytest.approx([(x - 3) / sample for x in first])


def test_trained_scale_and_shift_are_kept(trace):
    name = "encoder.0.self_attention.norm"
    x, scale, shift = (trace[each].value.astype(float) for each in trace[name].inputs)
    row = x[0] - x[0].mean()
    expected = row / (row**2).mean() * scale + shift
    assert value(trace, name, "variance_for_deviation")[0] == pytest.approx(expected, rel=1e-4)


def test_batch_norm_goes_down_columns_and_the_slip_along_rows(program):
    assert program["BN"].value.mean(0) == pytest.approx(0, abs=1e-6)
    assert value(program, "BN", "token_for_batch")[0] == pytest.approx([-1, 1, -1, 1], abs=1e-4)
    with pytest.raises(MistakeError):
        slips(program, program["XT"], "token_for_batch")


def test_a_square_and_a_relu():
    steps = (
        ProgramStep("square", "multiply", ("n", "n")),
        ProgramStep("work", "multiply", ("square", "d")),
        ProgramStep("R", "relu", ("x",)),
    )
    numbers = {"n": (3, 5), "d": (10, 10), "x": (-2.0, 4.0)}
    program = run_program(Program({name: Matrix(("length",), row) for name, row in numbers.items()}, steps))
    assert value(program, "work", "square_taken_once") == pytest.approx([30, 50])
    assert value(program, "R", "positive_zeroed") == pytest.approx([np.nan, 0], nan_ok=True)
    with pytest.raises(MistakeError):
        slips(program, program["square"], "square_taken_once")


def test_dropout_and_smoothing(program):
    assert np.array_equal(value(program, "D", "dropped_not_made_up_for"), program["kept"].value)
    np.testing.assert_allclose(value(program, "smooth", "smoothing_left_out"), program["plain"].value)
    powers = [math.exp(x) for x in ROWS[0]]
    surprise = [-math.log(power / sum(powers)) for power in powers]
    others = (sum(surprise) - surprise[1]) / 3
    found = value(program, "smooth", "smoothing_on_others_only")
    assert found[0] == pytest.approx(0.9 * surprise[1] + 0.1 * others)
    assert program["smooth"].value[0] == pytest.approx(0.9 * surprise[1] + 0.1 * sum(surprise) / 4)
    with pytest.raises(MistakeError):
        slips(program, program["plain"], "smoothing_left_out")


def test_a_smoothed_target_without_the_right_tokens_own_share():
    numbers = {"most": (0.0, 0.9, 0.0), "share": (0.1 / 3,) * 3, "uneven": (0.1, 0.2, 0.3)}
    steps = (ProgramStep("soft", "add", ("most", "share")), ProgramStep("sum", "add", ("most", "uneven")))
    program = run_program(Program({name: Matrix(("vocabulary",), row) for name, row in numbers.items()}, steps))
    assert value(program, "soft", "smoothing_on_others_only") == pytest.approx([0.05, 0.9, 0.05])
    with pytest.raises(MistakeError):
        slips(program, program["sum"], "smoothing_on_others_only")


def test_every_mistake_says_where_it_can_be_made(trace):
    for compute, at, _english, _chinese in BLOCK_MISTAKES:
        with pytest.raises(MistakeError, match=at[0].split()[0]):
            slips(trace, trace["encoder.embedding.token"], compute.__name__)


def test_at_the_count_of_weights():
    model = tutor.load_model("translator")
    trace = model.trace("She likes cats", target="她喜欢猫。")
    c = model.config
    place = "count.encoder.0.self_attention"
    each = dict(zip(find_node(trace, f"{place}.each").labels[0], range(10), strict=True))
    wide = c.d_model * c.d_model
    heads = value(trace, f"{place}.each", "counted_for_every_head")
    assert heads[each["query.weight"], 0] == c.heads * wide and heads[each["norm.scale"], 0] == c.d_model
    assert value(trace, f"{place}.each", "sides_added")[each["key.weight"], 0] == 2 * c.d_model
    tokens = len(trace["tokens"].value)
    assert value(trace, f"{place}.each", "counted_for_every_position")[0, 0] == tokens * wide
    assert value(trace, f"{place}.total", "vectors_left_out") == 4 * wide
    assert value(trace, "count.encoder.0.total", "attention_alone") == trace[f"{place}.total"].value


def test_a_count_is_told_from_another_digit_by_digit():
    trace = tutor.load_model("translator").trace("She likes cats", target="她喜欢猫。")
    fill = Fill(exercise=Cells(fill="count.encoder.0.self_attention.total", cells=1, mistakes=("vectors_left_out",)))
    exercise = make(fill, trace)
    total = exercise.expected(())
    assert exercise.grade((), f"{total:.0f}").right and exercise.grade((), f"{total:,.0f}").right
    verdict = exercise.grade((), f"{exercise.slips[0].value:.0f}")
    assert not verdict.right and verdict.mistake == "vectors_left_out"


def test_a_small_number_beside_a_huge_one_is_asked_for_in_full():
    matrix = Matrix(("length",), (32.0, 30000.0))
    trace = run_program(Program({"n": matrix}, (ProgramStep("pairs", "multiply", ("n", "n")),)))
    exercise = make(Fill(exercise=Cells(fill="pairs", cells=2, mistakes=("added_instead_of_multiplied",))), trace)
    assert exercise.grade((0,), "1024").right
    assert exercise.grade((0,), "64").mistake == "added_instead_of_multiplied"
