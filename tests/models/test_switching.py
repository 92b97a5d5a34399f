"""What-ifs for which a model lacks weights: what stays, what is new, and that it is said."""

import numpy as np
import pytest

from tutor.engine.transformer import weight_shapes
from tutor.models.errors import ModelError
from tutor.models.registry import load_model
from tutor.models.switching import switched

PROVERBS = load_model("proverbs")
GATED = {"gated": True, "activation": "silu"}


def total(config):
    return sum(int(np.prod(shape)) for shape in weight_shapes(config).values())


def test_weights_that_still_fit_stay_and_the_others_come_out_of_a_seed():
    found = switched("proverbs", PROVERBS.config, PROVERBS.weights, GATED)
    new = [name for name in found.weights if name not in PROVERBS.weights]
    assert new and all(".feed_forward." in name for name in new)
    assert all(found.weights[name] is PROVERBS.weights[name] for name in found.weights if name not in new)
    assert found.new == sum(found.weights[name].size for name in new)
    again = switched("proverbs", PROVERBS.config, PROVERBS.weights, GATED)
    assert all(np.array_equal(found.weights[name], again.weights[name]) for name in new)


def test_a_weight_of_another_shape_is_new():
    found = switched("proverbs", PROVERBS.config, PROVERBS.weights, {"d_ff": 9})
    name = "encoder.0.feed_forward.hidden.weight"
    assert found.weights[name].shape == (6, 9) and found.new


def test_weights_that_are_not_used_are_left_out():
    trace = PROVERBS.trace("马无", config={"attention_bias": False})
    assert "encoder.0.self_attention.query.bias" not in trace.weight_names
    x, w = trace["encoder.embedding.output"].value, PROVERBS.weights["encoder.0.self_attention.query.weight"]
    np.testing.assert_allclose(trace["encoder.0.self_attention.query_projection"].value, x @ w, atol=1e-5)
    assert trace.trained


def test_a_trace_says_how_many_weights_there_are_now_and_that_new_ones_are_untrained():
    plain, trace = PROVERBS.trace("马无"), PROVERBS.trace("马无", config=GATED)
    before, after = f"{PROVERBS.parameters:,}", f"{total(PROVERBS.config.changed(**GATED)):,}"
    assert trace.notice.startswith(f"{before} weights become {after}; ") and "untrained" in trace.notice
    assert "encoder.0.feed_forward.product" in trace and not trace.trained
    assert plain.trained and not plain.notice
    fewer = PROVERBS.trace("马无", config={"feed_forward_bias": False})
    assert fewer.trained and fewer.notice == f"{before} weights become {total(fewer.config):,}"
    assert PROVERBS.trace("马无", config={"norm_position": "pre"}).notice == ""


def test_the_plain_answer_stands_under_a_what_if_that_needs_new_weights():
    assert PROVERBS.trace("马无夜草不肥", config=GATED).target == PROVERBS.trace("马无夜草不肥").target
    assert not PROVERBS.generate("马无", config=GATED).trained
    assert PROVERBS.generate("马无").trained


def test_what_would_make_the_tokens_mean_nothing_is_refused():
    for switches in ({"vocabulary": 9}, {"position": "learned", "maximum_positions": 9}, {"d_ff": 30_000_000}):
        with pytest.raises(ModelError, match="cannot run with"):
            PROVERBS.trace("马", config=switches)


def test_another_backend_gives_the_same():
    pytest.importorskip("torch")
    ours, theirs = (PROVERBS.trace("马无", config=GATED, backend=name) for name in ("numpy", "torch"))
    np.testing.assert_allclose(ours["probabilities"].value, theirs["probabilities"].value, atol=1e-5)
