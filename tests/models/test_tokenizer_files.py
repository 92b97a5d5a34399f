"""Training a vocabulary is deterministic, and a tokenizer file says what is wrong with it."""

import json
from collections import Counter

import pytest

from tutor.models.errors import ModelError
from tutor.models.registry import SHIPPED
from tutor.models.tokenizer_file import load_tokenizer, save_tokenizer
from tutor.models.tokenizer_training import learn_merges, train_characters, train_merges

TEXTS = ["the cat sat on the mat", "the bat sat on the cat", "that hat\u200b", "the cat is fat"] * 2


def test_merges_come_commonest_first():
    tokenizer = train_merges(TEXTS, 400)
    assert dict(tokenizer.segments)["merges"][0] == ("a", "t")  # 16 times; " t" stands 14 times
    assert tokenizer.encode("the cat").pieces == ("the", " cat")
    assert train_merges(TEXTS, 400).segments == tokenizer.segments


def test_merges_stop_at_the_size_and_where_nothing_repeats():
    small = train_merges(TEXTS, 280)
    assert small.size == 280
    assert train_merges(["ab"], 10_000).size < 300


def test_a_pair_that_overlaps_itself_is_merged_from_the_left():
    # a a a a a -> aa aa a, where (aa, a) and (aa, aa) stand once each and the first in code point order wins
    assert learn_merges(Counter(aaaaa=10), {"a"}, 2) == (("a", "a"), ("aa", "a"))


def test_characters_seen_once_or_never_seen_at_all_become_bytes():
    tokenizer = train_characters(["我是我", "他是\u200b\u200b他", "稀"])
    assert dict(tokenizer.segments)["characters"] == "他我是"
    assert len(tokenizer.encode("我")) == 1
    assert len(tokenizer.encode("稀")) == 3


def test_shipped_vocabularies_are_small_files():
    for path in SHIPPED.glob("*/*tokenizer.json"):
        assert path.stat().st_size < 200_000


def test_a_tokenizer_survives_the_disk(tmp_path):
    tokenizer = train_merges([*TEXTS, 'a "quoted" \\ text', 'a "quoted" \\ text'], 350)
    save_tokenizer(tokenizer, tmp_path / "tokenizer.json")
    again = load_tokenizer(tmp_path / "tokenizer.json")
    assert again.labels == tokenizer.labels
    assert again.leading_space
    assert again.encode("the \\ cat").ids == tokenizer.encode("the \\ cat").ids


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        ("[]", "not a tokenizer of format 1"),
        ({"format": 2, "segments": []}, "not a tokenizer of format 1"),
        ({"format": 1}, "segments must be a list"),
        ({"format": 1, "segments": [], "extra": 1}, "no such field: extra"),
        ({"format": 1, "segments": [], "leading_space": "yes"}, "leading_space must be true or false"),
        ({"format": 1, "segments": [7]}, "segment 1 must be one of"),
        ({"format": 1, "segments": [{"bytes": 3}]}, "segment 1: bytes has content of the wrong type"),
        ({"format": 1, "segments": [{"bytes": 256}, {"merges": [["a"]]}]}, "segment 2: merges"),
        ({"format": 1, "segments": [{"bytes": 256}, {"merges": [["a", "b"]]}]}, "no earlier line makes"),
        ({"format": 1, "segments": []}, "needs bytes or an <unknown>"),
    ],
)
def test_a_broken_file_is_named_with_its_reason(tmp_path, content, words):
    path = tmp_path / "tokenizer.json"
    if isinstance(content, dict):
        content = json.dumps(content)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ModelError, match=words) as caught:
        load_tokenizer(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"missing\.json: there is no such file"):
        load_tokenizer(tmp_path / "missing.json")
