"""A long sentence does not fill the memory: what is forgotten is computed again, to the same numbers."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.engine import small
from tutor.engine import memory
from tutor.engine.ops import OPERATIONS
from tutor.engine.recorder import Recorder
from tutor.engine.trace import Trace


@pytest.fixture
def forgetful(monkeypatch):
    """Every array counts as large."""
    monkeypatch.setattr(memory, "SMALL", 0)


def at_hand(trace):
    return {name for name in trace.names if trace[name].at_hand}


@pytest.mark.parametrize("name", small.CONFIGS)
@pytest.mark.parametrize("bound", [0, 500])
def test_what_was_forgotten_comes_back_the_same(forgetful, name, bound):
    config = small.config(**{"encoder_layers": 2, "decoder_layers": 2} | small.CONFIGS[name])
    kept = small.trace(config, small.PADDED)
    trace = small.trace(config, small.PADDED, bound=bound)
    assert len(at_hand(trace)) < len(trace.names) / 2
    for node in reversed(trace.names):
        assert trace[node].shape == kept[node].shape
        np.testing.assert_array_equal(trace[node].value, kept[node].value, err_msg=node)


def test_cells_explain_themselves_all_the_same(forgetful):
    config = small.config(encoder_layers=2)
    trace = small.trace(config, small.PADDED, bound=0)
    for name in ("probabilities", "decoder.0.cross_attention.weights", "encoder.1.feed_forward.activation"):
        for index in small.indices(trace[name]):
            small.check_cell(trace, name, index)


def test_what_the_learner_changed_is_never_forgotten(forgetful):
    name = "encoder.0.self_attention.weights"
    change = {name: lambda x: x[:, :, ::-1], "logits.weight": np.ones_like}
    kept, trace = (small.trace(small.config(), change=change, bound=bound) for bound in (1e9, 0))
    assert trace[name].at_hand and trace[name].changed
    for node in trace.names:
        np.testing.assert_array_equal(trace[node].value, kept[node].value, err_msg=node)


def test_the_bound_holds_while_a_trace_is_read(forgetful):
    config = small.config(encoder_layers=3, decoder_layers=3)
    bound = 1500
    trace = small.trace(config, bound=bound)
    largest = max(trace[name].value.nbytes for name in trace.names)
    for name in trace.names:
        _ = trace[name].value
        held = [trace[n].value.nbytes for n in at_hand(trace) if trace[n].operation and trace[n].op not in memory.KEPT]
        assert sum(held) <= bound + largest


def test_small_traces_forget_nothing_and_put_off_the_probabilities():
    trace = small.trace(small.config())
    assert at_hand(trace) == set(trace.names) - {"probabilities"}
    assert trace["probabilities"].shape == (3, 8) and not trace["probabilities"].at_hand
    np.testing.assert_allclose(trace["probabilities"].value.sum(axis=-1), 1, rtol=1e-6)
    assert trace["probabilities"].at_hand


def test_large_arrays_are_forgotten_by_default():
    record = Recorder({})
    x = record.input("x", np.ones((1200, 1200), dtype=np.float32), ("row", "column"))
    for i in range(30):
        record(f"y{i}", OPERATIONS["scale"], x, by=i)
    trace = Trace.of(record)
    there = at_hand(trace)
    assert sum(trace[name].value.nbytes for name in there) <= memory.BOUND + x.value.nbytes
    assert "y0" not in there and "y29" in there
    assert (trace["y3"].value == 3).all()


def test_many_threads_may_read(forgetful):
    config = small.config(encoder_layers=2, decoder_layers=2)
    kept, trace = small.trace(config), small.trace(config, bound=3000)

    def read(seed):
        for i in np.random.default_rng(seed).integers(0, len(trace.names), 300):
            name = trace.names[i]
            np.testing.assert_array_equal(trace[name].value, kept[name].value, err_msg=name)
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, range(8)))


def test_on_another_backend(forgetful):
    pytest.importorskip("torch")
    pytest.importorskip("array_api_compat")
    from tutor.engine.backend import load_backend

    config = small.config(encoder_layers=2)
    kept, trace = (small.trace(config, backend=load_backend("torch"), bound=bound) for bound in (1e9, 0))
    for name in trace.names:
        np.testing.assert_array_equal(trace[name].value, kept[name].value, err_msg=name)
