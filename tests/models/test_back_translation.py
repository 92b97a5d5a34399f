"""Back-translation: the model turned round, the sentences it is given, and the pairs it makes."""

from dataclasses import replace

import pytest

import tutor
from tutor.models import back_translation
from tutor.models.back_translation import alone, train_back, translated
from tutor.models.corpus import read_pairs
from tutor.models.recipe import CorpusFile, find_recipe, read_recipe
from tutor.models.training_run import read_corpus, turned_round

PAIRS = [("She likes cats.", "她喜欢猫。"), ("I am a student.", "我是学生。"), ("It is late.", "时间不早了。")]


@pytest.fixture
def data(tmp_path):
    text = "".join(f"{source}\t{target}\n" for source, target in PAIRS)
    (tmp_path / "tatoeba_en_zh.tsv").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def recipe():
    found = read_recipe(find_recipe("translator"))
    return replace(found, held_out=1, files=(CorpusFile("tatoeba_en_zh.tsv"),), samples=())


def test_turned_round_it_reads_what_it_wrote():
    model = tutor.load_model("translator")
    back = turned_round(model)
    assert back.parameters == model.parameters - model.config.target_vocabulary + model.config.vocabulary
    assert back.trace("她喜欢猫。", target="She likes cats.")["logits"].shape[-1] == model.config.vocabulary
    assert not back.trained


def test_only_sentences_that_stand_in_no_pair_are_translated():
    lines = ["她喜欢猫。", "你好。", "你好。", "长" * 41, "她喜欢狗。"]
    assert alone(lines, ["她喜欢猫。"], 40) == ["你好。", "她喜欢狗。"]


def test_a_sentence_comes_with_what_is_made_of_it():
    model = tutor.load_model("proverbs")
    assert list(translated(model, ["白日依山尽"], -1.0)) == [("白日依山尽", "黄河入海流")]


def test_what_the_model_is_not_sure_of_is_left_out():
    model = tutor.load_model("proverbs")
    assert list(translated(model, ["白日依山尽"], 0.0)) == []


def test_what_is_held_out_one_way_is_held_out_the_other_way(data, recipe):
    pairs, held_out = read_corpus(recipe, data)
    turned, turned_held_out = read_corpus(replace(recipe, reads="swapped"), data)
    assert turned_held_out == [(t, s) for s, t in held_out] and turned == [(t, s) for s, t in pairs]


def test_what_was_trained_is_not_trained_again(data, recipe, capsys):
    model = train_back(recipe, data, data / "back", steps=2)
    assert model.trained and model.card.measured["steps"] == 2 and "validation" in capsys.readouterr().out
    assert train_back(recipe, data, data / "back", steps=5).card.measured["steps"] == 2
    assert not capsys.readouterr().out


def test_both_rounds_write_pairs_with_the_source_first(data, recipe, monkeypatch):
    monkeypatch.setattr(back_translation, "read_recipe", lambda path: recipe)
    monkeypatch.setattr(back_translation, "TRAININGS", ({"steps": 1}, {"steps": 2, "seed": 1}))
    monkeypatch.setattr(back_translation, "SURE_BACK", (-1e9, -1e9))
    (data / "tatoeba_chinese.txt").write_text("她喜欢猫。\n你好吗？\n", encoding="utf-8")
    (data / "tatoeba_english.txt").write_text("It is late.\nHe likes dogs.\n", encoding="utf-8")
    back_translation.main(data, data / "work", "translator")
    answer = tutor.load_model("translator").generate("He likes dogs.").text
    assert read_pairs(data / "forward_translated.tsv") == [("He likes dogs.", answer)]
    for name in back_translation.BACK:
        assert [target for _source, target in read_pairs(data / name)] == ["你好吗？"]
    trained = [tutor.load_model(data / "work" / f"round-{number}") for number in (1, 2)]
    assert [model.card.measured["steps"] for model in trained] == [1, 2]
