"""Weights on disk are checked before they are believed; weights out of a seed are always the same."""

import json
import math

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tutor.engine.config import TransformerConfig
from tutor.engine.transformer import weight_shapes
from tutor.models.errors import ModelError
from tutor.models.weights import initialise, load_weights, save_weights

SHAPES = {"a.weight": (2, 3), "a.bias": (3,)}
ARRAYS = {"a.weight": np.arange(6, dtype=np.float32).reshape(2, 3) / 3, "a.bias": np.ones(3, np.float32)}


def write(path, header, data=b"", length=None):
    """A safetensors file by hand, so that it can lie."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes((len(text) if length is None else length).to_bytes(8, "little") + text + data)
    return path


def entry(dtype, shape, start, stop):
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, stop]}


GOOD = {"a.weight": entry("F32", [2, 3], 0, 24), "a.bias": entry("F32", [3], 24, 36)}


def test_weights_survive_the_disk_and_other_readers(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_weights(ARRAYS, path)
    assert list(tmp_path.iterdir()) == [path]
    ours, theirs = load_weights(path, SHAPES), load_file(path)
    assert list(ours) == list(SHAPES)
    for name, array in ARRAYS.items():
        assert ours[name].dtype == np.float32
        np.testing.assert_array_equal(ours[name], array)
        np.testing.assert_array_equal(theirs[name], array)


def test_float16_becomes_float32(tmp_path):
    save_file({name: array.astype(np.float16) for name, array in ARRAYS.items()}, tmp_path / "w")
    loaded = load_weights(tmp_path / "w", SHAPES)
    assert loaded["a.weight"].dtype == np.float32
    np.testing.assert_array_equal(loaded["a.weight"], ARRAYS["a.weight"].astype(np.float16))


def test_bfloat16_becomes_float32(tmp_path):
    values = np.array([1.0, -2.5, 3.140625], np.float32)  # exact in bfloat16
    data = (values.view(np.uint32) >> 16).astype("<u2").tobytes()
    path = write(tmp_path / "w", {"a.bias": entry("BF16", [3], 0, 6)}, data)
    np.testing.assert_array_equal(load_weights(path, {"a.bias": (3,)})["a.bias"], values)


@pytest.mark.parametrize(
    ("header", "size", "words"),
    [
        ({**GOOD, "b": entry("F32", [1], 36, 40)}, 40, "b: the config has no such tensor"),
        ({"a.weight": GOOD["a.weight"]}, 24, "a.bias: missing"),
        ({**GOOD, "a.weight": entry("F32", [3, 2], 0, 24)}, 36, r"a.weight: has shape \[3, 2\].*\[2, 3\]"),
        (GOOD, 30, "a.bias: the file is cut short \\(6 bytes are missing\\)"),
        ({**GOOD, "a.bias": entry("I64", [3], 24, 48)}, 48, "a.bias: stored as I64"),
        ({**GOOD, "a.bias": entry("F32", [3], 24, 30)}, 36, "a.bias: its bytes do not match its shape"),
        ({**GOOD, "a.bias": entry("F32", [10**30], 24, 36)}, 36, "a.bias: its bytes do not match its shape"),
        ({**GOOD, "a.bias": entry("F32", [-3], 24, 36)}, 36, "a.bias: its record in the header makes no sense"),
        ({**GOOD, "a.bias": entry("F32", [3], 36, 24)}, 36, "a.bias: its record in the header makes no sense"),
        ({**GOOD, "a.bias": entry([], [3], 24, 36)}, 36, "a.bias: its record in the header makes no sense"),
        ({**GOOD, "a.bias": {"dtype": "F32"}}, 36, "a.bias: its record in the header makes no sense"),
        ({**GOOD, "a.bias": 7}, 36, "a.bias: its record in the header makes no sense"),
        ([1, 2], 0, "not a table of tensors"),
        (b"{not json", 0, "its header is not JSON"),
        (b"[" * 100_000, 0, "its header is not JSON"),
        (b"\xff\xff", 0, "its header is not JSON"),
    ],
)
def test_a_file_that_does_not_fit_is_named_with_its_tensor(tmp_path, header, size, words):
    path = write(tmp_path / "weights.safetensors", header, bytes(size))
    with pytest.raises(ModelError, match=words) as caught:
        load_weights(path, SHAPES)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"abc", (2**63).to_bytes(8, "little"), (100).to_bytes(8, "little") + b"{}"])
def test_a_header_that_cannot_be_there_takes_no_memory(tmp_path, content):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="cut short inside its header"):
        load_weights(path, SHAPES)


def test_a_file_cut_anywhere_is_an_error_and_never_a_crash(tmp_path):
    save_weights(ARRAYS, tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()
    for length in range(len(whole)):
        (tmp_path / "cut").write_bytes(whole[:length])
        with pytest.raises(ModelError):
            load_weights(tmp_path / "cut", SHAPES)


def test_a_missing_file_or_a_folder_is_named(tmp_path):
    with pytest.raises(ModelError, match="there is no such file"):
        load_weights(tmp_path / "weights.safetensors", SHAPES)
    with pytest.raises(ModelError, match="cannot be read"):
        load_weights(tmp_path, SHAPES)


CONFIG = TransformerConfig(d_model=48, heads=4, d_ff=96, encoder_layers=2, decoder_layers=2, vocabulary=200)


def test_the_same_seed_gives_the_same_weights_and_another_gives_others():
    first, again, other = initialise(CONFIG, 1), initialise(CONFIG, 1), initialise(CONFIG, 2)
    assert {name: array.shape for name, array in first.items()} == weight_shapes(CONFIG)
    for name, array in first.items():
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, again[name])
    differing = [name for name in first if not np.array_equal(first[name], other[name])]
    assert set(first) - set(differing) == {name for name in first if ".norm." in name}


def test_a_tensor_does_not_change_when_another_layer_is_added():
    deeper = initialise(CONFIG.changed(encoder_layers=3), 1)
    for name, array in initialise(CONFIG, 1).items():
        np.testing.assert_array_equal(array, deeper[name])


def test_untrained_weights_have_the_sizes_of_glorot_and_bengio():
    weights = initialise(CONFIG, 1)
    matrix = weights["encoder.0.feed_forward.hidden.weight"]
    assert np.abs(matrix).max() <= math.sqrt(6 / (48 + 96))
    assert matrix.std() == pytest.approx(math.sqrt(2 / (48 + 96)), rel=0.05)
    assert weights["encoder.embedding.token.table"].std() == pytest.approx(48**-0.5, rel=0.05)
    assert (weights["encoder.0.self_attention.norm.scale"] == 1).all()
    assert not weights["encoder.0.self_attention.norm.shift"].any()
    bias = weights["encoder.0.self_attention.query.bias"]
    assert bias.all() and np.abs(bias).max() <= 0.1
    two = weights["encoder.0.self_attention.query.weight"], weights["encoder.0.self_attention.key.weight"]
    assert not np.array_equal(*two)
