"""Every cell of every kind of model explains itself: its terms, recomputed, are its value."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine import small
from tutor.engine.config import CHOICES
from tutor.engine.ops import OPERATIONS
from tutor.engine.recorder import Recorder
from tutor.engine.trace import Trace


@pytest.mark.parametrize("name", small.CONFIGS)
def test_every_cell_of_every_config(name):
    config = small.config(**small.CONFIGS[name])
    segments = [0, 1, 1, 0, 0] if config.segments and config.architecture == "encoder_only" else None
    trace = small.trace(config, small.PADDED, small.TARGET, segments)
    for node in (*trace.names, *trace.weight_names):
        for index in small.indices(trace[node]):
            small.check_cell(trace, node, index)


def test_the_configs_use_every_operation_of_the_model():
    used = set()
    for changes in small.CONFIGS.values():
        trace = small.trace(small.config(**changes), small.PADDED)
        used |= {trace[name].op for name in trace.names}
    # The rest are operations of hand-size programs (test_operations.py holds those) and of the loss.
    rest = {"add_column", "log", "cross_entropy", "mean_loss", "answer_scores", "pick_rows"}
    assert set(OPERATIONS) - used == rest


def test_every_operation_has_a_kind():
    assert set(OPERATIONS) == set(small.KINDS) - {"weight", "input", "row_of_each"}  # the last is the logit lens's


configs = st.fixed_dictionaries(
    {
        "architecture": st.sampled_from(CHOICES["architecture"]),
        "position": st.sampled_from(CHOICES["position"]),
        "norm": st.sampled_from(CHOICES["norm"]),
        "norm_position": st.sampled_from(CHOICES["norm_position"]),
        "activation": st.sampled_from(CHOICES["activation"]),
        "heads": st.sampled_from([1, 2, 3]),
        "d_k": st.sampled_from([1, 2, 3, 4]),
        "key_value_heads": st.sampled_from([0, 1]),
        "window": st.sampled_from([0, 1, 3]),
        "window_from": st.integers(0, 2),
        "position_offset": st.sampled_from([0, 2]),
        "rotary_scaling": st.sampled_from([(), (2.0,), (4.0, 1.0, 4.0, 8)]),
        "relative_buckets": st.sampled_from([4, 7]),
        "relative_distance": st.sampled_from([8, 20]),
        "d_ff": st.integers(1, 7),
        "encoder_layers": st.integers(1, 2),
        "segments": st.sampled_from([0, 2]),
        "norm_epsilon": st.sampled_from([1e-12, 1e-5, 0.1]),
    }
    | {
        field: st.booleans()
        for field in (
            "embedding_norm",
            "final_norm",
            "gated",
            "query_key_norm",
            "attention_bias",
            "attention_output_bias",
            "feed_forward_bias",
            "output_bias",
            "tied_embeddings",
            "shared_embeddings",
            "scale_embedding",
            "scale_logits",
            "causal_mask",
            "padding_mask",
            "scale_scores",
            "residual",
        )
    }
)
ids = st.lists(st.integers(0, small.SIZE["vocabulary"] - 1), min_size=1, max_size=6)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(configs, ids, ids, st.integers(0, 2**32), st.sampled_from([0.01, 1.0, 12.0]))
def test_any_cell_of_any_config(changes, source, target, seed, spread):
    changes["shared_embeddings"] &= changes["architecture"] == "encoder_decoder"
    if changes["position"] == "rotary":
        changes["d_k"] += changes["d_k"] % 2
    config = small.config(**changes)
    trace = small.trace(config, source, target, weights=small.weights(config, seed, spread))
    choose = np.random.default_rng(seed)
    for name in (*trace.names, *trace.weight_names):
        cells = list(small.indices(trace[name]))
        for i in choose.integers(0, len(cells), 3):
            small.check_cell(trace, name, cells[i])


def test_wide_sums_stay_within_float32_rounding():
    config = small.config(d_model=256, heads=4, d_ff=1024, vocabulary=2000)
    trace = small.trace(config, weights=small.weights(config, spread=0.06))
    choose = np.random.default_rng(0)
    for name in trace.names:
        for _ in range(4):
            small.check_cell(trace, name, tuple(int(choose.integers(size)) for size in trace[name].shape))


def test_a_row_with_nothing_allowed_is_zeros_and_says_so():
    trace = small.trace(small.config(), (0, 0), (1, 2))
    weights = trace["decoder.0.cross_attention.weights"].value
    assert np.array_equal(weights, np.zeros_like(weights))
    why = small.check_cell(trace, "decoder.0.cross_attention.weights", (0, 0, 0))
    assert why.evaluate() == 0 and why.substituted.endswith(r"\to 0")
    assert not np.isnan(trace["probabilities"].value).any()


def test_the_mask_says_why():
    trace = small.trace(small.config(), small.PADDED, (1, 6, 0))
    reasons = {
        index: trace.explain("decoder.mask", index).facts["reason"] for index in itertools.product(range(3), range(3))
    }
    assert reasons == {
        (0, 0): "allowed", (0, 1): "future", (0, 2): "padding",
        (1, 0): "allowed", (1, 1): "allowed", (1, 2): "padding",
        (2, 0): "allowed", (2, 1): "allowed", (2, 2): "padding",
    }  # fmt: skip
    assert trace.explain("decoder.mask", (0, 1)).substituted == r"[1 \leq 0] [6 \neq 0] = 0"
    assert trace.explain("encoder.mask", (0, 4)).substituted == r"[0 \neq 0] = 0"


def test_a_masked_score_is_minus_infinity_and_walks_to_the_mask_first():
    trace = small.trace(small.config(), small.PADDED)
    why = trace.explain("encoder.0.self_attention.masked", (0, 1, 4))
    assert why.result == why.evaluate() == -math.inf
    assert [cell.node for cell in why.cells] == ["encoder.mask", "encoder.0.self_attention.scaled"]
    assert why.substituted.endswith(r"\to -\infty")


def test_scaled_scores_are_written_as_the_division_they_are():
    trace = small.trace(small.config())
    why = trace.explain("encoder.0.self_attention.scaled", (0, 0, 0))
    assert r"\sqrt{3}" in why.substituted and r"\frac" in why.substituted
    assert why.facts["root_of"] == 3
    assert r"\sqrt{6}" in trace.explain("encoder.embedding.scaled", (0, 0)).substituted


def test_a_norm_tells_its_mean_and_deviation():
    trace = small.trace(small.config())
    facts = trace.explain("encoder.0.self_attention.norm", (1, 2)).facts
    row = trace["encoder.0.self_attention.residual"].value[1].astype(np.float64)
    assert facts["mean"] == pytest.approx(row.mean())
    assert facts["deviation"] == pytest.approx(math.sqrt(row.var() + 1e-5))
    assert facts["count"] == 6


def test_a_look_up_tells_the_row_and_the_token():
    trace = small.trace(small.config(), (4, 5))
    why = trace.explain("encoder.embedding.token", (1, 3))
    assert why.facts["row"] == 5
    assert [(cell.node, cell.index) for cell in why.cells] == [
        ("encoder.embedding.token.table", (5, 3)),
        ("tokens", (1,)),
    ]


def test_heads_point_at_their_slice_of_the_projection():
    trace = small.trace(small.config())
    (source,) = trace.explain("encoder.0.self_attention.query", (1, 2, 0)).cells
    assert (source.node, source.index) == ("encoder.0.self_attention.query_projection", (2, 3))
    (head,) = trace.explain("encoder.0.self_attention.concat", (2, 4)).cells
    assert (head.node, head.index) == ("encoder.0.self_attention.heads", (1, 2, 1))


def test_the_same_operand_twice_lights_a_block_with_both():
    record = Recorder({})
    x = record.input("x", np.arange(6.0).reshape(3, 2), ("position", "feature"))
    record("similarity", OPERATIONS["dot_products"], x, x, axes=("query", "key"))
    trace = Trace.of(record)
    assert trace.explain("similarity", (0, 2)).regions == {"x": (slice(0, 3), slice(None))}
    assert trace.explain("similarity", (1, 1)).regions == {"x": (1, slice(None))}
    for index in small.indices(trace["similarity"]):
        small.check_cell(trace, "similarity", index)


def test_a_norm_over_a_single_number_leaves_only_rounding():
    config = small.config(query_key_norm=True, heads=1, d_k=1, norm="layer", norm_epsilon=1e-12)
    trace = small.trace(config, [0], [0], weights=small.weights(config, 0, 12.0))
    names = [name for name in trace.names if name.endswith("key_norm")]
    assert names
    for name in names:
        for index in small.indices(trace[name]):
            small.check_cell(trace, name, index)
