"""Configs: what they refuse and how they say it, and what each what-if switch does to a run."""

import dataclasses

import numpy as np
import pytest

from tests.engine import small
from tutor.engine.config import CHOICES, SWITCHES, ConfigError, TransformerConfig

WEIGHTS = small.weights(small.config())
SHARED = small.trace(small.config(), small.PADDED, weights=WEIGHTS)


def what_if(**changes):
    """The same weights and sentence under a changed config."""
    return small.trace(small.config().changed(**changes), small.PADDED, weights=WEIGHTS)


def test_the_defaults_are_those_of_2017():
    config = TransformerConfig()
    assert (config.d_model, config.heads, config.d_k, config.d_ff) == (512, 8, 64, 2048)
    assert (config.encoder_layers, config.decoder_layers) == (6, 6)
    assert (config.norm_position, config.activation, config.position) == ("post", "relu", "sinusoidal")
    assert config.target_vocabulary == config.vocabulary


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"architecture": "decoder"}, "architecture: must be one of encoder_decoder, encoder_only, decoder_only"),
        ({"activation": "swish"}, "activation: must be one of relu, gelu, gelu_tanh, silu, not 'swish'"),
        ({"norm": None}, "norm: must be one of"),
        ({"position": "spiral"}, "position: must be one of"),
        ({"position": "rotary"}, "d_k: must be even where positions are rotary, not 3"),
        ({"rotary_base": 0}, "rotary_base: must be a number above 0"),
        ({"rotary_scaling": 2}, "rotary_scaling: must be a list of numbers above 0"),
        ({"rotary_scaling": (1, 2), "position": "rotary", "d_k": 2}, "rotary_scaling: must have 0, 1 or 4 numbers"),
        ({"key_value_heads": 4}, r"key_value_heads: must divide heads \(2\), not 4"),
        ({"position": "relative", "relative_buckets": 2}, "relative_buckets: must be a whole number of at least 4"),
        ({"position": "relative", "relative_distance": 32}, r"must be above relative_buckets \(32\), not 32"),
        ({"architecture": "decoder_only", "shared_embeddings": True}, "shared_embeddings: needs an encoder and"),
        ({"shared_embeddings": True, "target_vocabulary": 9}, "shared_embeddings: needs an encoder and"),
        ({"patch": 2, "picture": (3, 4, 4)}, "patch: needs the architecture encoder_only"),
        ({"architecture": "encoder_only", "patch": 2, "picture": (3, 4, 5)}, "both multiples of patch"),
        ({"architecture": "encoder_only", "patch": 2}, "picture: must be channels, height and width"),
        ({"norm_position": True}, "norm_position: must be one of"),
        ({"d_model": 10, "heads": 3}, r"d_model: must be a multiple of heads \(3\), not 10"),
        ({"d_model": 0}, "d_model: must be a whole number of at least 1"),
        ({"heads": 2.0}, "heads: must be a whole number"),
        ({"heads": True}, "heads: must be a whole number"),
        ({"d_ff": -1}, "d_ff"),
        ({"vocabulary": 0}, "vocabulary"),
        ({"maximum_positions": "many"}, "maximum_positions"),
        ({"pad_id": -1}, "pad_id: must be a whole number of at least 0"),
        ({"encoder_layers": 0}, "encoder_layers: must be at least 1"),
        ({"architecture": "decoder_only", "decoder_layers": 0}, "decoder_layers"),
        ({"norm_epsilon": 0}, "norm_epsilon: must be a number above 0"),
        ({"norm_epsilon": "small"}, "norm_epsilon"),
        ({"norm_epsilon": float("nan")}, "norm_epsilon"),
        ({"causal_mask": "no"}, "causal_mask: must be true or false, not 'no'"),
        ({"residual": 0}, "residual: must be true or false"),
        ({"heads_off": "encoder.0.self_attention.0"}, "heads_off: must be a list of names"),
        ({"heads_off": 3}, "heads_off: must be a list of names"),
        ({"heads_off": None}, "heads_off: must be a list of names"),
        ({"heads_off": ["encoder.0.self_attention.2"]}, r"names a head as encoder.0.self_attention.0 to .1"),
        ({"heads_off": ["encoder.1.self_attention.0"]}, "names a head as"),
        ({"heads_off": ["encoder.0.cross_attention.0"]}, "names a head as"),
        ({"heads_off": [7]}, "names a head as"),
        (
            {"architecture": "decoder_only", "tied_embeddings": True, "target_vocabulary": 9},
            "target_vocabulary: must be 8 where embeddings are tied",
        ),
    ],
)
def test_a_config_that_cannot_be_says_why(changes, says):
    with pytest.raises(ConfigError, match=says):
        small.config(**changes)
    with pytest.raises(ConfigError, match=says):
        small.config().changed(**changes)
    with pytest.raises(ConfigError, match=says):
        TransformerConfig.from_dict(small.SIZE | changes)


def test_an_unknown_setting_names_the_nearest():
    with pytest.raises(ConfigError, match="casual_mask: no such setting; did you mean causal_mask?"):
        small.config().changed(casual_mask=False)
    with pytest.raises(ConfigError, match="d_modle: no such setting"):
        TransformerConfig.from_dict({"d_modle": 4})
    with pytest.raises(ConfigError, match="zzz: no such setting$"):
        small.config().changed(zzz=1)


@pytest.mark.parametrize("name", small.CONFIGS)
def test_plain_data_and_back(name):
    config = small.config(**small.CONFIGS[name])
    assert TransformerConfig.from_dict(config.as_dict()) == config
    assert config.changed() == config


def test_the_width_of_a_head_follows():
    assert small.config().changed(heads=3).d_k == 2
    assert small.config().changed(d_model=8).d_k == 4
    assert small.config(d_k=5).changed(heads=3).d_k == 5  # set apart from d_model / heads on purpose
    with pytest.raises(ConfigError, match="multiple of heads"):
        small.config().changed(heads=4)


def test_the_number_of_key_value_heads_follows():
    assert small.config().key_value_heads == 2
    assert small.config().changed(heads=3).key_value_heads == 3
    assert small.config(heads=6, key_value_heads=2).changed(heads=4, d_k=3).key_value_heads == 2


def test_switches_are_fields_and_configs_are_frozen():
    assert set(SWITCHES) <= {field.name for field in dataclasses.fields(TransformerConfig)}
    with pytest.raises(dataclasses.FrozenInstanceError):
        small.config().residual = False


def test_no_causal_mask():
    place = "decoder.0.self_attention.weights"
    above = np.triu_indices(3, 1)
    assert not SHARED[place].value[:, *above].any()
    trace = what_if(causal_mask=False)
    assert (trace[place].value[:, *above] > 0).all()
    assert trace["decoder.mask"].value.all()
    assert not trace["encoder.mask"].value[:, 3:].any(), "padding stays masked"
    # A decoder that may look ahead sees the whole target.
    changed = what_if(causal_mask=False)["probabilities"].value
    assert not np.allclose(changed[0], SHARED["probabilities"].value[0])


def test_no_padding_mask():
    assert not SHARED["encoder.0.self_attention.weights"].value[:, :, 3:].any()
    trace = what_if(padding_mask=False)
    assert (trace["encoder.0.self_attention.weights"].value[:, :, 3:] > 0).all()
    assert trace["encoder.mask"].value.all() and trace["decoder.cross_mask"].value.all()
    assert not trace["decoder.mask"].value[0, 1], "the causal mask stays"


def test_a_decoder_that_starts_with_the_padding_token_looks_at_it():
    trace = small.trace(small.config(start_id=0), small.PADDED, (0, 6, 3))
    assert trace["decoder.mask"].value[:, 0].all()
    assert not trace["encoder.mask"].value[:, 3:].any()


def test_no_scaling():
    trace = what_if(scale_scores=False)
    assert not trace.find("*.scaled")[2:], "only the two embeddings are scaled"
    name = "encoder.0.self_attention"
    np.testing.assert_array_equal(trace[f"{name}.scores"].value, SHARED[f"{name}.scores"].value)
    np.testing.assert_array_equal(trace[f"{name}.masked"].value[:, :, :3], SHARED[f"{name}.scores"].value[:, :, :3])
    np.testing.assert_allclose(SHARED[f"{name}.scaled"].value, SHARED[f"{name}.scores"].value / np.sqrt(3), rtol=1e-6)


def test_no_positions():
    trace = what_if(position="none")
    assert not trace.find("*embedding.position")
    output = trace["encoder.embedding.output"].value
    np.testing.assert_array_equal(output, trace["encoder.embedding.scaled"].value)
    same_token_twice = what_if(position="none")["encoder.output"].value
    np.testing.assert_array_equal(same_token_twice[3], same_token_twice[4])
    assert not np.array_equal(SHARED["encoder.output"].value[3], SHARED["encoder.output"].value[4])


def test_no_residual():
    trace = what_if(residual=False)
    for name in trace.find("*.residual"):
        np.testing.assert_array_equal(trace[name].value, trace[name.replace("residual", "output")].value)


def test_norm_before_instead_of_after():
    trace = what_if(norm_position="pre")
    place = "encoder.0.self_attention"
    assert trace[f"{place}.query_projection"].inputs[0] == f"{place}.norm"
    assert trace[f"{place}.norm"].inputs[0] == "encoder.embedding.output"
    assert trace[f"{place}.residual"].inputs == ("encoder.embedding.output", f"{place}.output")
    assert SHARED[f"{place}.norm"].inputs[0] == f"{place}.residual"
    assert trace["encoder.output"].inputs == ("encoder.0.feed_forward.residual",)


def test_one_head_off():
    trace = what_if(heads_off=["decoder.0.cross_attention.0"])
    place = "decoder.0.cross_attention"
    np.testing.assert_array_equal(trace[f"{place}.heads"].value, SHARED[f"{place}.heads"].value)
    kept = trace[f"{place}.heads_kept"].value
    assert not kept[0].any()
    np.testing.assert_array_equal(kept[1], SHARED[f"{place}.heads"].value[1])
    assert not trace[f"{place}.concat"].value[:, :3].any()
    assert trace.find("*.heads_kept") == (f"{place}.heads_kept",)


def test_all_heads_off_leaves_the_bias():
    trace = what_if(heads_off=["encoder.0.self_attention.0", "encoder.0.self_attention.1"])
    bias = WEIGHTS["encoder.0.self_attention.output.bias"]
    np.testing.assert_array_equal(trace["encoder.0.self_attention.output"].value, np.tile(bias, (5, 1)))


@pytest.mark.parametrize("switch", SWITCHES)
def test_each_switch_changes_the_answer_and_keeps_its_shape(switch):
    value = {"position": "none", "norm_position": "pre", "heads_off": ["encoder.0.self_attention.1"]}.get(switch, False)
    after = what_if(**{switch: value})["probabilities"].value
    assert after.shape == SHARED["probabilities"].value.shape
    np.testing.assert_allclose(after.sum(axis=-1), 1, rtol=1e-5)
    assert not np.allclose(after, SHARED["probabilities"].value)


@pytest.mark.parametrize("field", ["norm", "activation", "norm_position", "position"])
def test_each_choice_runs(field):
    for choice in CHOICES[field]:
        config = small.config(**{field: choice}, d_k=4)
        assert np.isfinite(small.trace(config)["probabilities"].value).all()
