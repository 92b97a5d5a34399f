"""The tokenizer of a published model: its own `tokenizer.json`, or token numbers typed as such."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from tutor.engine.config import TransformerConfig
from tutor.models.errors import ModelError
from tutor.models.published.sentencepiece_tokenizer import open_marian, open_t5
from tutor.models.tokenizer import Encoding, MergeStep, Tokenizer

FILE = "tokenizer.json"
T5 = "spiece.model"
MARIAN, MARIAN_NUMBERS = ("source.spm", "target.spm"), ("vocab.json", "target_vocab.json")
OLDER_FILES = (T5, *MARIAN, *MARIAN_NUMBERS)  # read where there is no `tokenizer.json`
LARGEST_FILE = 100_000_000
MASKS = ("[MASK]", "<mask>")
WORD_START = "▁"  # how SentencePiece writes a space
# Byte-level vocabularies write every byte as a letter that can be printed (Radford et al. 2019).
_PLAIN = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
_OTHERS = [byte for byte in range(256) if byte not in _PLAIN]
BYTE_OF = {chr(byte): byte for byte in _PLAIN} | {chr(256 + i): byte for i, byte in enumerate(_OTHERS)}


def open_tokenizers(folder: Path, config: TransformerConfig) -> tuple[AnyTokenizer, AnyTokenizer]:
    """The tokenizers of a folder, of what is read and of what is written; without a file of one, token numbers.

    Raises ModelError.
    """
    if (folder / FILE).is_file():
        one: AnyTokenizer = PublishedTokenizer(_load(folder / FILE), config)
    elif (folder / T5).is_file():
        one = PublishedTokenizer(open_t5(_library(folder / T5), folder / T5), config)
    elif all((folder / file).is_file() for file in (*MARIAN, MARIAN_NUMBERS[0])):
        return _marian(folder, config)
    else:
        one = NumberTokenizer(folder, config)
    return one, one


def _marian(folder: Path, config: TransformerConfig) -> tuple[AnyTokenizer, AnyTokenizer]:
    shared, own = (folder / file for file in MARIAN_NUMBERS)
    source, target = (folder / file for file in MARIAN)
    library = _library(source)
    reads = PublishedTokenizer(open_marian(library, source, shared), config)
    writes = PublishedTokenizer(open_marian(library, target, own if own.is_file() else shared), config)
    writes.size = config.output_vocabulary
    return reads, writes


def _library(path: Path) -> Any:
    try:
        return importlib.import_module("tokenizers")
    except ImportError:
        raise ModelError(
            "{path}: reading it needs the package tokenizers: pip install 'transformer-tutor[hub]'", path=path
        ) from None


def _load(path: Path) -> Any:
    library = _library(path)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ModelError("{path}: larger than a tokenizer can be ({limit} bytes)", path=path, limit=LARGEST_FILE)
        inner = library.Tokenizer.from_file(str(path))
    except ModelError:
        raise
    except Exception as error:  # the library raises plain Exception for whatever it cannot read
        raise ModelError("{path}: not a tokenizer ({reason})", path=path, reason=str(error)[:200]) from None
    inner.no_truncation()
    inner.no_padding()
    return inner


class PublishedTokenizer:
    """A tokenizer of the `tokenizers` library with the face of ours."""

    leading_space = False

    def __init__(self, inner: Any, config: TransformerConfig) -> None:
        self._inner = inner
        self.size = config.vocabulary
        self.specials = {
            token.content: number for number, token in inner.get_added_tokens_decoder().items() if token.special
        }
        self._special_ids = set(self.specials.values())
        self.pad_id, self.start_id, self.end_id = config.pad_id, config.start_id, config.end_id
        self.mask_id = next((self.specials[name] for name in MASKS if name in self.specials), None)
        self.unknown_id = next((self.specials[name] for name in ("[UNK]", "<unk>") if name in self.specials), None)

    def encode(self, text: str, goes_on: bool = False) -> Encoding:
        """The ids of a text without special tokens. The model may spell some texts in its own way."""
        return self._encoding(self._inner.encode(clean(text), add_special_tokens=False), clean(text))

    def framed(self, text: str, other: str | None = None) -> tuple[Encoding, tuple[int, ...]]:
        """The ids of a text, or of two, with the special tokens that the model wants; and each one's segment."""
        texts = (clean(text),) if other is None else (clean(text), clean(other))
        found = self._inner.encode(*texts)
        return self._encoding(found, *texts), tuple(found.type_ids)

    def _encoding(self, found: Any, *texts: str) -> Encoding:
        pieces = []
        for (start, stop), sequence in zip(found.offsets, found.sequence_ids, strict=True):
            pieces.append("" if sequence is None else texts[sequence][start:stop])
        return Encoding(tuple(found.ids), tuple(pieces))

    def decode(self, tokens: Iterable[int]) -> str:
        """The text of ids, without special tokens."""
        return self._inner.decode([int(number) for number in tokens], skip_special_tokens=True)

    def merge_steps(self, text: str, limit: int = 256) -> list[MergeStep]:
        """The pieces of a text; how they were merged is the library's own affair."""
        found = self.encode(text[:limit])
        return [MergeStep(found.pieces, found.ids)]

    def label(self, number: int) -> str:
        """A short name for an axis, as in our own tokenizers: `student`, `+ent` (goes on with the word before)."""
        return self.labels[number]

    def labels_of(self, ids: Sequence[int]) -> tuple[str, ...]:
        """The short names of a sentence's tokens; its first word goes on with nothing."""
        names = [self.labels[number] for number in ids]
        first = next((i for i, number in enumerate(ids) if number not in self._special_ids), len(names))
        if first < len(names) and self._spaced:
            names[first] = names[first].removeprefix("+")
        return tuple(names)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The short names of all tokens; rows of the table that no token has are called by their number."""
        names = [f"#{number}" for number in range(self.size)]
        for name, number in self._spelled.items():
            if number < self.size:
                names[number] = name if number in self._special_ids else self._label(name)
        return tuple(names)

    @cached_property
    def _spelled(self) -> dict[str, int]:
        return self._inner.get_vocab(with_added_tokens=True)

    @cached_property
    def _spaced(self) -> bool:
        """Whether a word's first token begins with the space before it."""
        return any(name.startswith((WORD_START, "Ġ")) for name in self._spelled)

    def _label(self, name: str) -> str:
        if name.startswith("##"):
            return "+" + name[2:]
        text = name
        if self._spaced and WORD_START not in name and all(letter in BYTE_OF for letter in name):
            data = bytes(BYTE_OF[letter] for letter in name)
            try:
                text = data.decode("utf-8")
            except UnicodeDecodeError:
                return "".join(f"<{byte:02X}>" for byte in data)
        text = text.replace(WORD_START, " ")
        if text and text.isspace():
            return "␣" * len(text)
        return "+" + text if self._spaced and text[:1].isalpha() else text.removeprefix(" ")


class NumberTokenizer:
    """Stands in where a checkpoint has no tokenizer: the text is token numbers, such as `5 17 8`."""

    leading_space = False
    mask_id = unknown_id = None

    def __init__(self, folder: Path, config: TransformerConfig) -> None:
        self._folder = folder
        self.size = max(config.vocabulary, config.output_vocabulary)
        self.specials: dict[str, int] = {}
        self.pad_id, self.start_id, self.end_id = config.pad_id, config.start_id, config.end_id

    def encode(self, text: str, goes_on: bool = False) -> Encoding:
        """The numbers in a text. Raises ModelError where it is no list of them."""
        words = text.replace(",", " ").split()
        if not all(word.isdecimal() and len(word) < 10 and int(word) < self.size for word in words):
            raise ModelError(
                "{path}: there is no such file, so no words can be read; type token numbers under {size}: 5 8 2",
                path=self._folder / FILE,
                size=self.size,
            )
        return Encoding(tuple(int(word) for word in words), tuple(words))

    def framed(self, text: str, other: str | None = None) -> tuple[Encoding, tuple[int, ...]]:
        """The numbers as they are: who types numbers types the special ones, too."""
        first, second = self.encode(text), self.encode(other or "")
        both = Encoding(first.ids + second.ids, first.pieces + second.pieces)
        return both, (0,) * len(first) + (1,) * len(second)

    def decode(self, tokens: Iterable[int]) -> str:
        """The numbers as text."""
        return " ".join(str(number) for number in tokens)

    def merge_steps(self, text: str, limit: int = 256) -> list[MergeStep]:
        """One step: nothing is merged."""
        found = self.encode(text)
        return [MergeStep(found.pieces, found.ids)]

    def label(self, number: int) -> str:
        """The number."""
        return str(number)

    def labels_of(self, ids: Sequence[int]) -> tuple[str, ...]:
        """The numbers."""
        return tuple(map(str, ids))

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """All numbers."""
        return tuple(map(str, range(self.size)))


AnyTokenizer = Tokenizer | PublishedTokenizer | NumberTokenizer


def clean(text: str) -> str:
    """The text with U+FFFD for half a surrogate pair, which no UTF-8 has and the library refuses."""
    return text.encode("utf-8", "replace").decode("utf-8") if any("\ud800" <= c <= "\udfff" for c in text) else text
