"""The lexicon that is learnt from pairs, and the pairs that are made with it."""

import itertools
import subprocess
import sys

import pytest

from tutor.models import lexicon as lexicon_module
from tutor.models import substitution
from tutor.models.back_translation import CHINESE, ENGLISH
from tutor.models.corpus import read_pairs
from tutor.models.errors import ModelError
from tutor.models.lexicon import Lexicon, Meaning, both_ways, learn, says_its_words, word_probabilities, words_of
from tutor.models.phrases import consistent, links, phrases
from tutor.models.substitution import by_example, characters_in_front, slots, substituted

ANIMALS = {"cat": "猫", "dog": "狗", "horse": "马"}
PAIRS = [
    *((f"I see a {word}.", f"我看到一只{chinese}。") for word, chinese in ANIMALS.items()),
    *((f"The {word} sleeps.", f"{chinese}在睡觉。") for word, chinese in ANIMALS.items()),
    ("Tom likes the cat.", "汤姆喜欢猫。"),
    ("Tom likes the kitchen.", "汤姆喜欢厨房。"),
    ("Mary likes the kitchen.", "玛丽喜欢厨房。"),
    ("I clean the kitchen.", "我打扫厨房。"),
]


@pytest.fixture(scope="module")
def lexicon():
    return learn(PAIRS)


def test_probabilities_are_those_of_model_1():
    """Against the definition, one alignment at a time; the example is that of every textbook."""
    sides = [(["the", "house"], ["das", "haus"]), (["the", "book"], ["das", "buch"]), (["a", "book"], ["ein", "buch"])]
    words = [{"", *english} for english, _german in sides]
    chance = {(e, g): 1.0 for english, (_e, german) in zip(words, sides, strict=True) for e in english for g in german}
    for _round in range(6):
        counts = dict.fromkeys(chance, 0.0)
        for english, (_e, german) in zip(words, sides, strict=True):
            for g in german:
                total = sum(chance[e, g] for e in english)
                for e in english:
                    counts[e, g] += chance[e, g] / total
        totals = {e: sum(n for (one, _g), n in counts.items() if one == e) for e, _g in counts}
        chance = {(e, g): n / totals[e] for (e, g), n in counts.items()}
    found = word_probabilities(sides)
    assert found == {pair: pytest.approx(p) for pair, p in chance.items()}
    assert found["house", "haus"] > 0.6 and found["book", "buch"] > 0.8
    for word in {e for e, _g in found}:
        assert sum(p for (e, _g), p in found.items() if e == word) == pytest.approx(1)


def test_what_cuts_chinese_is_asked_for(monkeypatch):
    monkeypatch.setitem(sys.modules, "jieba", None)
    for kept in (lexicon_module._cutter, lexicon_module.chinese_words):
        kept.cache_clear()
    with pytest.raises(ModelError, match=r"needs the package jieba: pip install 'transformer-tutor\[corpus\]'"):
        lexicon_module.chinese_words("我")
    lexicon_module._cutter.cache_clear()


def test_no_pairs_have_no_lexicon():
    assert word_probabilities([]) == {} and learn([]).meanings == {}
    assert list(phrases([], learn([]))) == []


def test_words_are_known_by_what_stands_beside_them(lexicon):
    for word, chinese in ANIMALS.items():
        assert lexicon.meanings[word][0].word == chinese == lexicon.meaning(word)
    assert lexicon.meaning("kitchen") == "厨房"
    assert lexicon.meaning("zebra") is None
    assert (lexicon.seen["cat"], lexicon.seen["the"]) == (3, 7)
    assert list(lexicon.seen)[:4] == ["i", "see", "a", "cat"], "in the same order in every process"
    for found in lexicon.meanings.values():
        assert [one.sure for one in found] == sorted((one.sure for one in found), reverse=True)


def test_names_keep_their_large_letter_and_first_words_do_not(lexicon):
    assert [lexicon.written[word] for word in ("tom", "i", "the", "cat")] == ["Tom", "I", "the", "cat"]


def test_a_word_seen_once_must_be_surer():
    meanings = {"a": (Meaning("甲", 0.3),), "b": (Meaning("乙", 0.3),)}
    rare = Lexicon(meanings, {"a": 1, "b": 2}, {})
    assert rare.meaning("a") is None and rare.meaning("b") == "乙"


@pytest.mark.parametrize(
    ("target", "right"), [("我喜欢厨房。", True), ("我喜欢厨具。", True), ("我喜欢。", False), ("", False)]
)
def test_a_known_word_must_not_be_lost(target, right):
    meanings = {"kitchen": (Meaning("厨房", 0.9),), "like": (Meaning("爱", 0.2),), "the": (Meaning("这", 0.9),)}
    known = Lexicon(meanings, {"kitchen": 9, "like": 9, "the": 9000}, {})
    assert says_its_words(known, ("I like the kitchen.", target)) == right


def test_the_linked_words_are_each_others_likeliest():
    sides = words_of(PAIRS)
    english, chinese = sides[0]
    linked = links(english, chinese, *both_ways(sides))
    assert chinese[linked[english.index("cat")]] == "猫"
    assert len(set(linked.values())) == len(linked)
    assert links(["cat"], [], {}, {}) == {} and links([], ["猫"], {}, {}) == {}


def test_phrases_do_not_cut_a_link():
    """w1 -> c2, w2 -> c1, w4 -> c3: the first two belong together, and so do all; w3 comes along inside only."""
    found = set(consistent(["w1", "w2", "w3", "w4"], ["c1", "c2", "c3"], {0: 1, 1: 0, 3: 2}))
    assert found == {("w1", "c2"), ("w2", "c1"), ("w4", "c3"), ("w1 w2", "c1c2"), ("w1 w2 w3 w4", "c1c2c3")}


def test_what_is_translated_alike_twice_is_a_phrase():
    said = [
        ("Tom loves green tea.", "汤姆喜欢绿茶。"),
        ("We drink tea.", "我们喝茶。"),
        ("Tom loves us.", "汤姆喜欢我们。"),
    ]
    more = [("We drink water.", "我们喝水。"), ("Tom sleeps.", "汤姆睡觉。"), ("She loves water.", "她喜欢水。")]
    assert dict(phrases([*said, *more], learn([*said, *more]))) == {"Tom loves": "汤姆喜欢"}
    assert not dict(phrases([*said[:2], *more], learn([*said[:2], *more]))), "said once"


def beside(line):
    """Each two tokens of an English sentence that stand beside each other, its edges among them."""
    return set(itertools.pairwise(["", *substitution.TOKEN.findall(line.lower()), ""]))


def test_a_rare_word_stands_where_its_neighbours_were_seen(lexicon):
    places = list(slots(PAIRS, lexicon))
    assert any(slot.word == "cat" and slot.neighbours == ("a", ".") for slot in places)
    english, chinese = [s for s, _t in PAIRS], [t for _s, t in PAIRS]
    in_front = characters_in_front(chinese)
    made = list(substituted(places, lexicon, english, in_front))
    assert ("Tom likes the kitchen.", "汤姆喜欢厨房。") in made, "the kitchen in the cat's place"
    assert made == list(substituted(places, lexicon, english, in_front)), "the same each time"
    assert len(set(made)) == len(made)
    seen = {two for line in english for two in beside(line)}
    for source, target in made:
        assert beside(source) <= seen, source
        assert any(lexicon.meaning(word) in target for word in source.lower().split(" ") if lexicon.meaning(word))
    assert not list(substituted(places, lexicon, english, {})), "nothing was seen in front of any word"


def test_a_word_at_the_beginning_gets_a_large_letter():
    slot = substitution.Slot("cats", ((), ("sleep", ".")), ("", " sleep."), ("", "在睡觉。"))
    assert slot.filled("dogs", "狗") == ("Dogs sleep.", "狗在睡觉。")
    assert slot.neighbours == ("", "sleep")


def test_a_sentence_that_differs_in_one_word_is_translated_by_example(lexicon):
    in_front = characters_in_front(t for _s, t in PAIRS)
    lines = [
        "Mary likes the cat.",
        "I see a kitchen.",
        "I see two cats.",
        "Mary likes the zebra.",
        "I clean the kitchen.",
    ]
    found = dict(by_example(slots(PAIRS, lexicon), lexicon, lines, in_front))
    assert found["Mary likes the cat."] == "玛丽喜欢猫。"
    assert not {"I see two cats.", "Mary likes the zebra."} & set(found)
    assert "I see a kitchen." not in found, "只 was never seen in front of 厨房"


def test_the_files_have_the_source_first_and_nothing_that_is_held_out(tmp_path, monkeypatch):
    monkeypatch.setattr(substitution, "read_corpus", lambda recipe, data: (PAIRS[:-1], PAIRS[-1:]))
    (tmp_path / ENGLISH).write_text("Mary likes the cat.\nI clean the kitchen.\n", encoding="utf-8")
    (tmp_path / CHINESE).write_text("我打扫厨房。\n", encoding="utf-8")
    substitution.main(tmp_path)
    made = {name: read_pairs(tmp_path / name) for name in ("lexicon.tsv", "substituted.tsv", "by_example.tsv")}
    assert ("cat", "猫") in made["lexicon.tsv"]
    assert ("Mary likes the cat.", "玛丽喜欢猫。") in made["by_example.tsv"]
    assert not any("打扫" in target for pairs in made.values() for _source, target in pairs)
    assert (tmp_path / "phrases.tsv").exists()


@pytest.mark.parametrize("module", ["substitution", "back_translation", "agreement"])
def test_a_missing_corpus_is_told_in_one_line(module, tmp_path):
    more = {"substitution": [], "back_translation": [tmp_path / "out", "translator"], "agreement": ["translator"] * 2}
    command = [sys.executable, "-m", f"tutor.models.{module}", tmp_path, *more[module]]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 1 and ended.stderr.count("\n") == 1
    assert ended.stderr.startswith("error: the corpus ") and "is not there" in ended.stderr
