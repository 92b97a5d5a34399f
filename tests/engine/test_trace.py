"""The trace as a thing to ask: names, globs, indices, and what it says to a wrong question."""

import numpy as np
import pytest

from tests.engine import small
from tutor.engine.explanation import Cell, Explanation, Term, factor, figure
from tutor.engine.ops import OPERATIONS, OperationError
from tutor.engine.recorder import Recorder
from tutor.engine.trace import Trace, TraceError
from tutor.engine.transformer import run

TRACE = small.trace(small.config(), small.PADDED)
WEIGHTS = "decoder.0.cross_attention.weights"


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("decoder.0.cross_attention.weight", WEIGHTS),
        ("encoder.0.attention.scores", "encoder.0.self_attention.scores"),
        ("probabilites", "probabilities"),
        ("encoder.0.self_attention.query.wieght", "encoder.0.self_attention.query.weight"),
    ],
)
def test_an_unknown_name_suggests_the_nearest(name, nearest):
    assert name not in TRACE
    for ask in (lambda: TRACE[name], lambda: TRACE.explain(name, (0,))):
        with pytest.raises(TraceError) as error:
            ask()
        assert str(error.value).startswith(f"no node called {name}; nearest: ") and nearest in str(error.value)
    assert isinstance(error.value, KeyError)


def test_a_name_like_no_other_points_at_the_list():
    with pytest.raises(TraceError, match="no node called 你好; `tutor trace` lists all names"):
        TRACE["你好"]


@pytest.mark.parametrize(
    ("index", "says"),
    [
        ((0, 0), f"{WEIGHTS} has 3 axes (head 2 × query 3 × key 5), not 2"),
        ((0, 0, 0, 0), "has 3 axes (head 2 × query 3 × key 5), not 4"),
        ((), "not 0"),
        ((2, 0, 0), f"{WEIGHTS}: head goes from 0 to 1, not 2"),
        ((0, 0, 5), "key goes from 0 to 4, not 5"),
        ((0, -4, 0), "query goes from 0 to 2, not -4"),
        ((0, 0, 1.0), "is asked for by whole numbers, one an axis: head 2 × query 3 × key 5"),
        ((0, "1", 0), "whole numbers"),
        ((0, None, 0), "whole numbers"),
        (3, "whole numbers"),
        (None, "whole numbers"),
    ],
)
def test_a_wrong_index_is_explained(index, says):
    with pytest.raises(TraceError) as error:
        TRACE.explain(WEIGHTS, index)
    assert says in str(error.value)


def test_indices_may_count_from_the_end_and_come_from_numpy():
    assert TRACE.explain(WEIGHTS, (-1, -1, -5)).index == (1, 2, 0)
    index = TRACE.explain(WEIGHTS, np.array([1, 2, 0])).index
    assert index == (1, 2, 0) and all(type(i) is int for i in index)


def test_find_takes_globs():
    assert TRACE.find("decoder.*.cross_attention.weights") == (WEIGHTS,)
    assert TRACE.find("*.weights") == (
        "encoder.0.self_attention.weights",
        "decoder.0.self_attention.weights",
        WEIGHTS,
    )
    assert TRACE.find("encoder.0.feed_forward.output*")[0] == "encoder.0.feed_forward.output"
    assert TRACE.find("nothing") == ()
    assert TRACE.find("*") == (*TRACE.names, *TRACE.weight_names)


def test_what_the_model_knows_of_the_run_is_read_as_attributes():
    record = Recorder(small.weights(small.config()))
    run(record, small.config(), small.SOURCE, small.TARGET)
    trace = Trace.of(record, text="[b] a cat", trained=False)
    assert trace.text == "[b] a cat" and trace.trained is False
    with pytest.raises(AttributeError, match="this trace has no 'target'"):
        _ = trace.target


def test_values_are_float32_and_carry_no_batch_axis():
    for name in TRACE.names:
        node = TRACE[name]
        assert node.value.dtype == {"input": np.int64, "attention_mask": np.bool_}.get(node.op, np.float32), name
        assert node.shape == node.value.shape


def test_float64_weights_stay_float64():
    config = small.config()
    trace = small.trace(config, weights=small.weights(config, dtype="float64"))
    for name in trace.names:
        if trace[name].op not in ("input", "attention_mask"):
            assert trace[name].value.dtype == np.float64, name


def test_a_node_shows_itself_briefly():
    assert repr(TRACE[WEIGHTS]) == "Node('decoder.0.cross_attention.weights', softmax, 2×3×5)"


def test_a_missing_weight_is_named():
    config = small.config()
    weights = small.weights(config)
    del weights["encoder.0.feed_forward.hidden.weight"]
    with pytest.raises(TraceError, match="the model has no weight called encoder.0.feed_forward.hidden.weight"):
        small.trace(config, weights=weights)


@pytest.mark.parametrize(
    ("ids", "target", "says"),
    [
        ((), (1,), "tokens: there must be at least one token"),
        ((4,), (), "decoder.tokens: there must be at least one token"),
        ((4, 8), (1,), "tokens: 8 is no token of this model; its vocabulary goes from 0 to 7"),
        ((4, -1), (1,), "tokens: -1 is no token"),
        ((4,), (1, 99), "decoder.tokens: 99 is no token"),
    ],
)
def test_impossible_tokens_are_refused(ids, target, says):
    with pytest.raises(OperationError, match=says):
        small.trace(small.config(), ids, target)


def test_an_encoder_decoder_needs_a_target():
    with pytest.raises(ValueError, match="needs target_ids"):
        run(Recorder(small.weights(small.config())), small.config(), small.SOURCE)


def test_more_tokens_than_learned_positions():
    config = small.config(position="learned")
    with pytest.raises(OperationError, match="encoder.embedding.position: 10 tokens are more than the 9 positions"):
        small.trace(config, [4] * 10)


def test_a_recorder_that_does_not_keep_holds_nothing_back():
    record = Recorder(small.weights(small.config()), keep=False)
    last = run(record, small.config(), small.SOURCE, small.TARGET)
    assert record.nodes == {} and last.operands == ()
    np.testing.assert_array_equal(last.value, small.trace(small.config())["probabilities"].value)


def test_numbers_in_formulas():
    cases = {0.0: "0", 3.0: "3", -2.0: "-2", 3880105.0: "3880105", 0.123456: "0.1235", -1.5: "-1.5"}
    assert {x: figure(x) for x in cases} == cases
    assert figure(-0.0) == factor(-0.0) == "0"
    assert figure(1.23456e-7) == r"1.235 \cdot 10^{-7}" and figure(-1.2e20) == r"-1.2 \cdot 10^{20}"
    assert figure(float("-inf")) == r"-\infty" and figure(float("nan")) == r"\mathrm{nan}"
    assert factor(-1.5) == "(-1.5)" and factor(1.5) == "1.5"


def test_a_long_sum_folds_to_its_largest_terms_in_their_own_order():
    terms = tuple(Term(value, (Cell("x", (i,), value),)) for i, value in enumerate([1.0, -9.0, 0.5, 4.0, 0.25]))
    why = Explanation("sum", (0,), -3.25, make_terms=lambda: terms)
    shown, rest, count = why.folded(2)
    assert [term.value for term in shown] == [-9.0, 4.0] and (rest, count) == (1.75, 3)
    assert why.folded(5) == (terms, 0.0, 0)
    assert [cell.value for cell in why.cells] == [-9.0, 4.0, 1.0, 0.5, 0.25]
    assert why.substituted == r"1 + (-9) + 0.5 + 4 + \ldots (0.25) = -3.25"


def test_a_hand_size_program_is_the_same_kind_of_trace():
    """Matrices and operations of one's own, without a model."""
    record = Recorder({})
    x = record.input("X", np.array([[1.0, 2.0], [3.0, 4.0]]), ("dimension", "position"))
    w = record.input("W", np.array([[1.0, -1.0]]), ("out", "dimension"))
    record("WX", OPERATIONS["matmul"], w, x, axes=("out", "position"))
    trace: Trace = Trace.of(record, {"position": ("x1", "x2")})
    assert trace.names == ("X", "W", "WX") and trace.weight_names == ()
    assert trace["WX"].value.tolist() == [[-2.0, -2.0]]
    assert trace["WX"].labels == (("0",), ("x1", "x2"))
    assert trace.explain("WX", (0, 1)).substituted == r"1 \cdot 2 + (-1) \cdot 4 = -2"
