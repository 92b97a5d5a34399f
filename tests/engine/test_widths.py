"""Heads of any width on random queries and keys: each node against NumPy, every kind of cell explained."""

import numpy as np
import pytest

from tests.engine import small
from tests.engine.test_backends import library
from tutor.engine.trace import TraceError
from tutor.engine.widths import MEASURES, PARTS, SIDES, WIDTHS, drawn


def traced(name="2017", **keywords):
    return small.trace(small.config(**small.CONFIGS[name]), **keywords)


def by_hand(query, key, width, side):
    scores = query[:, :width] @ key[:, :width].T / (np.sqrt(width) if side == "divided" else 1)
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = powers / powers.sum(axis=-1, keepdims=True)
    surprise = -weights * np.log(np.where(weights > 0, weights, 1))
    slope = weights * (1 - weights)
    return dict(zip(PARTS, (weights, surprise, surprise.sum(-1), slope, slope.sum(-1)), strict=True))


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("width", WIDTHS)
def test_every_width_is_what_numpy_says(width, side):
    trace = traced()
    query, key = drawn(trace["tokens"].labels[0], seed=0).astype(np.float64)
    for part, expected in by_hand(query, key, width, side).items():
        node = trace.width(f"width.{width}.{side}.{part}")
        np.testing.assert_allclose(node.value, expected, atol=2e-4)
    assert trace[f"width.{width}.{side}.weights"].axes == ("query", "key")
    assert trace[f"width.{width}.{side}.weights"].labels == trace["tokens"].labels * 2


def test_an_even_row_has_the_largest_entropy_and_slope():
    trace = traced()
    n = len(trace["tokens"].labels[0])
    even = np.full((n, n), 1 / n)
    weights = trace.width("width.1.divided.weights")
    for measure, most, each in (("entropy", np.log(n), "surprise"), ("slope", 1 - 1 / n, "own_slope")):
        operation = trace[f"width.1.divided.{each}"].operation
        np.testing.assert_allclose(operation.forward(even).sum(axis=-1), most)
        assert (trace[f"width.1.divided.{measure}"].value <= most + 1e-6).all()
    assert weights.value.sum() == pytest.approx(n, abs=1e-5)


def test_a_share_of_nothing_has_no_surprise():
    operation = traced().width("width.1.divided.surprise").operation
    np.testing.assert_array_equal(operation.forward(np.array([0.0, 1.0])), [0.0, 0.0])
    assert operation.value_terms(0.0) == (0.0,)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("measure", MEASURES)
def test_the_means_over_all_widths(side, measure):
    trace = traced()
    node = trace.width(f"width.{side}.{measure}")
    assert node.axes == ("d_k",) and node.labels == (tuple(map(str, WIDTHS)),)
    rows = [trace.width(f"width.{width}.{side}.{measure}").value.mean() for width in WIDTHS]
    np.testing.assert_allclose(node.value, rows, rtol=1e-6)


def test_without_the_division_wide_heads_have_pointed_rows():
    trace = traced(ids=(4, 5, 6, 7, 3, 2))
    for measure in MEASURES:
        undivided = trace.width(f"width.undivided.{measure}").value
        divided = trace.width(f"width.divided.{measure}").value
        assert undivided[-1] < 0.25 * undivided[0] and divided[-1] > 0.8 * divided[0]
        assert undivided[0] == divided[0]  # √1 divides nothing


def test_every_cell_is_explained():
    trace = traced()
    names = ["query", "scores", "scaled", *(f"{side}.{part}" for side in SIDES for part in PARTS)]
    asked = [*(f"width.4.{name}" for name in names), "width.undivided.entropy", "width.divided.slope"]
    for name in asked:
        node = trace.width(name)
        for index in small.indices(node):
            why = trace.explain(name, index)
            assert why.evaluate() == pytest.approx(node.at(index), abs=1e-5), (name, index)
            assert why.substituted and all(cell.node in trace for cell in why.cells)


def test_home_is_the_drawn_row():
    trace = traced()
    node, walked = "width.undivided.entropy", []
    trace.width(node)
    index = (3,)
    while cells := trace.explain(node, index).cells:
        node, index = cells[0].node, cells[0].index
        walked.append(node)
    assert walked == [
        "width.8.undivided.entropy", "width.8.undivided.surprise", "width.8.undivided.weights",
        "width.8.scores", "width.8.query", "width.query",
    ]  # fmt: skip


def test_another_word_changes_its_own_rows_alone():
    first, second = drawn(["a", "b", "c"], 0), drawn(["a", "x", "c"], 0)
    assert (first != second).all(axis=-1).tolist() == [[False, True, False]] * 2
    assert (drawn(["a", "a"], 0)[:, 0] != drawn(["a", "a"], 0)[:, 1]).any()
    assert drawn(["\ud800"], 0).shape == (2, 1, WIDTHS[-1])
    many = drawn([str(i) for i in range(50)], 0)
    assert abs(many.mean()) < 0.02 and many.var() == pytest.approx(1, abs=0.03)


def test_another_seed_draws_anew():
    trace = traced()
    first = trace.width("width.64.scores").value
    assert trace.width_seed == 0 and trace.width("width.64.scores", seed=0).value is first
    second = trace.width("width.64.scores", seed=1).value
    assert trace.width_seed == 1 and not np.allclose(first, second)
    assert trace["width.64.scores"].value is second and "width.64.scores" in trace
    later = traced()
    later.width_seed = 1  # nothing is drawn until it is asked for
    assert "width.64.scores" not in later
    np.testing.assert_array_equal(later.width("width.64.scores").value, second)


def test_a_wrong_name_is_told_with_the_nearest():
    with pytest.raises(TraceError, match=r"width\.64\.divided\.weights"):
        traced().width("width.64.divided.weight")
    with pytest.raises(TraceError):
        traced().width("width.63.scores")


@pytest.mark.parametrize("backend", ["strict", "torch"])
def test_other_arrays_give_the_same(backend):
    ours, theirs = traced(), traced(backend=library(backend))
    for name in ("width.undivided.entropy", "width.divided.slope", "width.32.undivided.weights"):
        np.testing.assert_allclose(theirs.width(name).value, ours.width(name).value, atol=1e-4)
