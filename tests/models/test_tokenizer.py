"""A tokenizer loses nothing, keeps special tokens out of the reach of text, and stays fast on anything pasted."""

import random
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tutor.models.registry import SHIPPED
from tutor.models.tokenizer import Tokenizer
from tutor.models.tokenizer_file import load_tokenizer

TOKENIZERS = {
    "english": load_tokenizer(SHIPPED / "translator" / "tokenizer.json"),
    "chinese": load_tokenizer(SHIPPED / "translator" / "target_tokenizer.json"),
    "proverbs": load_tokenizer(SHIPPED / "proverbs" / "tokenizer.json"),
}
ANY_TEXT = st.text(st.characters(exclude_categories=()))  # lone surrogates too
AWKWARD = [
    "",
    " ",
    "  two  spaces ",
    "tabs\tand\nnewlines\r\n",
    "e\u0301 combining \u0300",
    "👨‍👩‍👧‍👦 🏳️‍🌈",
    "مرحبا بالعالم \u202e",
    "\ud83d\ude00 \udc00",
    "\x00\x1b[31m\x7f",
    "<start> [MASK] [/] [b] <E4> <unknown>",
    "我是学生，I am 1 of 2,000_students!",
    "\N{REPLACEMENT CHARACTER}",
]


@pytest.fixture(params=TOKENIZERS)
def tokenizer(request):
    return TOKENIZERS[request.param]


@settings(max_examples=200, deadline=None)
@given(text=ANY_TEXT, name=st.sampled_from(sorted(TOKENIZERS)))
@example(text="\ud83d\ude00", name="english")
def test_any_text_comes_back(text, name):
    tokenizer = TOKENIZERS[name]
    encoding = tokenizer.encode(text)
    assert tokenizer.decode(encoding) == text
    assert "".join(encoding.pieces) == text
    assert len(encoding.ids) == len(encoding.pieces) == len(encoding)


@settings(max_examples=100, deadline=None)
@given(text=ANY_TEXT, name=st.sampled_from(["english", "chinese"]))
def test_bytes_make_plain_ids_enough(text, name):
    tokenizer = TOKENIZERS[name]
    assert tokenizer.decode(list(tokenizer.encode(text))) == text


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_text_comes_back_and_never_reaches_a_special_token(text, tokenizer):
    encoding = tokenizer.encode(text)
    assert tokenizer.decode(encoding) == text
    specials = set(tokenizer.specials.values()) - {tokenizer.unknown_id}
    assert not specials & set(encoding.ids)


@settings(max_examples=50, deadline=None)
@given(ids=st.lists(st.integers(0, 3000)), name=st.sampled_from(["english", "chinese"]))
def test_any_ids_have_a_text(ids, name):
    assert isinstance(TOKENIZERS[name].decode(ids), str)


def test_a_word_is_the_same_token_at_the_start_and_inside():
    english = TOKENIZERS["english"]
    assert english.encode("I").ids[0] in english.encode("then I").ids
    assert english.encode("I am a student").pieces == ("I", " am", " a", " student")


def test_proverbs_has_the_36_characters_of_the_corpus_in_order():
    corpus = "白日依山尽黄河入海流马无夜草不肥人横财富天行健君子以自强息地势坤厚德载物"
    proverbs = TOKENIZERS["proverbs"]
    assert proverbs.encode(corpus).ids == tuple(range(1, 37))
    assert proverbs.encode("马无夜草不肥").ids == (11, 12, 13, 14, 15, 16)
    assert proverbs.encode("人").ids == (17,)
    assert (proverbs.pad_id, proverbs.start_id, proverbs.end_id, proverbs.unknown_id) == (0, 37, 38, 39)
    assert proverbs.size == 40


def test_a_character_without_an_id_is_unknown_but_keeps_its_text():
    proverbs = TOKENIZERS["proverbs"]
    encoding = proverbs.encode("人X")
    assert encoding.ids == (17, 39)
    assert encoding.pieces == ("人", "X")
    assert proverbs.decode(encoding[1:]) == "X"
    assert proverbs.decode(encoding.ids) == "人\N{REPLACEMENT CHARACTER}"


def test_decode_leaves_special_tokens_out_and_refuses_ids_that_do_not_exist():
    chinese = TOKENIZERS["chinese"]
    ids = [chinese.start_id, *chinese.encode("我是"), chinese.end_id, chinese.pad_id]
    assert chinese.decode(ids) == "我是"
    with pytest.raises(ValueError, match="no token has the id 99999"):
        chinese.decode([99999])
    with pytest.raises(ValueError, match="-1"):
        chinese.decode([-1])


def test_labels():
    english, chinese = TOKENIZERS["english"], TOKENIZERS["chinese"]
    assert [english.label(i) for i in english.encode("The river froze")] == ["The", "river", "fro", "+ze"]
    assert [english.label(i) for i in english.encode("don't 你")] == ["don", "'t", "␣", "<E4>", "<BD>", "<A0>"]
    assert english.label(english.end_id) == "<end>"
    assert chinese.label(chinese.encode("我")[0]) == "我"
    assert len(english.labels) == english.size == 4000
    assert all(english.labels) and all(chinese.labels)


def test_merge_steps_make_one_merge_each_and_end_where_encode_does(tokenizer):
    text = "student Transformer, 我!"
    steps = tokenizer.merge_steps(text)
    assert steps[0].pair is None
    assert steps[-1].ids == tokenizer.encode(text).ids
    for before, after in zip(steps, steps[1:], strict=False):
        at = after.position
        assert before.pieces[at : at + 2] == after.pair
        assert after.pieces == (*before.pieces[:at], "".join(after.pair), *before.pieces[at + 2 :])
        assert len(after.ids) == len(before.ids) - 1


def test_merge_steps_take_the_lowest_rank_first():
    steps = TOKENIZERS["english"].merge_steps("student")
    ranks = [step.rank for step in steps[1:]]
    assert ranks == sorted(ranks) and len(ranks) == 7
    assert TOKENIZERS["english"].merge_steps("")[0].pieces == ()


def test_merges_follow_ranks_not_positions():
    tokenizer = Tokenizer([("special", ["<unknown>"]), ("characters", "abc"), ("merges", [("b", "c"), ("a", "b")])])
    assert tokenizer.encode("abc").pieces == ("a", "bc")
    assert tokenizer.encode("ab").pieces == ("ab",)


@pytest.mark.parametrize("unit", ["a", "etaoinshrdlu", "word ", "!?", "无", "👨‍👩‍👧", " ", "\ud83d"])
def test_a_hundred_thousand_characters_take_well_under_a_second(unit, tokenizer):
    text = (unit * 100_000)[:100_000]
    start = time.process_time()
    encoding = tokenizer.encode(text)
    # A quadratic merge would take minutes here; the bound is loose so that a busy machine does not fail it.
    assert time.process_time() - start < 5
    assert tokenizer.decode(encoding) == text


@pytest.mark.parametrize(
    ("segments", "words"),
    [
        ([("characters", "aa"), ("special", ["<unknown>"])], "stands twice"),
        ([("special", ["<pad>", "<pad>"])], "stands twice"),
        ([("bytes", ()), ("merges", [("a", "b")])], "no earlier line makes"),
        ([("bytes", ()), ("characters", "ab"), ("merges", [("a", "b"), ("a", "b")])], "stands twice"),
        ([("characters", "ab")], "needs bytes or an <unknown>"),
        ([("words", "ab")], "no such segment"),
    ],
)
def test_segments_that_contradict_each_other_are_refused(segments, words):
    with pytest.raises(ValueError, match=words):
        Tokenizer(segments)


@pytest.mark.parametrize("text", ["The river froze last night.", "你好 😀 café", "a", ""])
def test_respelt_without_dropout_is_encoded(text, tokenizer):
    assert tokenizer.respelt(text, 0.0, random.Random(0)) == list(tokenizer.encode(text))


def test_respelt_says_the_same_in_other_pieces():
    tokenizer = TOKENIZERS["english"]
    text = "She remembered everything that happened yesterday."
    plain = list(tokenizer.encode(text))
    chance = random.Random(0)
    spellings = [tokenizer.respelt(text, 0.3, chance) for _ in range(20)]
    assert all(tokenizer.decode(ids) == text for ids in spellings)
    assert len(set(map(tuple, spellings))) > 15 and min(map(len, spellings)) >= len(plain)
    letters = [number for word in text.split() for number in tokenizer.respelt(word, 0.999999, chance)]
    assert len(letters) >= len(text.replace(" ", ""))
