"""Poems to pairs of neighbours: a line and the next, a couplet and the next, a couplet alone.

A file has one poem a line: title, author, poem, with tabs between; lines end with a comma, couplets with a full stop.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from tutor.models.corpus import Pair, read_lines

Poem = tuple[tuple[str, ...], ...]  # couplets of lines, the mark that ends a line at its end
COUPLET = re.compile(r"[^。！？；]+[。！？；]?")
LINE = re.compile(r"[^，、。！？；]+[，、。！？；]?")
MARKS = "，、。！？；"


def read_poems(path: Path) -> list[Poem]:
    """The poems of a file: its last column, cut into couplets and lines. Raises ModelError."""
    texts = (line.rsplit("\t", 1)[-1] for line in read_lines(path))
    return [tuple(tuple(LINE.findall(couplet)) for couplet in COUPLET.findall(text)) for text in texts]


def lines_of(poem: Poem) -> Iterator[str]:
    """Every line, without the mark that ends it."""
    return (line.rstrip(MARKS) for couplet in poem for line in couplet)


def split_poems(poems: Sequence[Poem], held_out: int, seed: int) -> tuple[list[Poem], list[Poem]]:
    """Poems to train on and poems to validate on; no line of the latter stands in any other poem."""
    seen = Counter(line for poem in poems for line in set(lines_of(poem)))
    alone = [i for i, poem in enumerate(poems) if poem and all(seen[line] == 1 for line in lines_of(poem))]
    chosen = set(np.random.default_rng(seed).permutation(alone)[:held_out].tolist())
    return [p for i, p in enumerate(poems) if i not in chosen], [poems[i] for i in sorted(chosen)]


def poems_without(poems: Sequence[Poem], held_out: Sequence[Poem]) -> list[Poem]:
    """The poems of a second file that share no line with those held out of the first."""
    kept_back = {line for poem in held_out for line in lines_of(poem)}
    return [poem for poem in poems if kept_back.isdisjoint(lines_of(poem))]


def neighbours(poems: Sequence[Poem]) -> list[Pair]:
    """Each couplet beside the next, each couplet alone, and of each couplet the lines side by side, without marks."""
    found: list[Pair] = []
    for poem in poems:
        couplets = ["".join(lines) for lines in poem]
        found += pairwise(couplets)
        found += [(couplet, "") for couplet in couplets]
        found += [pair for lines in poem for pair in pairwise(line.rstrip(MARKS) for line in lines)]
    return found
