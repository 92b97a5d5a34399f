"""Exercises of a plain lesson that are made from the trace: letters to choose, or to put in order."""

from collections.abc import Iterator

from tutor.course.drills import quizzes
from tutor.course.exercises import Hint, Verdict
from tutor.course.ordering import Ordering
from tutor.course.places import find_node
from tutor.course.quiz import Option
from tutor.course.schema import Text
from tutor.display.formula import linear
from tutor.display.language import _, listed, sentences
from tutor.display.ordering import titles_of, wrong_way_round
from tutor.display.safe import safe
from tutor.display.sheet import sheet_lines
from tutor.engine.trace import Node
from tutor.plain.pages import Index, matrix_lines, node_head
from tutor.plain.tasks import LETTERS, Attempt, Task


class Quizzing(Task):
    """Questions with choices by letter. The matrix that a question is about comes with its answer."""

    def begin(self) -> None:
        first, *self.rest = quizzes(self.step, self.trace, self.seed)
        self.quiz, self.answered, self.finished = first, False, False

    @property
    def node(self) -> Node | None:
        name = self.quiz.node if self.answered else self.quiz.beside
        return find_node(self.trace, name) if name else None

    @property
    def at(self) -> Index:
        if self.quiz.at:
            return self.quiz.reveal_at if self.answered else self.quiz.at
        return (0,) * len(self.node.shape) if self.node is not None else ()

    def matrix(self, width: int) -> Iterator[str]:
        if self.node is None or not self.quiz.covers or self.answered:
            yield from super().matrix(width)
            return
        yield node_head(self.node)
        yield _("Its numbers are covered until you have answered.")
        if operands := [safe(operand.name) for operand in self.node.operands]:
            yield _("It is computed from {0}. show NAME prints one.").format(listed(operands))

    def formula(self) -> str:
        return self.step.formula or ""

    def asked(self) -> Iterator[str]:
        yield ""
        yield safe(self.quiz.ask.get(self.language))
        if self.quiz.sheet is not None:
            yield from sheet_lines(self.quiz.sheet)
        for letter, choice in zip(LETTERS, self.quiz.choices, strict=False):
            yield f"{letter})  {self._said(choice)}"

    def _said(self, choice: Option) -> str:
        return safe(linear(choice.formula) if choice.formula else choice.text.get(self.language))

    def prompt(self) -> str:
        return super().prompt() if self.finished else "/".join(LETTERS[: len(self.quiz.choices)])

    def wanted(self) -> str:
        return _("Type a letter, ? for a hint, or next to go on without an answer.")

    def answer(self, text: str) -> Iterator[str]:
        letter = text.strip().rstrip(".)").lower()
        letters = LETTERS[: len(self.quiz.choices)]
        if self.finished or len(letter) != 1 or letter not in letters:
            yield self.wanted() if not self.finished else next(super().answer(text))
            return
        verdict = self.quiz.answer(letters.index(letter))
        self.attempts.append(Attempt(letter, verdict))
        yield sentences(_("Right.") if verdict.right else _("No."), safe(verdict.explain.get(self.language)))
        if verdict.right or self.quiz.once:
            yield from self._reveal()

    def _reveal(self) -> Iterator[str]:
        self.answered = True
        if self.node is not None:
            yield from matrix_lines(self.node, self.at, 80, mark=bool(self.quiz.at))
        if self.rest:
            self.quiz, *self.rest = self.rest
            self.answered, self.hints_given = False, 0
            yield from self.asked()
        else:
            self.finished = True

    def hidden(self, name: str, index: Index) -> bool:
        return self.quiz.covers and not self.answered and name == self.quiz.node

    def next_hint(self, number: int) -> Hint | None:
        return None if self.finished else self.quiz.hint(number)


class Ordered(Task):
    """Nodes to put in order: `c a b`."""

    def begin(self) -> None:
        self.ordering = Ordering(self.step, self.trace, self.seed)
        self.finished = False

    def formula(self) -> str:
        return self.step.formula or ""

    def asked(self) -> Iterator[str]:
        yield ""
        for letter, title in zip(LETTERS, titles_of(self.ordering.names), strict=False):
            yield f"{letter})  {title}"

    def prompt(self) -> str:
        return super().prompt() if self.finished else _("the letters in order")

    def wanted(self) -> str:
        letters = " ".join(LETTERS[: len(self.ordering.names)])
        return _("Type all letters in order, such as {0}; ? for a hint, or next to go on without it.").format(letters)

    def answer(self, text: str) -> Iterator[str]:
        letters = LETTERS[: len(self.ordering.names)]
        typed = [sign for sign in text.lower() if sign.isalnum()]
        if self.finished or sorted(typed) != list(letters):
            yield self.wanted() if not self.finished else next(super().answer(text))
            return
        placed = [letters.index(letter) for letter in typed]
        wrong = self.ordering.misplaced(placed)
        said = Text("", "") if wrong is None else Text(f"{wrong.early} < {wrong.late}", f"{wrong.early} < {wrong.late}")
        answer = " ".join(self.ordering.names[place] for place in placed)
        self.attempts.append(Attempt(answer, Verdict(wrong is None, None, said, 0.0)))
        self.finished = wrong is None
        if wrong is None:
            yield _("Right: nothing comes before what it is made from.")
        else:
            yield sentences(_("No."), wrong_way_round(wrong.early, wrong.late, wrong.path))

    def next_hint(self, number: int) -> Hint | None:
        return None if self.finished else self.ordering.hint(number)
