"""`tutor lessons check`: every lesson held against its model and its sentences, in both languages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tutor.course.audit import AuditError, Sheet
from tutor.course.cells import distinct
from tutor.course.check_drills import drill_problems
from tutor.course.check_goals import goal_problems
from tutor.course.check_words import word_problems
from tutor.course.errors import LessonError
from tutor.course.exercises import make
from tutor.course.files import lesson_files
from tutor.course.goals import tried
from tutor.course.lesson_file import load_lesson
from tutor.course.mistakes import MISTAKES, MistakeError
from tutor.course.places import PlaceError, cell_at, find_node
from tutor.course.programs import ProgramError, run_program
from tutor.course.schema import Ask, Audit, Explain, Fill, Lesson, Predict, Shape, Show, Step, Try
from tutor.course.spelling import nearest
from tutor.engine.config import ConfigError, check_field_names
from tutor.engine.message import Message
from tutor.engine.trace import Trace, TraceError
from tutor.models.errors import ModelError
from tutor.models.registry import load_model
from tutor.models.rerun import rerun

LANGUAGES = ("en", "zh")
SENTENCES = {"en": "The cat sat on the mat", "zh": "猫坐在垫子上"}  # for lessons that leave the sentence to the learner

Draws = Callable[[str], str | None]
"""Whether a formula can be drawn: LaTeX to what is wrong with it, or None."""


def check_files(files: Iterable[Path] | None = None, draws: Draws | None = None) -> tuple[LessonError, ...]:
    """All problems of these lesson files (by default the whole course), in the order of files and lines."""
    course = {path.resolve(): path for path in lesson_files()}
    asked = tuple(files) if files is not None else tuple(course.values())
    problems: list[LessonError] = []
    lessons: dict[Path, Lesson] = {}
    for path in dict.fromkeys([*asked, *course.values()]):
        try:
            lessons[path] = load_lesson(_with_folder(path))
        except LessonError as error:
            problems += error.problems if path in asked else ()
    known = {lesson.id for lesson in lessons.values()}
    for path in asked:
        if path in lessons:
            problems += _same_id(lessons, path)
            problems += check_lesson(lessons[path], known, draws)
    return tuple(problems)


def _with_folder(path: Path) -> Path:
    # A bare file name without a suffix would be taken for a lesson's id.
    return path if path.suffix in (".yaml", ".yml") else path.absolute()


def _same_id(lessons: Mapping[Path, Lesson], path: Path) -> list[LessonError]:
    mine = lessons[path]
    for other, lesson in lessons.items():
        if lesson.id == mine.id and other.resolve() != path.resolve():
            line = mine.origin.line("id")
            return [
                LessonError(mine.origin.file, line, "id", f"{mine.id} is also the id of {other.name}", "Change one")
            ]
    return []


def check_lesson(lesson: Lesson, known: Iterable[str] = (), draws: Draws | None = None) -> tuple[LessonError, ...]:
    """All problems of one lesson. `known` are the ids of all lessons, which `assumes` may name."""
    checker = _Checker(lesson, draws)
    for field, message, remedy in word_problems(lesson):
        checker.problem(field, message, remedy)
    checker.assumes(set(known))
    for number, step in enumerate(lesson.steps):
        checker.formula(f"steps[{number}]", step)
        if isinstance(step, Ask):
            checker.choices(f"steps[{number}]", step)
        if isinstance(step, Try):
            checker.goal(f"steps[{number}]", step)
    run = checker.program_runner() if lesson.program else checker.model_runner()
    if run is not None:
        for language in LANGUAGES if lesson.model else LANGUAGES[:1]:
            checker.traces(language, run)
    return tuple(sorted(checker.problems, key=lambda problem: problem.line))


Run = Callable[[str, Mapping[str, Any] | None], Trace]


class _Checker:
    def __init__(self, lesson: Lesson, draws: Draws | None) -> None:
        self.lesson, self.draws = lesson, draws
        self.problems: list[LessonError] = []
        self.seen: set[tuple[str, str]] = set()

    def problem(self, field: str, message: str, remedy: str = "") -> None:
        if (field, message) not in self.seen:
            self.seen.add((field, message))
            origin = self.lesson.origin
            self.problems.append(LessonError(origin.file, origin.line(field), field, message, remedy))

    # -- what needs no trace --------------------------------------------------------------------------------------

    def assumes(self, known: set[str]) -> None:
        for number, other in enumerate(self.lesson.assumes):
            if other == self.lesson.id:
                self.problem(f"assumes[{number}]", "is this lesson itself", "Take it out")
            elif known and other not in known:
                guess = nearest(other, known)
                self.problem(
                    f"assumes[{number}]", f"there is no lesson {other}", f"Did you mean {guess}?" if guess else ""
                )

    def formula(self, place: str, step: Step) -> None:
        if step.formula and self.draws is not None and (why := self.draws(step.formula)):
            self.problem(
                f"{place}.formula",
                Message("cannot be drawn: {reason}", reason=why),
                Message("Use simpler LaTeX, in single quotes"),
            )

    def choices(self, place: str, step: Ask) -> None:
        right = sum(choice.right for choice in step.choices)
        if right != 1:
            self.problem(
                f"{place}.choices",
                Message("has {count} right choices", count=right),
                Message("Mark exactly one with right: true"),
            )
        for language in LANGUAGES:
            offered = [choice.text.get(language).strip() for choice in step.choices]
            if len(set(offered)) < len(offered):
                self.problem(f"{place}.choices", f"offers the same choice twice ({language})", "Write them apart")

    def goal(self, place: str, step: Try) -> None:
        for field, message, remedy in goal_problems(step.goal):
            self.problem(f"{place}.{field}", message, remedy)
        if step.goal.generate is not None and self.lesson.program:
            self.problem(f"{place}.try.generate", "has no meaning in a lesson with a program", "Use a model")

    # -- the lesson run -------------------------------------------------------------------------------------------

    def program_runner(self) -> Run | None:
        program = self.lesson.program
        assert program is not None
        try:
            trace = run_program(program)
        except ProgramError as error:
            self.problem(f"program.{error.field}", error.message, error.remedy)
            return None
        for name in program.symbols:
            if name not in trace:
                guess = nearest(name, trace.names)
                self.problem(f"program.symbols.{name}", "names no matrix", f"Did you mean {guess}?" if guess else "")
        self.explanations(trace)
        return lambda language, config: trace

    def explanations(self, trace: Trace) -> None:
        """A learner may ask any cell of a program: ask the first and the last of every matrix."""
        for name in trace.names:
            shape = trace[name].shape
            for index in ([0] * len(shape), [-1] * len(shape)):
                try:
                    trace.explain(name, index).evaluate()
                except (ValueError, LookupError, TypeError) as error:
                    self.problem("program", f"{name} cannot be explained: {error}", "Use matrices of rows and columns")

    def model_runner(self) -> Run | None:
        lesson = self.lesson
        assert lesson.model is not None
        try:
            model = load_model(lesson.model)
        except ModelError as error:
            self.problem("model", Message("{reason}", reason=error))
            return None
        if model.config.architecture == "encoder_only":
            for number, step in enumerate(lesson.steps):
                if isinstance(step, Try) and step.goal.generate is not None:
                    message = f"{lesson.model} has no decoder, so it generates nothing"
                    self.problem(f"steps[{number}].try.generate", message, "Use a model with a decoder")

        def run(language: str, config: Mapping[str, Any] | None) -> Trace:
            sentence = lesson.sentence.get(language) if lesson.sentence else SENTENCES[language]
            target = lesson.target.get(language) if lesson.target else None
            return model.trace(sentence, target=target, config=config, pad_to=lesson.pad_to)

        return run

    def traces(self, language: str, run: Run) -> None:
        try:
            trace = run(language, None)
        except (ModelError, TraceError, ConfigError) as error:
            self.problem("sentence", f"cannot be run ({language}): {error}")
            return
        for number, step in enumerate(self.lesson.steps):
            self.step(f"steps[{number}]", step, trace, language, run)

    def step(self, place: str, step: Step, trace: Trace, language: str, run: Run) -> None:
        shown = [trace]
        config = step.goal.config if isinstance(step, Try) else step.config
        field = f"{place}.try.config" if isinstance(step, Try) else f"{place}.config"
        if config:
            changed = self.changed(field, config, language, run)
            if changed is None:
                return
            shown.append(changed)
            if isinstance(step, Try) and tried(step, trace):
                self.problem(
                    field, "is how the model already is, so the step is done before it begins", "Ask for a change"
                )
            elif isinstance(step, Try) and not tried(step, changed):
                self.problem(field, "is not reached by running with it", "Ask for values the config keeps as they are")
            elif all(getattr(trace.config, name) == getattr(changed.config, name) for name in config):
                self.problem(field, "changes nothing", "Leave it out")
        # A what-if may be about a matrix that the plain model lacks; until the learner tries one, the plain is shown.
        for one in shown if isinstance(step, Try) else shown[-1:]:
            self.node(place, step, one)
        if isinstance(step, Fill):
            self.exercise(place, step, shown[-1], language)
        elif isinstance(step, Audit):
            self.audit(place, step, trace)
        for inside, message, remedy in drill_problems(step, shown[-1], partial(self.again, trace)):
            self.problem(f"{place}.{inside}", message, remedy)

    def again(self, like: Trace, config: Mapping[str, Any], change: Mapping[str, Any]) -> Trace:
        """The run of `like` with changes to the config and to nodes; of a program to nodes alone."""
        if self.lesson.program:
            return run_program(self.lesson.program, change=change)
        return rerun(load_model(self.lesson.model or ""), like, config, change)

    def changed(self, field: str, config: Mapping[str, Any], language: str, run: Run) -> Trace | None:
        if self.lesson.program:
            self.problem(field, "has no meaning in a lesson with a program", "Leave it out, or use a model")
            return None
        try:
            check_field_names(config)
            return run(language, config)
        except (ConfigError, TraceError, ModelError) as error:
            self.problem(field, Message("{reason}", reason=error))
            return None

    def node(self, place: str, step: Step, trace: Trace) -> None:
        own = {Fill: "exercise.fill", Audit: "audit.printed", Shape: "shape", Predict: "predict"}
        field = f"{place}.{own.get(type(step), 'show')}"
        if step.show is None:
            return
        try:
            node = find_node(trace, step.show)
        except TraceError as error:
            self.problem(field, Message("{reason}", reason=error), Message("Name a node that `tutor trace` lists"))
            return
        if isinstance(step, Show | Ask | Try | Explain):
            try:
                cell_at(node, step.look_at)
            except PlaceError as error:
                self.problem(f"{place}.look_at", Message("{reason}", reason=error))

    def audit(self, place: str, step: Audit, trace: Trace) -> None:
        try:
            sheet = Sheet(step, trace)
        except AuditError as error:
            self.problem(f"{place}.audit", Message("{reason}", reason=error), "Compare matrices of one shape")
            return
        except TraceError as error:
            if step.audit.printed in trace:  # else told of already
                self.problem(
                    f"{place}.audit.recomputed", Message("{reason}", reason=error), "Name a matrix of the program"
                )
            return
        if sheet.recomputed.operation is None:
            message = f"{sheet.recomputed.name} is given, not computed"
            self.problem(f"{place}.audit.recomputed", message, "Compute it from the printed matrices before it")
        elif not sheet.slips:
            self.problem(f"{place}.audit", "has no slip to find", "Show the matrix instead")

    def exercise(self, place: str, step: Fill, trace: Trace, language: str) -> None:
        names, field = step.exercise.mistakes, f"{place}.exercise.mistakes"
        try:
            found = find_node(trace, step.exercise.fill)
        except TraceError:
            return  # told of already
        if found.operation is None:
            self.problem(f"{place}.exercise.fill", f"{found.name} is given, not computed", "Name a computed matrix")
            return
        for number, name in enumerate(names):
            if name in names[:number]:
                self.problem(f"{field}[{number}]", f"{name} is listed twice", "Take one out")
            elif name not in MISTAKES:
                guess = nearest(name, MISTAKES)
                remedy = Message("Did you mean {guess}?", guess=guess)
                if not guess:
                    remedy = Message("There are {names}", names=", ".join(MISTAKES))
                self.problem(f"{field}[{number}]", Message("there is no mistake called {name}", name=name), remedy)
        if any(name not in MISTAKES for name in names):
            return
        try:
            exercise = make(step, trace, strict=True)
        except MistakeError as error:
            self.problem(field, Message("{reason}", reason=error), "Take it out")
            return
        self.cells(place, step, exercise, language)

    def cells(self, place: str, step: Fill, exercise: Any, language: str) -> None:
        wanted = step.exercise.cells
        if len(exercise.cells) < wanted:
            self.problem(
                f"{place}.exercise.cells",
                f"asks for {wanted} cells of {exercise.node}, which has {len(exercise.cells)}",
                "Ask for fewer",
            )
        for number, name in enumerate(step.exercise.mistakes):
            slips = [slip for slip in exercise.slips if slip.mistake.name == name]
            if not any(
                distinct(exercise.found, slip, cell, exercise.whole) for slip in slips for cell in exercise.cells
            ):
                self.problem(
                    f"{place}.exercise.mistakes[{number}]",
                    f"{name} gives the right answer, or none, in every cell",
                    "Take it out",
                )
        if all(exercise.grade(cell, "0").right for cell in exercise.cells):
            self.problem(f"{place}.exercise.fill", "is 0 in every cell asked for", "Ask for another matrix")
        self.given_away(place, step, exercise, language)

    def given_away(self, place: str, step: Fill, exercise: Any, language: str) -> None:
        words: Sequence[tuple[str, Any]] = [(f"{place}.hints[{n}]", hint) for n, hint in enumerate(step.hints)]
        words = [*words, (f"{place}.say", step.say)] if step.say else words
        for cell in exercise.cells:
            value = exercise.expected(cell)
            # Whole and short numbers stand in any text; three decimals stand there only as this answer.
            numbers = {f"{abs(value):.{digits}f}" for digits in (3, 4)} if value != int(value or 0) else set()
            for field, text in words:
                if any(number in text.get(language) for number in numbers):
                    self.problem(field, f"gives the answer away ({exercise.label(cell)})", "Stop before the number")
