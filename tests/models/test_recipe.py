"""Recipes: the shipped ones, and one clear line for what is wrong in any other."""

from dataclasses import replace

import numpy as np
import pytest
import yaml

from tutor.engine.training import Settings
from tutor.models import answers, registry
from tutor.models.agreement import BACK_TRANSLATED, DISTILLED
from tutor.models.back_translation import BACK
from tutor.models.errors import ModelError
from tutor.models.recipe import CorpusFile, find_recipe, read_recipe
from tutor.models.registry import load_model
from tutor.models.substitution import BY_EXAMPLE, LEXICON, PHRASES, SUBSTITUTED
from tutor.models.training_run import untrained_model
from tutor.models.weights import initialise

GOOD = {"format": 1, "pairs": [["天行健", "君子以自强不息"]], "training": {"steps": 3}}


def written(tmp_path, **fields):
    data = {name: value for name, value in (GOOD | fields).items() if value is not None}
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", [info.name for info in registry.available()])
def test_every_shipped_model_has_its_recipe(name):
    path = find_recipe(name)
    recipe = read_recipe(path)
    assert recipe.folder == registry.SHIPPED / name == path.parent
    assert recipe.pairs or recipe.files or recipe.generate
    assert recipe.limits and set(recipe.limits) >= {"en", "zh"}


def test_the_proverbs_are_written_out():
    recipe = read_recipe(find_recipe("proverbs"))
    assert ("马无夜草不肥", "人无横财不富") in recipe.pairs and len(recipe.pairs) == 4
    assert recipe.settings.beta_2 == 0.99 and 0.01 <= recipe.settings.learning_rate <= 0.02


def test_the_translator_is_trained_on_a_file():
    recipe = read_recipe(find_recipe("translator"))
    assert recipe.files == (CorpusFile("tatoeba_en_zh.tsv"),)
    assert (recipe.held_out, recipe.batch, recipe.config) == (1000, 64, {"tied_embeddings": True})
    assert recipe.attention_gain == pytest.approx(0.5**0.5, abs=1e-4)
    assert recipe.settings == Settings(recipe.settings.steps, 0.0015, 1000, "cosine", 0.01, dropout=0.1, smoothing=0.1,
                                       average=0.999, seed=0)  # fmt: skip


AGREED = (BACK_TRANSLATED, DISTILLED)
BY_LEXICON = (DISTILLED, LEXICON, PHRASES, SUBSTITUTED, BY_EXAMPLE)
BOTH = (DISTILLED, BACK_TRANSLATED, LEXICON, SUBSTITUTED)


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("again", ()),
        ("third", BACK[:1]),
        ("fourth", BACK[1:]),
        ("other", BACK[1:]),
        ("fifth", AGREED),
        ("sixth", AGREED),
        ("seventh", BY_LEXICON),
        ("eighth", BY_LEXICON),
        ("ninth", BOTH),
        ("tenth", BOTH[:2]),
        ("eleventh", (*BOTH[:2], SUBSTITUTED)),
    ],
)
def test_a_further_recipe_lies_beside_the_first(name, made):
    again = read_recipe(find_recipe(f"translator/{name}"))
    first = read_recipe(find_recipe("translator"))
    assert (
        again.folder == first.folder
        and again.files == (*first.files, *map(CorpusFile, made))
        and again.limits == first.limits
    )
    assert again.answers == (answers.FILE if name in ("tenth", "eleventh") else "")
    from_random = again.attention_gain != 1
    assert from_random == (name == "other")
    assert (again.settings.learning_rate == first.settings.learning_rate) == from_random
    assert again.length_penalty == first.length_penalty == registry.load_model("translator").card.length_penalty


def test_the_translator_turned_round_has_a_recipe():
    back, first = read_recipe(find_recipe("translator/back")), read_recipe(find_recipe("translator"))
    assert (back.reads, back.files[0], back.held_out) == ("swapped", first.files[0], first.held_out)
    turned, straight = untrained_model(back), untrained_model(first)
    assert turned.tokenizer.labels == straight.target_tokenizer.labels
    assert turned.target_tokenizer.labels == straight.tokenizer.labels
    assert turned.config.vocabulary == straight.config.target_vocabulary and not turned.trained
    speaker = read_recipe(find_recipe("speaker"))
    assert untrained_model(replace(speaker, reads="swapped")).config == untrained_model(speaker).config


@pytest.mark.parametrize(
    "name", ["translator/nothing", "translator/", "nothing/again", "translator/../proverbs/recipe"]
)
def test_an_unknown_further_recipe_is_refused(name):
    with pytest.raises(ModelError, match="no such recipe"):
        find_recipe(name)


def test_a_recipe_is_found_by_file_and_by_folder(tmp_path):
    path = written(tmp_path)
    assert find_recipe(path) == find_recipe(tmp_path) == path


@pytest.mark.parametrize("name", ["no-such", "", "a\0b", "x" * 5000])
def test_an_unknown_recipe_lists_the_shipped_ones(name):
    with pytest.raises(ModelError, match="no such recipe; there are .*proverbs, .*translator"):
        find_recipe(name)


def test_what_is_not_said_has_a_default(tmp_path):
    recipe = read_recipe(written(tmp_path))
    assert recipe.settings == Settings(steps=3) and recipe.pairs == (("天行健", "君子以自强不息"),)
    assert (recipe.batch, recipe.held_out, recipe.files, recipe.samples) == (64, 0, (), ())


def test_corpora_are_mixed(tmp_path):
    recipe = read_recipe(written(tmp_path, pairs=None, corpus=["a.tsv", {"file": "b.tsv", "times": 3}]))
    assert recipe.files == (CorpusFile("a.tsv"), CorpusFile("b.tsv", 3))
    assert read_recipe(written(tmp_path, pairs=None, corpus="a.tsv")).files == (CorpusFile("a.tsv"),)
    assert read_recipe(written(tmp_path, pairs=None, sentences=["a b"])).pairs == (("a b", ""),)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"format": 2}, "format: must be 1"),
        ({"pairs": None}, "must have one of corpus, pairs, sentences and generate"),
        ({"corpus": "a.tsv"}, "must have one of corpus, pairs, sentences and generate"),
        ({"answers": "a.tsv"}, "answers and training.risk go together"),
        ({"training": {"risk": 1}}, "answers and training.risk go together"),
        ({"answers": 3}, "answers: must be the name of a file"),
        ({"training": {"risk": -1}}, "training.risk: must be a number of at least 0"),
        ({"pairs": [["a"]]}, "pairs: must be a list of pairs"),
        ({"pairs": []}, "pairs: must be a list of pairs"),
        ({"pairs": None, "corpus": [{"path": "a"}]}, "corpus: must be the name of a file"),
        ({"pairs": None, "corpus": [{"file": "a", "times": 0}]}, "corpus: must be the name of a file"),
        ({"batch": 0}, "batch: must be a whole number of at least 1"),
        ({"held_out": -1}, "held_out: must be a whole number of at least 0"),
        ({"samples": "one"}, "samples: must be a list of texts"),
        ({"limits": {"en": "only"}}, "limits: must be texts by language"),
        ({"bach": 3}, "bach: there is no such field; did you mean batch"),
        ({"qqq": 3}, "qqq: there is no such field"),
        ({"training": {"stepz": 3}}, "training.stepz: there is no such field; did you mean steps"),
        ({"training": 3}, "training: must be fields with values"),
        ({"training": {"learning_rate": "1e-3"}}, "training.learning_rate: must be a number above 0, such as 0.001"),
        ({"training": {"learning_rate": 0}}, "training.learning_rate: must be"),
        ({"training": {"learning_rate": float("nan")}}, "training.learning_rate: must be"),
        ({"training": {"learning_rate": float("inf")}}, "training.learning_rate: must be"),
        ({"training": {"dropout": 1.0}}, "training.dropout: must be a number from 0 to below 1"),
        ({"training": {"decay": "linear"}}, "training.decay: must be one of none, inverse_sqrt, cosine"),
        ({"training": {"decay": ["cosine"]}}, "training.decay: must be one of"),
        ({"training": {"steps": True}}, "training.steps: must be a whole number"),
        ({"joined": 0}, "joined: must be a whole number of at least 1"),
        ({"joined": 9, "reads": "poems"}, "joined: this is for pairs and sentences"),
        ({"as_typed": 0}, "as_typed: must be a whole number of at least 1"),
        ({"as_typed": 9, "reads": "poems"}, "as_typed: this is for pairs and sentences"),
        ({"attention_gain": 0}, "attention_gain: must be a number above 0"),
        ({"training": {"clip": -1}}, "training.clip: must be a number of at least 0"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, fields, words):
    path = written(tmp_path, **fields)
    with pytest.raises(ModelError, match=words) as caught:
        read_recipe(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["[unfinished", "- a list", "", "a: b: c"])
def test_what_is_no_recipe_at_all_is_one_line(tmp_path, text):
    (tmp_path / "recipe.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError) as caught:
        read_recipe(tmp_path / "recipe.yaml")
    assert "\n" not in str(caught.value)


def test_a_corpus_of_poems(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text("format: 1\ncorpus: poems.txt\nreads: poems\n", encoding="utf-8")
    recipe = read_recipe(path)
    assert recipe.reads == "poems" and recipe.as_dict()["reads"] == "poems"
    assert "reads" not in read_recipe(written(tmp_path)).as_dict(), (
        "what was begun before there was such a field goes on"
    )
    path.write_text("format: 1\ncorpus: poems.txt\nreads: novels\n", encoding="utf-8")
    with pytest.raises(ModelError, match="recipe.yaml: reads: must be one of lines, swapped, poems"):
        read_recipe(path)


@pytest.mark.parametrize("gain", [0.5, 1])
def test_the_start_of_attention_may_be_softer(tmp_path, gain):
    recipe = read_recipe(written(tmp_path, attention_gain=gain))
    assert recipe.attention_gain == gain and ("attention_gain" in recipe.as_dict()) == (gain != 1)
    config = load_model("proverbs").config
    plain, soft = initialise(config, 0), initialise(config, 0, gain)
    for name, array in soft.items():
        is_softer = name.endswith((".query.weight", ".key.weight", ".value.weight"))
        np.testing.assert_array_equal(array, plain[name] * (gain if is_softer else 1), err_msg=name)
