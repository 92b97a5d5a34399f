"""Sentences to batches: what is held out stays apart, and batch number n is the same wherever reading begins."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tutor
from tutor.engine.training import Batch
from tutor.models.corpus import (
    NextWordCorpus,
    PairCorpus,
    as_typed,
    fingerprint,
    first_of_each,
    joined,
    padded,
    read_lines,
    read_pairs,
    split,
    without,
)
from tutor.models.errors import ModelError
from tutor.models.model import Model
from tutor.models.tokenizer import Tokenizer
from tutor.models.tokenizer_training import train_characters

LETTERS = "abcdefghijklmnop"
sentences = st.text(LETTERS[:4], min_size=1, max_size=2)


def corpus(count=45, batch=4, seed=0) -> PairCorpus:
    """Sentences of several lengths: source 5 5 5 …, target 6 6 …"""
    lengths = np.random.default_rng(3).integers(1, 9, (count, 2)).tolist()
    pairs = tuple(([10 + i] * s, [10 + i] * t) for i, (s, t) in enumerate(lengths))
    return PairCorpus(pairs, 0, 1, 2, batch, seed)


def model(architecture, *specials) -> Model:
    """A model of letters."""
    proverbs = tutor.load_model("proverbs")
    if specials:
        tokenizer = Tokenizer([("special", specials), ("bytes", ()), ("characters", LETTERS)])
    else:
        tokenizer = train_characters([LETTERS] * 2)
    config = proverbs.config.changed(
        architecture=architecture, vocabulary=tokenizer.size, target_vocabulary=0, start_id=1, end_id=2
    )
    return Model(proverbs.card, config, {}, tokenizer, tokenizer)


def same(one: Batch, other: Batch) -> bool:
    pairs = zip((one.ids, one.targets, one.target_ids), (other.ids, other.targets, other.target_ids), strict=True)
    return all(a is b is None or np.array_equal(a, b) for a, b in pairs)


def test_pairs_are_the_first_two_columns(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("Hi.\t你好\tTatoeba\nalone\n\n\tnothing before\nBye.\t再见\n", encoding="utf-8")
    assert read_pairs(path) == [("Hi.", "你好"), ("Bye.", "再见")]
    assert read_lines(path)[1] == "alone"


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "is not there; name its folder"), (b"\xff\xfe\xff", "cannot be read"), (b"no tab\n", "no line with a tab")],
)
def test_a_corpus_that_cannot_be_used_is_named(tmp_path, content, words):
    path = tmp_path / "pairs.tsv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=words) as caught:
        read_pairs(path)
    assert str(path) in str(caught.value)


def test_an_empty_corpus_says_so(tmp_path):
    (tmp_path / "lines.txt").write_text("\n \n", encoding="utf-8")
    with pytest.raises(ModelError, match="has no sentence in it"):
        read_lines(tmp_path / "lines.txt")


@given(st.lists(st.tuples(sentences, sentences), max_size=40), st.integers(0, 10), st.integers(0, 3))
def test_no_sentence_stands_on_both_sides_of_the_split(pairs, held_out, seed):
    training, validation = split(pairs, held_out, seed)
    assert sorted(training + validation) == sorted(pairs) and len(validation) <= held_out
    for side in (0, 1):
        assert not {pair[side] for pair in training} & {pair[side] for pair in validation}
    assert split(pairs, held_out, seed) == (training, validation)
    assert without(training, validation) == training


def test_a_second_corpus_loses_what_was_held_out_of_the_first():
    assert without([("a", "x"), ("b", "y"), ("c", "z")], [("a", "q"), ("r", "y")]) == [("c", "z")]


def test_a_fingerprint_is_that_of_one_corpus():
    one = [("a", "b"), ("c", "\ud800")]
    assert fingerprint(one) == fingerprint(list(one))
    assert len({fingerprint(one), fingerprint(one[::-1]), fingerprint(one[:1]), fingerprint([])}) == 4


def test_padding_fills_up():
    np.testing.assert_array_equal(padded([[5], [6, 7]], 0), [[5, 0], [6, 7]])


def test_a_batch_of_pairs_teaches_the_next_token():
    (found,) = PairCorpus((([5, 6], [7]), ([5], [8, 9])), 0, 1, 2, 4).once()
    np.testing.assert_array_equal(found.ids, [[5, 6, 2], [5, 2, 0]])
    np.testing.assert_array_equal(found.target_ids, [[1, 7, 0], [1, 8, 9]])
    np.testing.assert_array_equal(found.targets, [[7, 2, 0], [8, 9, 2]])
    assert found.tokens == 5


def test_an_epoch_has_every_pair_once_and_likes_of_a_length():
    whole = corpus()
    epoch = list(itertools.islice(whole.batches(), whole.batches_an_epoch))
    firsts = sorted(int(row[0]) for batch in epoch for row in batch.ids)
    assert firsts == [10 + i for i in range(45)] and [len(batch.ids) for batch in epoch].count(4) == 11
    filled = sum(np.count_nonzero(batch.targets) for batch in epoch)
    assert filled > 0.85 * sum(batch.targets.size for batch in epoch)
    again = list(itertools.islice(whole.batches(whole.batches_an_epoch), whole.batches_an_epoch))
    assert not all(same(*two) for two in zip(epoch, again, strict=True)), "another epoch, another order"


@pytest.mark.parametrize("start", [1, 7, 11, 12, 13, 40])
def test_reading_goes_on_wherever_it_is_begun(start):
    for one, other in itertools.islice(
        zip(itertools.islice(corpus().batches(), start, None), corpus().batches(start), strict=False), 20
    ):
        assert same(one, other)


def test_another_seed_gives_another_order():
    assert not same(next(corpus(seed=0).batches()), next(corpus(seed=1).batches()))


def test_measuring_reads_every_pair_once_in_one_order():
    batches = list(corpus().once())
    assert sorted(int(row[0]) for batch in batches for row in batch.ids) == [10 + i for i in range(45)]
    widths = [batch.targets.shape[1] for batch in batches]
    assert widths == sorted(widths)
    assert all(same(*two) for two in zip(batches, corpus().once(), strict=True))


def test_long_sentences_are_left_out():
    found = PairCorpus.of(model("encoder_decoder"), [("abc", "de"), ("abcdefgh", "a"), ("a", "abcdefgh")], 2, longest=6)
    assert len(found.pairs) == 1


def test_a_decoder_says_the_next_word():
    m = model("decoder_only")
    (found,) = NextWordCorpus.of(m, ["abc", "d", "abcdefghij"], 4, longest=5).once()
    a, b, c, d = m.tokenizer.encode("abcd").ids
    rows = sorted(zip(found.ids.tolist(), found.targets.tolist(), strict=True), key=lambda row: row[0][1] == 0)
    assert rows == [([a, b, c], [b, c, 2]), ([d, 0, 0], [2, 0, 0])] and found.target_ids is None


def test_within_a_budget_every_batch_has_about_as_many_tokens():
    budget = 60
    whole = replace(corpus(count=300), budget=budget)
    batches = list(itertools.islice(whole.batches(), 2 * whole.batches_an_epoch))
    sizes = [max(batch.ids.size, batch.targets.size) for batch in batches]
    assert max(sizes) <= budget and np.mean(sizes) > 0.8 * budget
    for epoch in (batches[: whole.batches_an_epoch], batches[whole.batches_an_epoch :]):
        seen = sorted(int(row[0]) for batch in epoch for row in batch.ids)
        assert seen == list(range(10, 310)), "every sentence once an epoch"
    assert any((a.ids.shape != b.ids.shape) for a, b in zip(batches, batches[whole.batches_an_epoch :], strict=False))


def test_a_sentence_longer_than_the_budget_is_a_batch_of_its_own():
    whole = replace(corpus(count=20), budget=1)
    assert whole.batches_an_epoch == 20
    assert all(batch.ids.shape[0] == 1 for batch in itertools.islice(whole.batches(7), 20))


def test_sources_fall_into_other_pieces_each_epoch_and_targets_do_not():
    translator = tutor.load_model("translator")
    pairs = [("Everybody remembered yesterday's conversation.", "大家都记得昨天的谈话。")] * 4
    plain = PairCorpus.of(translator, pairs, 4)
    other = PairCorpus.of(translator, pairs, 4, piece_dropout=0.5)
    unchanged, first, second = next(plain.batches()), next(other.batches()), next(other.batches(1))
    assert not same(first, unchanged) and not same(first, second)
    assert same(first, next(other.batches()))
    assert np.array_equal(first.targets, second.targets)
    for row in first.ids:
        assert translator.tokenizer.decode(row[: list(row).index(translator.config.end_id)]) == pairs[0][0]


def test_a_sentence_that_would_grow_too_long_stays_as_it_was():
    translator = tutor.load_model("translator")
    pairs = [("Everybody remembered yesterday's conversation.", "大家。")]
    longest = len(translator.tokenizer.encode(pairs[0][0]).ids) + 1
    corpus = PairCorpus.of(translator, pairs, 1, longest=longest, piece_dropout=0.9)
    assert next(corpus.batches()).ids.shape == (1, longest)


def test_two_pairs_follow_each_other_as_people_would_write_them():
    pairs = [("Sit down.", "坐下。"), ("Who, me?", "谁，我？"), ("Look", "看")]
    found = joined(pairs, 200, 0)
    assert len(found) == 200
    sources = {"Sit down.", "Who, me?"}
    assert set(found) == {(f"{s} {u}", f"{t}{v}") for s, t in pairs for u, v in pairs if s in sources}


def test_what_ends_without_a_mark_is_joined_where_nothing_has_one():
    assert joined([("one two", "")], 2, 0) == [("one two one two", "")] * 2


def test_of_several_translations_the_first_is_kept():
    pairs = [("a", "1"), ("b", "2"), ("a", "3"), ("c", "2"), ("b", "2")]
    assert first_of_each(pairs) == [("a", "1"), ("b", "2"), ("c", "2")] and first_of_each([]) == []


def test_nothing_is_joined_unless_asked_for():
    assert joined([("a", "b")], 0, 0) == joined([], 0, 0) == []


def test_a_source_is_written_as_people_type_it_and_its_target_stays():
    pairs = [("I don't know Tom.", "我不认识汤姆。")]
    found = as_typed(pairs, 400, 0)
    assert len(found) == 400 and {target for _, target in found} == {"我不认识汤姆。"}
    ways = itertools.product(("don't", "dont"), ("tom", "Tom"), ("", "."))
    assert {source for source, _ in found} == {f"i {verb} know {name}{mark}" for verb, name, mark in ways}
    assert found == as_typed(pairs, 400, 0) != as_typed(pairs, 400, 1)


def test_nothing_but_marks_is_left_as_it_is():
    assert {source for source, _ in as_typed([("?!", "？！"), ("'", "‘")], 50, 0)} == {"?!", "'"}


def test_nothing_is_typed_unless_asked_for():
    assert as_typed([("a", "b")], 0, 0) == as_typed([], 0, 0) == []
