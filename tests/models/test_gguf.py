"""GGUF files written with the format's own library: packed numbers, rows put in order, headers that lie."""

import struct

import numpy as np
import pytest

import tutor
from tests.models.test_published import refused
from tutor.models.published.gguf_model import apart

gguf = pytest.importorskip("gguf")
WIDTH, HEADS, INNER, WORDS = 64, 4, 96, 13
NAMES = {
    "blk.0.attn_q": (WIDTH, WIDTH),
    "blk.0.attn_k": (WIDTH // 2, WIDTH),
    "blk.0.attn_v": (WIDTH // 2, WIDTH),
    "blk.0.attn_output": (WIDTH, WIDTH),
    "blk.0.ffn_gate": (INNER, WIDTH),
    "blk.0.ffn_up": (INNER, WIDTH),
    "blk.0.ffn_down": (WIDTH, INNER),
    "blk.0.attn_norm": (WIDTH,),
    "blk.0.ffn_norm": (WIDTH,),
    "output_norm": (WIDTH,),
    "token_embd": (WORDS, WIDTH),
}


def written(path, kind="F32", architecture="llama", **changes):
    """A small Llama; returns its tensors before they were packed."""
    out = gguf.GGUFWriter(path, architecture)
    counts = {"block_count": 1, "embedding_length": WIDTH, "feed_forward_length": INNER, "context_length": 32}
    for name, value in (counts | {"attention.head_count": HEADS, "attention.head_count_kv": 2} | changes).items():
        out.add_uint32(f"{architecture}.{name}", value)
    out.add_float32(f"{architecture}.attention.layer_norm_rms_epsilon", 1e-5)
    out.add_string("tokenizer.ggml.model", "gpt2")
    out.add_array("tokenizer.ggml.tokens", ["<s>", "</s>", *"abcdefgh", "ab", "Ġ", "Ġab"])
    out.add_array("tokenizer.ggml.merges", ["a b", "Ġ ab"])
    out.add_array("tokenizer.ggml.token_type", [3, 3, *[1] * 11])
    out.add_uint32("tokenizer.ggml.bos_token_id", 0)
    out.add_uint32("tokenizer.ggml.eos_token_id", 1)
    out.add_bool("tokenizer.ggml.add_bos_token", True)
    random = np.random.default_rng(0)
    tensors = {name: random.standard_normal(shape).astype(np.float32) for name, shape in NAMES.items()}
    packed = gguf.GGMLQuantizationType[kind]
    for name, array in tensors.items():
        if kind == "F32" or array.ndim == 1:
            out.add_tensor(f"{name}.weight", array)
        else:
            out.add_tensor(f"{name}.weight", gguf.quants.quantize(array, packed), raw_dtype=packed)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()
    return tensors


@pytest.mark.parametrize(("kind", "error"), [("F32", 0), ("F16", 2e-3), ("BF16", 2e-2), ("Q8_0", 2e-2), ("Q4_0", 0.5)])
def test_numbers_are_unpacked_and_rows_put_in_order(tmp_path, kind, error):
    pytest.importorskip("tokenizers")
    tensors = written(tmp_path / "m.gguf", kind)
    model = tutor.load_model(tmp_path / "m.gguf")
    place = "decoder.0.self_attention"
    expected = {
        f"{place}.query.weight": apart(tensors["blk.0.attn_q"], HEADS).T,
        f"{place}.key.weight": apart(tensors["blk.0.attn_k"], 2).T,
        f"{place}.value.weight": tensors["blk.0.attn_v"].T,
        "embedding.token.table": tensors["token_embd"],
        "decoder.0.feed_forward.norm.scale": tensors["blk.0.ffn_norm"],
    }
    for name, array in expected.items():
        np.testing.assert_allclose(model.weights[name], array, atol=error)
    trace = model.trace("ab ab")
    assert trace["tokens"].labels == (("<s>", "ab", "ab"),) and trace["logits"].shape == (3, WORDS)
    assert model.config.tied_embeddings and "Every tensor" in model.card.limits["en"]


def test_pairs_of_neighbours_become_pairs_half_a_row_apart():
    rows = np.arange(16).reshape(8, 2)
    assert apart(rows, 2)[:, 0].tolist() == [0, 4, 2, 6, 8, 12, 10, 14]


def test_qwen2_is_in_order_already(tmp_path):
    pytest.importorskip("tokenizers")
    tensors = written(tmp_path / "m.gguf", architecture="qwen2")
    refused(tmp_path / "m.gguf", "blk.0.attn_q.bias: missing")
    assert set(tensors) == set(NAMES)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"architecture": "mamba"}, "general.architecture: mamba is not supported; there are llama"),
        ({"block_count": 2}, "blk.1.attn_q.weight: missing"),
        ({"block_count": 100_000}, "more than 1000 layers"),
        ({"embedding_length": 32}, "token_embd.weight: has shape"),
        ({"attention.head_count": 0}, "num_attention_heads: must be a whole number"),
    ],
)
def test_settings_that_cannot_be(tmp_path, changes, says):
    written(tmp_path / "m.gguf", **changes)
    refused(tmp_path / "m.gguf", "m.gguf", says)


def test_a_file_cut_short_anywhere(tmp_path):
    path = tmp_path / "m.gguf"
    written(path)
    data = path.read_bytes()
    for length in (0, 3, 4, 8, 20, 100, 300, 600, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:length])
        refused(path, "m.gguf")


@pytest.mark.parametrize("count", [1 << 30, 1 << 62])
def test_a_header_that_promises_too_much(tmp_path, count):
    path = tmp_path / "m.gguf"
    for head in (
        struct.pack("<4sIQQ", b"GGUF", 3, count, 0),
        struct.pack("<4sIQQ", b"GGUF", 3, 0, count),
        struct.pack("<4sIQQQ", b"GGUF", 3, 0, 1, count),
        struct.pack("<4sIQQQ1sIIQ", b"GGUF", 3, 0, 1, 1, b"a", 9, 0, count),
        struct.pack("<4sIQQQ1sIIQ", b"GGUF", 3, 0, 1, 1, b"a", 9, 9, count),
        struct.pack("<4sIQQQ1sI", b"GGUF", 3, 1, 0, 1, b"a", 7),
        struct.pack("<4sIQQQ1sIQQIQ", b"GGUF", 3, 1, 0, 1, b"a", 2, count, count, 0, 0),
    ):
        path.write_bytes(head + b"\0" * 64)
        refused(path, "m.gguf")
