"""What holds for every Transformer, whatever its weights: no looking ahead, no influence of padding, shares of 1."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine import small

DECODERS = ["GPT-2", "Llama without rotation", "decoder only, post-norm"]
tokens = st.lists(st.integers(1, 7), min_size=2, max_size=7)
seeds = st.integers(0, 2**32)


@pytest.mark.parametrize("name", DECODERS)
@settings(max_examples=15)
@given(ids=tokens, seed=seeds, where=st.integers(1, 6), other=st.integers(1, 7))
def test_a_later_token_never_changes_an_earlier_position(name, ids, seed, where, other):
    config = small.config(**small.CONFIGS[name], decoder_layers=2)
    weights = small.weights(config, seed)
    where %= len(ids)
    changed = [*ids[:where], other, *ids[where + 1 :]]
    before, after = (small.trace(config, each, weights=weights)["probabilities"].value for each in (ids, changed))
    np.testing.assert_array_equal(before[:where], after[:where])
    longer = small.trace(config, [*ids, other], weights=weights)["probabilities"].value
    np.testing.assert_allclose(longer[: len(ids)], before, atol=1e-6)


@settings(max_examples=15)
@given(ids=tokens, target=tokens, seed=seeds)
def test_the_decoder_of_a_translator_does_not_look_ahead(ids, target, seed):
    config = small.config(decoder_layers=2)
    weights = small.weights(config, seed)
    before = small.trace(config, ids, target, weights=weights)
    after = small.trace(config, ids, [*target[:-1], 1 + target[-1] % 7], weights=weights)
    for name in ("probabilities", "decoder.1.cross_attention.norm", "decoder.0.self_attention.output"):
        np.testing.assert_array_equal(before[name].value[:-1], after[name].value[:-1])
    assert not np.array_equal(before["probabilities"].value[-1], after["probabilities"].value[-1])


@settings(max_examples=20)
@given(ids=tokens, seed=seeds, data=st.data())
def test_without_positions_a_shuffled_sentence_gives_shuffled_vectors(ids, seed, data):
    config = small.config(architecture="encoder_only", position="none", encoder_layers=2)
    order = data.draw(st.permutations(range(len(ids))))
    weights = small.weights(config, seed)
    straight = small.trace(config, ids, weights=weights)["encoder.output"].value
    shuffled = small.trace(config, [ids[i] for i in order], weights=weights)["encoder.output"].value
    np.testing.assert_allclose(shuffled, straight[list(order)], atol=2e-5)


def test_with_positions_the_order_matters():
    config = small.config(architecture="encoder_only")
    straight = small.trace(config, [4, 5, 7])["encoder.output"].value
    shuffled = small.trace(config, [7, 5, 4])["encoder.output"].value
    assert not np.allclose(shuffled, straight[::-1], atol=1e-3)


@settings(max_examples=20)
@given(ids=tokens, seed=seeds, spread=st.sampled_from([0.1, 1.0, 20.0]))
def test_attention_is_made_of_shares(ids, seed, spread):
    config = small.config(decoder_layers=2)
    trace = small.trace(config, [*ids, 0], ids, weights=small.weights(config, seed, spread))
    for name in (*trace.find("*.weights"), "probabilities"):
        shares = trace[name].value
        np.testing.assert_allclose(shares.sum(axis=-1, dtype=np.float64), 1, atol=1e-5)
        assert (shares >= 0).all() and np.isfinite(shares).all()
    for name in trace.find("*.masked"):
        forbidden = np.isneginf(trace[name].value)
        assert (trace[name.replace("masked", "weights")].value[forbidden] == 0).all()
        assert forbidden.any()


@pytest.mark.parametrize("name", ["2017", "2017 pre-norm", "BERT", "GPT-2", "gated", "learned positions"])
@settings(max_examples=10)
@given(ids=tokens, padding=st.integers(1, 2), seed=seeds)
def test_padding_has_no_influence_on_words(name, ids, padding, seed):
    config = small.config(**small.CONFIGS[name])
    weights = small.weights(config, seed)
    alone = small.trace(config, ids, weights=weights)
    filled = small.trace(config, [*ids, *[0] * padding], weights=weights)
    np.testing.assert_allclose(
        filled["probabilities"].value[: len(alone["probabilities"].value)], alone["probabilities"].value, atol=2e-6
    )


@settings(max_examples=15)
@given(ids=tokens, seed=seeds)
def test_what_stands_in_a_padded_row_reaches_no_word(ids, seed):
    """Not even a huge number there: minus infinity before the softmax is exactly 0 after it."""
    config = small.config(encoder_layers=2)
    weights = small.weights(config, seed)

    def shout(rows):
        rows[-1] = 1e6
        return rows

    quiet = small.trace(config, [*ids, 0], weights=weights)
    loud = small.trace(config, [*ids, 0], weights=weights, change={"encoder.embedding.output": shout})
    np.testing.assert_array_equal(loud["encoder.output"].value[:-1], quiet["encoder.output"].value[:-1])
    np.testing.assert_array_equal(loud["probabilities"].value, quiet["probabilities"].value)


@settings(max_examples=10)
@given(ids=tokens, seed=seeds, shift=st.floats(-50, 50))
def test_a_softmax_does_not_mind_a_constant(ids, seed, shift):
    config = small.config()
    weights = small.weights(config, seed)
    before = small.trace(config, ids, weights=weights)
    after = small.trace(config, ids, weights=weights, change={"logits": lambda x: x + np.float32(shift)})
    np.testing.assert_allclose(after["probabilities"].value, before["probabilities"].value, atol=5e-5)


@settings(max_examples=10)
@given(ids=tokens, seed=seeds)
def test_a_normed_row_has_mean_0_and_deviation_1(ids, seed):
    config = small.config()
    weights = small.weights(config, seed)
    for name in weights:
        if name.endswith(("norm.scale", "norm.shift")):
            weights[name] = np.full_like(weights[name], name.endswith("scale"))
    normed = small.trace(config, ids, weights=weights)["encoder.0.self_attention.norm"].value
    np.testing.assert_allclose(normed.mean(axis=-1), 0, atol=1e-5)
    np.testing.assert_allclose(normed.std(axis=-1), 1, atol=1e-2)
