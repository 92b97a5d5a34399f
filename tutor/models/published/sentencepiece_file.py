"""A SentencePiece model (`spiece.model`, `source.spm`): its pieces, their scores, and how it wants a text prepared.

The file is a protocol buffer (https://protobuf.dev/programming-guides/encoding/), its fields are those of
https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto. No byte beyond a field is read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tutor.models.errors import ModelError

LARGEST_FILE = 50_000_000
VARINT, EIGHT_BYTES, LENGTH, FOUR_BYTES = 0, 1, 2, 5  # how a field is stored
PIECE, TRAINER, NORMALIZER = 1, 2, 3  # fields of the model
TEXT, SCORE, KIND = 1, 2, 3  # of a piece
ALGORITHM, BYTE_FALLBACK, UNKNOWN_ID = 3, 35, 40  # of the trainer
CHARACTERS, PREFIX, ONE_SPACE = 2, 3, 4  # of the normalizer
NORMAL, UNKNOWN, CONTROL, DEFINED, UNUSED, BYTE = range(1, 7)  # kinds of pieces
UNIGRAM, BPE = 1, 2  # algorithms

Field = tuple[int, int | bytes]


@dataclass(frozen=True)
class Piece:
    """A token as it is written, with ▁ for a space."""

    text: str
    score: float = 0.0
    kind: int = NORMAL


@dataclass
class SentencePieces:
    """What the file says."""

    pieces: list[Piece] = field(default_factory=list)
    algorithm: int = UNIGRAM
    byte_fallback: bool = False
    unknown_id: int = 0
    characters: bytes = b""  # a compiled table of characters and what stands for them
    prefix: bool = True  # whether a text gets a space in front
    one_space: bool = True  # whether several spaces become one


def read_pieces(path: Path) -> SentencePieces:
    """The pieces in a file. Raises ModelError naming it."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ModelError("{path}: larger than a tokenizer can be ({limit} bytes)", path=path, limit=LARGEST_FILE)
        data = path.read_bytes()
    except OSError as error:
        raise ModelError("{path}: cannot be read ({reason})", path=path, reason=error.strerror or error) from None
    try:
        found = _model(data)
    except (ValueError, struct.error, TypeError) as error:
        raise ModelError("{path}: not a SentencePiece model ({reason})", path=path, reason=error) from None
    if found.algorithm not in (UNIGRAM, BPE) or found.byte_fallback:
        raise ModelError("{path}: a SentencePiece model of a kind that is not supported", path=path)
    return found


def _model(data: bytes) -> SentencePieces:
    found = SentencePieces()
    for number, value in _fields(data):
        if number == PIECE:
            found.pieces.append(_piece(_bytes(value)))
        elif number == TRAINER:
            settings = dict(_fields(_bytes(value)))
            found.algorithm = _whole(settings.get(ALGORITHM, UNIGRAM))
            found.byte_fallback = bool(settings.get(BYTE_FALLBACK, 0))
            found.unknown_id = _whole(settings.get(UNKNOWN_ID, 0))
        elif number == NORMALIZER:
            settings = dict(_fields(_bytes(value)))
            found.characters = _bytes(settings.get(CHARACTERS, b""))
            found.prefix = bool(settings.get(PREFIX, 1))
            found.one_space = bool(settings.get(ONE_SPACE, 1))
    if not 0 <= found.unknown_id < len(found.pieces):
        raise ValueError(f"{len(found.pieces)} pieces, the unknown one is {found.unknown_id}")
    return found


def _piece(data: bytes) -> Piece:
    fields = dict(_fields(data))
    score = fields.get(SCORE, b"\0\0\0\0")
    return Piece(
        _bytes(fields.get(TEXT, b"")).decode("utf-8"),
        struct.unpack("<f", _bytes(score))[0],
        _whole(fields.get(KIND, NORMAL)),
    )


def _fields(data: bytes) -> Iterator[Field]:
    """The fields of a message by their numbers: whole numbers, and the bytes of everything else."""
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        if key & 7 == VARINT:
            value, place = _varint(data, place)
            yield key >> 3, value
            continue
        if key & 7 == LENGTH:
            size, place = _varint(data, place)
        elif key & 7 in (EIGHT_BYTES, FOUR_BYTES):
            size = 8 if key & 7 == EIGHT_BYTES else 4
        else:
            raise ValueError(f"no field begins with {key}")
        if place + size > len(data):
            raise ValueError("it is cut short")
        yield key >> 3, data[place : place + size]
        place += size


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(data):
            raise ValueError("it is cut short")
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
    raise ValueError("a number of it never ends")


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a number stands where a text should")
    return value


def _whole(value: int | bytes) -> int:
    if not isinstance(value, int):
        raise ValueError("a text stands where a number should")
    return value
