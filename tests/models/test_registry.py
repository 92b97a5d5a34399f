"""Finding models: shipped ones by name, others by folder, and one clear line for anything else."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

import tutor
from tutor.models import registry
from tutor.models.card import read_card
from tutor.models.errors import ModelError
from tutor.models.folder import save_model
from tutor.models.weights import initialise
from tutor.models.yaml_text import parse_yaml


@pytest.fixture
def saved(tmp_path):
    """A folder with the hand-size model in it, to be broken."""
    save_model(tutor.load_model("proverbs"), tmp_path / "mine")
    return tmp_path / "mine"


def rewrite(folder: Path, **fields) -> None:
    path = folder / "model.yaml"
    data = yaml.safe_load(path.read_text(encoding="utf-8")) | fields
    path.write_text(yaml.safe_dump({k: v for k, v in data.items() if v is not None}), encoding="utf-8")


def test_the_shipped_models_are_listed_smallest_first():
    models = registry.available()
    assert [model.parameters for model in models] == sorted(model.parameters for model in models)
    assert {model.name for model in models} >= {"proverbs", "cloze", "poet", "speaker", "translator"}
    for info in models:
        model = tutor.load_model(info.name)
        assert info.parameters == model.parameters
        assert info.trained is model.trained
        assert info.architecture == ("series" if model.card.series else model.config.architecture)
        for texts in (info.title, info.summary, model.card.limits, model.card.data):
            assert texts["en"] and texts["zh"]


def test_untrained_models_say_so():
    for info in registry.available():
        if not info.trained:
            card = tutor.load_model(info.name).card
            assert "ntrained" in card.limits["en"] and "尚未训练" in card.limits["zh"]


def test_the_shipped_shapes():
    proverbs, translator = tutor.load_model("proverbs").config, tutor.load_model("translator").config
    assert (proverbs.d_model, proverbs.heads, proverbs.d_k, proverbs.d_ff, proverbs.vocabulary) == (6, 1, 4, 6, 40)
    assert (translator.d_model, translator.heads, translator.d_k, translator.d_ff) == (192, 6, 32, 512)
    assert (translator.encoder_layers, translator.decoder_layers) == (3, 3)


def test_weights_out_of_a_seed_are_those_of_the_seed(saved):
    (saved / "weights.safetensors").unlink()
    rewrite(saved, weights={"seed": 5}, trained=False, measured=None)
    model = tutor.load_model(saved)
    for name, array in initialise(model.config, 5).items():
        np.testing.assert_array_equal(model.weights[name], array)


def test_listing_brings_in_no_arrays():
    script = "import sys; from tutor.models import registry; registry.available(); sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.parametrize("name", ["no-such-model", "", "../nowhere", "models", "a\0b", "x" * 5000, "\ud83d"])
def test_an_unknown_name_lists_the_known_ones(name):
    with pytest.raises(ModelError, match="no such model; there are .*proverbs, .*translator"):
        registry.load_model(name)


@pytest.mark.parametrize("name", ["proverbs", "translator"])
def test_a_saved_model_comes_back_whole(tmp_path, name):
    model = tutor.load_model(name)
    save_model(model, tmp_path / "copy")
    again = tutor.load_model(tmp_path / "copy")
    assert again.config == model.config
    assert again.card.title == model.card.title
    assert again.tokenizer.labels == model.tokenizer.labels
    assert again.target_tokenizer.labels == model.target_tokenizer.labels
    assert list(again.weights) == list(model.weights)
    for key, array in model.weights.items():
        np.testing.assert_array_equal(again.weights[key], array)
    assert again.trace("人 ok").target == model.trace("人 ok").target


@pytest.mark.parametrize("file", ["model.yaml", "weights.safetensors", "tokenizer.json"])
def test_a_missing_file_is_named(saved, file):
    (saved / file).unlink()
    with pytest.raises(ModelError, match=f"{file}: there is no such file"):
        registry.load_model(saved)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"format": 2}, "format: must be 1"),
        ({"title": "a title"}, "title: must be texts by language"),
        ({"summary": {"en": "only"}}, "summary: must be texts by language"),
        ({"trained": "no"}, "trained: must be true or false"),
        ({"parameters": -1}, "parameters: must be a whole number"),
        ({"limits": None}, "limits: missing"),
        ({"weights": "noise"}, "weights: must be like"),
        ({"weights": {"seed": -1}}, "weights: must be like"),
        ({"length_penalty": -0.5}, "length_penalty: must be a number of at least 0"),
        ({"length_penalty": "long"}, "length_penalty: must be a number of at least 0"),
        ({"colour": "red"}, "colour: there is no such field"),
        ({"config": []}, "config: must be the settings"),
        ({"config": {"d_modell": 6}}, "config: d_modell: no such setting; did you mean d_model"),
        ({"config": {"d_model": "six"}}, "config: d_model: must be a whole number"),
        ({"config": {"encoder_layers": 10**9}}, "more than 1000 layers"),
        ({"config": {"vocabulary": 41}}, "has 40 tokens, the config asks for 41"),
        ({"config": {"vocabulary": 40, "end_id": 5}}, "<start> must have the id 1"),
    ],
)
def test_a_wrong_field_is_named(saved, fields, words):
    rewrite(saved, **fields)
    with pytest.raises(ModelError, match=words) as caught:
        registry.load_model(saved)
    assert "\n" not in str(caught.value)


def test_a_seed_for_a_giant_takes_no_memory(saved):
    config = yaml.safe_load((saved / "model.yaml").read_text(encoding="utf-8"))["config"]
    rewrite(saved, weights={"seed": 1}, trained=False, config=config | {"d_ff": 10**12})
    with pytest.raises(ModelError, match="too many to make up"):
        registry.load_model(saved)


def test_weights_out_of_a_seed_cannot_claim_to_be_trained(saved):
    rewrite(saved, weights={"seed": 1}, trained=True)
    with pytest.raises(ModelError, match="trained must be false"):
        registry.load_model(saved)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"format: [1", "not valid YAML"),
        (b"[" * 50_000 + b"]" * 50_000, r"model.yaml:1: not valid YAML: nested over 50 levels deep"),
        (b"format: 2001-99-99", "not valid YAML"),
        (b"\xff\xff", "not UTF-8"),
        (b"- a\n- b\n", "must be fields with values"),
        (b"", "must be fields with values"),
        (b"#" * 2_000_000, "larger than a model's description can be"),
    ],
)
def test_a_description_that_is_not_one_is_named(saved, content, words):
    (saved / "model.yaml").write_bytes(content)
    with pytest.raises(ModelError, match=words):
        read_card(saved)


def test_yaml_keeps_its_line_numbers_and_refuses_code():
    assert parse_yaml("a: {b: [1, 2]}") == {"a": {"b": [1, 2]}}
    with pytest.raises(yaml.YAMLError) as caught:
        parse_yaml("a: 1\nb: !!python/object/apply:os.getcwd []")
    assert caught.value.problem_mark.line == 1


def test_an_error_keeps_its_parts_for_translation():
    with pytest.raises(ModelError) as caught:
        registry.find_folder("nowhere")
    assert caught.value.template.format(**caught.value.values) == str(caught.value)


def test_figures_of_quality_are_kept(saved):
    rewrite(saved, measured={"bleu": 36.5})
    assert read_card(saved).measured == {"bleu": 36.5}
    rewrite(saved, measured={"bleu": "good"})
    with pytest.raises(ModelError, match="measured: must be like"):
        read_card(saved)


def test_a_length_penalty_of_its_own_is_kept_and_used(saved):
    model = registry.load_model(saved)
    assert model.generate("人 ok", strategy="beam").settings.length_penalty == 1
    model.card = replace(model.card, length_penalty=1.6)
    save_model(model, saved)
    again = registry.load_model(saved)
    assert again.card.length_penalty == 1.6
    assert again.generate("人 ok", strategy="beam").settings.length_penalty == 1.6
    assert again.generate("人 ok", strategy="beam", length_penalty=0.5).settings.length_penalty == 0.5
