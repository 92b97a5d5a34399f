"""What the lessons on writing and on today's parts, and the README, say about the trained translator."""

import os
import re
from pathlib import Path

import numpy as np
import pytest

from tutor.engine.choosing import Decoding, chances_of
from tutor.models.registry import load_model

MODEL = os.environ.get("TRANSLATOR", "translator")
README = Path(__file__).parents[2] / "README.md"
STUDENT, MAT, COFFEE = "I am a student", "The cat sat on the mat", "I'd like a cup of coffee."
PRE = {"norm_position": "pre"}
CLOSED_PRE = {**PRE, "final_norm": True}
THREE = {**CLOSED_PRE, "norm": "rms", "position": "rotary"}
SAMPLED = {"strategy": "sample", "seed": 1}


@pytest.fixture(scope="module")
def model():
    return load_model(MODEL)


@pytest.fixture(scope="module")
def greedy(model):
    return {text: model.generate(text) for text in (STUDENT, MAT)}


@pytest.fixture(scope="module")
def with_full_stop(model):
    return model.trace(STUDENT, target="我是学生。")


@pytest.fixture(scope="module")
def without_full_stop(model):
    return model.trace(STUDENT, target="我是学生")


@pytest.fixture(scope="module")
def mat(model, greedy):
    return model.trace(MAT, target=greedy[MAT].text)


@pytest.fixture(scope="module")
def beam(model):
    return model.generate(MAT, strategy="beam", beams=3)


def favourites(trace):
    return trace["probabilities"].value.argmax(-1)


def lost(trace):
    return float(trace["loss"].value)


# encoder-and-decoder


def test_after_the_full_stop_comes_the_end_token(model, with_full_stop):
    assert favourites(with_full_stop)[-1] == model.config.end_id


def test_without_its_full_stop_a_sentence_is_not_done(model, without_full_stop):
    assert favourites(without_full_stop)[-1] != model.config.end_id


def test_the_last_token_that_greedy_chooses_is_the_end_token(greedy):
    out = greedy[STUDENT]
    assert out.ended and len(out.ids) == len(out.steps) - 1


# logits-and-probabilities


def test_the_first_token_is_that_of_the_chinese_sentence(model, without_full_stop):
    assert model.target_tokenizer.label(int(favourites(without_full_stop)[0])) == "我"


def test_another_token_than_the_favourite_is_made_to_win(without_full_stop):
    assert favourites(without_full_stop)[0] != 7


def test_greedy_leaves_the_given_answer_somewhere(model, without_full_stop):
    given = [*without_full_stop["decoder.tokens"].value[1:], model.config.end_id]
    assert (favourites(without_full_stop) != given).any()


def test_after_the_answer_without_a_full_stop_it_misses_one(model, without_full_stop):
    assert model.target_tokenizer.label(int(favourites(without_full_stop)[-1])) == "。"


# logits-to-words


def test_at_some_rows_it_is_surer_than_at_others(mat):
    largest = mat["probabilities"].value.max(-1)
    assert largest.max() > 0.8 and largest.min() < 0.7


@pytest.mark.parametrize("penalty", [1.0, 1.6])
def test_a_beginning_stays_for_a_while_and_is_dropped_later(model, penalty):
    out = model.generate(MAT, strategy="beam", beams=3, length_penalty=penalty)
    kept = [prefix for number in range(2, len(out.steps)) for prefix in out.prefixes(number)]
    assert any(all(prefix != answer.ids[: len(prefix)] for answer in out.answers) for prefix in kept)


def test_the_last_step_has_finished_answers(beam):
    assert beam.steps[-1].ended and beam.ended


@pytest.mark.parametrize("penalty", [0.0, 3.0])
def test_finished_answers_are_of_several_lengths(model, penalty):
    out = model.generate(MAT, strategy="beam", beams=4, length_penalty=penalty)
    assert len({len(answer.ids) for answer in out.answers if answer.ended}) > 1


# sampling


@pytest.mark.parametrize("temperature", [2.0, 3.0])
def test_hot_words_have_little_to_do_with_the_sentence(model, beam, temperature):
    sensible = {token for answer in beam.answers for token in answer.ids}
    drawn = model.generate(MAT, **SAMPLED, temperature=temperature).ids
    assert sum(token in sensible for token in drawn) < len(drawn) / 2


def test_hot_the_many_unlikely_tokens_outweigh_the_likely(mat):
    hot = Decoding(**SAMPLED, temperature=2.0)
    tails = [1 - np.sort(chances_of(row, hot))[-10:].sum() for row in mat["probabilities"].value]
    assert np.median(tails) > 0.5


def test_at_one_the_unlikely_have_enough_together_to_spoil_a_sentence(mat):
    heads = np.sort(mat["probabilities"].value)[:, -10:].sum(-1)
    assert 1 - heads.prod() > 0.1


def test_top_p_leaves_one_where_a_row_is_sure_and_many_where_it_hesitates(mat):
    cut = Decoding(**SAMPLED, top_p=0.9)
    left = [np.count_nonzero(chances_of(row, cut)) for row in mat["probabilities"].value]
    assert min(left) == 1 and max(left) > 4


def test_hot_but_cut_the_steps_differ_in_what_is_left(model):
    out = model.generate(MAT, **SAMPLED, temperature=1.3, top_p=0.5, with_all=True)
    left = [np.count_nonzero(chances_of(step.probabilities[0], out.settings)) for step in out.steps]
    assert min(left) <= 2 and max(left) > 10


# teacher-forcing


def test_the_words_that_it_generated_are_read_back_as_they_were(model, greedy):
    out = greedy[MAT]
    assert out.ended and tuple(model.target_tokenizer.encode(out.text).ids) == out.ids


# key-value-cache


def test_of_four_beams_some_die_out_and_some_split(model):
    out = model.generate(COFFEE, strategy="beam", beams=4)
    parents = [[one.parent for one in step.survivors] for step in out.steps[1:]]
    assert any(len(set(row)) < len(row) for row in parents)
    assert any(set(row) < set(range(4)) for row in parents)


# from-2017-to-now


@pytest.mark.parametrize(
    "config",
    [PRE, CLOSED_PRE, {"norm": "rms"}, {"position": "rotary"}, THREE],
    ids=["pre", "closed", "rms", "rotary", "three"],
)
def test_with_the_old_weights_a_newer_plan_answers_worse(model, mat, config):
    assert lost(model.trace(MAT, target=mat.target, config=config)) > lost(mat)


def test_with_pre_norm_the_sum_grows_from_layer_to_layer(model, mat):
    trace = model.trace(MAT, target=mat.target, config=CLOSED_PRE)
    sizes = [np.linalg.norm(trace[f"encoder.{layer}.feed_forward.residual"].value) for layer in range(3)]
    assert sizes[0] < sizes[1] < sizes[2]


# gates-and-groups


def test_along_the_first_row_an_open_gate_is_found(mat):
    assert (mat["encoder.0.feed_forward.activation"].value[0] > 0).any()


def test_open_gates_are_rare(mat):
    assert (mat["encoder.0.feed_forward.activation"].value > 0).mean() < 0.2


# however it is typed


@pytest.mark.parametrize("settings", [{}, {"strategy": "beam", "beams": 4}], ids=["greedy", "beam"])
@pytest.mark.parametrize("typed", [str, str.lower, lambda text: f"{text}.", lambda text: f"{text}.".lower()])
@pytest.mark.parametrize(("sentence", "answer"), [(STUDENT, "我是学生。"), ("She likes cats", "她喜欢猫。")])
def test_capitals_and_full_stops_make_no_difference(model, sentence, answer, typed, settings):
    assert model.generate(typed(sentence), **settings).text == answer


# README.md, and the model's card


@pytest.fixture(scope="module")
def measured(model):
    if "bleu_beam_4" not in model.card.measured:
        pytest.skip("the card has no BLEU yet")
    return round(model.card.measured["bleu_beam_4"])


def test_the_readme_tells_what_was_measured(measured):
    said = re.search(r"`translator` \|.*?(\d+) BLEU", README.read_text(encoding="utf-8"))
    assert said is not None and int(said[1]) == measured


@pytest.mark.parametrize(("language", "words"), [("en", r"(\d+) BLEU"), ("zh", r"BLEU 为 (\d+)")])
def test_the_limits_on_the_card_tell_what_was_measured(model, measured, language, words):
    said = re.search(words, model.card.limits[language])
    assert said is not None and int(said[1]) == measured
