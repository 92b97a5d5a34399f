"""A model's figures in words: every shipped model has some, and none is told by its name alone."""

import pytest

from tutor.display.language import set_language
from tutor.display.measured import quality
from tutor.models.card import read_card
from tutor.models.registry import available, find_folder


@pytest.fixture(autouse=True)
def english_again():
    yield
    set_language("en")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_shipped_model_says_how_good_it_is(language):
    set_language(language)
    for info in available():
        measured = read_card(find_folder(info.name)).measured
        assert info.trained <= bool(measured)
        said = quality(measured)
        assert said or not measured
        for line in said:
            assert "_" not in line and line[-1] in ".。", f"{info.name}: {line}"


def test_shares_are_told_in_per_cent_and_others_as_they_are():
    assert quality({"next_token_accuracy": 0.398, "steps": 5}) == [
        "Of the next tokens of unseen text it guesses 40 % rightly."
    ]
    (line,) = quality({"accuracy": 0.97, "accuracy_commonest_class": 0.349})
    assert "97 %" in line and "35 %" in line
    (line,) = quality({"bleu_beam_4": 30.4, "bleu_greedy": 29.9, "validation_loss": 1.9})
    assert "30.4 BLEU" in line


def test_a_figure_without_words_goes_by_its_name():
    assert quality({"exact_match": 0.5}) == ["exact_match 0.5"]
    assert quality({"accuracy": 0.9}) == ["accuracy 0.9"], "half of a sentence's figures is not enough for it"
    assert quality({"validation_loss": 2.5, "steps": 3}) == ["validation_loss 2.5"]
    assert quality({}) == [] == quality({"steps": 3})
