"""`tutor lessons check` on the interview bank: every text, every id, and every matrix that is to answer a question."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tutor.course.check_words import CHINESE, LATEX
from tutor.course.errors import LessonError
from tutor.course.load import Course, load_course
from tutor.course.places import PlaceError, cell_at, find_node
from tutor.course.programs import ProgramError, run_program
from tutor.course.questions import GRADES, Question, load_bank, question_files, read_questions
from tutor.course.review import stage
from tutor.course.schema import Lesson, Text
from tutor.course.spelling import nearest
from tutor.engine.config import ConfigError, check_field_names
from tutor.engine.trace import Trace, TraceError
from tutor.models.errors import ModelError
from tutor.models.registry import load_model

LANGUAGES = ("en", "zh")
# Characters of English and of Chinese: what fits a screen of 80×24 with the other points beside it.
LIMITS = {
    "question": (240, 120),
    "point": (170, 85),
    "answer": (440, 220),
    "says": (140, 70),
    "why": (200, 100),
}
# Names of models and matrices, which stand for themselves.
_NAMES = frozenset("ALBERT BERT GPT QK CLS SEP MASK PAD TF".split())
_WORDS = re.compile("[A-Za-z]{2,} [A-Za-z]{2,}")
_SHORT = re.compile(r"\b[A-Z]{2,}s?\b")


def check_questions(files: Iterable[Path] | None = None) -> tuple[LessonError, ...]:
    """All problems of these files (by default of the whole bank), in the order of files and lines."""
    chosen = list(question_files() if files is None else files)
    problems: list[LessonError] = []
    questions: list[Question] = []
    for path in chosen:
        try:
            questions += read_questions(path)
        except LessonError as error:
            problems += error.problems
    known = {path.resolve() for path in chosen}
    others = [question for question in load_bank().questions if Path(question.origin.file).resolve() not in known]
    checker = _Checker(load_course(), [*questions, *others])
    for question in questions:
        problems += checker.question(question)
    return tuple(problems)


class _Checker:
    def __init__(self, course: Course, questions: Sequence[Question]) -> None:
        self.course = course
        self.ids = [question.id for question in questions]
        self.traces: dict[Any, Trace | str] = {}

    def question(self, question: Question) -> list[LessonError]:
        found = [*self.ids_of(question), *word_problems(question), *self.shown(question)]
        origin = question.origin
        places = ((f"{question.place}.{field}", message, remedy) for field, message, remedy in found)
        return [LessonError(origin.file, origin.line(place), place, said, remedy) for place, said, remedy in places]

    def ids_of(self, question: Question) -> Iterator[tuple[str, str, str]]:
        if self.ids.count(question.id) > 1:
            yield "id", f"{question.id} is also the id of another question", "Give each its own"
        for number, other in enumerate(question.related):
            if other == question.id:
                yield f"related[{number}]", "is this question itself", "Take it out"
            elif other not in self.ids:
                guess = nearest(other, self.ids)
                yield f"related[{number}]", f"there is no question {other}", f"Did you mean {guess}?" if guess else ""

    def shown(self, question: Question) -> Iterator[tuple[str, str, str]]:
        """Whether the matrix is there, in both languages."""
        shows, said = question.shows, set()
        try:
            lesson = stage(question, self.course, question.answer)
        except LessonError:
            guess = nearest(shows.lesson or "", [entry.id for entry in self.course.lessons])
            yield "shows.lesson", f"there is no lesson {shows.lesson}", f"Did you mean {guess}?" if guess else ""
            return
        if lesson.program and shows.config:
            yield "shows.config", "has no meaning in a lesson with a program", "Leave it out"
            return
        for language in LANGUAGES:
            for problem in self.node(lesson, question, language):
                if problem not in said:
                    said.add(problem)
                    yield problem

    def node(self, lesson: Lesson, question: Question, language: str) -> Iterator[tuple[str, str, str]]:
        shows = question.shows
        trace = self.trace(lesson, shows.config or {}, language)
        if isinstance(trace, str):
            yield "shows", f"cannot be run ({language}): {trace}", ""
            return
        if shows.config:
            plain = self.trace(lesson, {}, language)
            if isinstance(plain, Trace) and all(_field(plain, name) == _field(trace, name) for name in shows.config):
                yield "shows.config", "changes nothing", "Leave it out"
        try:
            cell_at(find_node(trace, shows.node), shows.look_at)
        except TraceError as error:
            yield "shows.node", str(error), "Name a node that `tutor trace` lists"
        except PlaceError as error:
            yield "shows.look_at", str(error), ""

    def trace(self, lesson: Lesson, config: Mapping[str, Any], language: str) -> Trace | str:
        """The trace, run once, or why there is none."""
        sentence = lesson.sentence.get(language) if lesson.sentence else "I am a student"
        target = lesson.target.get(language) if lesson.target else None
        source = (lesson.model, sentence, target, lesson.pad_to) if lesson.model else lesson.id
        key = (source, repr(sorted(config.items())))
        if key not in self.traces:
            try:
                if lesson.program:
                    self.traces[key] = run_program(lesson.program)
                else:
                    check_field_names(config)
                    model = load_model(lesson.model or "")
                    self.traces[key] = model.trace(sentence, target=target, config=config or None, pad_to=lesson.pad_to)
            except (ConfigError, ModelError, ProgramError, TraceError) as error:
                self.traces[key] = str(error)
        return self.traces[key]


def _field(trace: Trace, name: str) -> Any:
    return getattr(trace.config, name, None)


def texts(question: Question) -> Iterator[tuple[str, str, Text]]:
    """Every text of a question: its field, its part (a key of LIMITS), and the text."""
    yield "question", "question", question.question
    for grade in GRADES:
        for number, point in enumerate(getattr(question.points, grade)):
            yield f"points.{grade}[{number}]", "point", point
    yield "answer", "answer", question.answer
    for number, wrong in enumerate(question.wrong):
        yield f"wrong[{number}].says", "says", wrong.says
        yield f"wrong[{number}].why", "why", wrong.why


def word_problems(question: Question) -> Iterator[tuple[str, str, str]]:
    """What is wrong with the words: field, message, remedy."""
    whole = " ".join(text.en for _field, _part, text in texts(question))
    for field, part, text in texts(question):
        for language, words, limit in zip(LANGUAGES, (text.en, text.zh), LIMITS[part], strict=True):
            size = len(" ".join(words.split()))
            if size > limit:
                yield f"{field}.{language}", f"is {size} characters long; {limit} are easily read", "Say less"
        if _WORDS.search(text.zh) and not CHINESE.search(text.zh):  # a formula alone may do without
            yield f"{field}.zh", "holds no Chinese", "Write it in Chinese"
        if found := LATEX.search(text.en + text.zh):
            yield field, f"holds LaTeX ({found.group()}), which is not drawn inside words", "Write it in words"
        for short in _SHORT.findall(text.en):
            if short not in _NAMES and f"({short}" not in whole:
                yield f"{field}.en", f"uses the abbreviation {short}", f"Write it out, or: long form ({short})"
