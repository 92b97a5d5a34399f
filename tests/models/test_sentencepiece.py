"""SentencePiece models read without their library, and held against it where it is installed; files that lie."""

import json
import struct

import numpy as np
import pytest
from safetensors.numpy import save_file

import tutor
from tests.models.test_published import settings, tensors
from tutor.models.errors import ModelError
from tutor.models.published.sentencepiece_file import BPE, CONTROL, DEFINED, UNKNOWN, Piece, read_pieces
from tutor.models.published.sentencepiece_tokenizer import merges, open_marian, open_t5

library = pytest.importorskip("tokenizers")

TEXTS = (
    "I am a student", "  two  spaces ", "", " ", "unbelievable", "naïve café", "我是学生", "a🙂b", "x\ty\nz", "£5 – 9%",
    "ﬁne ＡＢＣ", "</s> in a text", "the the", "ＷＨＡＴ？", "q" * 40,
)  # fmt: skip


def varint(number):
    found = bytearray()
    while True:
        number, low = number >> 7, number & 127
        found.append(low | (128 if number else 0))
        if not number:
            return bytes(found)


def entry(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def message(*fields):
    return b"".join(entry(number, value) for number, value in fields)


def spm(path, pieces, algorithm=1, *, unknown=0, normal=()):
    """A model file written by hand."""
    data = b"".join(
        entry(1, message((1, one.text.encode()), (2, float(one.score)), (3, one.kind), (99, b"more"))) for one in pieces
    )
    data += entry(2, message((3, algorithm), (40, unknown), (77, 1 << 60), (78, 1.5))) + entry(3, message(*normal))
    path.write_bytes(data + entry(5, b"what is not asked for"))
    return path


PIECES = [
    Piece("<unk>", 0, UNKNOWN), Piece("</s>", 0, CONTROL), Piece("▁", -3), Piece("▁stu", -2), Piece("dent", -2.5),
    Piece("s", -4), Piece("t", -4), Piece("u", -4), Piece("<here>", 0, DEFINED),
]  # fmt: skip


def test_the_likeliest_pieces_make_a_text(tmp_path):
    inner = open_t5(library, spm(tmp_path / "spiece.model", PIECES))
    assert read_pieces(tmp_path / "spiece.model").pieces == PIECES
    assert inner.encode("student  tus", add_special_tokens=False).tokens == ["▁stu", "dent", "▁", "t", "u", "s"]
    assert inner.encode("stu Q").ids == [3, 2, 0, 1]
    assert inner.token_to_id("<extra_id_99>") == 9 and inner.token_to_id("<extra_id_0>") == 108
    assert inner.decode([3, 4, 2, 6], skip_special_tokens=True) == "student t"


def test_pairs_are_merged_by_the_score_of_what_they_make(tmp_path):
    pieces = [Piece("<unk>", 0, UNKNOWN), *(Piece(one, -9) for one in "▁abc"), Piece("ab", -1), Piece("bc", -0.5)]
    pieces.append(Piece("▁abc", -2))
    assert list(merges(pieces)) == [("b", "c"), ("a", "b")]
    inner = open_t5(library, spm(tmp_path / "spiece.model", pieces, BPE))
    assert inner.encode("abc", add_special_tokens=False).tokens == ["▁", "a", "bc"]


@pytest.fixture
def marian(tmp_path):
    """Two models whose pieces have other numbers than their places."""
    numbers = {"</s>": 0, "<unk>": 1, ">>cmn<<": 2, "▁stu": 3, "dent": 4, "▁": 5, "学": 6, "生": 7, "t": 8, "<pad>": 10}
    numbers["u"] = 9
    (tmp_path / "vocab.json").write_text(json.dumps(numbers), encoding="utf-8")
    spm(tmp_path / "source.spm", PIECES)
    spm(tmp_path / "target.spm", [PIECES[0], PIECES[1], Piece("▁", -1), Piece("学", -2), Piece("生", -2)])
    return tmp_path


def test_marians_pieces_have_the_numbers_of_its_vocabulary(marian):
    source = open_marian(library, marian / "source.spm", marian / "vocab.json")
    found = source.encode(">>cmn<< student t")
    assert found.ids == [2, 3, 4, 5, 8, 0]
    assert [">>cmn<< student t"[a:b] for a, b in found.offsets] == [">>cmn<< ", "stu", "dent", " ", "t", ""]
    assert source.encode("studentQ", add_special_tokens=False).ids == [3, 4, 1]
    assert source.encode(">>xyz<< t").ids[0] != 2
    target = open_marian(library, marian / "target.spm", marian / "vocab.json")
    assert target.encode("学生").ids == [5, 6, 7, 0] and target.decode([5, 6, 7, 0, 10, 99]) == "学生"


def test_a_folder_without_tokenizer_json_opens(marian):
    settings(marian)
    save_file(tensors(), marian / "model.safetensors")
    model = tutor.load_model(marian)
    trace = model.trace("student t")
    assert trace["tokens"].value.tolist() == [3, 4, 5, 8, 0]
    assert trace["tokens"].labels[0][:2] == ("stu", "+dent")
    assert model.target_tokenizer.decode([6, 7]) == "学生"
    spm(marian / "spiece.model", PIECES[:8])
    assert tutor.load_model(marian).tokenizer.encode("student").ids == (3, 4)


@pytest.mark.parametrize("cut", [1, 7, 40, -3])
def test_a_file_cut_short_is_named(tmp_path, cut):
    path = spm(tmp_path / "spiece.model", PIECES)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ModelError, match=r"spiece.model: not a SentencePiece model"):
        read_pieces(path)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xff" * 40, b"\x0b", entry(1, 5), entry(1, entry(1, b"\xff")), entry(1, entry(2, b"abc")),
        entry(1, entry(3, b"x")), message((1, entry(1, b"a")), (2, entry(40, 9))), b"\x0a\xff\xff\xff\xff\x7f",
    ],
)  # fmt: skip
def test_a_file_that_lies_is_named(tmp_path, data):
    (tmp_path / "spiece.model").write_bytes(data)
    with pytest.raises(ModelError, match=r"spiece.model: not a SentencePiece model"):
        read_pieces(tmp_path / "spiece.model")


def test_other_kinds_are_refused(tmp_path):
    with pytest.raises(ModelError, match="of a kind that is not supported"):
        read_pieces(spm(tmp_path / "spiece.model", PIECES, algorithm=4))
    (tmp_path / "vocab.json").write_text('{"a": "b"}')
    with pytest.raises(ModelError, match="vocab.json: not the numbers of a vocabulary"):
        open_marian(library, spm(tmp_path / "source.spm", PIECES), tmp_path / "vocab.json")


@pytest.mark.parametrize("algorithm", ["unigram", "bpe"])
@pytest.mark.parametrize("rule", ["nmt_nfkc", "identity"])
def test_it_cuts_as_the_library_of_the_format_does(tmp_path, algorithm, rule):
    theirs = pytest.importorskip("sentencepiece")
    words = "the student of a café drinks naïve tea with 100 friends in an unbelievable house on the river".split()
    random = np.random.default_rng(0)
    lines = [" ".join(random.choice(words, 7)) for _line in range(300)] + ["我是学生 你是老师"] * 9
    (tmp_path / "corpus.txt").write_text("\n".join(lines), encoding="utf-8")
    theirs.SentencePieceTrainer.train(
        input=str(tmp_path / "corpus.txt"), model_prefix=str(tmp_path / "m"), vocab_size=90, model_type=algorithm,
        normalization_rule_name=rule, hard_vocab_limit=False, pad_id=0, eos_id=1, unk_id=2, bos_id=-1, minloglevel=2,
    )  # fmt: skip
    expected = theirs.SentencePieceProcessor(model_file=str(tmp_path / "m.model"))
    inner = open_t5(library, tmp_path / "m.model")
    for text in (*TEXTS, *lines[:40]):
        if "</s>" not in text:  # which ends a text here, as in `tokenizer.json`
            assert inner.encode(text, add_special_tokens=False).ids == expected.encode(text), text
        ids = expected.encode(text)
        if expected.unk_id() not in ids:
            assert inner.decode(ids) == expected.decode(ids), text
