"""The slips at segments, RMS norm, rotation, gates and a recurrent step, each done a second time by hand."""

import numpy as np
import pytest

from tests.engine import small
from tutor.course.family_mistakes import FAMILY_MISTAKES
from tutor.course.mistakes import MistakeError, slips
from tutor.course.programs import run_program
from tutor.course.schema import Matrix, Program, ProgramStep

X = np.array([[1.0, 2.0, 3.0, 4.0], [0.5, -1.0, 2.0, -3.0]])
NAMES = ("X", "token", "position_rows", "segment_rows")


@pytest.fixture(scope="module")
def trace():
    given = {name: X * (n + 1) + n for n, name in enumerate(NAMES)}
    matrices = {name: Matrix(axes=("position", "feature"), values=array.tolist()) for name, array in given.items()}
    steps = (
        ProgramStep("sum", "add", ("token", "position_rows", "segment_rows")),
        ProgramStep("normed", "rms_norm", ("X",)),
        ProgramStep("turned", "rotate", ("X",), {"base": 100.0}),
        ProgramStep("gate", "silu", ("X",)),
        ProgramStep("gated", "multiply", ("gate", "token")),
        ProgramStep("inside", "add", ("X", "token")),
        ProgramStep("state", "tanh", ("inside",)),
    )
    return run_program(Program(matrices=matrices, steps=steps))


def only(trace, node, name):
    (slip,) = slips(trace, trace[node], name)
    return slip.value


def test_sums_and_norms(trace):
    token, position = trace["token"].value, trace["position_rows"].value
    np.testing.assert_allclose(only(trace, "sum", "forgot_segment"), token + position)
    centred = X - X.mean(-1, keepdims=True)
    expected = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(only(trace, "normed", "mean_subtracted"), expected)
    np.testing.assert_allclose(only(trace, "normed", "root_forgotten"), X / (X * X).mean(-1, keepdims=True))


def test_a_norm_before_the_sub_layer():
    traced = small.trace(small.config(norm_position="pre", final_norm=True))
    for place in ("encoder.0.self_attention", "decoder.0.cross_attention", "decoder.0.feed_forward"):
        (slip, *_before) = slips(traced, traced[f"{place}.residual"], "normed_row_added")
        assert slip.source == f"{place}.residual"
        np.testing.assert_allclose(
            slip.value, traced[f"{place}.norm"].value + traced[f"{place}.output"].value, rtol=1e-5
        )
    traced = small.trace(small.config())
    with pytest.raises(MistakeError, match="normed_row_added cannot be made"):
        slips(traced, traced["encoder.0.self_attention.residual"], "normed_row_added")


def test_rotations(trace):
    def turned(x, positions):
        angles = np.array(positions)[:, None] * np.array([1.0, 0.1])  # 100^0, 100^(-1/2)
        first, second = x[:, :2], x[:, 2:]
        cosine, sine = np.cos(angles), np.sin(angles)
        return np.concatenate([first * cosine - second * sine, second * cosine + first * sine], axis=1)

    np.testing.assert_allclose(trace["turned"].value, turned(X, [0, 1]))
    np.testing.assert_allclose(only(trace, "turned", "turned_backwards"), turned(X, [0, -1]))
    np.testing.assert_allclose(only(trace, "turned", "turned_once_too_often"), turned(X, [1, 2]))


def test_gates_and_steps(trace):
    token = trace["token"].value
    np.testing.assert_allclose(only(trace, "gate", "relu_for_silu"), np.maximum(X, 0))
    np.testing.assert_allclose(only(trace, "gate", "sigmoid_alone"), 1 / (1 + np.exp(-X)))
    np.testing.assert_allclose(only(trace, "gated", "gate_without_activation"), X * token)
    np.testing.assert_allclose(only(trace, "state", "state_forgotten"), np.tanh(X))


def test_shares_of_heads():
    traced = small.trace(small.config(**small.CONFIGS["GPT-2"] | {"decoder_layers": 2}))
    share = traced.share("share.decoder.before")
    weights = [traced[f"decoder.{layer}.self_attention.weights"].value for layer in range(2)]

    def found(name):
        (slip,) = slips(traced, share, name)
        return slip.value

    diagonals = [[np.mean(np.diag(head)[1:]) for head in layer] for layer in weights]
    np.testing.assert_allclose(found("share_of_itself"), diagonals, atol=1e-6)
    sums = [[np.diag(head, -1).sum() / len(head) for head in layer] for layer in weights]
    np.testing.assert_allclose(found("first_row_counted"), sums, atol=1e-6)
    np.testing.assert_allclose(found("layer_for_head"), share.value.T)


def test_rows_of_layers():
    traced = small.trace(small.config(**small.CONFIGS["GPT-2"] | {"decoder_layers": 2}))
    rows = traced.lens("lens.at.last.layers")
    before, after = (slip.value for slip in slips(traced, rows, "wrong_layer"))
    np.testing.assert_allclose(before[1:], rows.value[:-1])
    np.testing.assert_allclose(after[:-1], rows.value[1:])
    assert np.isnan(before[0]).all() and np.isnan(after[-1]).all()


def test_every_mistake_says_where_it_can_be_made(trace):
    for compute, at, _english, _chinese in FAMILY_MISTAKES:
        with pytest.raises(MistakeError, match=at[0].split()[0]):
            slips(trace, trace["X"], compute.__name__)
