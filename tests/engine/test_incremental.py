"""A sentence whose beginning was traced before: the rest alone is computed, and the trace is that of the whole."""

import numpy as np
import pytest

from tests.engine import small
from tutor.engine import incremental, memory
from tutor.engine.backend import load_backend
from tutor.engine.incremental import RowsRecorder, recorder_after, rows_known
from tutor.engine.ops import OPERATIONS
from tutor.engine.recorder import Recorder
from tutor.engine.trace import Trace
from tutor.engine.transformer import run, weight_shapes

NUMPY = load_backend("numpy")
NAMES = [name for name, fields in small.CONFIGS.items() if fields.get("architecture") == "decoder_only"]
WIDER = {
    "relative": {"architecture": "decoder_only", "position": "relative", "relative_buckets": 6},
    "sinusoidal, a head off": {"architecture": "decoder_only", "heads_off": ("decoder.0.self_attention.1",)},
    "norms of queries and keys": {
        "architecture": "decoder_only",
        "query_key_norm": True,
        "position": "rotary",
        "d_k": 4,
    },
    "no residual": {"architecture": "decoder_only", "residual": False},
}
TOKENS = (4, 5, 7, 4, 6, 3)
LONGER = (*TOKENS, 2, 5)
SENTENCES = {
    "longer": LONGER,
    "another last word": (*TOKENS[:-1], 2),
    "another word in the middle": (*TOKENS[:3], 6, 6, 3),
    "shorter": TOKENS[:4],
    "the same": TOKENS,
}


@pytest.fixture(autouse=True)
def always(monkeypatch):
    """However little there is to gain."""
    monkeypatch.setattr(incremental, "LEAST_WORK", 0)


def config_of(name):
    return small.config(**{"decoder_layers": 2} | (small.CONFIGS | WIDER)[name])


def weights_of(config, dtype=np.float64):
    random = np.random.default_rng(0)
    return {name: random.normal(size=shape).astype(dtype) for name, shape in weight_shapes(config).items()}


def recorded(record, config, ids, right=True):
    run(record, config, ids, targets=[*ids[1:], config.pad_id] if right else None)
    return Trace.of(record, {"decoder": tuple(map(str, ids))}, config=config)


def both(config, first, second, weights=None, bound=None):
    """The second sentence traced whole, and after the first."""
    weights = weights or weights_of(config)
    words = {} if bound is None else {"bound": bound}
    before = recorded(Recorder(weights, **words), config, first)
    record = recorder_after(before, config, weights, second, NUMPY)
    assert isinstance(record, RowsRecorder)
    return recorded(Recorder(weights), config, second), recorded(record, config, second)


def assert_the_same(whole, trace):
    assert trace.names == whole.names and trace.weight_names == whole.weight_names
    for name in whole.names:
        mine, other = trace[name], whole[name]
        assert (mine.shape, mine.axis_keys, mine.inputs, mine.op) == (
            other.shape,
            other.axis_keys,
            other.inputs,
            other.op,
        )
        assert mine.params == other.params and mine.formula == other.formula
        assert mine.value.dtype == other.value.dtype
        np.testing.assert_allclose(mine.value, other.value, rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("name", [*NAMES, *WIDER])
def test_every_number_is_that_of_the_whole_sentence(name, sentence):
    whole, trace = both(config_of(name), TOKENS, SENTENCES[sentence])
    assert_the_same(whole, trace)


@pytest.mark.parametrize("bound", [0, 500, 3000])
@pytest.mark.parametrize("name", ["GPT-2", "one key for all", "window"])
def test_rows_that_were_let_go_of_come_back_when_asked_for(monkeypatch, name, bound):
    monkeypatch.setattr(memory, "SMALL", 0)
    whole, trace = both(config_of(name), TOKENS, LONGER, bound=bound)
    if not bound:
        assert any(not trace[one].at_hand for one in trace.names if one != "probabilities")
    assert_the_same(whole, trace)


def test_only_the_new_rows_go_through_the_weights(monkeypatch):
    linear, rows = type(OPERATIONS["linear"]), []
    plain = linear.forward

    def counted(self, x, *others, **params):
        rows.append(x.shape[-2])
        return plain(self, x, *others, **params)

    config = config_of("GPT-2")
    weights = weights_of(config)
    before = recorded(Recorder(weights), config, TOKENS)
    record = recorder_after(before, config, weights, LONGER, NUMPY)
    monkeypatch.setattr(linear, "forward", counted)
    recorded(record, config, LONGER)
    assert set(rows) == {len(LONGER) - len(TOKENS)}


def test_one_key_after_the_other():
    config = config_of("one key for all")
    weights = weights_of(config)
    trace = recorded(Recorder(weights), config, TOKENS[:2])
    for count in range(3, len(TOKENS) + 1):
        trace = recorded(recorder_after(trace, config, weights, TOKENS[:count], NUMPY), config, TOKENS[:count])
    assert_the_same(recorded(Recorder(weights), config, TOKENS), trace)


@pytest.mark.parametrize("name", ["GPT-2", "rotary"])
def test_gradients_and_explanations_are_those_of_the_whole_sentence(name):
    whole, trace = both(config_of(name), TOKENS, LONGER)
    for one in ("embedding.output", "decoder.0.self_attention.scores", "decoder.1.feed_forward.output.weight"):
        np.testing.assert_allclose(trace.gradient(one).value, whole.gradient(one).value, rtol=1e-9, atol=1e-12)
    for one in ("decoder.1.self_attention.weights", "decoder.0.self_attention.scaled", "logits", "losses", "loss"):
        for index in small.indices(trace[one]):
            small.check_cell(trace, one, index)


def test_the_trace_before_is_left_as_it_was():
    config = config_of("GPT-2")
    weights = weights_of(config)
    before = recorded(Recorder(weights), config, TOKENS)
    kept = {name: before[name].value.copy() for name in before.names}
    after = recorded(recorder_after(before, config, weights, LONGER, NUMPY), config, LONGER)
    for name in after.names:
        if after[name].value.flags.writeable and after[name].value.dtype.kind == "f":
            after[name].value[...] = 0
    for name, value in kept.items():
        np.testing.assert_array_equal(before[name].value, value, err_msg=name)


def test_what_was_run_otherwise_is_of_no_use():
    config = config_of("GPT-2")
    weights = weights_of(config)
    before = recorded(Recorder(weights), config, TOKENS)

    def known(trace=before, config=config, weights=weights, ids=LONGER, backend=NUMPY):
        return rows_known(trace, config, weights, ids, backend)

    assert known() == len(TOKENS)
    assert known(ids=(6, *TOKENS)) == 0
    assert known(config=config.changed(scale_scores=False)) == 0
    assert known(weights=weights_of(config)) == 0
    blind = config.changed(causal_mask=False)
    assert known(trace=recorded(Recorder(weights), blind, TOKENS), config=blind) == 0
    change = {"decoder.0.self_attention.weights": lambda x: x[..., ::-1]}
    assert known(trace=recorded(Recorder(weights, change=change), config, TOKENS)) == 0
    change = {"decoder.0.feed_forward.output.weight": np.zeros_like}
    assert known(trace=recorded(Recorder(weights, change=change), config, TOKENS)) == 0
    assert not isinstance(recorder_after(before, config, weights, LONGER, NUMPY, change), RowsRecorder)
    with_padding = config.changed(padding_mask=True, pad_id=TOKENS[1])
    assert known(trace=recorded(Recorder(weights), with_padding, TOKENS), config=with_padding) == 0
    both_sides = small.config()
    assert rows_known(small.trace(both_sides, small.SOURCE), both_sides, {}, small.SOURCE, NUMPY) == 0


def test_little_to_gain_is_no_gain(monkeypatch):
    monkeypatch.setattr(incremental, "LEAST_WORK", 10**9)
    config = config_of("GPT-2")
    weights = weights_of(config)
    before = recorded(Recorder(weights), config, TOKENS)
    assert rows_known(before, config, weights, LONGER, NUMPY) == 0
