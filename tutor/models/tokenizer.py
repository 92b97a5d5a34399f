"""Text to ids and back, losing nothing.

One class for every shipped vocabulary: special tokens, characters, byte-pair merges (Sennrich et al. 2016) and, for
characters that a vocabulary does not hold, their UTF-8 bytes. Special tokens are reached by id only: `<start>` typed
in a sentence is seven characters of text.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import overload

# A word is a run of letters, one digit or a run of anything else, each with the space before it. No word is longer
# than 64 characters, so that a hundred thousand pasted without a space still cost linear time.
WORD = re.compile(
    r"'(?:s|t|re|ve|m|ll|d)(?![^\W\d_])"
    r"| ?[^\W\d_]{1,64}"
    r"| ?\d"
    r"| ?(?:[^\s\w]|_){1,64}"
    r"|\s{1,64}(?!\S)"
    r"|\s{1,64}"
)
NO_RANK = 1 << 60  # above the rank of every merge
REMEMBERED_WORDS = 20_000
# What the special tokens are called, by what they are for: padding, start, end, unknown, mask. The second is BERT's.
ROLES = (("<pad>", "[PAD]"), ("<start>", "[CLS]"), ("<end>", "[SEP]"), ("<unknown>", "[UNK]"), ("<mask>", "[MASK]"))
BYTES = 256


@dataclass(frozen=True)
class Encoding(Sequence[int]):
    """The ids of a text, and the exact stretch of text each stands for (joined, the pieces are the text).

    A character that became several bytes is the piece of its first byte; the others have an empty piece.
    """

    ids: tuple[int, ...]
    pieces: tuple[str, ...]

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Encoding: ...
    def __getitem__(self, index: int | slice) -> int | Encoding:
        if isinstance(index, slice):
            return Encoding(self.ids[index], self.pieces[index])
        return self.ids[index]

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[int]:
        return iter(self.ids)


@dataclass(frozen=True)
class MergeStep:
    """The pieces after one merge. `pair` is what was merged, `position` the merged piece; None before the first."""

    pieces: tuple[str, ...]
    ids: tuple[int, ...]
    pair: tuple[str, str] | None = None
    rank: int | None = None
    position: int | None = None


class Tokenizer:
    """A vocabulary in segments, its ids counted through them in order.

    A segment is `("special", names)`, `("bytes", ())`, `("characters", one text)` or `("merges", pairs of texts)`.
    With `leading_space`, a space is put before every text on encoding and taken off on decoding, so that a word is
    the same token at the start of a sentence and inside it. Raises ValueError for segments that contradict each other.
    """

    def __init__(self, segments: Iterable[tuple[str, Sequence]], leading_space: bool = False) -> None:
        self.segments = tuple((kind, content) for kind, content in segments)
        self.leading_space = leading_space
        self.specials: dict[str, int] = {}
        self._text: list[str | None] = []  # the text of an id; None for special tokens and bytes
        self._id_of_text: dict[str, int] = {}
        self._merges: dict[tuple[int, int], tuple[int, int]] = {}  # pair -> rank, id of the merged piece
        self._first_byte: int | None = None
        self._words: dict[str, Encoding] = {}
        for kind, content in self.segments:
            self._add_segment(kind, content)
        self.pad_id, self.start_id, self.end_id, self.unknown_id, self.mask_id = (
            next((self.specials[name] for name in names if name in self.specials), None) for names in ROLES
        )
        if self._first_byte is None and self.unknown_id is None:
            raise ValueError("a vocabulary needs bytes or an <unknown> token, or some texts have no ids")
        self._names = {number: name for name, number in self.specials.items()}
        self.labels: tuple[str, ...] = tuple(self._label(number) for number in range(self.size))

    @property
    def size(self) -> int:
        """The number of ids."""
        return len(self._text)

    def _add_segment(self, kind: str, content: Sequence) -> None:
        if kind == "special":
            for name in content:
                if name in self.specials:
                    raise ValueError(f"the special token {name!r} stands twice")
                self.specials[name] = self.size
                self._text.append(None)
        elif kind == "bytes":
            if self._first_byte is not None:
                raise ValueError("the bytes stand twice")
            self._first_byte = self.size
            self._text.extend([None] * BYTES)
        elif kind == "characters":
            for character in content:
                if character in self._id_of_text:
                    raise ValueError(f"the character {character!r} stands twice")
                self._add_text(character)
        elif kind == "merges":
            for left, right in content:
                self._add_merge(left, right)
        else:
            raise ValueError(f"no such segment: {kind!r}")

    def _add_text(self, text: str) -> int:
        self._id_of_text[text] = self.size
        self._text.append(text)
        return self.size - 1

    def _add_merge(self, left: str, right: str) -> None:
        for part in (left, right):
            if part not in self._id_of_text:
                raise ValueError(f"the merge {left!r} + {right!r} needs {part!r}, which no earlier line makes")
        pair = (self._id_of_text[left], self._id_of_text[right])
        if pair in self._merges:
            raise ValueError(f"the merge {left!r} + {right!r} stands twice")
        merged = self._id_of_text.get(left + right)  # two different pairs may make one text
        self._merges[pair] = (len(self._merges), self._add_text(left + right) if merged is None else merged)

    # Encoding

    def encode(self, text: str, goes_on: bool = False) -> Encoding:
        """The ids of a text, without special tokens (but `<unknown>`). `decode(encode(text)) == text` for every str.

        With `goes_on` the text is the rest of one that began before, so no space is put in front of it.
        """
        if not text:
            return Encoding((), ())
        ids: list[int] = []
        pieces: list[str] = []
        spaced = self.leading_space and not goes_on
        for word in self._split(self._spaced(text) if spaced else text):
            known = self._words.get(word) or self._encode_word(word)
            ids += known.ids
            pieces += known.pieces
        if spaced:
            pieces[0] = pieces[0][1:]
        return Encoding(tuple(ids), tuple(pieces))

    def _spaced(self, text: str) -> str:
        return " " + text if self.leading_space else text

    def _split(self, text: str) -> Iterable[str]:
        """The stretches that never merge with one another. Without merges, the characters themselves."""
        return WORD.findall(text) if self._merges else text

    def _encode_word(self, word: str) -> Encoding:
        ids, pieces = self._symbols(word)
        for position, _ in self._merge(ids):
            pieces[position : position + 2] = [pieces[position] + pieces[position + 1]]
        encoding = Encoding(tuple(ids), tuple(pieces))
        if len(self._words) >= REMEMBERED_WORDS:
            self._words.clear()
        self._words[word] = encoding
        return encoding

    def _symbols(self, text: str) -> tuple[list[int], list[str]]:
        """One id a character before any merge; the bytes, or `<unknown>`, of a character the vocabulary lacks."""
        ids: list[int] = []
        pieces: list[str] = []
        for character in text:
            known = self._id_of_text.get(character)
            if known is not None:
                ids.append(known)
                pieces.append(character)
            elif self._first_byte is not None:
                # surrogatepass: half a surrogate pair from a broken terminal is text like any other
                data = character.encode("utf-8", "surrogatepass")
                ids += [self._first_byte + value for value in data]
                pieces += [character] + [""] * (len(data) - 1)
            else:
                assert self.unknown_id is not None
                ids.append(self.unknown_id)
                pieces.append(character)
        return ids, pieces

    def _merge(self, ids: list[int]) -> Iterator[tuple[int, int]]:
        """Merge `ids` in place, the lowest rank first and the leftmost among equals; yield position and rank."""
        merges = self._merges
        missing = (NO_RANK, 0)
        ranks = [merges.get(pair, missing)[0] for pair in zip(ids, ids[1:], strict=False)]
        while ranks:
            rank = min(ranks)
            if rank == NO_RANK:
                return
            i = ranks.index(rank)
            ids[i : i + 2] = [merges[ids[i], ids[i + 1]][1]]
            del ranks[i]
            if i > 0:
                ranks[i - 1] = merges.get((ids[i - 1], ids[i]), missing)[0]
            if i < len(ranks):
                ranks[i] = merges.get((ids[i], ids[i + 1]), missing)[0]
            yield i, rank

    def respelt(self, text: str, dropout: float, chance: random.Random) -> list[int]:
        """The ids of a text with each merge left out by chance, so that a word is met in other pieces, too.

        BPE-dropout (Provilkov, Emelianenko and Voita 2020, algorithm 1).
        """
        ids: list[int] = []
        for word in self._split(self._spaced(text)) if text else ():
            symbols = self._symbols(word)[0]
            while len(symbols) > 1:
                found = [
                    (*self._merges[pair], place)
                    for place, pair in enumerate(pairwise(symbols))
                    if pair in self._merges and chance.random() >= dropout
                ]
                if not found:
                    break
                _rank, merged, place = min(found)
                symbols[place : place + 2] = [merged]
            ids += symbols
        return ids

    def merge_steps(self, text: str, limit: int = 256) -> list[MergeStep]:
        """Every merge of a text (its first `limit` characters), one at a time: word after word, lowest rank first."""
        words = [self._symbols(word)[0] for word in self._split(self._spaced(text[:limit]))] if text else []
        ids = [number for word in words for number in word]
        steps = [self._step(ids)]
        start = 0
        for word in words:
            for position, rank in self._merge(word):
                at = start + position
                pair = (self._shown(ids[at]), self._shown(ids[at + 1]))
                ids[at : at + 2] = [word[position]]
                steps.append(self._step(ids, pair, rank, at))
            start += len(word)
        return steps

    def _step(self, ids: list[int], *merged) -> MergeStep:
        return MergeStep(tuple(self._shown(number) for number in ids), tuple(ids), *merged)

    # Decoding

    def decode(self, tokens: Iterable[int]) -> str:
        """The text of ids or of an Encoding, without special tokens. Raises ValueError for an id out of range.

        An unknown character is its own text where the Encoding still has it, else U+FFFD, as are bytes not in UTF-8.
        """
        pieces = tokens.pieces if isinstance(tokens, Encoding) else None
        parts: list[str] = []
        pending = bytearray()
        for i, number in enumerate(tokens):
            if not 0 <= number < self.size:
                raise ValueError(f"no token has the id {number}; this vocabulary ends at {self.size - 1}")
            byte = self._byte(number)
            if byte is not None:
                pending.append(byte)
                continue
            if pending:
                parts.append(text_of_bytes(bytes(pending)))
                pending.clear()
            if number == self.unknown_id:
                parts.append(pieces[i] if pieces is not None else "\N{REPLACEMENT CHARACTER}")
            else:
                parts.append(self._text[number] or "")
        if pending:
            parts.append(text_of_bytes(bytes(pending)))
        text = "".join(parts)
        return text.removeprefix(" ") if self.leading_space else text

    def lacks(self, number: int) -> bool:
        """Whether an id stands for a character that the vocabulary does not hold, or for a byte of one."""
        return number == self.unknown_id or self._byte(number) is not None

    def _byte(self, number: int) -> int | None:
        if self._first_byte is not None and self._first_byte <= number < self._first_byte + BYTES:
            return number - self._first_byte
        return None

    # Names for the screen

    def label(self, number: int) -> str:
        """A short name for an axis: `student`, `+ent` (goes on with the word before), `<E4>` (a byte), `␣`, `<end>`."""
        return self.labels[number]

    def labels_of(self, ids: Sequence[int]) -> tuple[str, ...]:
        """The short names of a sentence's tokens."""
        return tuple(self.labels[number] for number in ids)

    def _label(self, number: int) -> str:
        text = self._text[number]
        if text is None:
            return self._shown(number)
        if text.isspace():
            return "␣" * len(text)
        continues = self.leading_space and not text.startswith(" ") and text[0].isalpha()
        return "+" + text if continues else text.removeprefix(" ")

    def _shown(self, number: int) -> str:
        byte = self._byte(number)
        if byte is not None:
            return f"<{byte:02X}>"
        return self._names.get(number) or self._text[number] or ""


def text_of_bytes(data: bytes) -> str:
    """The text of UTF-8 bytes; lone surrogates come back as they went in, and what is not UTF-8 becomes U+FFFD."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")
