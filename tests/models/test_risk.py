"""Answers, what they cost, and a training that learns from them whole."""

import math
from dataclasses import replace

import numpy as np
import pytest

import tutor
from tutor.engine.training import Settings, gradients
from tutor.models import answers
from tutor.models.errors import ModelError
from tutor.models.recipe import CorpusFile, Recipe, find_recipe, read_recipe
from tutor.models.registry import SHIPPED
from tutor.models.risk import ANSWERS, AnswerCorpus, read_answers, sentence_bleu
from tutor.models.training_run import TrainingRun

SAID = ["她喜欢猫。", "她爱猫。", "她喜欢狗。", "他喜欢猫。", "猫喜欢她。", "她有猫。", "我喜欢猫。", "她喜欢。"]
ROWS = [["She likes cats.", *SAID], ["He likes dogs.", *SAID]]
PAIRS = [("She likes cats.", "她喜欢猫。"), ("He likes dogs.", "他喜欢狗。")]


@pytest.fixture(scope="module")
def translator():
    return tutor.load_model("translator")


def written(folder, rows=ROWS):
    (folder / "answers.tsv").write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
    pairs = [*PAIRS, ("It is late.", "时间不早了。"), ("I am here.", "我在这里。")]
    (folder / "pairs.tsv").write_text("".join("\t".join(row) + "\n" for row in pairs), encoding="utf-8")
    return folder


def recipe(**settings):
    training = Settings(**{"steps": 6, "dropout": 0.1, "risk": 5.0, "warmup": 1} | settings)
    return Recipe(SHIPPED / "translator", training, (CorpusFile("pairs.tsv"),), batch=2, every=2, answers="answers.tsv")


@pytest.mark.parametrize(
    ("answer", "right"),
    [("她喜欢猫。", "她喜欢猫。"), ("她爱猫。", "她喜欢猫。"), ("猫", "她喜欢猫。"), ("他喜欢猫和狗。", "她喜欢猫。")],
)
def test_bleu_of_a_sentence_is_that_of_sacrebleu(answer, right):
    sacrebleu = pytest.importorskip("sacrebleu")
    judge = sacrebleu.metrics.BLEU(tokenize="char", smooth_method="add-k", smooth_value=1, effective_order=False)
    expected = judge.sentence_score(answer, [right]).score / 100
    assert sentence_bleu([ord(c) for c in answer], [ord(c) for c in right]) == pytest.approx(expected, rel=1e-9)


def test_nothing_said_and_nothing_right_is_worth_nothing():
    assert sentence_bleu([], [3, 4]) == sentence_bleu([5, 6], [3, 4]) == 0


def test_a_batch_has_each_sentence_with_its_answers(translator):
    corpus = AnswerCorpus.of(translator, ROWS, PAIRS, budget=8 * 20)
    batch = corpus.make([0, 1], np.random.default_rng(0))
    assert batch.costs.shape == (2, ANSWERS) and batch.costs.dtype == np.float32
    assert batch.costs[0, 0] == 0 and batch.costs[1].min() > 0, "one of the answers is the translation itself"
    read = [translator.target_tokenizer.decode([t for t in row if t > 3]) for row in batch.targets.tolist()]
    assert read == SAID * 2
    assert (batch.ids[:8] == batch.ids[0]).all() and (batch.ids[0] != batch.ids[8]).any()
    np.testing.assert_array_equal(batch.target_ids[:, 1:], np.where(batch.target_ids[:, 1:], batch.targets[:, :-1], 0))


def test_a_batch_has_no_more_tokens_than_asked(translator):
    rows = [[f"{line} {'very ' * n}late.", *SAID] for n in range(9) for line in ("It is", "He was")]
    corpus = AnswerCorpus.of(translator, rows, [(row[0], "她喜欢猫。") for row in rows], budget=300)
    batches = [batch for batch, _ in zip(corpus.batches(), range(corpus.batches_an_epoch), strict=False)]
    assert sum(len(batch.costs) for batch in batches) == len(rows)
    assert all(max(batch.ids.size, batch.targets.size) <= 300 for batch in batches)


def test_an_answer_is_held_against_the_closest_translation(translator):
    both = [*PAIRS, ("She likes cats.", "她爱猫。")]
    one, other = (AnswerCorpus.of(translator, ROWS, pairs, 999).costs[0] for pairs in (PAIRS, both))
    assert one[0] == other[0] == other[1] == 0 < one[1] and (other <= one).all()


def test_where_there_is_nothing_to_choose_nothing_is_learnt(translator):
    same = ["She likes cats.", *(["她喜欢猫。"] * 8)]
    few = ["She likes cats.", *SAID[:7]]
    long = ["She likes cats.", *SAID[:7], "猫" * 70]
    unknown = ["It is late.", *SAID]
    assert len(AnswerCorpus.of(translator, [same, few, long, unknown, *ROWS], PAIRS, 500).pairs) == 2
    with pytest.raises(ModelError, match="no sentence has 8 answers"):
        AnswerCorpus.of(translator, [same, few, long, unknown], PAIRS, 500)


def test_what_is_held_out_is_not_learnt_from(translator, tmp_path):
    run = TrainingRun(replace(recipe(), held_out=1), written(tmp_path), tmp_path / "out")
    ((source, _target),) = run.held_out
    learnt = [translator.tokenizer.decode(ids) for ids, _answer in run.answers.pairs]
    assert source not in learnt and len(learnt) == (1 if source in dict(PAIRS) else 2)


def test_answers_that_cost_less_become_likelier(translator, tmp_path):
    run = TrainingRun(recipe(steps=12, dropout=0.0), written(tmp_path), tmp_path / "out", begin=["translator"])
    batch = AnswerCorpus.of(translator, ROWS, PAIRS, 999).make([0, 1], np.random.default_rng(0))
    before, _slopes = gradients(run.state.weights, translator.config, batch)
    losses = [report.progress.loss for report in run.reports()]
    after, _slopes = gradients(run.state.weights, translator.config, batch)
    assert len(losses) == 12 and all(map(math.isfinite, losses)) and after < before - 0.01


def test_a_training_with_answers_is_resumed_bit_for_bit(tmp_path):
    data = written(tmp_path)
    whole = TrainingRun(recipe(), data, tmp_path / "whole", begin=["translator"])
    losses = [report.progress.loss for report in whole.reports()]
    first = TrainingRun(recipe(), data, tmp_path / "stopped", begin=["translator"])
    begun = [report.progress.loss for _, report in zip(range(3), first.reports(), strict=False)]
    first.save()
    second = TrainingRun(recipe(), data, tmp_path / "stopped", resume=True)
    assert begun + [report.progress.loss for report in second.reports()] == losses
    for name, array in whole.state.weights.items():
        np.testing.assert_array_equal(second.state.weights[name], array, err_msg=name)


def test_other_answers_are_another_training(tmp_path):
    data = written(tmp_path)
    TrainingRun(recipe(), data, tmp_path / "out", begin=["translator"]).save()
    written(tmp_path, ROWS[:1] + [["He likes dogs.", *SAID[:-1], "他喜欢狗。"]])
    with pytest.raises(ModelError, match="was begun with answers"):
        TrainingRun(recipe(), data, tmp_path / "out", resume=True)


def test_only_an_encoder_decoder_has_answers_to_choose_among(tmp_path):
    with pytest.raises(ModelError, match="speaker does not answer a sentence by another"):
        TrainingRun(replace(recipe(), folder=SHIPPED / "speaker"), written(tmp_path), tmp_path / "out")


def test_without_the_corpus_it_says_where_the_answers_are_looked_for(tmp_path):
    alone = replace(recipe(), files=(), pairs=(("It is late.", "时间不早了。"),))
    with pytest.raises(ModelError, match="name the folder of answers.tsv with --data"):
        TrainingRun(alone, None, tmp_path / "out")


def test_what_cannot_be_answered_leaves_the_old_answers(tmp_path):
    path = written(tmp_path) / answers.FILE
    (tmp_path / "tatoeba_en_zh.tsv").write_text("She likes cats.\t她喜欢猫。\n", encoding="utf-8")
    with pytest.raises(ModelError, match="no such model"):
        answers.main(tmp_path, tmp_path / "nowhere")
    assert read_answers(path) == ROWS


def test_the_tool_writes_what_the_recipe_reads(tmp_path, monkeypatch, translator, capsys):
    lines = ["She likes cats.\t她喜欢猫。\n", "Where did you buy that book?\t你在哪里买的那本书？\n"]
    (tmp_path / "tatoeba_en_zh.tsv").write_text("".join(lines), encoding="utf-8")
    small = replace(read_recipe(find_recipe("translator")), held_out=0)
    monkeypatch.setattr(answers, "read_recipe", lambda path: small)
    answers.main(tmp_path, SHIPPED / "translator")
    rows = read_answers(tmp_path / answers.FILE)
    pairs = [tuple(line.strip().split("\t")) for line in lines]
    assert [row[0] for row in rows] == [source for source, _target in pairs]
    assert all(len(row) > ANSWERS and len(set(row[1:])) == len(row[1:]) for row in rows)
    assert "她喜欢猫。" in rows[0] and "2 of 2 answered" in capsys.readouterr().out
    assert len(AnswerCorpus.of(translator, rows, pairs, 999).pairs) == 2
