"""Pairs that models of both directions agree on."""

from dataclasses import replace

import pytest

import tutor
from tutor.models import agreement
from tutor.models.agreement import Translation, sure, translations
from tutor.models.corpus import read_pairs
from tutor.models.folder import save_model
from tutor.models.lexicon import Lexicon, Meaning
from tutor.models.training_run import turned_round


@pytest.fixture(scope="module")
def forward():
    return tutor.load_model("translator")


@pytest.fixture(scope="module")
def back(forward):
    """Untrained; now and then it comes to an end."""
    model = turned_round(forward, seed=1)
    model.weights["logits.bias"][model.config.end_id] += 4
    return model


def test_each_sentence_gets_the_candidate_that_both_sides_like_best(forward, back):
    lines = ["She likes cats.", "Where is he?", "I am tired."]
    found = {one.line: one for one in translations([forward], [back], lines, beams=3)}
    assert sorted(found) == sorted(lines)
    for line, best in found.items():
        worths = {}
        for answer in forward.generate(line, strategy="beam", beams=3, length_penalty=0).answers:
            if answer.ended:
                trace = back.trace(answer.text, target=line)
                judge = -float(trace["loss"].value)
                worths[answer.text] = answer.log_probability / (len(answer.ids) + 1) + agreement.JUDGE * judge
        assert best.said == max(worths, key=worths.get)
        assert best.writer + agreement.JUDGE * best.judge == pytest.approx(worths[best.said], abs=1e-4)


def test_what_the_judge_thinks_decides_where_the_writer_wavers(forward, back, monkeypatch):
    monkeypatch.setattr(agreement, "JUDGE", 0.0)
    unjudged = [one.said for one in translations([forward], [back], ["Where is he?"])]
    monkeypatch.setattr(agreement, "JUDGE", 1e6)
    judged = list(translations([forward], [back], ["Where is he?"]))
    candidates = agreement._candidates([forward], [back], [(forward.read("Where is he?").ids, "Where is he?")], 5)
    assert judged[0].judge == max(one.judge for one in candidates)
    assert unjudged[0] == max(candidates, key=lambda one: one.writer).said != judged[0].said


def test_only_what_both_are_sure_of_is_kept():
    found = [Translation("a", "b", *numbers) for numbers in ((-0.5, -1.0), (-0.7, -1.0), (-0.5, -1.3))]
    assert list(sure(found, (-0.6, -1.2))) == [("a", "b")]


def test_both_files_have_the_source_first(tmp_path, forward, back, monkeypatch):
    (tmp_path / "tatoeba_en_zh.tsv").write_text("It is late.\t时间不早了。\n", encoding="utf-8")
    (tmp_path / "tatoeba_chinese.txt").write_text("时间不早了。\n你好吗？\n", encoding="utf-8")
    (tmp_path / "tatoeba_english.txt").write_text("It is late.\nShe likes cats.\nHow old are you?\n", encoding="utf-8")
    for name in ("SURE_FORWARD", "SURE_BACK"):
        monkeypatch.setattr(agreement, name, (-1e9, -1e9))
    monkeypatch.setattr(agreement, "learn", lambda pairs: Lexicon({"how": (Meaning("怎么", 0.9),)}, {"how": 9}, {}))
    save_model(replace(back, card=replace(back.card, trained=True)), tmp_path / "back")
    save_model(forward, tmp_path / "forward")
    agreement.main(tmp_path, tmp_path / "back", tmp_path / "forward", tmp_path / "forward")
    assert forward.generate("How old are you?").text == "你多大了？", "a word that the lexicon knows is lost"
    assert read_pairs(tmp_path / "distilled.tsv") == [("She likes cats.", "她喜欢猫。")]
    assert [target for _source, target in read_pairs(tmp_path / "back_translated_3.tsv")] == ["你好吗？"]


def test_only_models_of_one_config_answer_as_one(tmp_path, forward):
    with pytest.raises(SystemExit, match="of one config"):
        agreement.main(tmp_path, "translator", "translator", "proverbs")
