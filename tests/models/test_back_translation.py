"""Back-translation: the model turned round, the sentences it is given, and the pairs it makes."""

from dataclasses import replace

import pytest

import tutor
from tutor.models import back_translation
from tutor.models.back_translation import alone, train_back, translated, turned_round
from tutor.models.corpus import read_pairs
from tutor.models.recipe import CorpusFile, find_recipe, read_recipe
from tutor.models.training_run import read_corpus

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
    assert alone(lines, PAIRS) == ["你好。", "她喜欢狗。"]


def test_what_is_said_stands_first_and_on_one_line():
    model = tutor.load_model("proverbs")
    assert list(translated(model, ["白日依山尽"])) == [("黄河入海流", "白日依山尽")]


def test_what_the_model_is_not_sure_of_is_left_out(monkeypatch):
    model = tutor.load_model("proverbs")
    monkeypatch.setattr(back_translation, "SURE", 0.0)
    assert list(translated(model, ["白日依山尽"])) == []


def test_what_is_held_out_one_way_is_held_out_the_other_way(data, recipe):
    pairs, held_out = read_corpus(recipe, data)
    turned, turned_held_out = read_corpus(replace(recipe, reads="swapped"), data)
    assert turned_held_out == [(t, s) for s, t in held_out] and turned == [(t, s) for s, t in pairs]


def test_it_trains_and_writes_pairs_that_can_be_read(data, recipe, monkeypatch, capsys):
    monkeypatch.setattr(back_translation, "STEPS", 2)
    model = train_back(recipe, data, data / "work")
    assert model.trained and "validation" in capsys.readouterr().out
    (data / "tatoeba_chinese.txt").write_text("她喜欢猫。\n你好吗？\n", encoding="utf-8")
    back_translation.main(data, data / "work")
    made = read_pairs(data / "back_translated.tsv") if (data / "back_translated.tsv").read_text() else []
    assert [target for _source, target in made] in ([], ["你好吗？"])
