"""A lesson's file: read whole where the lesson is opened, and its head alone for the course map."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from tutor.course.errors import LessonError, reason_of
from tutor.course.files import lesson_files
from tutor.course.header import FORMAT, Header
from tutor.course.reading import MISSING, Reader
from tutor.course.schema import Lesson, Origin
from tutor.course.spelling import nearest
from tutor.course.yaml_tree import MAXIMUM_BYTES, Mapping, Scalar, parse
from tutor.engine.message import Message

_FIELD = re.compile(r"^[A-Za-z_][A-Za-z_0-9]*[ ]*:", re.MULTILINE)
_STEP = re.compile(r"^([ ]*)-[ ]", re.MULTILINE)
_NOT_IN_HEAD = ("steps", "program")
_ORDER = re.compile(r"^\d+[a-z]?[-_]")  # what orders the files: 12-, and 12b- for what was put in later


def load_lesson(path_or_id: str | Path, folder: Path | None = None) -> Lesson:
    """The lesson in that file, or of the course with that id. LessonError says all that is wrong with it."""
    path = Path(path_or_id)
    name = str(path_or_id)
    if path.suffix in (".yaml", ".yml") or "/" in name or "\\" in name:
        return parse_lesson(_read(path), str(path))
    files = lesson_files(folder)
    by_name = [file for file in files if _ORDER.sub("", file.stem) == name]
    for file in by_name + [file for file in files if file not in by_name]:
        try:
            if _head(_read(file), str(file)).id == name:
                return parse_lesson(_read(file), str(file))
        except LessonError:
            if file in by_name:
                raise
    guess = nearest(name, [_ORDER.sub("", file.stem) for file in files])
    remedy = Message("`tutor lessons` lists the lessons there are")
    if guess:
        remedy = Message("Did you mean {guess}?", guess=guess)
    raise LessonError(name, 0, "", Message("there is no lesson with this id"), remedy)


def parse_lesson(text: str, file: str = "lesson") -> Lesson:
    """The lesson that `text` holds. LessonError says all that is wrong with it."""
    reader = Reader(file)
    tree = parse(text, file)
    if not isinstance(tree, Mapping):
        raise LessonError(
            file, tree.line, "", Message("should be a mapping of fields"), Message("Start with `format: 1` and `id: …`")
        )
    _refuse_other_formats(tree, file)
    lesson = reader.read(tree, Lesson, "")
    given = {key.value for key, _ in tree.pairs}
    if len(given & {"model", "program"}) != 1:
        both = "model" in given
        reader.problem(
            tree,
            "model",
            Message("and program are both given") if both else Message("or program is missing"),
            Message("Give exactly one: model: translator, or program: {example}", example="{…}"),
        )
    if lesson is not MISSING and not lesson.steps:
        reader.problem(tree, "steps", Message("is empty"), Message("Add a step: - show: NODE"))
    if reader.problems:
        raise LessonError.gathered(sorted(reader.problems, key=lambda problem: problem.line))
    return msgspec.structs.replace(lesson, origin=Origin(file, reader.lines))


def _refuse_other_formats(tree: Mapping, file: str) -> None:
    for key, value in tree.pairs:
        if key.value == "format" and isinstance(value, Scalar) and re.fullmatch("[1-9][0-9]{0,8}", value.value):
            if int(value.value) > FORMAT:
                message = f"is {value.value}, newer than this tutor reads ({FORMAT})"
                remedy = "Update the tutor: pip install --upgrade transformer-tutor"
                raise LessonError(file, key.line, "format", message, remedy)


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > MAXIMUM_BYTES:
            raise LessonError(
                str(path), 1, "", f"is larger than {MAXIMUM_BYTES:,} bytes", "Split it into several lessons"
            )
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise LessonError(str(path), line, "", Message("is not UTF-8 text"), Message("Save it as UTF-8")) from None
    except OSError as error:
        raise LessonError(
            str(path), 0, "", Message("cannot be read: {reason}", reason=reason_of(error)), Message("Check the path")
        ) from None


def read_head(path: Path) -> tuple[Header, int]:
    """A lesson's head and the number of its steps. Raises LessonError."""
    text = _read(path)
    try:
        return _head(text, str(path)), _count_steps(text)
    except LessonError:
        # The quick look failed; the whole file's own errors are the ones to tell.
        lesson = parse_lesson(text, str(path))
        return Header(**{name: getattr(lesson, name) for name in Header.__struct_fields__}), len(lesson.steps)


def _head(text: str, file: str) -> Header:
    """The fields before and between the long ones, parsed without them: ten times faster than the whole."""
    starts = [match.start() for match in _FIELD.finditer(text)]
    parts = [text[start:end] for start, end in zip([0, *starts], [*starts, len(text)], strict=True)]
    reader = Reader(file)
    head = reader.read(parse("".join(part for part in parts if not part.startswith(_NOT_IN_HEAD)), file), Header, "")
    if reader.problems:
        raise LessonError.gathered(reader.problems)
    return head


def _count_steps(text: str) -> int:
    start = re.search(r"^steps[ ]*:", text, re.MULTILINE)
    if start is None:
        return 0
    end = _FIELD.search(text, start.end())
    body = text[start.end() : end.start() if end else len(text)]
    first = _STEP.search(body)
    return sum(match.group(1) == first.group(1) for match in _STEP.finditer(body)) if first else 0
