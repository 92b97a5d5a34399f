"""The interview bank: questions with graded answers, one YAML file a unit, in lessons/questions.

format: 1
unit: 3
questions:
  - id: why-root-d-k
    question: {en: …, zh: …}
    points: {passing: [{en: …, zh: …}], good: […], excellent: […]}   # what an answer of each grade says besides
    answer: {en: …, zh: …}                                           # a model answer, short
    wrong: [{says: {en: …, zh: …}, why: {en: …, zh: …}}]             # often said, and why it is wrong
    shows: {lesson: query-key-value, node: encoder.0.self_attention.scaled, look_at: {query: last}}
    related: [what-are-query-key-value]
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tutor.course.errors import LessonError, reason_of
from tutor.course.files import lessons_folder
from tutor.course.reading import MISSING, Reader
from tutor.course.schema import Config, Identifier, LookAt, NodeName, Origin, Part, Text
from tutor.course.schema_parts import GRADES, Points, Wrong
from tutor.course.spelling import nearest
from tutor.course.yaml_tree import MAXIMUM_BYTES, Mapping, Tree, parse
from tutor.engine.message import Message

__all__ = ["FORMAT", "GRADES", "Bank", "Points", "Question", "Shows", "Wrong", "load_bank", "parse_questions"]

FORMAT = 1
_QUESTIONS = re.compile(rb"^questions[ ]*:", re.MULTILINE)


class Shows(Part, frozen=True):
    """The live matrix that answers: a node of a lesson, or of a model on a sentence; exactly one of the two."""

    node: NodeName
    lesson: Identifier | None = None
    model: Identifier | None = None
    sentence: Text | None = None
    target: Text | None = None
    look_at: LookAt = {}
    config: Config | None = None


class Written(Part, frozen=True):
    """A question as a file holds it."""

    id: Identifier
    question: Text
    points: Points
    answer: Text
    wrong: Annotated[tuple[Wrong, ...], Meta(min_length=1, max_length=4)]
    shows: Shows
    related: tuple[Identifier, ...] = ()


class Question(Written, frozen=True, kw_only=True):
    """A question of the bank, with its unit and where it was read (`place` is its path in the file)."""

    unit: int
    origin: Origin = Origin()
    place: str = ""


class _Sheet(Part, frozen=True):
    format: Annotated[int, Meta(ge=FORMAT, le=FORMAT)]
    unit: Annotated[int, Meta(ge=0, le=99, description="number of the curriculum unit")]
    questions: Annotated[tuple[Written, ...], Meta(min_length=1)]


class Bank(msgspec.Struct, frozen=True):
    """All questions, in the order of the course. `problems` holds what kept a file from being read."""

    questions: tuple[Question, ...]
    problems: tuple[LessonError, ...] = ()

    def __contains__(self, identifier: str) -> bool:
        return any(question.id == identifier for question in self.questions)

    def __getitem__(self, identifier: str) -> Question:
        """The question with that id; KeyError with the nearest id."""
        for question in self.questions:
            if question.id == identifier:
                return question
        guess = nearest(identifier, [question.id for question in self.questions])
        raise KeyError(f"no question {identifier!r}" + (f"; did you mean {guess!r}?" if guess else ""))

    @property
    def units(self) -> tuple[int, ...]:
        """The units that have questions."""
        return tuple(sorted({question.unit for question in self.questions}))

    def search(self, words: str) -> tuple[Question, ...]:
        """The questions in which every word occurs, in either language: those that ask for it before the others."""
        wanted = words.casefold().split()
        asked = [q for q in self.questions if _holds(f"{q.question.en} {q.question.zh} {q.id}", wanted)]
        said = [q for q in self.questions if q not in asked and _holds(f"{q.answer.en} {q.answer.zh}", wanted)]
        return (*asked, *said)


def _holds(text: str, wanted: list[str]) -> bool:
    return all(word in text.casefold() for word in wanted)


def questions_folder() -> Path:
    """Where the bank lies: beside the lessons."""
    return lessons_folder() / "questions"


def question_files(folder: Path | None = None) -> tuple[Path, ...]:
    """The files of the bank in file name order."""
    found = folder or questions_folder()
    return tuple(sorted(path for path in found.glob("*.y*ml") if not path.name.startswith((".", "_"))))


@cache
def load_bank(folder: Path | None = None) -> Bank:
    """The whole bank. A broken file is left out and told of in `problems`."""
    questions: list[Question] = []
    problems: list[LessonError] = []
    for path in question_files(folder):
        try:
            questions += read_questions(path)
        except LessonError as error:
            problems += error.problems
    return Bank(tuple(sorted(questions, key=lambda question: question.unit)), tuple(problems))


def read_questions(path: Path) -> tuple[Question, ...]:
    """The questions of one file. LessonError says all that is wrong with it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LessonError(
            str(path), 1, "", Message("cannot be read: {reason}", reason=reason_of(error)), Message("Check the path")
        ) from None
    if len(data) > MAXIMUM_BYTES:
        raise LessonError(str(path), 1, "", f"is larger than {MAXIMUM_BYTES:,} bytes", "Split it into several files")
    try:
        return parse_questions(data.decode("utf-8"), str(path))
    except UnicodeDecodeError:
        raise LessonError(str(path), 1, "", Message("is not UTF-8 text"), Message("Save it as UTF-8")) from None


def parse_questions(text: str, file: str = "questions") -> tuple[Question, ...]:
    """The questions that `text` holds. LessonError says all that is wrong with it."""
    tree = parse(text, file)
    if not holds_questions(tree):
        raise LessonError(file, tree.line, "", "holds no questions", "Start with `format: 1`, `unit: …`, `questions:`")
    reader = Reader(file)
    sheet = reader.read(tree, _Sheet, "")
    if sheet is not MISSING:
        _one_source_each(sheet, reader, tree)
    if reader.problems:
        raise LessonError.gathered(sorted(reader.problems, key=lambda problem: problem.line))
    origin = Origin(file, reader.lines)
    return tuple(
        Question(**_fields(written), unit=sheet.unit, origin=origin, place=f"questions[{number}]")
        for number, written in enumerate(sheet.questions)
    )


def holds_questions(tree: Tree) -> bool:
    """Whether a file is one of questions rather than a lesson."""
    return isinstance(tree, Mapping) and any(key.value == "questions" for key, _value in tree.pairs)


def _one_source_each(sheet: _Sheet, reader: Reader, tree: Tree) -> None:
    for number, written in enumerate(sheet.questions):
        shows, place = written.shows, f"questions[{number}].shows"
        if (shows.lesson is None) == (shows.model is None):
            message = "names neither a lesson nor a model" if shows.lesson is None else "names a lesson and a model"
            remedy = "Give exactly one: lesson: masks, or model: translator"
            reader.problems.append(LessonError(reader.file, reader.lines[place], place, message, remedy))
        elif shows.lesson is not None and (shows.sentence or shows.target):
            message = "gives a sentence, though the lesson has its own"
            reader.problems.append(LessonError(reader.file, reader.lines[place], place, message, "Leave it out"))


def _fields(written: Written) -> dict[str, Any]:
    return {name: getattr(written, name) for name in Written.__struct_fields__}


def sorted_out(files: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """Those of the files that hold lessons, and those that hold questions. What cannot be read counts as a lesson."""
    lessons: list[Path] = []
    questions: list[Path] = []
    for path in files:
        try:
            found = _QUESTIONS.search(path.read_bytes()[:MAXIMUM_BYTES])
        except OSError:
            found = None
        (questions if found else lessons).append(path)
    return lessons, questions
