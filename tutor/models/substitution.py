"""Pairs with a word changed for another, and its translation for that one's, so that rare words are read often.

    python -m tutor.models.substitution DATA

learns the lexicon of the translator's pairs (`lexicon.py`; it needs the package jieba) and writes, in DATA, the source
first:

- lexicon.tsv, each word and its meaning alone;
- phrases.tsv, the stretches of a few words that were translated alike more than once (`phrases.py`);
- substituted.tsv, pairs with a rare word put in (Fadaee et al. 2017, "Data Augmentation for Low-Resource Neural Machine
  Translation"). Where they ask a language model whether it may stand there, here its neighbours must have been seen;
- by_example.tsv, sentences of DATA/tatoeba_english.txt that stand in no pair, but differ from one that does in a single
  word (Nagao 1984, "A Framework of a Mechanical Translation … by Analogy Principle").
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from tutor.models.back_translation import CHINESE, ENGLISH, LONGEST_ENGLISH, alone, write_pairs
from tutor.models.corpus import Pair, read_lines
from tutor.models.errors import told_in_one_line
from tutor.models.lexicon import ENGLISH_WORD, Lexicon, chinese_words, learn
from tutor.models.phrases import phrases
from tutor.models.recipe import find_recipe, read_recipe
from tutor.models.training_run import read_corpus

LEXICON, PHRASES, SUBSTITUTED, BY_EXAMPLE = "lexicon.tsv", "phrases.tsv", "substituted.tsv", "by_example.tsv"
TOKEN = re.compile(rf"{ENGLISH_WORD.pattern}|[^\sA-Za-z]")
EDGE = ""  # stands before the first and behind the last token
RARE, OFTEN = 20, 80  # words seen more often are learnt as it is
RARE_PAIRS, PAIRS = 16, 8  # so many are made with a rare word, and with one less rare
MOST_NEIGHBOURS = 4000  # a word with more pairs of neighbours is at home everywhere
SURE_IN_PLACE = 0.2  # how sure it must be that a word of the target is what a word of the source became

Tokens = tuple[str, ...]
InFront = Mapping[str, set[str]]


@dataclass(frozen=True)
class Slot:
    """A word in a pair that may be changed, and what stands before it and behind it, on both sides."""

    word: str
    tokens: tuple[Tokens, Tokens]  # of the source, in small letters
    source: tuple[str, str]
    target: tuple[str, str]

    @property
    def neighbours(self) -> tuple[str, str]:
        """The tokens beside it."""
        before, behind = self.tokens
        return before[-1] if before else EDGE, behind[0] if behind else EDGE

    def takes(self, meaning: str, in_front: InFront) -> bool:
        """Whether a Chinese word was seen behind the character that stands in front here."""
        return self.target[0][-1:] in in_front.get(meaning, ())

    def filled(self, word: str, meaning: str) -> Pair:
        """The pair with another word there."""
        before, behind = self.source
        return before + (word if before else word[:1].upper() + word[1:]) + behind, meaning.join(self.target)


def slots(pairs: Sequence[Pair], lexicon: Lexicon) -> Iterator[Slot]:
    """The words of the pairs that have their meaning beside them, both once."""
    for source, target in dict.fromkeys(pairs):
        spans = [(match.group().lower(), match.span()) for match in TOKEN.finditer(source)]
        tokens = tuple(token for token, _span in spans)
        words = chinese_words(target)
        for place, (token, (start, end)) in enumerate(spans):
            said = [one.word for one in lexicon.meanings.get(token, ()) if one.sure >= SURE_IN_PLACE]
            found = next((word for word in said if words.count(word) == 1), None)
            if found is not None and tokens.count(token) == 1:
                at = words.index(found)
                cut = "".join(words[:at]), "".join(words[at + 1 :])
                yield Slot(token, (tokens[:place], tokens[place + 1 :]), (source[:start], source[end:]), cut)


def substituted(
    places: Iterable[Slot], lexicon: Lexicon, english: Iterable[str], in_front: InFront, seed: int = 0
) -> Iterator[Pair]:
    """Pairs with rare words of the lexicon in them; what may stand beside a word is learnt from the `english` lines."""
    left, right = neighbours(english)
    between: dict[tuple[str, str], list[Slot]] = defaultdict(list)
    for slot in places:
        between[slot.neighbours].append(slot)
    chance = np.random.default_rng(seed)
    made: set[Pair] = set()
    for word, seen in lexicon.seen.items():
        meaning = lexicon.meaning(word)
        if meaning is None or seen > OFTEN or len(left[word]) * len(right[word]) > MOST_NEIGHBOURS:
            continue
        # Sorted, since the order of a set of texts is another in every process.
        found = [
            slot
            for beside in product(sorted(left[word]), sorted(right[word]))
            for slot in between.get(beside, ())
            if slot.word != word and slot.takes(meaning, in_front)
        ]
        for number in chance.permutation(len(found))[: RARE_PAIRS if seen <= RARE else PAIRS]:
            pair = found[number].filled(lexicon.written[word], meaning)
            if pair not in made:
                made.add(pair)
                yield pair


def by_example(places: Iterable[Slot], lexicon: Lexicon, lines: Iterable[str], in_front: InFront) -> Iterator[Pair]:
    """What most examples say, for each of the lines that is like a translated sentence but for one word."""
    examples: dict[tuple[Tokens, Tokens], list[Slot]] = defaultdict(list)
    for slot in places:
        examples[slot.tokens].append(slot)
    for line in dict.fromkeys(lines):
        tokens = tuple(token.lower() for token in TOKEN.findall(line))
        said = Counter[str]()
        for place, word in enumerate(tokens):
            meaning = lexicon.meaning(word)
            if meaning is not None:
                found = examples.get((tokens[:place], tokens[place + 1 :]), ())
                said.update(meaning.join(slot.target) for slot in found if slot.takes(meaning, in_front))
        if said:
            yield line, said.most_common(1)[0][0]


def neighbours(lines: Iterable[str]) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """The tokens seen before each English token, and those seen behind it."""
    left: dict[str, set[str]] = defaultdict(set)
    right: dict[str, set[str]] = defaultdict(set)
    for line in dict.fromkeys(lines):
        tokens = [EDGE, *(token.lower() for token in TOKEN.findall(line)), EDGE]
        for before, token, behind in zip(tokens, tokens[1:], tokens[2:], strict=False):
            left[token].add(before)
            right[token].add(behind)
    return left, right


def characters_in_front(lines: Iterable[str]) -> dict[str, set[str]]:
    """The characters seen in front of each Chinese word."""
    found: dict[str, set[str]] = defaultdict(set)
    for line in dict.fromkeys(lines):
        before = EDGE
        for word in chinese_words(line):
            found[word].add(before[-1:])
            before = word
    return found


def main(data: Path) -> None:
    """All four files."""
    pairs, held_out = read_corpus(read_recipe(find_recipe("translator")), data)
    sources, targets = ([pair[side] for pair in pairs] for side in (0, 1))
    kept_out = {text for pair in held_out for text in pair}
    english, chinese = (
        [line for line in read_lines(data / name) if line not in kept_out] for name in (ENGLISH, CHINESE)
    )
    lexicon = learn(pairs)
    known = [(word, meaning) for word in lexicon.meanings if (meaning := lexicon.meaning(word))]
    write_pairs(data / LEXICON, ((lexicon.written[word], meaning) for word, meaning in known))
    write_pairs(data / PHRASES, phrases(pairs, lexicon))
    places = list(slots(pairs, lexicon))
    in_front = characters_in_front([*targets, *chinese])
    write_pairs(data / SUBSTITUTED, substituted(places, lexicon, [*sources, *english], in_front))
    write_pairs(data / BY_EXAMPLE, by_example(places, lexicon, alone(english, sources, LONGEST_ENGLISH), in_front))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with told_in_one_line():
        main(Path(sys.argv[1]))
