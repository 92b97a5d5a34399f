"""`tutor review --plain`: the cards one by one, line by line, graded by the learner."""

import contextlib
from collections.abc import Iterator

from tutor.course.progress import Progress
from tutor.course.questions import GRADES as POINTS
from tutor.course.questions import Question
from tutor.course.review import ExerciseCard, QuestionCard, ReviewCard, Sitting, stage
from tutor.course.units import unit_title
from tutor.display import grades
from tutor.display.language import _
from tutor.display.messages import translated
from tutor.display.safe import safe
from tutor.plain.markdown import flattened, wrapped
from tutor.plain.session import MENDABLE, Session, said_of
from tutor.plain.source import Source
from tutor.plain.talk import EndOfInput, Talk

LEAVE = ("quit", "q", "exit", "退出")
LOOK = ("o", "show", "open", "显示", "打开")
SKILLS = ("1", "2", "3", "4")


class PlainReview:
    """A sitting as a conversation. `run` returns when all cards are done or the learner leaves."""

    def __init__(self, sitting: Sitting, talk: Talk, progress: Progress, language: str, backend: str = "numpy") -> None:
        self.sitting, self.talk, self.progress = sitting, talk, progress
        self.language, self.backend = language, backend

    def run(self) -> None:
        """All the cards. Raises EndOfInput when the input ends."""
        for problem in self.sitting.bank.problems:
            self.talk.say(_("left out: {0}").format(safe(problem.one_line(translated))))
        if self.sitting.current is None:
            self._say_nothing_due()
            return
        self.talk.say(_("{0} cards. At each, think or type an answer; then grade yourself.").format(self.sitting.left))
        while (card := self.sitting.current) is not None:
            if not self._ask(card):
                return
        self.talk.say(_("All done: {0} answers graded.").format(self.sitting.done))
        if self.sitting.next_due is not None:
            self.talk.say(grades.comes_again(self.sitting.next_due, self.sitting.now))

    def _say_nothing_due(self) -> None:
        sitting = self.sitting
        for line in grades.nothing_due(sitting.next_due, sitting.new_left, sitting.now):
            self.talk.say(line)
        if sitting.new_left:
            self.talk.say(_("`tutor review --new 5` asks five of them all the same."))

    def _ask(self, card: ReviewCard) -> bool:
        """One card from question to grade; False when the learner leaves."""
        width = self.talk.width
        self.talk.lines(["", *wrapped(self._heading(card), width), ""])
        self.talk.lines(flattened(card.asked(self.language), width))
        while True:
            line = self.talk.ask(_("your answer, or Enter; o: the live matrix")).strip()
            if line.lower() in LEAVE:
                return False
            if line.lower() not in LOOK:
                break
            self._look(card, answered=False)
        self.talk.lines(self._answer(card))
        return self._grade(card)

    def _grade(self, card: ReviewCard) -> bool:
        choices = grades.choices(self.sitting.foreseen())
        prompt = "  ".join(f"{key} {word} ({later})" for key, word, later in choices)
        while True:
            line = self.talk.ask(prompt).strip().lower()
            if line in LEAVE:
                return False
            if line in LOOK:
                self._look(card, answered=True)
            elif line in SKILLS:
                due = self.sitting.grade(int(line))
                self.talk.say(grades.comes_again(due, self.sitting.now))
                return True
            else:
                for key, meaning in zip(SKILLS, grades.MEANINGS, strict=True):
                    self.talk.say(f"{key}: {_(meaning)}")

    def _heading(self, card: ReviewCard) -> str:
        unit = safe(unit_title(card.unit).get(self.language))
        left = _("{0} to go").format(self.sitting.left)
        if isinstance(card, ExerciseCard):
            lesson = safe(card.lesson.title.get(self.language))
            return _("{0}: missed in the lesson {1}, step {2}").format(left, lesson, card.step_number + 1)
        return f"{left}: {unit}"

    def _answer(self, card: ReviewCard) -> Iterator[str]:
        width = self.talk.width
        yield ""
        if isinstance(card, QuestionCard):
            yield from answer_lines(card.question, self.language, width)
            return
        yield from wrapped(_("Work it out on the live matrix: type o. Then grade yourself."), width)
        for words in card.told(self.language):
            yield from _item(words, width)

    def _look(self, card: ReviewCard, answered: bool) -> None:
        """The matrix that answers, live: all the commands of a lesson's step."""
        try:
            if isinstance(card, ExerciseCard):
                lesson, step = card.lesson, card.step_number
            else:
                words = card.question.answer if answered else card.question.question
                lesson, step = stage(card.question, self.sitting.course, words), 0
            source = Source(lesson, self.language, None, self.backend)
            Session(lesson, self.talk, self.progress, source, self.language).visit(step)
        except MENDABLE as error:
            self.talk.say(safe(said_of(error)))


def answer_lines(question: Question, language: str, width: int) -> Iterator[str]:
    """The points by grade, the model answer, and what is often said but wrong."""
    for grade, heading in zip(POINTS, grades.HEADINGS, strict=True):
        yield from wrapped(_(heading), width)
        for point in getattr(question.points, grade):
            yield from _item(point.get(language), width)
    yield ""
    yield from wrapped(_("In short"), width)
    yield from flattened(question.answer.get(language), width)
    yield ""
    yield from wrapped(_("Often said, but wrong"), width)
    for wrong in question.wrong:
        yield from _item(wrong.says.get(language), width)
        yield from ("  " + line for line in wrapped(safe(wrong.why.get(language)), width - 2))


def _item(text: str, width: int) -> Iterator[str]:
    for number, line in enumerate(wrapped(safe(text), width - 2)):
        yield ("  " if number else "- ") + line


def run_plain_review(progress: Progress, sitting: Sitting, language: str, backend: str = "numpy") -> None:
    """The whole of `tutor review --plain`, until the cards are done, the learner leaves or the input ends."""
    talk = Talk()
    if progress.notice:
        talk.say(safe(progress.notice.get(language)))
    with contextlib.suppress(EndOfInput):
        PlainReview(sitting, talk, progress, language, backend).run()
