"""The review: which questions and missed exercises are asked now, in which order, and when each comes again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import msgspec

from tutor.course.errors import LessonError
from tutor.course.load import Course
from tutor.course.progress import Progress
from tutor.course.questions import Bank, Question
from tutor.course.schedule import Schedule
from tutor.course.schema import Ask, Explain, Lesson, Show, Step, Text
from tutor.course.schema_parts import GRADES

NEW_A_DAY = 10
LIMIT = 20
# A card that is due again within this time waits for the end of the same sitting.
SOON = 20 * 60.0

_ASKED = Text("The question", "问题")


@dataclass(frozen=True)
class QuestionCard:
    """A question of the bank."""

    question: Question

    @property
    def id(self) -> str:
        return f"question/{self.question.id}"

    @property
    def unit(self) -> int:
        return self.question.unit

    def asked(self, language: str) -> str:
        """What is asked, Markdown."""
        return self.question.question.get(language)


@dataclass(frozen=True)
class ExerciseCard:
    """A step of a lesson at which the learner once gave a wrong answer."""

    lesson: Lesson
    step_number: int
    missed_at: float

    @property
    def id(self) -> str:
        return f"exercise/{self.lesson.id}/{self.step_number}"

    @property
    def unit(self) -> int:
        return self.lesson.unit

    @property
    def step(self) -> Step:
        return self.lesson.steps[self.step_number]

    def asked(self, language: str) -> str:
        """What is asked, Markdown."""
        step = self.step
        if isinstance(step, Ask):
            # In the alphabet's order: the right choice is often the first in the file.
            choices = sorted(choice.text.get(language) for choice in step.choices)
            return "\n".join([step.ask.get(language), "", *(f"- {choice}" for choice in choices)])
        if isinstance(step, Explain):
            return step.explain.get(language)
        return (step.say or step.title or self.lesson.title).get(language)

    def told(self, language: str) -> tuple[str, ...]:
        """What may be told of the answer: a question's right choice and why, else the hints."""
        step = self.step
        if isinstance(step, Ask):
            right = [choice for choice in step.choices if choice.right]
            return tuple(part.get(language) for choice in right for part in (choice.text, choice.why))
        if isinstance(step, Explain):
            return tuple(point.get(language) for grade in GRADES for point in getattr(step.points, grade))
        return tuple(hint.get(language) for hint in step.hints)


ReviewCard = QuestionCard | ExerciseCard


class Sitting:
    """One round of cards. `current` is the card on the table, None once all are done; `grade` puts it away.

    `only` is the id of a single question to ask, due or not.
    """

    def __init__(
        self,
        progress: Progress,
        bank: Bank,
        course: Course,
        unit: int | None = None,
        limit: int = LIMIT,
        new: int | None = None,
        only: str | None = None,
        schedule: Schedule | None = None,
    ) -> None:
        self.progress, self.bank, self.course = progress, bank, course
        self.unit, self.limit = unit, limit
        self._schedule = schedule
        self.done = 0
        self.queue: list[ReviewCard] = []
        self._waiting: list[ReviewCard] = []  # graded, and due again in this sitting
        self.deal(new)
        if only is not None:
            self.queue = [QuestionCard(bank[only])]

    @cached_property
    def schedule(self) -> Schedule:
        return self._schedule or Schedule()

    @property
    def now(self) -> float:
        return self.progress.clock()

    # -- what there is -------------------------------------------------------------------------------------------

    def cards(self) -> list[ReviewCard]:
        """All cards there are, of the unit asked for: missed exercises, then the bank."""
        cards: list[ReviewCard] = [*self._missed(), *map(QuestionCard, self.bank.questions)]
        return [card for card in cards if self.unit is None or card.unit == self.unit]

    def _missed(self) -> Iterable[ExerciseCard]:
        missed: dict[tuple[str, int], float] = {}
        for attempt in self.progress.attempts():
            if not attempt.right:
                missed[attempt.lesson, attempt.step] = attempt.at
        for (name, number), at in sorted(missed.items()):
            if name not in self.course:
                continue
            try:
                lesson = self.course[name].lesson
            except LessonError:
                continue
            # A lesson may have been rewritten since.
            if number < len(lesson.steps) and not isinstance(lesson.steps[number], Show):
                yield ExerciseCard(lesson, number, at)

    def due(self, card: ReviewCard) -> float | None:
        """When a card is to be asked; None for one that was never asked."""
        known = self._known.get(card.id)
        if isinstance(card, ExerciseCard) and (known is None or card.missed_at > known.last_review):
            return card.missed_at
        return known.due if known else None

    @property
    def next_due(self) -> float | None:
        """When the next card is due that is not due yet; None where no card waits."""
        dates = (self.due(card) for card in self.cards())
        return min((due for due in dates if due is not None and due > self.now), default=None)

    @property
    def new_left(self) -> int:
        """How many questions there are that were never asked."""
        return sum(self.due(card) is None for card in self.cards())

    # -- the sitting ----------------------------------------------------------------------------------------------

    def deal(self, new: int | None = None) -> None:
        """Put on the table what is due, the longest overdue first, then new questions.

        `new` is how many new ones at most; without it, what is left of the day's.
        """
        self._known = self.progress.cards()
        dates = [(self.due(card), card) for card in self.cards()]
        ready = [(due, card) for due, card in dates if due is not None and due <= self.now]
        ready.sort(key=lambda pair: pair[0])
        fresh = [card for due, card in dates if due is None]
        taught = self.progress.done_lessons()
        fresh.sort(key=lambda card: not _is_taught(card, taught))  # stable: otherwise the order of the course
        room = max(0, NEW_A_DAY - self._begun_today()) if new is None else new
        self.queue = [*(card for _due, card in ready), *fresh[:room]][: self.limit]
        self._waiting = []

    def _begun_today(self) -> int:
        begun: dict[str, float] = {}
        for review in self.progress.reviews():
            begun.setdefault(review.card, review.at)
        today = date.fromtimestamp(self.now)
        return sum(date.fromtimestamp(at) == today for card, at in begun.items() if card.startswith("question/"))

    @property
    def current(self) -> ReviewCard | None:
        """The card on the table. One that is due again soon comes when its time has come, or when it alone is left."""
        if self._waiting and (not self.queue or self._due_soon(self._waiting[0]) <= self.now):
            return self._waiting[0]
        return self.queue[0] if self.queue else None

    @property
    def left(self) -> int:
        """How many cards are still to be asked."""
        return len(self.queue) + len(self._waiting)

    def _due_soon(self, card: ReviewCard) -> float:
        return self._known[card.id].due

    def foreseen(self) -> tuple[float, ...]:
        """In how many seconds the card on the table would come again, for each of the four grades."""
        card, now = self.current, self.now
        assert card is not None
        return tuple(due - now for due in self.schedule.foreseen(card.id, self._known.get(card.id), now))

    def grade(self, grade: int) -> float:
        """Put the card on the table away, graded 1 (again) to 4 (easy); returns when it comes again."""
        card = self.current
        assert card is not None
        (self._waiting if card in self._waiting else self.queue).remove(card)
        after = self.schedule.graded(card.id, self._known.get(card.id), grade, self.now)
        self._known[card.id] = after
        self.progress.record_review(after, grade)
        self.done += 1
        if after.due <= self.now + SOON:
            self._waiting.append(card)
            self._waiting.sort(key=self._due_soon)
        return after.due


def _is_taught(card: ReviewCard, lessons: frozenset[str]) -> bool:
    return isinstance(card, QuestionCard) and card.question.shows.lesson in lessons


def stage(question: Question, course: Course, say: Text) -> Lesson:
    """A lesson of one step that shows the matrix of a question and says `say`. Raises LessonError."""
    shows = question.shows
    step = Show(show=shows.node, say=say, look_at=shows.look_at, config=shows.config)
    if shows.lesson is not None:
        if shows.lesson not in course:
            raise LessonError(question.origin.file, 1, f"{question.place}.shows.lesson", f"there is no {shows.lesson}")
        return msgspec.structs.replace(course[shows.lesson].lesson, steps=(step,), title=_ASKED)
    return Lesson(
        format=1,
        id=question.id,
        unit=question.unit,
        title=_ASKED,
        summary=question.question,
        minutes=1,
        model=shows.model,
        sentence=shows.sentence,
        target=shows.target,
        steps=(step,),
    )
