"""Checkpoints that cannot be opened: one clear line naming file and tensor, and no memory taken for what is not there.

What opens well is held against Transformers in `tests/reference/test_published.py`. Here small files are written by
hand, in Llama's layout.
"""

import json
import struct

import numpy as np
import pytest
from safetensors.numpy import save_file

import tutor
from tutor.engine.transformer import weight_shapes
from tutor.models.errors import ModelError
from tutor.models.published.families import FAMILIES
from tutor.models.published.names import source_of

SETTINGS = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 12,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "num_key_value_heads": 1,
    "intermediate_size": 7,
    "vocab_size": 11,
    "eos_token_id": [2, 3],
    "tie_word_embeddings": False,
}
LAYER = {
    "self_attn.q_proj.weight": (12, 12),
    "self_attn.k_proj.weight": (4, 12),
    "self_attn.v_proj.weight": (4, 12),
    "self_attn.o_proj.weight": (12, 12),
    "mlp.gate_proj.weight": (7, 12),
    "mlp.up_proj.weight": (7, 12),
    "mlp.down_proj.weight": (12, 7),
    "input_layernorm.weight": (12,),
    "post_attention_layernorm.weight": (12,),
}
SHAPES = {
    "model.embed_tokens.weight": (11, 12),
    "lm_head.weight": (11, 12),
    "model.norm.weight": (12,),
} | {f"model.layers.{i}.{name}": shape for i in range(2) for name, shape in LAYER.items()}


def tensors(seed=0, dtype=np.float32):
    random = np.random.default_rng(seed)
    return {name: random.standard_normal(shape).astype(dtype) for name, shape in SHAPES.items()}


@pytest.fixture
def folder(tmp_path):
    """A whole checkpoint."""
    settings(tmp_path)
    save_file(tensors(), tmp_path / "model.safetensors")
    return tmp_path


def settings(path, **changes):
    (path / "config.json").write_text(json.dumps(SETTINGS | changes))


def refused(path, *says):
    with pytest.raises(ModelError) as error:
        tutor.load_model(path)
    for text in says:
        assert text in str(error.value), str(error.value)


def test_it_opens_and_text_is_token_numbers(folder):
    model = tutor.load_model(folder)
    assert model.trained and model.config.end_id == 2
    trace = model.trace("5 8 2")
    assert trace["tokens"].value.tolist() == [5, 8, 2] and trace["tokens"].labels == (("5", "8", "2"),)
    assert model.generate("5 8", maximum=3).ids == model.generate("5, 8", maximum=3).ids
    with pytest.raises(ModelError, match=r"tokenizer.json: there is no such file.*token numbers under 11"):
        model.trace("hello")


def test_shards(folder, tmp_path):
    whole = tutor.load_model(folder)
    names = list(SHAPES)
    for number, part in enumerate((names[:7], names[7:]), 1):
        save_file({name: tensors()[name] for name in part}, folder / f"model-{number}.safetensors")
    index = {name: f"model-{1 + (i >= 7)}.safetensors" for i, name in enumerate(names)}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": index}))
    (folder / "model.safetensors").unlink()
    in_parts = tutor.load_model(folder)
    for name, weight in whole.weights.items():
        np.testing.assert_array_equal(in_parts.weights[name], weight)
    (folder / "model-2.safetensors").unlink()
    refused(folder, "model-2.safetensors: missing; model.safetensors.index.json names it")
    save_file({name: tensors()[name] for name in names[8:]}, folder / "model-2.safetensors")
    refused(folder, "model-2.safetensors", f"{names[7]}: missing")


@pytest.mark.parametrize("file", ["../model.safetensors", "/etc/passwd", "..", "a/b", "a\\b", "a\0b"])
def test_an_index_names_files_of_its_own_folder_alone(folder, file):
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"x": file}}))
    refused(folder, "index.json: x: ", "is no file of this folder")


@pytest.mark.parametrize("half", ["F16", "BF16"])
def test_half_precision(folder, half):
    expected = {name: array.astype(np.float16).astype(np.float32) for name, array in tensors().items()}
    if half == "F16":
        save_file({name: array.astype(np.float16) for name, array in tensors().items()}, folder / "model.safetensors")
    else:
        expected = {n: (a.view(np.uint32) >> 16 << 16).view(np.float32) for n, a in tensors().items()}
        write(folder, {n: ("BF16", a.shape, (a.view(np.uint32) >> 16).astype("<u2")) for n, a in tensors().items()})
    model = tutor.load_model(folder)
    np.testing.assert_array_equal(model.weights["embedding.token.table"], expected["model.embed_tokens.weight"])
    assert all(weight.dtype == np.float32 for weight in model.weights.values())


def write(folder, stored, claim=None):
    """A safetensors file of (type, shape, array) by hand; `claim` changes the header."""
    header, start = {}, 0
    for name, (dtype, shape, array) in stored.items():
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [start, start + array.nbytes]}
        start += array.nbytes
    text = json.dumps(header | (claim or {})).encode()
    data = b"".join(array.tobytes() for _type, _shape, array in stored.values())
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)


def stored():
    return {name: ("F32", array.shape, array) for name, array in tensors().items()}


def test_what_is_not_needed_may_be_of_any_type_and_is_reported(folder):
    extra = {"model.layers.0.self_attn.rotary_emb.inv_freq": ("I64", (2,), np.zeros(2, "<i8"))}
    write(folder, stored() | extra)
    assert "Every tensor" in tutor.load_model(folder).card.limits["en"]
    write(folder, stored() | {"model.layers.0.self_attn.q_proj.lora_A": ("I64", (2,), np.zeros(2, "<i8"))})
    model = tutor.load_model(folder)
    assert "1 tensors" in model.card.limits["en"] and "lora_A" in model.card.limits["en"]


def test_a_tensor_that_is_missing_misshapen_or_of_another_type(folder):
    name = "model.layers.1.self_attn.k_proj.weight"
    write(folder, {n: found for n, found in stored().items() if n != name})
    refused(folder, f"model.safetensors: {name}: missing")
    write(folder, stored() | {name: ("F32", (12, 4), np.zeros((12, 4), "<f4"))})
    refused(folder, f"{name}: has shape [12, 4], which does not make the config's [12, 4]"[:40])
    write(folder, stored() | {name: ("I8", (4, 12), np.zeros((4, 12), "i1"))})
    refused(folder, f"{name}: stored as I8")


def test_a_file_that_promises_more_than_it_holds(folder):
    name, huge = "lm_head.weight", 1 << 40
    write(folder, stored(), {name: {"dtype": "F32", "shape": [huge, 12], "data_offsets": [0, 48 * huge]}})
    refused(folder, f"{name}: the file is cut short")
    data = (folder / "model.safetensors").read_bytes()
    for length in (0, 7, 8, 40, len(data) // 2):
        (folder / "model.safetensors").write_bytes(data[:length])
        refused(folder, "model.safetensors")


def test_nothing_is_unpickled(folder):
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'touch /tmp/never'\ntR.")
    refused(folder, "pytorch_model.bin: weights are read from safetensors only", "save_pretrained")
    (folder / "pytorch_model.bin").unlink()
    refused(folder, "model.safetensors: there is no such file")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"model_type": "mamba"}, "model_type: mamba is not supported; there are bart, bert,"),
        ({"model_type": None}, "model_type: None is not supported"),
        ({"architectures": ["LlamaForSequenceClassification"]}, "LlamaForSequenceClassification is not supported"),
        ({"hidden_size": "wide"}, "hidden_size: must be a whole number of at least 1, not 'wide'"),
        ({"hidden_size": 10**18}, "hidden_size: must be a whole number"),
        ({"hidden_size": None}, "hidden_size"),
        ({"num_hidden_layers": 5000}, "more than 1000 layers"),
        ({"num_hidden_layers": 3}, "model.layers.2.self_attn.q_proj.weight: missing"),
        ({"num_key_value_heads": 2}, "key_value_heads: must divide heads (3), not 2"),
        ({"hidden_act": "mish"}, "hidden_act: must be one of gelu,"),
        ({"rms_norm_eps": 0}, "rms_norm_eps: must be a number above 0"),
        ({"attention_bias": "yes"}, "attention_bias: must be true or false"),
        ({"head_dim": 5}, "d_k: must be even"),
        ({"vocab_size": 12}, "model.embed_tokens.weight: has shape [11, 12]"),
        ({"rope_scaling": {"type": "yarn", "factor": 4}}, "only default, linear, llama3 is supported"),
        ({"rope_scaling": {"type": "linear"}}, "factor: must be a number above 0"),
        ({"rope_scaling": 3}, "rope_scaling: must be a table"),
        ({"rope_parameters": {"partial_rotary_factor": 0.5}}, "partial_rotary_factor: only 1"),
    ],
)
def test_settings_that_cannot_be(folder, changes, says):
    settings(folder, **changes)
    refused(folder, says, str(folder))


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "[" * 100_000, '{"a": 1' + "0" * 5000 + "}", "\0"])
def test_settings_that_are_no_json(folder, text):
    (folder / "config.json").write_text(text)
    refused(folder, "config.json")


def test_a_missing_head_is_no_error(folder):
    write(folder, {name: found for name, found in stored().items() if name != "lm_head.weight"})
    model = tutor.load_model(folder)
    assert model.config.tasks == () and "logits" not in model.trace("5 8")
    with pytest.raises(ModelError, match="has no head that chooses words"):
        model.generate("5 8")


def test_tied_embeddings_are_one_array(folder):
    settings(folder, tie_word_embeddings=True)
    model = tutor.load_model(folder)
    assert "logits.weight" not in model.weights and "Every tensor" in model.card.limits["en"]


def test_a_checkpoint_is_not_written_anew(folder, tmp_path):
    from tutor.models.folder import save_model

    with pytest.raises(ModelError, match="published elsewhere"):
        save_model(tutor.load_model(folder), tmp_path / "copy")


def test_generation_config_says_how_an_answer_ends(folder):
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [7, 3], "pad_token_id": 4}))
    config = tutor.load_model(folder).config
    assert (config.end_id, config.pad_id) == (7, 4)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_table_has_all_names_by_layer(name):
    for weight, source in FAMILIES[name].table.items():
        assert source.names and ("{}" in weight) == any("{}" in theirs for theirs in source.names), weight
        assert source_of(FAMILIES[name].table, weight.replace("{}", "7")).names


def test_weights_of_linear_maps_are_turned_without_a_copy(folder):
    model = tutor.load_model(folder)
    weight = model.weights["decoder.0.self_attention.query.weight"]
    np.testing.assert_array_equal(weight, tensors()["model.layers.0.self_attn.q_proj.weight"].T)
    assert not weight.flags.owndata
    assert {name: array.shape for name, array in model.weights.items()} == weight_shapes(model.config)


def test_classes_are_called_what_the_settings_call_them(tmp_path):
    write_bert(tmp_path, {"0": "sad", "1": "glad", "2": "neither"})
    trace = tutor.load_model(tmp_path).trace("4 8 5")
    assert trace["sequence_classification.probabilities"].labels[-1] == ("sad", "glad", "neither")
    write_bert(tmp_path, {"0": "sad", "5": "glad"})
    assert tutor.load_model(tmp_path).trace("4 8 5")["sequence_classification.probabilities"].labels[-1][0] == "0"


def write_bert(folder, names):
    """A BERT for sentences whose weights are all 0."""
    fields = {"model_type": "bert", "architectures": ["BertForSequenceClassification"], "hidden_size": 4}
    sizes = {"num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 3, "vocab_size": 9}
    (folder / "config.json").write_text(json.dumps(fields | sizes | {"max_position_embeddings": 8, "id2label": names}))
    dense = {"attention.self.query": (4, 4), "attention.self.key": (4, 4), "attention.self.value": (4, 4)}
    dense |= {"attention.output.dense": (4, 4), "intermediate.dense": (3, 4), "output.dense": (4, 3)}
    shapes = {f"bert.encoder.layer.0.{name}": shape for name, shape in dense.items()}
    shapes |= {"bert.pooler.dense": (4, 4), "classifier": (3, 4)}
    found = {f"{name}.weight": shape for name, shape in shapes.items()}
    found |= {f"{name}.bias": shape[:1] for name, shape in shapes.items()}
    for name in ("attention.output.LayerNorm", "output.LayerNorm"):
        found |= {f"bert.encoder.layer.0.{name}.gamma": (4,), f"bert.encoder.layer.0.{name}.beta": (4,)}
    found |= {"bert.embeddings.LayerNorm.weight": (4,), "bert.embeddings.LayerNorm.bias": (4,)}
    tables = {"word": 9, "position": 8, "token_type": 2}
    found |= {f"bert.embeddings.{name}_embeddings.weight": (rows, 4) for name, rows in tables.items()}
    save_file({name: np.zeros(shape, np.float32) for name, shape in found.items()}, folder / "model.safetensors")


def test_a_tokenizer_of_its_own(folder):
    library = pytest.importorskip("tokenizers")
    vocabulary = {"h": 0, "i": 1, "Ġ": 2, "hi": 3, "Ġhi": 4}
    inner = library.Tokenizer(library.models.BPE(vocab=vocabulary, merges=[("h", "i"), ("Ġ", "hi")]))
    inner.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = library.decoders.ByteLevel()
    inner.add_special_tokens(["<s>"])
    inner.post_processor = library.processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 5)])
    inner.save(str(folder / "tokenizer.json"))
    model = tutor.load_model(folder)
    trace = model.trace("hi hi\ud800")
    assert trace["tokens"].labels[0][:3] == ("<s>", "hi", "hi") and trace["tokens"].value.tolist()[:3] == [5, 3, 4]
    assert model.tokenizer.encode("hi hi").ids == (3, 4) and model.tokenizer.encode("hi hi").pieces[0] == "hi"
    assert model.tokenizer.decode([5, 3, 4]) == "hi hi" and model.tokenizer.label(3) == "+hi"
    assert model.tokenizer.label(10) == "#10"
    (folder / "tokenizer.json").write_text("{}")
    refused(folder, "tokenizer.json: not a tokenizer")


def test_without_the_package_it_says_which(folder, monkeypatch):
    import sys

    (folder / "tokenizer.json").write_text("{}")
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    refused(folder, "tokenizer.json", "pip install 'transformer-tutor[hub]'")
    (folder / "model.gguf").write_bytes(b"GGUF")
    monkeypatch.setitem(sys.modules, "gguf", None)
    refused(folder / "model.gguf", "pip install 'transformer-tutor[gguf]'")
