"""The benchmark: what a figure says, how it is printed, and that the rivals compute the same thing as we do."""

import json
import sys
import types

import numpy as np
import pytest
from click.testing import CliRunner

from tutor.bench import gradients, report
from tutor.bench.figure import Figure, medians
from tutor.bench.gradients import worst
from tutor.cli import cli

FIGURES = [
    Figure("quick", "ms", 30.0, 100.0, "something slow", 0.5, "the speed of light"),
    Figure("slow", "ms", 90.0, 100.0, "something slow", 0.5),
    Figure("alone", "MB", 90.0, bar=100.0),
    Figure("missing", note="it is not installed"),
]


@pytest.fixture
def measured(monkeypatch):
    module = types.ModuleType("measured_by_a_test")
    module.measure = lambda repeat: iter(FIGURES)
    monkeypatch.setitem(sys.modules, "measured_by_a_test", module)
    monkeypatch.setitem(report.MEASUREMENTS, "matrix", ("measured_by_a_test", "what a test measures"))


def test_a_figure_is_held_against_its_bar():
    assert [figure.held for figure in FIGURES] == [True, False, True, None]
    assert FIGURES[0].ratio == pytest.approx(0.3) and FIGURES[2].ratio is None


def test_medians_take_the_actions_in_turn():
    called = []
    values = medians([lambda: called.append("a") or len(called), lambda: called.append("b") or -len(called)], 3)
    assert called == list("ababab") and values == [3, -4]


def test_the_report_gives_ratio_bar_and_limit(measured):
    output = CliRunner().invoke(cli, ["bench", "--only", "matrix"]).output
    assert "30 ms against 100 ms, something slow" in output and "0.3× (bar 0.5×)  held" in output
    assert "NOT HELD" in output and "limit: the speed of light" in output
    assert "not measured: it is not installed" in output


def test_the_report_is_one_json_document(measured):
    data = json.loads(CliRunner().invoke(cli, ["bench", "--only", "matrix", "--json"]).stdout)
    assert [row["name"] for row in data["figures"]] == [figure.name for figure in FIGURES]
    assert data["figures"][0]["ratio"] == pytest.approx(0.3) and data["figures"][3]["held"] is None


def test_the_measurements_are_listed():
    output = CliRunner().invoke(cli, ["bench", "--list"]).output
    assert all(name in output for name in report.MEASUREMENTS)


@pytest.mark.slow
def test_the_rival_computes_what_we_compute():
    pytest.importorskip("torch")
    from tutor.bench import gpt2_shape
    from tutor.bench.torch_cache import run_with_cache, torch_weights

    weights, ids = gpt2_shape.random_weights(), gpt2_shape.random_ids(6)
    ours = gpt2_shape.traced(weights, ids)
    theirs = run_with_cache(torch_weights(weights), ids)
    for name in ("decoder.0.self_attention.scores", "decoder.11.feed_forward.residual", "logits"):
        expected = ours[name].value
        assert np.abs(theirs[name].numpy() - expected).max() < 1e-4 * np.abs(expected).max()


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_the_tutor_starts_in_a_real_terminal(tmp_path):
    from tutor.bench.startup import TUTOR, first_key

    assert 0.05 < first_key(TUTOR, str(tmp_path)) < 20


@pytest.fixture
def small_shape(monkeypatch):
    from tutor.bench import gpt2_shape

    small = gpt2_shape.CONFIG.changed(d_model=24, d_k=2, d_ff=36, decoder_layers=2, vocabulary=50, pad_id=49)
    monkeypatch.setattr(gpt2_shape, "CONFIG", small)


def test_growth_sets_time_beside_arithmetic(small_shape):
    from tutor.bench.growth import LENGTHS, measure

    figures = list(measure(1))
    assert len(figures) == len(LENGTHS) and figures[-1].name.endswith("1,024 tokens")
    assert "1× the arithmetic of 8 tokens in 1.0× the time" in figures[0].note
    assert all(figure.ours and "GFLOP/s" in figure.note for figure in figures)


def test_a_token_typed_is_timed_against_the_whole_sentence(small_shape, monkeypatch):
    from tutor.bench import retrace
    from tutor.engine import incremental

    monkeypatch.setattr(incremental, "LEAST_WORK", 0)
    assert [figure.ratio is not None for figure in retrace.measure(1)] == [True] * len(retrace.LENGTHS)


def test_a_first_trace_starts_from_a_file_of_weights(small_shape, tmp_path):
    from tutor.bench import first_trace, gpt2_shape
    from tutor.models.weights import save_weights

    save_weights(gpt2_shape.random_weights(), tmp_path / "weights.safetensors")
    first_trace.first_of_ours(str(tmp_path / "weights.safetensors"))
    (missing, *_others) = first_trace.measure(1) if not _has("transformer_lens") else [Figure("x", note="installed")]
    assert "installed" in missing.note


def _has(name):
    import importlib.util

    return importlib.util.find_spec(name) is not None


def test_gradients_are_held_against_the_largest_of_their_weight():
    theirs = {"large": np.array([100.0, 1.0]), "nothing": np.array([1e-9, -1e-9])}
    assert worst({"large": np.array([100.0, 1.5]), "nothing": np.array([1e-9, 3e-9])}, theirs) == pytest.approx(0.005)
    assert worst(theirs, theirs) == 0


def test_gradients_agree_with_autograd_and_a_wrong_one_does_not(monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.setattr(gradients, "MODELS", ("proverbs",))
    found = list(gradients.measure(1))
    assert len(found) == 10 and all(figure.held for figure in found)
    real = gradients.gradients
    monkeypatch.setattr(
        gradients, "gradients", lambda *given: (0.0, {name: g * 1.001 for name, g in real(*given)[1].items()})
    )
    assert not any(figure.held for figure in gradients.measure(1))
