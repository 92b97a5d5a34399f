"""Which English word means which Chinese one: a lexicon learnt from the pairs alone, by IBM Model 1.

A small translator is at home in frequent words and guesses rare ones by their letters: it had read "diary" eight times
beside 日记 and still wrote 钻石, as for "diamond". Counting does better there. What is counted here, `substitution.py`
turns into pairs to learn from (Nguyen and Chiang 2018 describe the fault, Fadaee et al. 2017 this remedy).
"""

from __future__ import annotations

import importlib
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from tutor.models.corpus import Pair
from tutor.models.errors import ModelError

ENGLISH_WORD = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*")
CHINESE_WORD = re.compile(r"[\u4e00-\u9fff·]+")
ROUNDS = 6
LEAST = 0.1  # a meaning less sure than this is none
# How sure a word's first meaning must be, by how often the word was seen, for a pair to be made of it.
SURE_ONCE, SURE_SELDOM, SURE, SELDOM = 0.33, 0.25, 0.2, 3
SURE_TO_BE_SAID, FREQUENT = 0.3, 300  # how sure the meaning of a word no more frequent is, for a translation to need it

Sides = tuple[list[str], list[str]]
Probabilities = dict[tuple[str, str], float]


@dataclass(frozen=True)
class Meaning:
    """A translation of a word; `sure` is √(p(translation | word) · p(word | translation))."""

    word: str
    sure: float


@dataclass(frozen=True)
class Lexicon:
    """The meanings of each English word, the surest first; in how many pairs it stands, and how it is written."""

    meanings: Mapping[str, tuple[Meaning, ...]]
    seen: Mapping[str, int]
    written: Mapping[str, str]

    def meaning(self, word: str) -> str | None:
        """The one translation of a word, where it is sure enough to be taught."""
        found, seen = self.meanings.get(word), self.seen.get(word, 0)
        least = SURE_ONCE if seen == 1 else SURE_SELDOM if seen <= SELDOM else SURE
        return found[0].word if found and found[0].sure >= least else None


def english_words(text: str) -> list[str]:
    """The words of an English sentence, in small letters."""
    return [word.lower() for word in ENGLISH_WORD.findall(text)]


@cache  # lexicon, phrases and changed pairs are all made of the same sentences
def chinese_words(text: str) -> tuple[str, ...]:
    """A Chinese sentence cut into words and marks. Raises ModelError where the package that cuts is not installed."""
    return tuple(_cutter().cut(text))


@cache
def _cutter() -> Any:
    try:
        jieba: Any = importlib.import_module("jieba")
    except ImportError:
        raise ModelError(
            "cutting Chinese into words needs the package jieba: pip install 'transformer-tutor[corpus]'"
        ) from None
    jieba.setLogLevel("ERROR")  # it tells of its dictionary otherwise
    return jieba


def learn(pairs: Sequence[Pair]) -> Lexicon:
    """The lexicon of the pairs, English first."""
    sides = words_of(pairs)
    forward, backward = both_ways(sides)
    found: dict[str, list[Meaning]] = {}
    for (english, chinese), probability in forward.items():
        sure = math.sqrt(probability * backward.get((chinese, english), 0.0))
        if english and sure > LEAST:
            found.setdefault(english, []).append(Meaning(chinese, sure))
    return Lexicon(
        {word: tuple(sorted(all_of_it, key=lambda one: -one.sure)) for word, all_of_it in found.items()},
        Counter(word for english, _chinese in sides for word in dict.fromkeys(english)),
        _as_written(pairs),
    )


def words_of(pairs: Iterable[Pair]) -> list[Sides]:
    """The words of each pair, without marks; every pair once."""
    return [
        (english_words(source), [word for word in chinese_words(target) if CHINESE_WORD.fullmatch(word)])
        for source, target in dict.fromkeys(pairs)
    ]


def both_ways(sides: Sequence[Sides]) -> tuple[Probabilities, Probabilities]:
    """p(Chinese | English), and the other way about."""
    return word_probabilities(sides), word_probabilities([(chinese, english) for english, chinese in sides])


def word_probabilities(sides: Sequence[Sides]) -> Probabilities:
    """p(target word | source word) of each two that stand in a pair together: IBM Model 1 (Brown et al. 1993, eq. 17).

    Every target word was said because of one of the source words, or of none (""); which, is what
    expectation–maximisation finds out, from all being as likely.
    """
    numbers: dict[str, int] = {"": 0}
    causes, said, places = _possible_causes(sides, numbers)
    if not places.size:
        return {}
    together, kind = np.unique(causes * len(numbers) + said, return_inverse=True)  # each two words, by one number
    cause = together // len(numbers)
    probability = np.ones(len(together))
    for _round in range(ROUNDS):
        share = probability[kind]
        share /= np.bincount(places, share)[places]  # expectation: which cause each target word had
        count = np.bincount(kind, share)
        probability = count / np.bincount(cause, count)[cause]  # maximisation
    words = list(numbers)
    return {
        (words[which // len(words)], words[which % len(words)]): chance
        for which, chance in zip(together.tolist(), probability.tolist(), strict=True)
    }


def _possible_causes(sides: Sequence[Sides], numbers: dict[str, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every source word with every target word of its pair: both words' numbers, and which target word of all it is.

    Words not met before get the next number.
    """
    found: list[tuple[int, int, int]] = []
    place = 0
    for source, target in sides:
        because = [numbers.setdefault(word, len(numbers)) for word in ("", *source)]
        for word in target:
            said = numbers.setdefault(word, len(numbers))
            found += [(cause, said, place) for cause in because]
            place += 1
    causes, all_said, places = np.array(found, dtype=np.int64).reshape(-1, 3).T
    return causes, all_said, places


def _as_written(pairs: Sequence[Pair]) -> dict[str, str]:
    """How each word is mostly written; at the beginning of a sentence all words have a large letter."""
    forms: dict[str, Counter[str]] = {}
    for source, _target in pairs:
        for place, word in enumerate(ENGLISH_WORD.findall(source)):
            forms.setdefault(word.lower(), Counter())[word] += 3 if place else 1
    return {word: counts.most_common(1)[0][0] for word, counts in forms.items()}


def says_its_words(lexicon: Lexicon, pair: Pair) -> bool:
    """Whether no word is lost whose meaning is known: the target has one of its, or a character of the surest.

    The most frequent words are not asked for: a sentence does well without a word for "a".
    """
    source, target = pair
    for word in set(english_words(source)):
        meanings = lexicon.meanings.get(word, ())
        if meanings and meanings[0].sure >= SURE_TO_BE_SAID and lexicon.seen[word] <= FREQUENT:
            if not set(meanings[0].word) & set(target) and not any(one.word in target for one in meanings):
                return False
    return True
