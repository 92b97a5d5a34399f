"""The slips at series: what each would give, computed here a second time."""

import numpy as np
import pytest

from tests.engine import small
from tutor.course.mistakes import MistakeError, slips
from tutor.course.series_mistakes import SERIES_MISTAKES
from tutor.engine.recorder import Recorder
from tutor.engine.trace import Trace
from tutor.engine.transformer import run


@pytest.fixture(scope="module")
def trace():
    config = small.config(**small.CONFIGS["series by variable"])
    record = Recorder(small.weights(config))
    run(record, config, small.series(config), task_targets=small.classes(config))
    return Trace.of(record)


def only(trace, node, name):
    (slip,) = slips(trace, trace[node], name)
    return slip.value


def test_on_the_way_to_deviations(trace):
    x, mean, deviation = (trace[name].value for name in ("series", "series.mean", "series.deviation"))
    np.testing.assert_allclose(only(trace, "series.normalised", "not_divided"), x - mean, rtol=1e-5)
    np.testing.assert_allclose(only(trace, "series.normalised", "not_centred"), x / deviation, rtol=1e-5)
    expected = (x - mean) * deviation
    np.testing.assert_allclose(only(trace, "series.normalised", "multiplied_by_deviation"), expected, rtol=1e-5)
    np.testing.assert_allclose(only(trace, "series.centred", "other_way_round"), mean - x, rtol=1e-5)


def test_on_the_way_back(trace):
    z, mean = trace["forecast.normalised"].value, trace["series.mean"].value
    expected = z * trace["series.deviation"].value
    np.testing.assert_allclose(only(trace, "forecast", "forgot_the_mean"), expected, rtol=1e-5)
    np.testing.assert_allclose(only(trace, "forecast", "mean_alone_added"), z + mean, rtol=1e-5)


@pytest.mark.parametrize("row", SERIES_MISTAKES, ids=lambda row: row[0].__name__)
def test_where_it_cannot_be_made_it_is_said(trace, row):
    with pytest.raises(MistakeError):
        slips(trace, trace["series"], row[0].__name__)
