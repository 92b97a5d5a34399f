"""Series as sentences: what each kind of token is made of, who sees whom, and what the forecast is."""

import numpy as np
import pytest

from tests.engine import small
from tutor.engine.config import ConfigError
from tutor.engine.ops import OperationError
from tutor.engine.recorder import Recorder
from tutor.engine.trace import Trace
from tutor.engine.training import Batch, Settings, begin, train
from tutor.engine.transformer import run, weight_shapes

KINDS = {"instant": "series by instant", "variable": "series by variable", "patch": "series by patch"}
FUTURE = np.array([[2.5, 1.0], [0.5, 1.5], [3.0, 2.0]], np.float32)


def traced(config, series=None, future=None, weights=None):
    record = Recorder(weights or small.weights(config))
    given = small.series(config) if series is None else series
    run(record, config, given, task_targets=None if future is None else {"forecast": future})
    return Trace.of(record)


def test_the_stored_mean_and_deviation_normalise_and_bring_back():
    trace = traced(small.config(**small.CONFIGS[KINDS["variable"]]), future=FUTURE)
    mean, deviation = trace["series.mean"].value, trace["series.deviation"].value
    np.testing.assert_allclose(trace["series.normalised"].value, (trace["series"].value - mean) / deviation, rtol=1e-5)
    expected = trace["forecast.normalised"].value * deviation + mean
    np.testing.assert_allclose(trace["forecast"].value, expected, rtol=1e-5)
    errors = (trace["forecast"].value - FUTURE) / deviation
    assert float(trace["loss"].value) == pytest.approx(float((errors**2).mean()), rel=1e-4)


@pytest.mark.parametrize(("kind", "count", "width"), [("instant", 6, 2), ("variable", 2, 6), ("patch", 4, 3)])
def test_what_a_token_is(kind, count, width):
    config = small.config(**small.CONFIGS[KINDS[kind]])
    trace = traced(config)
    assert trace["series.tokens"].shape == (count,) and config.series_token_count == count
    assert trace["embedding.value.weight"].shape == (width, 6) == weight_shapes(config)["embedding.value.weight"]
    z = trace["series.normalised"].value  # [step, variable]
    rows = {"instant": z, "variable": z.T, "patch": np.array([z[:3, 0], z[3:, 0], z[:3, 1], z[3:, 1]])}[kind]
    expected = rows @ trace["embedding.value.weight"].value + trace["embedding.value.bias"].value
    np.testing.assert_allclose(trace["embedding.token"].value, expected, rtol=1e-4, atol=1e-5)
    assert trace["encoder.0.self_attention.weights"].shape == (2, count, count)
    assert trace["forecast"].shape == (3, 2) and trace["forecast"].axes == ("step", "variable")


def test_patches_see_their_own_variable_until_the_switch_is_off():
    config = small.config(**small.CONFIGS[KINDS["patch"]])
    apart = traced(config)["encoder.0.self_attention.weights"].value
    assert not apart[:, :2, 2:].any() and not apart[:, 2:, :2].any() and (apart[:, :2, :2] > 0).all()
    assert (traced(config.changed(separate_variables=False))["encoder.0.self_attention.weights"].value > 0).all()


def test_each_variable_alone_is_what_it_is_among_the_others_in_patches():
    """PatchTST runs every variable by itself; the mask gives the same."""
    config = small.config(**small.CONFIGS[KINDS["patch"]])
    weights, series = small.weights(config), small.series(config)
    both = traced(config, series, weights=weights)["forecast"].value
    for one in range(2):
        own = {name: weights[name][one : one + 1] for name in ("series.mean", "series.deviation")}
        alone = traced(config.changed(series=(6, 1)), series[:, one : one + 1], weights=weights | own)["forecast"].value
        np.testing.assert_allclose(both[:, one], alone[:, 0], atol=1e-5)


def test_instants_without_positions_do_not_know_their_order():
    config = small.config(**small.SERIES | {"position": "none", "tasks": ("token_classification",), "classes": 3})
    series = small.series(config)
    there, back = (traced(config, one)["token_classification.logits"].value for one in (series, series[::-1]))
    np.testing.assert_allclose(there, back[::-1], atol=1e-5)


def test_the_gradient_reaches_the_series_and_the_stored_numbers():
    trace = traced(small.config(**small.CONFIGS[KINDS["instant"]]), future=FUTURE)
    assert trace.gradient("series").shape == (6, 2) and np.abs(trace.gradient("series").value).min() > 0
    assert np.abs(trace.gradient("series.deviation").value).min() > 0


@pytest.mark.parametrize("kind", KINDS)
def test_training_lowers_the_error_and_leaves_the_stored_numbers_alone(kind):
    config = small.config(**small.CONFIGS[KINDS[kind]])
    weights = small.weights(config, 1, 0.3)
    state = begin(weights)
    batch = Batch(small.series(config, 4), None, task_targets={"forecast": np.stack([FUTURE] * 4)})
    assert batch.tokens == 24
    losses = [step.loss for step in train(state, config, [batch] * 80, Settings(learning_rate=0.02, warmup=5))]
    assert losses[-1] < 0.2 * losses[0]
    for name in ("series.mean", "series.deviation"):
        np.testing.assert_array_equal(state.weights[name], weights[name])


@pytest.mark.parametrize(
    ("series", "says"),
    [
        (np.zeros((5, 2)), "series: a table of 6×2 numbers is wanted, not one of 5×2"),
        (np.full((6, 2), np.nan), "has no place in a series"),
        ([["a", "b"]] * 6, "a table of 6×2 numbers is wanted"),
    ],
)
def test_what_is_no_series_is_refused(series, says):
    with pytest.raises(OperationError, match=says):
        traced(small.config(**small.CONFIGS[KINDS["variable"]]), series)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"series": (6,)}, "series: must be time steps and variables"),
        ({"series": ()}, "tasks: needs a series for forecast"),
        ({"horizon": 0}, "horizon: must be at least 1 for forecast"),
        ({"tasks": ("words",)}, "tasks: a series has no words"),
        ({"series_tokens": "patch", "series_patch": 4}, r"series_patch: must divide the time steps \(6\)"),
        ({"series_tokens": "hour"}, "series_tokens: must be one of instant, variable, patch"),
        ({"architecture": "decoder_only"}, "series: needs the architecture encoder_only"),
    ],
)
def test_a_config_of_series_must_fit(changes, says):
    with pytest.raises(ConfigError, match=says):
        small.config(**small.CONFIGS[KINDS["variable"]] | changes)


def test_choices_need_positions_that_can_begin_anew():
    for changes in ({"position": "rotary"}, {"architecture": "decoder_only"}):
        with pytest.raises(ConfigError, match="choices: needs the architecture encoder_only and positions"):
            small.config(**{"architecture": "encoder_only", "choices": 2, "d_k": 4} | changes)
