"""Learning a vocabulary from text: characters, then byte-pair merges (Sennrich, Haddow and Birch 2016, algorithm 1).

    python -m tutor.models.tokenizer_training pairs.tsv FOLDER

writes `tokenizer.json` (merges, from the first column) and `target_tokenizer.json` (characters, from the second): the
recipe of the translator's two vocabularies. With `words` or `characters` after the folder it writes the one vocabulary
of a model that reads masks, from the lines (their last column) of any text.
"""

from __future__ import annotations

import heapq
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from tutor.models.tokenizer import BYTES, WORD, Tokenizer
from tutor.models.tokenizer_file import save_tokenizer

SPECIALS = ("<pad>", "<start>", "<end>")
MASKED_SPECIALS = ("[PAD]", "[CLS]", "[SEP]", "[MASK]")
SOURCE_SIZE = 4000
MASKED_LEAST_SEEN = 3
Pair = tuple[str, str]
LEAST_SEEN = 2  # a character seen once teaches nothing; it is spelt in bytes


def train_characters(texts: Iterable[str], least: int = LEAST_SEEN, specials: tuple[str, ...] = SPECIALS) -> Tokenizer:
    """One token a character seen at least `least` times, the commonest first; all others as bytes."""
    counts = Counter(character for text in texts for character in text)
    return Tokenizer([("special", specials), ("bytes", ()), ("characters", sorted_by_count(counts, least))])


def train_merges(
    texts: Iterable[str], size: int, least: int = LEAST_SEEN, specials: tuple[str, ...] = SPECIALS
) -> Tokenizer:
    """A byte-pair vocabulary of `size` ids, fewer where the texts have no pair left that occurs twice."""
    words = Counter(word for text in texts for word in WORD.findall(" " + text))
    characters = sorted_by_count(Counter("".join(words.elements())), least)
    room = size - len(specials) - BYTES - len(characters)
    merges = learn_merges(words, set(characters), room)
    segments = [("special", specials), ("bytes", ()), ("characters", characters), ("merges", merges)]
    return Tokenizer(segments, leading_space=True)


def sorted_by_count(counts: Counter[str], least: int) -> str:
    """The characters of a vocabulary. What cannot be seen (zero-width and control characters) has no place in one."""
    kept = [character for character, count in counts.items() if count >= least and character.isprintable()]
    return "".join(sorted(kept, key=lambda character: (-counts[character], character)))


def learn_merges(words: Counter[str], alphabet: set[str], room: int) -> tuple[Pair, ...]:
    """Merge the commonest pair (among equals, the first in code point order) until `room` new pieces are made.

    Counts are kept up to date word by word, and the heap holds stale entries, which are skipped when they surface.
    """
    spellings = [[c if c in alphabet else None for c in word] for word in words]
    occurrences = list(words.values())
    counts: Counter[Pair] = Counter()
    places: dict[Pair, set[int]] = defaultdict(set)
    for word, symbols in enumerate(spellings):
        for pair in pairs_of(symbols):
            counts[pair] += occurrences[word]
            places[pair].add(word)
    heap = [(-count, pair) for pair, count in counts.items()]
    heapq.heapify(heap)
    merges: list[Pair] = []
    made = set(alphabet)
    while heap and room > 0:
        negative, pair = heapq.heappop(heap)
        if -negative != counts[pair]:
            continue  # stale: the count has changed since this entry was pushed
        if counts[pair] < 2:
            break
        merges.append(pair)
        room -= "".join(pair) not in made
        made.add("".join(pair))
        changed: Counter[Pair] = Counter()
        for word in places.pop(pair):
            before, spellings[word] = spellings[word], merge_pair(spellings[word], pair)
            for old in pairs_of(before):
                changed[old] -= occurrences[word]
            for new in pairs_of(spellings[word]):
                changed[new] += occurrences[word]
                places[new].add(word)
        for other in (other for other, difference in changed.items() if difference):
            counts[other] += changed[other]
            heapq.heappush(heap, (-counts[other], other))
    return tuple(merges)


def pairs_of(symbols: list) -> list[Pair]:
    """The neighbours that may merge; None stands for a character outside the alphabet, which never does."""
    return [pair for pair in pairwise(symbols) if None not in pair]


def merge_pair(symbols: list, pair: Pair) -> list:
    """The symbols with every occurrence of the pair made one, from left to right."""
    merged: list = []
    for symbol in symbols:
        if merged and symbol == pair[1] and merged[-1] == pair[0]:
            merged[-1] = pair[0] + pair[1]
        else:
            merged.append(symbol)
    return merged


def main(file: str, folder: str, kind: str = "pairs") -> None:
    """Learn both vocabularies of the translator from tab-separated pairs, or one with masks (`kind`) from lines."""
    rows = [line.split("\t") for line in Path(file).read_text(encoding="utf-8").splitlines()]
    lines = (row[-1] for row in rows)
    if kind == "words":
        masked = train_merges(lines, SOURCE_SIZE, specials=MASKED_SPECIALS)
        return save_tokenizer(masked, Path(folder) / "tokenizer.json")
    if kind == "characters":
        masked = train_characters(lines, MASKED_LEAST_SEEN, MASKED_SPECIALS)
        return save_tokenizer(masked, Path(folder) / "tokenizer.json")
    save_tokenizer(train_merges((row[0] for row in rows), SOURCE_SIZE), Path(folder) / "tokenizer.json")
    save_tokenizer(train_characters(row[1] for row in rows), Path(folder) / "target_tokenizer.json")
    return None


if __name__ == "__main__":
    main(*sys.argv[1:4])
