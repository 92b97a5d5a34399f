"""T5's and Marian's tokenizers out of their SentencePiece models, built anew with the `tokenizers` library."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tutor.models.errors import ModelError
from tutor.models.published.sentencepiece_file import BPE, CONTROL, DEFINED, NORMAL, Piece, SentencePieces, read_pieces
from tutor.models.published.settings import read_json

SPACE = "▁"
END, UNKNOWN, PADDING = "</s>", "<unk>", "<pad>"
EXTRA_IDS = 100  # T5's marks for what is left out of a text, numbered backwards
LANGUAGE = re.compile(r"\s*(>>[^<>\s]+<<)\s*")  # which language is wanted, at the beginning of a text


def open_t5(library: Any, path: Path) -> Any:
    """The tokenizer of `spiece.model`: its pieces in their order, then the marks of what is left out."""
    inner = _built(library, read_pieces(path), path)
    marks = [f"<extra_id_{number}>" for number in reversed(range(EXTRA_IDS))]
    inner.add_special_tokens([library.AddedToken(mark, special=True, normalized=False) for mark in marks])
    end = inner.token_to_id(END)
    if end is not None:
        inner.post_processor = library.processors.TemplateProcessing(
            single=f"$A {END}", pair=f"$A {END} $B:1 {END}:1", special_tokens=[(END, end)]
        )
    return inner


def open_marian(library: Any, path: Path, numbers_path: Path) -> Renumbered:
    """The tokenizer of `source.spm` or `target.spm`, its pieces with the numbers of `vocab.json`."""
    numbers = read_json(numbers_path)
    if not all(isinstance(number, int) for number in numbers.values()) or not {END, UNKNOWN} <= set(numbers):
        raise ModelError("{path}: not the numbers of a vocabulary", path=numbers_path)
    return Renumbered(_built(library, read_pieces(path), path), numbers)


def _built(library: Any, found: SentencePieces, path: Path) -> Any:
    try:
        inner = library.Tokenizer(_algorithm(library, found))
        inner.normalizer = _normalizer(library, found)
        where = "always" if found.prefix else "never"
        inner.pre_tokenizer = library.pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme=where)
        inner.decoder = library.decoders.Metaspace(replacement=SPACE, prepend_scheme=where)
        added = [piece for piece in found.pieces if piece.kind in (CONTROL, DEFINED)]
        inner.add_tokens(
            [library.AddedToken(piece.text, normalized=False, special=piece.kind == CONTROL) for piece in added]
        )
        inner.add_special_tokens([library.AddedToken(found.pieces[found.unknown_id].text, normalized=False)])
    except Exception as error:  # the library raises plain Exception for whatever does not fit together
        raise ModelError("{path}: not a tokenizer ({reason})", path=path, reason=str(error)[:200]) from None
    return inner


def _algorithm(library: Any, found: SentencePieces) -> Any:
    if found.algorithm == BPE:
        numbers = {piece.text: number for number, piece in enumerate(found.pieces)}
        unknown = found.pieces[found.unknown_id].text
        return library.models.BPE(numbers, list(merges(found.pieces)), unk_token=unknown, fuse_unk=True)
    return library.models.Unigram([(piece.text, piece.score) for piece in found.pieces], found.unknown_id)


def merges(pieces: Sequence[Piece]) -> Iterator[tuple[str, str]]:
    """The pairs that each piece may be merged from, in the order of the pieces' scores."""
    known = {piece.text: number for number, piece in enumerate(pieces) if piece.kind == NORMAL}
    for piece in sorted((pieces[number] for number in known.values()), key=lambda one: -one.score):
        cuts = ((piece.text[:at], piece.text[at:]) for at in range(1, len(piece.text)))
        pairs = [pair for pair in cuts if pair[0] in known and pair[1] in known]
        yield from sorted(pairs, key=lambda pair: (known[pair[0]], known[pair[1]]))


def _normalizer(library: Any, found: SentencePieces) -> Any:
    steps: list[Any] = [library.normalizers.Precompiled(found.characters)] if found.characters else []
    if found.one_space:
        steps.append(library.normalizers.Strip())
        steps.append(library.normalizers.Replace(library.Regex(" {2,}"), " "))
    return library.normalizers.Sequence(steps)


class Found(NamedTuple):
    """What an encoding of the library tells, as far as it is asked for here."""

    ids: list[int]
    offsets: list[tuple[int, int]]
    sequence_ids: list[int | None]
    type_ids: list[int]


@dataclass(frozen=True)
class Added:
    """A special token, as the library tells of it."""

    content: str
    special: bool = True


class Renumbered:
    """A tokenizer of the library whose pieces have numbers of their own; in front of a text may stand a language."""

    def __init__(self, inner: Any, numbers: Mapping[str, int]) -> None:
        self._inner, self._numbers = inner, dict(numbers)
        self._names = {number: name for name, number in numbers.items()}
        self._special = {
            number: Added(name)
            for name, number in numbers.items()
            if name in (END, UNKNOWN, PADDING) or LANGUAGE.fullmatch(name)
        }

    def get_added_tokens_decoder(self) -> dict[int, Added]:
        """The special tokens by their numbers."""
        return self._special

    def get_vocab(self, with_added_tokens: bool = True) -> dict[str, int]:
        """The number of every token."""
        return self._numbers

    def encode(self, text: str, other: str | None = None, add_special_tokens: bool = True) -> Found:
        """The numbers of a text, with its end token where that is wanted."""
        found = Found([], [], [], [])
        for sequence, one in enumerate((text,) if other is None else (text, other)):
            language = LANGUAGE.match(one)
            start = language.end() if language and language[1] in self._numbers else 0
            if language and start:
                self._add(found, self._numbers[language[1]], (0, start), sequence)
            encoding = self._inner.encode(one[start:], add_special_tokens=False)
            for name, (first, last) in zip(encoding.tokens, encoding.offsets, strict=True):
                number = self._numbers.get(name, self._numbers[UNKNOWN])
                self._add(found, number, (start + first, start + last), sequence)
        if add_special_tokens:
            self._add(found, self._numbers[END], (0, 0), None)
        return found

    @staticmethod
    def _add(found: Found, number: int, offsets: tuple[int, int], sequence: int | None) -> None:
        found.ids.append(number)
        found.offsets.append(offsets)
        found.sequence_ids.append(sequence)
        found.type_ids.append(0)

    def decode(self, ids: Sequence[int], skip_special_tokens: bool = True) -> str:
        """The text of some numbers."""
        names = [
            self._names[number]
            for number in ids
            if number in self._names and not (skip_special_tokens and number in self._special)
        ]
        return self._inner.decoder.decode(names)
