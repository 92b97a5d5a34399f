"""Masks and two sentences as a learner types them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.masks import reader
from tutor.models.errors import ModelError
from tutor.models.framing import frame
from tutor.models.guessing import filled, guesses

LETTERS, WORDS = reader(), reader(words=True)


def read(model, text, second=None):
    found = frame(model.config, model.tokenizer, text, second)
    return [model.tokenizer.label(number) for number in found.ids], list(found.segments), found.pieces


def test_a_sentence_stands_between_start_and_separator():
    assert read(LETTERS, "ab")[:2] == (["[CLS]", "a", "b", "[SEP]"], [0, 0, 0, 0])


@pytest.mark.parametrize("typed", ["ab | c", "ab｜c", "ab ｜ c", "ab [SEP] c", "ab<sep>c"])
def test_two_sentences(typed):
    labels, segments, pieces = read(LETTERS, typed)
    assert labels == ["[CLS]", "a", "b", "[SEP]", "c", "[SEP]"] and segments == [0, 0, 0, 0, 1, 1]
    assert "".join(pieces) == typed


def test_the_second_sentence_as_an_argument():
    assert read(LETTERS, "ab", "c")[:2] == read(LETTERS, "ab | c")[:2]
    labels, segments, _pieces = read(LETTERS, "ab | c", "d")
    assert segments.count(1) == 2 and labels[-2] == "d", "the separator is then text of the first"


@pytest.mark.parametrize("mask", ["_", "[MASK]", "[mask]", "<mask>", "＿", "□"])
def test_a_mask_in_a_sentence_of_characters(mask):
    labels, _segments, pieces = read(LETTERS, f"a{mask}c")
    assert labels == ["[CLS]", "a", "[MASK]", "c", "[SEP]"] and pieces[2] == mask


def test_two_blanks_are_two_characters_but_one_word():
    assert read(LETTERS, "a__b")[0].count("[MASK]") == 2
    assert read(WORDS, "a __ b")[0].count("[MASK]") == 1


def test_a_mask_in_a_sentence_of_words_takes_the_space_before_it():
    labels, _segments, pieces = read(WORDS, "a ___ cat.")
    assert labels == ["[CLS]", "␣", "+a", "[MASK]", "cat", ".", "[SEP]"]
    assert pieces == ("", "", "a", " ___", " cat", ".", "")
    assert read(WORDS, "___ cat")[0] == ["[CLS]", "[MASK]", "cat", "[SEP]"]
    assert read(WORDS, "cat [MASK]s.")[0] == ["[CLS]", "cat", "[MASK]", "+s", ".", "[SEP]"]


def test_what_is_no_mask_stays_text():
    assert "[MASK]" not in read(WORDS, "a_b")[0] and "[MASK]" not in read(WORDS, "MASK a")[0]
    assert set(read(LETTERS, "a|b")[1]) == {0}, "a bar without spaces is text"


@given(st.text(st.characters(blacklist_characters="_＿□[<|｜"), min_size=1, max_size=12))
def test_any_other_text_is_read_whole(text):
    for model in (LETTERS, WORDS):
        found = frame(model.config, model.tokenizer, text)
        assert "".join(found.pieces) == text
        assert found.ids[1:-1] == model.tokenizer.encode(text).ids
        assert len(found.ids) == len(found.pieces) == len(found.segments)


def test_the_segments_are_in_the_trace():
    trace = LETTERS.trace("ab | c")
    assert trace["segments"].value.tolist() == [0, 0, 0, 0, 1, 1]
    np.testing.assert_array_equal(
        trace["embedding.segment"].value, LETTERS.weights["embedding.segment.table"][[0, 0, 0, 0, 1, 1]]
    )
    assert trace["pooled"].labels[0] == ("[CLS]",)
    assert trace["next_sentence.probabilities"].labels[1] == ("IsNext", "NotNext")
    assert trace["next_sentence.probabilities"].value.sum() == pytest.approx(1)
    assert LETTERS.trace("ab", second="c").text == "ab | c"
    padded = LETTERS.trace("ab | c", pad_to=8)
    assert padded["segments"].value.tolist() == [0, 0, 0, 0, 1, 1, 0, 0]


def test_the_unmasked_sentence_gives_a_loss_at_the_masks():
    trace = LETTERS.trace("a_c", target="abc")
    b = LETTERS.tokenizer.encode("b").ids[0]
    assert trace["targets"].value.tolist() == [0, 0, b, 0, 0]
    expected = -np.log(trace["probabilities"].value[2, b])
    assert trace["masked_word.loss"].value == pytest.approx(expected, rel=1e-5)
    assert trace["loss"].value == trace["masked_word.loss"].value
    assert np.abs(trace.gradient("encoder.0.self_attention.query.weight").value).max() > 0


def test_a_wrong_word_is_asked_for_too_and_without_any_all_are():
    assert np.flatnonzero(LETTERS.trace("a_d", target="abc")["targets"].value).tolist() == [2, 3]
    assert np.flatnonzero(LETTERS.trace("abc", target="abc")["targets"].value).tolist() == [1, 2, 3]


def test_both_losses_add_up():
    trace = LETTERS.trace("a_ | c", target="ab | c", follows=False)
    parts = [float(trace[f"{name}.loss"].value) for name in ("masked_word", "next_sentence")]
    assert float(trace["loss"].value) == pytest.approx(sum(parts))
    assert parts[1] == pytest.approx(-np.log(trace["next_sentence.probabilities"].value[0, 1]), rel=1e-5)
    only = LETTERS.trace("ab | c", follows=True)
    assert float(only["loss"].value) == pytest.approx(
        -np.log(only["next_sentence.probabilities"].value[0, 0]), rel=1e-5
    )


def test_what_does_not_fit_is_said():
    with pytest.raises(ModelError, match="has 6 tokens and the sentence 5"):
        LETTERS.trace("a_c", target="abcd")
    with pytest.raises(ModelError, match="follows another"):
        WORDS_ALONE.trace("a", follows=True)
    with pytest.raises(ModelError, match="reads one sentence"):
        reader(("words",), segments=0).trace("a", second="b")
    with pytest.raises(ModelError, match="one segment id for each of the 2"):
        LETTERS.trace_ids([5, 6], segment_ids=[0])


WORDS_ALONE = reader(("words",), words=True)


def test_too_long_a_sentence_keeps_its_separator():
    trace = LETTERS.trace("a" * 40 + "_", target="a" * 41)
    assert trace.notice and trace["tokens"].shape == (24,)
    assert trace["tokens"].value[-1] == 2 and trace["segments"].shape == trace["targets"].shape == (24,)


def test_guesses_are_the_likeliest_tokens_at_each_mask():
    trace = LETTERS.trace("a_c_")
    found = guesses(LETTERS, trace, 3)
    assert [guess.position for guess in found] == [2, 4]
    for guess in found:
        row = trace["probabilities"].value[guess.position]
        assert [c.token for c in guess.candidates] == np.argsort(-row, kind="stable")[:3].tolist()
        assert guess.candidates[0].probability == pytest.approx(row.max(), rel=1e-5)
    assert trace.guesses[1].candidates[:3] == found[1].candidates
    assert LETTERS.trace("ab").guesses == ()


def test_filling_keeps_the_rest_of_the_text():
    trace = LETTERS.trace("a_c | d")
    best = LETTERS.tokenizer.decode([guesses(LETTERS, trace, 1)[0].candidates[0].token])
    assert filled(LETTERS, trace) == f"a{best}c | d"
    assert filled(WORDS, WORDS.trace("cat _ cat.")).startswith("cat")
    assert filled(WORDS, WORDS.trace("cat.")) == "cat."
