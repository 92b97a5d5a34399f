"""Stretches of words that are translated alike more than once: the phrase table of older machine translation.

Koehn, Och and Marcu 2003, "Statistical Phrase-Based Translation", section 4.1: two stretches belong together if no word
of either has its translation outside the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tutor.models.corpus import Pair
from tutor.models.lexicon import Lexicon, Probabilities, both_ways, words_of

LONGEST = 4  # English words; the Chinese ones are at most one more
SEEN = 2
# What share of a stretch's translations this one must be, and of what it translates.
SHARE, SHARE_BACK = 0.4, 0.25
LINKED = 0.01  # p(Chinese | English) · p(English | Chinese) of two words that are taken for each other's translation

Links = dict[int, int]  # the place of an English word -> that of its translation


def phrases(pairs: Sequence[Pair], lexicon: Lexicon) -> Iterator[Pair]:
    """Phrases of two English words or more, each with the translation it mostly has."""
    sides = words_of(pairs)
    tables = both_ways(sides)
    together: Counter[Pair] = Counter()
    for english, chinese in sides:
        together.update([*dict.fromkeys(consistent(english, chinese, links(english, chinese, *tables)))])
    sources, targets = Counter[str](), Counter[str]()
    for (source, target), count in together.items():
        sources[source] += count
        targets[target] += count
    for (source, target), count in together.items():
        often = count >= SEEN and count >= SHARE * sources[source] and count >= SHARE_BACK * targets[target]
        if often and " " in source and len(target) > 1:
            yield " ".join(lexicon.written.get(word, word) for word in source.split()), target


def links(english: Sequence[str], chinese: Sequence[str], forward: Probabilities, backward: Probabilities) -> Links:
    """The words of a pair that are each other's likeliest translation."""
    found: Links = {}
    for place, word in enumerate(english):
        at = max(range(len(chinese)), key=lambda one: backward.get((chinese[one], word), 0.0), default=None)
        if at is None:
            continue
        theirs = max(range(len(english)), key=lambda one: forward.get((english[one], chinese[at]), 0.0))
        both = forward.get((word, chinese[at]), 0.0) * backward.get((chinese[at], word), 0.0)
        if theirs == place and both > LINKED:
            found[place] = at
    return found


def consistent(english: Sequence[str], chinese: Sequence[str], linked: Links) -> Iterator[Pair]:
    """The stretches of a pair that belong together, from a word with a translation to another."""
    for first in linked:
        for last in range(first, min(first + LONGEST, len(english))):
            inside = [at for place, at in linked.items() if first <= place <= last]
            if last not in linked or (len(inside) < 2 and last > first):
                continue
            start, end = min(inside), max(inside)
            crossing = any(start <= at <= end for place, at in linked.items() if not first <= place <= last)
            if end - start <= LONGEST and not crossing:
                yield " ".join(english[first : last + 1]), "".join(chinese[start : end + 1])
