"""Where the learner stands in a lesson and what they have done on the current step: plain data, no widget."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tutor.app.walk import Stop
from tutor.course.audit import Finding
from tutor.course.drills import QUIZZED, Quiz, QuizError, quizzes
from tutor.course.exercises import Exercise, Hint, Question, make, question
from tutor.course.goals import Evidence, reached
from tutor.course.mistakes import MistakeError
from tutor.course.ordering import Misplaced, Ordering
from tutor.course.places import PlaceError, cell_at, find_node
from tutor.course.reaching import distance
from tutor.course.schema import Ask, Audit, Cells, Explain, Fill, Lesson, Order, Step, Text, Try
from tutor.display.messages import said
from tutor.engine.explanation import Index
from tutor.engine.trace import Node, Trace, TraceError

GRADE_COUNT = 4
WORKED = Fill | Ask | QUIZZED | Order | Explain  # steps that are answered in the lesson's own pane


@dataclass(frozen=True)
class Attempt:
    """The work on one step. A step without work is done as soon as it is seen."""

    exercise: Exercise | None = None
    question: Question | Quiz | None = None
    ordering: Ordering | None = None
    placed: tuple[int, ...] = ()  # of the nodes to order, those put in a row so far
    misplaced: Misplaced | None = None
    explaining: Explain | None = None
    written: str | None = None  # the learner's explanation, once it is handed in
    grade: int | None = None  # what they gave themselves, 1 to 4
    rest: tuple[Quiz, ...] = ()  # the questions still to come on this step
    right: tuple[Index, ...] = ()  # the blanks filled so far
    chosen: tuple[int, ...] = ()  # the choices tried so far
    verdict: Text | None = None
    good: bool | None = None
    hints: tuple[Hint, ...] = ()
    reached: bool = False  # whether a screen that the step opens was left with its goal reached
    problem: str = ""  # why the exercise cannot be made from this sentence

    @property
    def blanks(self) -> tuple[Index, ...]:
        """The cells still to be filled."""
        return tuple(cell for cell in self.exercise.cells if cell not in self.right) if self.exercise else ()

    @property
    def asked(self) -> Index | None:
        """The cell asked for now."""
        return self.blanks[0] if self.blanks else None

    @property
    def is_answered(self) -> bool:
        """Whether the question on screen needs no more answers."""
        if self.question is None or not self.chosen:
            return False
        once = isinstance(self.question, Quiz) and self.question.once
        return once or self.question.choices[self.chosen[-1]].right

    @property
    def covered(self) -> str:
        """The node whose numbers the question on screen hides; empty where it hides none."""
        quiz = self.question
        return quiz.node if isinstance(quiz, Quiz) and quiz.covers and not self.is_answered else ""

    def said(self, language: str) -> str:
        """What there is to say about the last answer; empty before the first."""
        return self.problem or (self.verdict.get(language) if self.verdict else "")

    def filled(self, text: str) -> Attempt:
        """After a number was typed for the cell asked for; what is none is neither right nor wrong."""
        assert self.exercise is not None and self.asked is not None
        verdict = self.exercise.grade(self.asked, text)
        if not verdict.readable:
            return replace(self, verdict=verdict.explain, good=None)
        right = (*self.right, self.asked) if verdict.right else self.right
        hints = () if verdict.right else self.hints
        return replace(self, right=right, verdict=verdict.explain, good=verdict.right, hints=hints)

    @property
    def open_choices(self) -> int:
        """How many choices there are to take now."""
        if self.ordering is not None:
            return 0 if self.good else len(self.ordering.names)
        if self.explaining is not None:
            return GRADE_COUNT if self.written is not None and self.grade is None else 0
        return len(self.question.choices) if self.question is not None and not self.is_answered else 0

    def explained(self, text: str) -> Attempt:
        """With the learner's explanation, which is now held against the points."""
        return replace(self, written=text.strip())

    def graded(self, place: int) -> Attempt:
        """With the grade that the learner gives, counted from 0; from the second on it passes."""
        return replace(self, grade=place + 1, good=place > 0)

    def put(self, place: int) -> Attempt:
        """With a node put at the end of the row, or taken out again; a full row is judged."""
        assert self.ordering is not None
        if place in self.placed:
            return replace(self, placed=tuple(p for p in self.placed if p != place))
        placed = (*self.placed, place)
        if len(placed) < len(self.ordering.names):
            return replace(self, placed=placed, misplaced=None, good=None)
        found = self.ordering.misplaced(placed)
        kept = placed if found is None else placed[: found.kept]
        return replace(self, placed=kept, misplaced=found, good=found is None)

    def choice(self, place: int) -> Attempt:
        """After a choice was taken."""
        assert self.question is not None
        verdict = self.question.answer(place)
        chosen = (*(c for c in self.chosen if c != place), place)
        after = replace(self, chosen=chosen, verdict=verdict.explain, good=verdict.right)
        if after.is_answered and self.rest:
            following, *rest = self.rest
            return replace(after, question=following, rest=tuple(rest), chosen=(), hints=())
        return after

    def hinted(self) -> Attempt:
        """With the next hint, if there is one."""
        source = self.exercise or self.question or self.ordering
        if source is None:
            return self
        number = len(self.hints)
        hint = self.exercise.hint(number, self.asked) if self.exercise else source.hint(number)
        return replace(self, hints=(*self.hints, hint)) if hint else self


@dataclass(frozen=True)
class LessonState:
    """The lesson, the step, and the attempt at it. `lesson` is None while exploring without one."""

    lesson: Lesson | None = None
    number: int = 0
    attempt: Attempt = field(default_factory=Attempt)
    free: Fill | None = None  # an exercise that the learner asked for outside the lesson's own

    @property
    def step(self) -> Step | None:
        """The step on screen."""
        if self.free is not None:
            return self.free
        return self.lesson.steps[self.number] if self.lesson else None

    @property
    def count(self) -> int:
        """The number of steps."""
        return len(self.lesson.steps) if self.lesson else 0

    @property
    def is_last(self) -> bool:
        """Whether no step follows."""
        return self.number + 1 >= self.count

    def at(self, number: int) -> LessonState:
        """Another step, nothing done on it yet."""
        return replace(self, number=max(0, min(number, self.count - 1)), attempt=Attempt(), free=None)

    def begun(self, trace: Trace) -> LessonState:
        """With the step's exercise or question made from this trace; what was done on it stays if it still fits."""
        step = self.step
        if isinstance(step, Ask):
            if self.attempt.question is None:
                return replace(self, attempt=Attempt(question=question(step)))
        elif isinstance(step, Fill):
            return self._begun_exercise(step, trace)
        elif isinstance(step, QUIZZED):
            return self._begun_quiz(step, trace)
        elif isinstance(step, Order):
            return self._begun_ordering(step, trace)
        elif isinstance(step, Explain):
            if self.attempt.explaining is not step:
                return replace(self, attempt=Attempt(explaining=step))
        elif step is not None:
            return replace(self, attempt=replace(self.attempt, problem=_missing(step, trace)))
        return self

    def _begun_exercise(self, step: Fill, trace: Trace) -> LessonState:
        try:
            exercise = make(step, trace)
        except (MistakeError, PlaceError, TraceError) as error:
            return replace(self, attempt=Attempt(problem=said(error)))
        old = self.attempt.exercise
        if old is not None and _same_numbers(old, exercise):
            return replace(self, attempt=replace(self.attempt, exercise=exercise))
        return replace(self, attempt=Attempt(exercise=exercise))

    def _begun_quiz(self, step: Step, trace: Trace) -> LessonState:
        try:
            found = quizzes(step, trace)
        except (MistakeError, PlaceError, QuizError, TraceError) as error:
            return replace(self, attempt=Attempt(problem=said(error)))
        old = self.attempt.question
        place = len(found) - len(self.attempt.rest) - 1
        if isinstance(old, Quiz) and 0 <= place < len(found) and old.asks_the_same(found[place]):
            attempt = replace(self.attempt, question=found[place], rest=found[place + 1 :])
            return replace(self, attempt=attempt)
        return replace(self, attempt=Attempt(question=found[0], rest=found[1:]))

    def _begun_ordering(self, step: Order, trace: Trace) -> LessonState:
        try:
            ordering = Ordering(step, trace)
        except (QuizError, TraceError) as error:
            return replace(self, attempt=Attempt(problem=said(error)))
        old = self.attempt.ordering
        same = old is not None and old.names == ordering.names
        return self if same else replace(self, attempt=Attempt(ordering=ordering))

    def with_free_exercise(self, node: str) -> LessonState:
        """An exercise of three cells on the node on screen."""
        return replace(self, free=Fill(exercise=Cells(fill=node, cells=3)), attempt=Attempt())

    def done(self, trace: Trace | None) -> bool:
        """Whether the step's work is done."""
        step = self.step
        if isinstance(step, Fill):
            return not self.attempt.blanks
        if isinstance(step, Ask | QUIZZED):
            return self.attempt.is_answered
        if isinstance(step, Order):
            return self.attempt.good is True
        if isinstance(step, Explain):
            return self.attempt.grade is not None
        if isinstance(step, Try):
            return self.attempt.reached or reached(step, Evidence(trace))
        if isinstance(step, Audit):
            return self.attempt.reached
        return True

    def audited(self, finding: Finding) -> LessonState:
        """After the learner had the marks on a printed matrix checked."""
        attempt = replace(self.attempt, reached=True, verdict=finding.summary, good=finding.right)
        return replace(self, attempt=attempt)

    def hinted(self) -> LessonState:
        """With the next hint: an exercise's or a question's own, else the step's."""
        attempt, step = self.attempt.hinted(), self.step
        if attempt is self.attempt and step is not None and (isinstance(step, Explain) or not isinstance(step, WORKED)):
            attempt = replace(attempt, hints=tuple(map(Hint, step.hints[: len(attempt.hints) + 1])))
        return replace(self, attempt=attempt)

    def having(self, evidence: Evidence) -> LessonState:
        """After the learner did something on another screen: the step may have asked for it."""
        step = self.step
        done = self.attempt.reached or (isinstance(step, Try) and reached(step, evidence))
        return replace(self, attempt=replace(self.attempt, reached=done))

    def after_run(self, trace: Trace, before: Trace | None) -> LessonState:
        """After a run: what was to be brought about stays done, also when the learner then takes the change back."""
        step = self.step
        brings = isinstance(step, Try) and step.goal.reach is not None
        return self.having(Evidence(trace, before)) if brings else self

    def distance(self, trace: Trace | None, language: str) -> str:
        """How far what the step asks for is from what the learner's what-if has brought about; empty elsewhere."""
        step = self.step
        if not isinstance(step, Try) or step.goal.reach is None or trace is None:
            return ""
        try:
            return distance(step.goal.reach, trace).get(language)
        except (PlaceError, TraceError) as error:
            return said(error)

    def stop(self, trace: Trace) -> Stop | None:
        """The cell that the step looks at; None where it shows nothing."""
        step = self.step
        pattern = step.show if step is not None else None
        quiz = self.attempt.question
        if isinstance(quiz, Quiz):
            pattern = quiz.node if self.attempt.is_answered else quiz.beside or pattern
        if not pattern:
            return None
        try:
            node = find_node(trace, pattern)
        except TraceError:
            return None  # another model than the lesson's, or a what-if that does without it
        if self.attempt.asked is not None:
            return Stop(node.name, self.attempt.asked)
        if isinstance(quiz, Quiz) and quiz.at:
            return Stop(node.name, quiz.reveal_at if self.attempt.is_answered else quiz.at)
        return Stop(node.name, _looked_at(node, step))


def _looked_at(node: Node, step: Step | None) -> Index:
    try:
        return cell_at(node, getattr(step, "look_at", {}))
    except PlaceError:
        return (0,) * len(node.shape)  # a sentence, or a model, smaller than the lesson's own


def _missing(step: Step, trace: Trace) -> str:
    try:
        find_node(trace, step.show or "*")
    except TraceError as error:
        return said(error)
    return ""


def _same_numbers(old: Exercise, new: Exercise) -> bool:
    """Whether what was filled in still stands: a new answer to the same sentence leaves the encoder's numbers alone."""
    return (old.node, old.cells) == (new.node, new.cells) and all(
        old.expected(cell) == new.expected(cell) for cell in new.cells
    )
