"""The course map: every lesson by its head. A lesson is read whole when it is opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tutor.course.errors import LessonError
from tutor.course.files import lesson_files
from tutor.course.header import Header
from tutor.course.heads import Heads, recall, remember
from tutor.course.schema_parts import Text
from tutor.course.spelling import nearest
from tutor.course.units import unit_title

if TYPE_CHECKING:
    from tutor.course.schema import Lesson

__all__ = ["Course", "LessonEntry", "Unit", "load_course"]


class LessonEntry(msgspec.Struct):
    """A lesson as the course map knows it: its head, and on demand the whole (`lesson` may raise LessonError)."""

    path: Path
    header: Header
    step_count: int
    whole: Lesson | None = None

    @property
    def lesson(self) -> Lesson:
        if self.whole is None:
            from tutor.course.lesson_file import load_lesson  # late: the map is drawn without reading YAML

            self.whole = load_lesson(self.path)
        return self.whole

    @property
    def id(self) -> str:
        return self.header.id

    @property
    def title(self) -> Text:
        return self.header.title

    @property
    def summary(self) -> Text:
        return self.header.summary

    @property
    def unit(self) -> int:
        return self.header.unit

    @property
    def minutes(self) -> int:
        return self.header.minutes

    @property
    def model(self) -> str | None:
        return self.header.model


class Unit(msgspec.Struct, frozen=True):
    """A unit of the curriculum and its lessons in order."""

    id: int
    title: Text
    lessons: tuple[LessonEntry, ...]


class Course(msgspec.Struct, frozen=True):
    """All lessons by unit. `problems` holds what kept a file from being listed."""

    units: tuple[Unit, ...]
    problems: tuple[LessonError, ...] = ()

    @property
    def lessons(self) -> tuple[LessonEntry, ...]:
        return tuple(lesson for unit in self.units for lesson in unit.lessons)

    def __contains__(self, identifier: str) -> bool:
        return any(entry.id == identifier for entry in self.lessons)

    def __getitem__(self, identifier: str) -> LessonEntry:
        """The lesson with that id; KeyError with the nearest id."""
        for entry in self.lessons:
            if entry.id == identifier:
                return entry
        guess = nearest(identifier, [entry.id for entry in self.lessons])
        raise KeyError(f"no lesson {identifier!r}" + (f"; did you mean {guess!r}?" if guess else ""))


def load_course(folder: Path | None = None) -> Course:
    """The course map. A broken file is left out and told of in `problems`; it never keeps the course from opening."""
    files = lesson_files(folder)
    problems: list[LessonError] = []
    heads = recall(files) if folder is None else None
    if heads is None:
        heads = _read_heads(files, problems)
        if folder is None and not problems:
            remember(files, heads)
    entries: dict[int, list[LessonEntry]] = {}
    seen: dict[str, Path] = {}
    for path, (header, steps) in heads.items():
        if header.id in seen:
            problems.append(_twice(path, header.id, seen[header.id]))
            continue
        seen[header.id] = path
        entries.setdefault(header.unit, []).append(LessonEntry(path, header, steps))
    units = tuple(Unit(number, unit_title(number), tuple(entries[number])) for number in sorted(entries))
    return Course(units, tuple(problems))


def _read_heads(files: tuple[Path, ...], problems: list[LessonError]) -> Heads:
    from tutor.course.lesson_file import read_head  # late, as above

    heads: Heads = {}
    for path in files:
        try:
            heads[path] = read_head(path)
        except LessonError as error:
            problems.append(error)
    return heads


def _twice(path: Path, identifier: str, first: Path) -> LessonError:
    remedy = "Give each lesson its own id"
    return LessonError(str(path), 1, "id", f"{identifier} is also the id of {first.name}", remedy)
