"""Choosing among answers: every pair of question and answer by itself, one score each, one softmax over them."""

import numpy as np
import pytest

import tutor
from tutor.models.errors import ModelError

CLOZE = tutor.load_model("cloze")
TASK = {"tasks": ["multiple_choice"], "pooler": "tanh"}
ANSWERS = ("It is cold", "I like tea very much", "No")
TEXT = " | ".join(("How is the weather?", *ANSWERS))


def test_a_share_for_every_answer():
    trace = CLOZE.trace(TEXT, config=TASK)
    node = trace["multiple_choice.probabilities"]
    assert node.shape == (1, 3) and node.labels[1] == list(ANSWERS) and node.value.sum() == pytest.approx(1, rel=1e-5)
    assert not trace.trained and "new, untrained" in trace.notice
    assert trace["pooled"].labels[0] == list(ANSWERS)


def test_a_pair_is_read_as_it_is_alone():
    trace = CLOZE.trace(TEXT, config=TASK)
    width = len(trace["tokens"].value) // 3
    for number, answer in enumerate(ANSWERS):
        alone = CLOZE.trace("How is the weather?", second=answer)["encoder.output"].value
        together = trace["encoder.output"].value[number * width :][: len(alone)]
        np.testing.assert_allclose(together, alone, atol=2e-4)


def test_the_right_answer_gives_a_loss():
    trace = CLOZE.trace(TEXT, target="No", config=TASK)
    assert trace["loss"].value == pytest.approx(-np.log(trace["multiple_choice.probabilities"].value[0, 2]), rel=1e-4)
    assert np.abs(trace.gradient("multiple_choice.each.weight").value).max() > 0
    with pytest.raises(ModelError, match="must be one of the answers: It is cold, "):
        CLOZE.trace(TEXT, target="Yes", config=TASK)


def test_one_sentence_alone_is_no_choice():
    trace = CLOZE.trace("She likes cats", config=TASK)
    assert trace["multiple_choice.probabilities"].value.tolist() == [[1.0]]


def test_too_long_a_pair_is_named():
    with pytest.raises(ModelError, match="tokens together; cloze reads 64"):
        CLOZE.trace(f"{'cold ' * 70}| a | b", config=TASK)
