"""What a masked model learns from: BERT's rule, two sentences at a time, half of them neighbours."""

import numpy as np
import pytest

from tests.models.masks import LETTERS, reader
from tests.models.test_corpus import same
from tutor.models.errors import ModelError
from tutor.models.masked_corpus import ANOTHER, FOLLOWS, MaskedCorpus

LINES = [(LETTERS[: 4 + i % 12], "") for i in range(4000)]
UNFRAMED = ("<pad>", "<start>", "<end>", "<mask>")


def counts(found, mask_id):
    """How many tokens are words, asked for, masked, and kept."""
    words = asked = masked = kept = 0
    for batch in found.once():
        chosen = batch.targets != 0
        assert chosen.any(axis=1).all(), "every sentence is asked something"
        asked += chosen.sum()
        masked += (batch.ids[chosen] == mask_id).sum()
        kept += (batch.ids[chosen] == batch.targets[chosen]).sum()
        words += (~np.isin(batch.ids, [0, 1, 2])).sum()
    return words, asked, masked, kept


@pytest.mark.parametrize("specials", [UNFRAMED, ("[PAD]", "[CLS]", "[SEP]", "[MASK]")])
def test_masks_follow_berts_rule(specials):
    m = reader(("words",), specials, segments=0)
    found = MaskedCorpus.of(m, LINES, 500)
    words, asked, masked, kept = counts(found, 3)
    assert masked / asked == pytest.approx(0.8, abs=0.03)
    assert kept / asked == pytest.approx(0.1, abs=0.03)
    assert 0.15 <= asked / words < 0.2
    one, other = (next(found.batches(5)) for _ in range(2))
    assert same(one, other), "masks follow from the batch's number"


def test_start_and_separators_are_neither_asked_for_nor_put_in_a_words_place():
    for batch in MaskedCorpus.of(reader(), [("abcd", "efgh")] * 900, 100).once():
        frame = np.array([True, *[False] * 4, True, *[False] * 4, True])
        assert not (batch.targets[:, frame]).any()
        assert (batch.ids[:, frame] == [1, 2, 2]).all() and not np.isin(batch.ids[:, ~frame], [0, 1, 2]).any()
        assert (batch.segment_ids == [0] * 6 + [1] * 5).all()


def neighbours(count, seed=0):
    """Pairs of different words, the second ones of three to six letters."""
    chance = np.random.default_rng(seed)
    firsts = sorted({"".join(chance.choice(list(LETTERS), 5)) for _ in range(count)})
    return [(first, "".join(chance.choice(list(LETTERS), 3 + i % 4))) for i, first in enumerate(firsts)]


def test_half_of_the_second_sentences_follow():
    m, pairs = reader(), neighbours(4000)
    encode = m.tokenizer.encode
    true = {encode(first).ids: encode(second).ids for first, second in pairs}
    answers = []
    for batch in MaskedCorpus.of(m, pairs, 200).once():
        classes = batch.task_targets["next_sentence"]
        assert classes.shape == (len(batch.ids), 1)
        for row, answer in zip(np.where(batch.targets != 0, batch.targets, batch.ids).tolist(), classes, strict=True):
            first, second = tuple(row[1:6]), tuple(row[7 : row.index(2, 7)])
            assert row[6] == 2 and len(second) == len(true[first]), "the length of the second tells nothing"
            assert (true[first] == second) == (answer[0] == FOLLOWS)
            answers.append(answer[0] == ANOTHER)
    assert np.mean(answers) == pytest.approx(0.5, abs=0.03)


def test_of_a_sentence_alone_nothing_is_asked_about_the_next():
    (batch,) = MaskedCorpus.of(reader(), [("abcd", ""), ("efgh", "ijkl")], 4).once()
    assert sorted(batch.task_targets["next_sentence"].ravel().tolist())[0] == -1
    assert {tuple(row) for row in batch.segment_ids.tolist()} == {(0,) * 11, (0,) * 6 + (1,) * 5}


def test_without_the_task_some_sentences_get_another_so_that_segments_are_learned():
    found = MaskedCorpus.of(reader(("words",)), [("abcd", "")] * 400 + [("efgh", "")] * 400, 50)
    both = [bool(second) for _first, second in found.pairs]
    assert np.mean(both) == pytest.approx(0.3, abs=0.06)
    batches = list(found.once())
    assert all(batch.task_targets is None for batch in batches)
    assert any(batch.segment_ids.any() for batch in batches)


def test_long_pairs_are_left_out_and_a_model_without_a_mask_cannot_learn():
    assert (
        len(MaskedCorpus.of(reader(), [("abcd", "efgh"), ("abcd", "efghi"), ("abcdefgh", "")], 2, longest=11).pairs)
        == 2
    )
    with pytest.raises(ModelError, match="no token <mask>"):
        MaskedCorpus.of(reader(specials=UNFRAMED[:3]), LINES, 4)
