"""The figures of a card: measured on what was held out, and each what its name says."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

import tutor
from tests.models.masks import LETTERS, reader
from tutor.models import quality
from tutor.models.corpus import NextWordCorpus, PairCorpus
from tutor.models.masked_corpus import MaskedCorpus

PROVERBS = [("白日依山尽", "黄河入海流"), ("天行健", "君子以自强不息")]


def test_bleu_is_of_the_answers():
    pytest.importorskip("sacrebleu")
    model = tutor.load_model("proverbs")
    assert quality.bleu(model, PROVERBS) == {"bleu_greedy": 100.0, "bleu_beam_4": 100.0}
    half = quality.bleu(model, [PROVERBS[0], ("天行健", "黄河入海流")])["bleu_greedy"]
    assert 10 < half < 70


def test_without_sacrebleu_there_is_no_bleu(monkeypatch):
    monkeypatch.setattr(quality.importlib.util, "find_spec", lambda name: None)
    model = tutor.load_model("proverbs")
    corpus = PairCorpus.of(model, PROVERBS, 2)
    assert set(quality.figures(model, PROVERBS, corpus)) == {"validation_loss"}


def test_accuracy_counts_what_is_asked_for_and_leaves_padding_alone():
    model = tutor.load_model("proverbs")
    corpus = PairCorpus.of(model, PROVERBS, 2)
    assert quality.accuracy(model, corpus) == 1.0
    upside_down = SimpleNamespace(config=model.config, weights={n: -w for n, w in model.weights.items()})
    assert quality.accuracy(upside_down, corpus) < 0.5


def test_a_speaker_is_measured_by_perplexity():
    model = tutor.load_model("speaker")
    lines = ["I am a student.", "She likes cats."]
    found = quality.figures(model, [(line, line) for line in lines], NextWordCorpus.of(model, lines, 2))
    assert set(found) == {"validation_loss", "perplexity", "next_token_accuracy"}
    assert found["perplexity"] == pytest.approx(math.exp(found["validation_loss"]), abs=0.1)
    assert np.isfinite(found["perplexity"])


def test_a_masked_model_is_measured_by_its_guesses_and_the_next_sentence():
    model = reader()
    pairs = [(LETTERS[i : i + 4], LETTERS[i + 4 : i + 8]) for i in range(9)] * 20
    corpus = MaskedCorpus.of(model, pairs, 30)
    found = quality.figures(model, pairs, corpus)
    assert set(found) == {
        "validation_loss",
        "masked_word_accuracy",
        "masked_word_accuracy_top_5",
        "next_sentence_accuracy",
    }
    assert found["masked_word_accuracy"] <= found["masked_word_accuracy_top_5"]
    follows, right, asked = [], 0, 0
    for batch in corpus.once():
        for ids, segments, targets, classes in zip(
            batch.ids.tolist(),
            batch.segment_ids.tolist(),
            batch.targets,
            batch.task_targets["next_sentence"],
            strict=True,
        ):
            trace = model.trace_ids(ids, segment_ids=segments)
            follows.append(trace["next_sentence.probabilities"].value[0].argmax() == classes[0])
            places = np.flatnonzero(targets)
            right += int((trace["probabilities"].value[places].argmax(axis=-1) == targets[places]).sum())
            asked += len(places)
    assert found["next_sentence_accuracy"] == pytest.approx(np.mean(follows), abs=1e-3)
    assert found["masked_word_accuracy"] == pytest.approx(right / asked, abs=1e-3)
