"""Sentences as BERT reads them: [CLS] first [SEP] second [SEP], with masks (Devlin et al. 2018, figures 1 and 2).

What a learner types for them, and no sentence has by accident: `_`, `[MASK]` or `<mask>` for a masked word; ` | `, `｜`
or `[SEP]` between two sentences.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from tutor.engine.config import TransformerConfig
from tutor.models.errors import ModelError
from tutor.models.tokenizer import Encoding, Tokenizer

NEXT_SENTENCE = "next_sentence"
CLASS_LABELS = {  # as in the paper, section 3.1 and 4.2
    "class@next_sentence": ("IsNext", "NotNext"),
    "class@question_answering": ("start", "end"),
}
BETWEEN = " | "
SEPARATOR = re.compile(r"\s+\|\s+|\s*(?:｜|\[SEP\]|<sep>)\s*", re.IGNORECASE)
MASK = re.compile(r"\[MASK\]|<mask>|[_＿□]", re.IGNORECASE)  # every blank is a character
WORD_MASK = re.compile(r" ?(?:\[MASK\]|<mask>|(?<![^\W_])_+(?![^\W_])|＿+|□)", re.IGNORECASE)  # a row of _ is a word


@runtime_checkable
class FramingTokenizer(Protocol):
    """A tokenizer that knows which special tokens its model wants around a text, or around two."""

    specials: dict[str, int]
    mask_id: int | None

    def framed(self, text: str, other: str | None = None) -> tuple[Encoding, tuple[int, ...]]:
        """The ids with special tokens, and the segment of each."""


@dataclass(frozen=True)
class Framed:
    """Token ids, the stretch of the typed text each stands for, and the sentence (0 or 1) each belongs to."""

    ids: tuple[int, ...]
    pieces: tuple[str, ...]
    segments: tuple[int, ...]


def is_framed(config: TransformerConfig, tokenizer: Any) -> bool:
    """Whether the model reads its sentences between a start token and separators."""
    return config.architecture == "encoder_only" and {"[CLS]", "[SEP]"} <= set(tokenizer.specials)


def frame(config: TransformerConfig, tokenizer: Any, text: str, second: str | None = None) -> Framed:
    """A typed text in the model's ids. Raises ModelError for a second sentence that the model has no place for."""
    if isinstance(tokenizer, FramingTokenizer):
        return _framed_by(tokenizer, text, second, config.architecture == "encoder_only")
    framed = is_framed(config, tokenizer)
    if config.architecture != "encoder_only":
        encoding = tokenizer.encode(text)
        end = [(config.end_id, "", 0)] if config.architecture == "encoder_decoder" else []
        return _joined([*((n, p, 0) for n, p in zip(encoding.ids, encoding.pieces, strict=True)), *end])
    first, between, rest = text, BETWEEN, second
    cut = SEPARATOR.search(text) if framed and config.segments > 1 else None
    if cut and second is None:
        first, between, rest = text[: cut.start()], cut[0], text[cut.end() :]
    if second and not (framed and config.segments > 1):
        raise ModelError("this model reads one sentence: leave the second out")
    parts = _masked(tokenizer, first)
    if not framed:
        return _joined([(*part, 0) for part in parts])
    parts = [(config.start_id, ""), *parts, (config.end_id, between if rest else "")]
    found = [(*part, 0) for part in parts]
    if rest:
        found += [(*part, 1) for part in (*_masked(tokenizer, rest), (config.end_id, ""))]
    return _joined(found)


def _framed_by(tokenizer: FramingTokenizer, text: str, second: str | None, split: bool) -> Framed:
    """The same by a tokenizer that puts in the special tokens itself."""
    first, rest = text, second or ""
    if split and second is None and (cut := SEPARATOR.search(text)):
        first, rest = text[: cut.start()], text[cut.end() :]
    name = next((name for name, number in tokenizer.specials.items() if number == tokenizer.mask_id), None)
    if split and name is not None:
        first, rest = (WORD_MASK.sub(lambda mark: _spaced_mask(mark[0], name), part) for part in (first, rest))
    encoding, segments = tokenizer.framed(first, rest or None)
    return Framed(tuple(encoding.ids), tuple(encoding.pieces), tuple(segments))


def _spaced_mask(mark: str, name: str) -> str:
    return (" " if mark.startswith(" ") else "") + name


def like(ids: Sequence[int], typed: Sequence[int], row: Sequence[int] | None, fill: int) -> list[int] | None:
    """A row beside the `typed` ids, cut and filled up as these were to become `ids`."""
    if row is None:
        return None
    if len(typed) > len(ids):
        return [*row[: len(ids) - 1], row[-1 if ids[-1] == typed[-1] else len(ids) - 1]]
    return [*row, *[fill] * (len(ids) - len(typed))]


def _joined(tokens: Sequence[tuple[int, str, int]]) -> Framed:
    return Framed(*(tuple(column) for column in zip(*tokens, strict=True)))


def _masked(tokenizer: Tokenizer, text: str) -> list[tuple[int, str]]:
    """Ids and pieces of one sentence; in a model of word pieces a mask takes the space before it."""
    found: list[tuple[int, str]] = []
    start = 0
    if tokenizer.mask_id is not None:
        for mark in (WORD_MASK if tokenizer.leading_space else MASK).finditer(text):
            found += _encoded(tokenizer, text[start : mark.start()], start > 0)
            found.append((tokenizer.mask_id, mark[0]))
            start = mark.end()
    return found + _encoded(tokenizer, text[start:], start > 0)


def _encoded(tokenizer: Tokenizer, text: str, goes_on: bool) -> list[tuple[int, str]]:
    encoding = tokenizer.encode(text, goes_on)
    return list(zip(encoding.ids, encoding.pieces, strict=True))


def right_words(config: TransformerConfig, tokenizer: Any, ids: Sequence[int], right: Sequence[int]) -> list[int]:
    """What is asked where: the right word of every mask and of every word that differs; where there is none, of all.

    Elsewhere padding. Raises ModelError where the two are not of one length.
    """
    if len(ids) != len(right):
        raise ModelError(
            "the target has {target} tokens and the sentence {count}: a mask stands for one token",
            target=len(right),
            count=len(ids),
        )
    specials = {*tokenizer.specials.values(), config.pad_id}
    words = [number not in specials for number in right]
    asked = [word and (i != r or i == tokenizer.mask_id) for i, r, word in zip(ids, right, words, strict=True)]
    asked = asked if any(asked) else words
    return [r if ask else config.pad_id for r, ask in zip(right, asked, strict=True)]
