"""The shipped models that read masks: what they guess, and that their cards say how well."""

import numpy as np
import pytest

import tutor

# One word of each everyday sentence is hidden, and some words that fit there.
GAPS = {
    "She _ cats.": {"likes", "loves", "has", "hates", "wants"},
    "I have never _ to London.": {"been", "gone"},
    "What _ is it?": {"time", "day", "color"},
    "I don't _ what to say.": {"know"},
    "Thank _ very much.": {"you"},
    "He is as tall _ his father.": {"as"},
    "It's raining, so take an umbrella _ you.": {"with"},
    "Where _ you live?": {"do", "did"},
    "There _ two cats in the garden.": {"are", "were"},
    "_ is your name?": {"What"},
}


def share_guessed(model, gaps, count):
    right = [
        fits & {one.label for one in model.trace(text).guesses[0].candidates[:count]} for text, fits in gaps.items()
    ]
    return np.mean([bool(found) for found in right])


def test_the_cloze_fills_everyday_gaps():
    model = tutor.load_model("cloze")
    assert share_guessed(model, GAPS, 1) >= 0.6
    assert share_guessed(model, GAPS, 5) >= 0.8
    assert model.trace("She _ cats.").guessed in {f"She {word} cats." for word in GAPS["She _ cats."]}


def test_both_sides_of_a_gap_count():
    model = tutor.load_model("cloze")
    guesses = {model.trace(f"I _ {rest}").guesses[0].candidates[0].label for rest in ("a cat.", "to school.", "tired.")}
    assert len(guesses) == 3


def test_a_guess_has_a_loss_and_a_gradient():
    trace = tutor.load_model("cloze").trace("She _ cats.", target="She likes cats.")
    place = int(np.flatnonzero(trace["targets"].value)[0])
    assert trace["targets"].labels[0][place] == "[MASK]"
    assert np.abs(trace.gradient("encoder.0.self_attention.weights").value).max() > 0


COUPLETS = [
    ("白日依山尽", "黄河入海流"),
    ("春眠不觉晓", "处处闻啼鸟"),
    ("海内存知己", "天涯若比邻"),
    ("床前看月光", "疑是地上霜"),
]


def test_the_poet_knows_which_line_follows():
    model = tutor.load_model("poet")

    def follows(first, second):
        return float(model.trace(f"{first} | {second}")["next_sentence.probabilities"].value[0, 0])

    for (first, second), (_, another) in zip(COUPLETS, COUPLETS[1:] + COUPLETS[:1], strict=True):
        assert follows(first, second) > 0.5 > follows(first, another)


def test_the_poet_guesses_a_character_of_a_poem_it_read():
    (guess,) = tutor.load_model("poet").trace("举头望明月，低头思_乡。").guesses
    assert guess.candidates[0].label == "故"


@pytest.mark.parametrize(("name", "first", "within_five"), [("cloze", 0.35, 0.55), ("poet", 0.2, 0.25)])
def test_the_card_tells_what_was_measured(name, first, within_five):
    measured = tutor.load_model(name).card.measured  # of 4,000 word pieces, of 5,340 characters
    assert measured["masked_word_accuracy"] > first
    assert measured["masked_word_accuracy_top_5"] > within_five


def test_the_card_tells_how_often_the_poet_is_right_about_two_lines():
    assert tutor.load_model("poet").card.measured["next_sentence_accuracy"] > 0.6
