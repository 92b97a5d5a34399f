"""Interventions: what the learner changes is recomputed downstream, and only there."""

import numpy as np
import pytest

from tests.engine import small
from tutor.engine.ops import OperationError
from tutor.engine.trace import TraceError

CONFIG = small.config(encoder_layers=2)
BEFORE = small.trace(CONFIG)


def downstream(trace, name):
    """The names of all nodes computed from this one."""
    found = {name}
    for node in trace.names:
        if found & set(trace[node].inputs):
            found.add(node)
    return found


def changed_names(trace):
    return {n for n in trace.names if not np.array_equal(trace[n].value, BEFORE[n].value, equal_nan=True)}


PLACES = [
    "encoder.embedding.token",
    "encoder.0.self_attention.query",
    "encoder.0.self_attention.weights",
    "encoder.0.self_attention.norm",
    "encoder.1.feed_forward.output",
    "decoder.embedding.position",
    "decoder.0.self_attention.value",
    "decoder.0.cross_attention.scores",
    "decoder.output",
    "logits",
    "probabilities",
    "encoder.0.self_attention.value.weight",
    "encoder.0.feed_forward.norm.shift",
    "decoder.0.cross_attention.output.bias",
    "decoder.embedding.token.table",
    "logits.weight",
]


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("how", ["array", "list", "function", "function in place"])
def test_a_change_reaches_all_that_follows_and_nothing_else(name, how):
    after = np.random.default_rng(1).standard_normal(BEFORE[name].shape).astype(np.float32)

    def in_place(array):
        array[...] = after
        return array

    change = {"array": after, "list": after.tolist(), "function": lambda _: after, "function in place": in_place}[how]
    trace = small.trace(CONFIG, change={name: change})
    np.testing.assert_array_equal(trace[name].value, after)
    np.testing.assert_array_equal(trace[name].original, BEFORE[name].value)
    assert trace[name].changed and trace[name].value.dtype == np.float32
    assert [n for n in (*trace.names, *trace.weight_names) if trace[n].changed] == [name]
    allowed = downstream(trace, name)
    assert changed_names(trace) <= allowed
    # A mask and a ReLU may swallow a change, so not all of it must arrive; the answer at the end does.
    assert "probabilities" in changed_names(trace)
    assert trace.names == BEFORE.names


@pytest.mark.parametrize("name", PLACES)
def test_a_change_explains_itself_and_so_does_all_that_follows(name):
    trace = small.trace(CONFIG, change={name: lambda x: np.round(x * 3, 1)})
    for node in (name, "probabilities", "decoder.0.cross_attention.norm", "encoder.1.self_attention.residual"):
        for index in small.indices(trace[node]):
            small.check_cell(trace, node, index)


def test_one_changed_cell_is_told_apart_from_its_neighbours():
    name = "encoder.0.self_attention.scores"

    def edit(scores):
        scores[1, 2, 3] = 5.0
        return scores

    trace = small.trace(CONFIG, change={name: edit})
    why = trace.explain(name, (1, 2, 3))
    assert (why.kind, why.result, why.evaluate()) == ("changed", 5.0, 5.0)
    assert why.facts["original"] == pytest.approx(float(BEFORE[name].value[1, 2, 3]))
    assert r"\to 5" in why.substituted and why.cells == ()
    assert trace.explain(name, (1, 2, 2)).kind == "sum"
    assert changed_names(trace) >= {name, "encoder.0.self_attention.scaled", "encoder.0.self_attention.weights"}


def test_several_changes_at_once():
    trace = small.trace(
        CONFIG,
        change={"encoder.output": np.zeros_like, "logits.bias": np.ones_like, "decoder.0.self_attention.norm": np.sign},
    )
    assert not trace["encoder.output"].value.any()
    assert (trace["logits.bias"].value == 1).all()
    assert set(np.unique(trace["decoder.0.self_attention.norm"].value)) <= {-1, 0, 1}


def test_a_token_can_be_changed():
    trace = small.trace(CONFIG, change={"tokens": [4, 5, 7, 6]})
    other = small.trace(CONFIG, (4, 5, 7, 6))
    np.testing.assert_array_equal(trace["probabilities"].value, other["probabilities"].value)


def test_a_mask_can_be_changed():
    trace = small.trace(CONFIG, change={"encoder.mask": np.eye(4)})
    weights = trace["encoder.0.self_attention.weights"].value
    np.testing.assert_array_equal(weights, np.broadcast_to(np.eye(4), weights.shape))
    assert trace.explain("encoder.mask", (0, 1)).kind == "changed"
    small.check_cell(trace, "encoder.0.self_attention.masked", (0, 0, 1))


def test_the_weights_given_are_not_written_to():
    weights = small.weights(CONFIG)
    kept = {name: array.copy() for name, array in weights.items()}

    def spoil(array):
        array *= 7
        return array

    small.trace(CONFIG, weights=weights, change={"logits.weight": spoil, "encoder.embedding.token": spoil})
    for name, array in weights.items():
        np.testing.assert_array_equal(array, kept[name])


def test_a_change_that_changes_nothing():
    trace = small.trace(CONFIG, change={"logits": lambda x: x})
    assert trace["logits"].changed and not changed_names(trace)
    assert trace.explain("logits", (0, 0)).kind == "sum"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"encoder.0.self_attention.scores": np.zeros((2, 4, 5))}, r"\(2, 4, 4\), not \(2, 4, 5\)"),
        ({"logits.bias": lambda x: x[1:]}, r"\(8,\), not \(7,\)"),
        ({"encoder.output": "words"}, "must be an array of numbers"),
        ({"encoder.output": lambda x: None}, "must be an array of numbers"),
        ({"encoder.output": [[1.0], [1.0, 2.0]]}, "must be an array of numbers"),
        ({"tokens": [4.5, 5, 7, 6]}, "whole numbers"),
        ({"encoder.0.self_atention.scores": np.zeros(1)}, "nearest: encoder.0.self_attention.scores"),
        ({"logits.wieght": np.zeros(1)}, "nearest: logits.weight"),
        ({"encoder.7.self_attention.scores": np.zeros(1)}, "nearest: encoder.[01].self_attention.scores"),
        ({"encoder.embedding.position.table": np.zeros(1)}, "no node called encoder.embedding.position.table"),
        ({"": np.zeros(1)}, "no node called"),
    ],
)
def test_a_change_that_cannot_be_says_why(change, says):
    with pytest.raises(TraceError, match=says):
        small.trace(CONFIG, change=change)


def test_a_token_that_does_not_exist_is_refused():
    with pytest.raises(OperationError, match="encoder.embedding.token: .*0 to 7"):
        small.trace(CONFIG, change={"tokens": [4, 5, 7, 99]})
