"""Progress as a JSON file: written whole or not at all, checked before anything of it is taken in."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tutor.course.errors import ProgressError
from tutor.course.schema_parts import Text

FORMAT = 2  # 1 had no cards
MAXIMUM_BYTES = 50_000_000

Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Words = Annotated[str, Meta(max_length=100_000)]
Seconds = Annotated[float, Meta(ge=0)]
Moment = Annotated[float, Meta(ge=0, le=200_000_000_000)]  # seconds since 1970, within what a calendar holds


class Place(msgspec.Struct, forbid_unknown_fields=True):
    """How far a lesson is: its step, and when it was finished and last opened (seconds since 1970)."""

    id: Words
    step: Count
    done_at: Seconds | None
    updated_at: Seconds


class Attempt(msgspec.Struct, forbid_unknown_fields=True):
    """One answer: where, what, whether right, which mistake, when."""

    lesson: Words
    step: Count
    cell: Words
    answer: Words
    right: bool
    mistake: Words | None
    at: Seconds


class Card(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How well a card of the review is known, as FSRS keeps it: `state` 1 learning, 2 known, 3 learning again."""

    id: Words
    state: Annotated[int, Meta(ge=1, le=3)]
    step: Annotated[int, Meta(ge=0, le=100)] | None
    stability: Annotated[float, Meta(gt=0, le=1e6)]
    difficulty: Annotated[float, Meta(ge=1, le=10)]
    due: Moment
    last_review: Moment


class Review(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One answer to a card, graded by the learner: 1 again, 2 hard, 3 good, 4 easy."""

    card: Words
    grade: Annotated[int, Meta(ge=1, le=4)]
    at: Moment


class Export(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """All of a learner's progress."""

    kind: Literal["transformer-tutor progress"] = "transformer-tutor progress"
    format: Annotated[int, Meta(ge=1)] = FORMAT
    lessons: list[Place]
    attempts: list[Attempt]
    settings: dict[Words, Words]
    cards: list[Card] = []
    reviews: list[Review] = []


class _Head(msgspec.Struct):
    kind: str = ""
    format: int = 0


def write_export(path: Path, data: Export) -> None:
    """Write to a file beside `path`, then rename it. Raises ProgressError."""
    content = msgspec.json.format(msgspec.json.encode(data), indent=1)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content + b"\n")
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ProgressError(Text(f"{path} cannot be written: {reason}", f"无法写入 {path}：{reason}")) from None


def read_export(path: Path) -> Export:
    """The checked contents of an exported file. Raises ProgressError, in which case nothing was taken in."""
    try:
        if path.stat().st_size > MAXIMUM_BYTES:
            raise ProgressError(Text(f"{path} is too large for exported progress", f"{path} 太大，不是导出的进度"))
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ProgressError(Text(f"{path} cannot be read: {reason}", f"无法读取 {path}：{reason}")) from None
    try:
        head = msgspec.json.decode(content, type=_Head)
        if head.kind == "transformer-tutor progress" and head.format > FORMAT:
            raise ProgressError(
                Text(
                    f"{path} was exported by a newer version of the tutor (format {head.format}): update first",
                    f"{path} 由更新版本的 tutor 导出（格式 {head.format}）：请先升级",
                )
            )
        return msgspec.json.decode(content, type=Export)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ProgressError(
            Text(f"{path} is not exported progress: {error}", f"{path} 不是导出的进度：{error}")
        ) from None
