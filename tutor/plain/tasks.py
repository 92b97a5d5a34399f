"""What a step of a plain lesson asks of the learner: to read, to fill in cells, to choose."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tutor.course.exercises import Hint, Verdict, make, question
from tutor.course.places import cell_at, find_node
from tutor.display.formula import linear
from tutor.display.language import _, listed, sentences
from tutor.display.messages import translated
from tutor.display.safe import safe
from tutor.engine.trace import Node, Trace, TraceError
from tutor.plain.pages import Index, comparison_lines, matrix_lines
from tutor.plain.source import Source

LETTERS = "abcdef"


@dataclass(frozen=True)
class Attempt:
    """An answer as typed, what it amounts to, and the cell it was for."""

    answer: str
    verdict: Verdict
    cell: str = ""


class Task:
    """A step to read, and what all kinds of step share. `finished` says whether everything asked for was done."""

    takes_sentences = False  # whether a line of several words is an answer rather than a command

    def __init__(self, step: Any, source: Source, language: str, seed: int = 0) -> None:
        self.step, self.source, self.language, self.seed = step, source, language, seed
        self.config = dict(getattr(step, "config", None) or {})
        self.finished = True
        self.hints_given = 0
        self.attempts: list[Attempt] = []  # not yet written down
        self.begin()

    def begin(self) -> None:
        """Set up what this kind of step needs, from the trace as it is now."""

    @property
    def trace(self) -> Trace:
        """The trace that the step speaks of, with its what-if if it has one."""
        return self.source.trace(self.config)

    @property
    def node(self) -> Node | None:
        """The node on show."""
        return find_node(self.trace, self.step.show) if self.step.show else None

    @property
    def at(self) -> Index:
        """The cell that the step looks at."""
        return cell_at(self.node, self.step.look_at) if self.node is not None else ()

    def words(self) -> str:
        """The lesson's own text of this step, Markdown."""
        return self.step.say.get(self.language) if self.step.say else ""

    def formula(self) -> str:
        """The step's formula, else the node's; LaTeX."""
        return self.step.formula or (self.node.formula if self.node is not None else "")

    def matrix(self, width: int) -> Iterator[str]:
        """The matrix, or the two of them where the step changes the config."""
        if self.node is None:
            return
        if self.config:
            yield self.settings()
            if self.trace.notice:
                yield safe(translated(self.trace.notice))
            yield from self._compared(self.node, width)
        else:
            yield from matrix_lines(self.node, self.at, width, mark=bool(self.step.look_at))

    def _compared(self, node: Node, width: int) -> Iterator[str]:
        """Before and after; after alone where the plain model has no such matrix."""
        try:
            before = find_node(self.source.trace(), self.step.show)
        except TraceError:
            yield from matrix_lines(node, self.at, width, mark=bool(self.step.look_at))
        else:
            yield from comparison_lines(before, node, self.at, width)

    def settings(self) -> str:
        """The changes to the config in force."""
        changes = ", ".join(f"{key} = {str(value).lower()}" for key, value in self.config.items())
        return _("What if: {0}").format(safe(changes))

    def asked(self) -> Iterator[str]:
        """What is asked below the matrix, plain text."""
        return iter(())

    def prompt(self) -> str:
        """What is asked next."""
        return _("Enter: next")

    def wanted(self) -> str:
        """What to do while the step is not finished."""
        return ""

    def answer(self, text: str) -> Iterator[str]:
        """The lines that answer what was typed."""
        yield _("That is no command. Type help for what you can type.")

    def hidden(self, name: str, index: Index) -> bool:
        """Whether a cell is one the learner is to find."""
        return False

    def hint(self) -> Iterator[str]:
        """The next hint."""
        hint = self.next_hint(self.hints_given)
        if hint is None:
            yield _("There is no further hint.") if self.hints_given else _("There is no hint for this step.")
            return
        self.hints_given += 1
        yield safe(hint.text.get(self.language))
        if hint.formula:
            yield "  " + linear(hint.formula)

    def next_hint(self, number: int) -> Hint | None:
        """Hint `number` from 0, or None past the last."""
        return Hint(self.step.hints[number]) if number < len(self.step.hints) else None


class Unusable(Task):
    """A step that this model or this sentence has no numbers for; its words are still worth reading."""

    @property
    def node(self) -> Node | None:
        return None


class Filling(Task):
    """Cells to compute, one after the other."""

    def begin(self) -> None:
        self.exercise = make(self.step, self.trace, self.seed)
        self.open = list(self.exercise.cells)
        self.finished = not self.open

    @property
    def at(self) -> Index:
        return self.open[0] if self.open else self.exercise.cells[0]

    def matrix(self, width: int) -> Iterator[str]:
        sheets = list(dict.fromkeys(cell[:-2] for cell in self.open)) or [self.exercise.cells[0][:-2]]
        node = self.exercise.found
        for leading in sheets:
            first = next((cell for cell in self.open if cell[:-2] == leading), self.exercise.cells[0])
            yield from matrix_lines(node, first, width, blanks=self.open, mark=first == self.at)
        operands = [safe(operand.name) for operand in node.operands]
        if operands and not self.finished:
            yield _("It is computed from {0}. show NAME prints one.").format(listed(operands))

    def prompt(self) -> str:
        if self.finished:
            return super().prompt()
        return safe(self.exercise.label(self.open[0])) + " = ?"

    def wanted(self) -> str:
        return _("Type the number, ? for a hint, or next to go on without it.")

    def answer(self, text: str) -> Iterator[str]:
        if self.finished:
            yield from super().answer(text)
            return
        verdict = self.exercise.grade(self.open[0], text)
        if verdict.readable:
            self.attempts.append(Attempt(text, verdict, ",".join(map(str, self.open[0]))))
        yield safe(verdict.explain.get(self.language))
        if verdict.right:
            self.open.pop(0)
            self.hints_given = 0
            self.finished = not self.open
            if self.finished:
                yield _("All cells are filled in.")

    def next_hint(self, number: int) -> Hint | None:
        return None if self.finished else self.exercise.hint(number, self.open[0])

    def hidden(self, name: str, index: Index) -> bool:
        return name == self.exercise.node and index in self.open


class Choosing(Task):
    """A question with choices by letter."""

    def begin(self) -> None:
        self.question = question(self.step, self.seed)
        self.finished = False

    def formula(self) -> str:
        """Beside a matrix it is something to think with; without one it says the answer, and comes with it."""
        return super().formula() if self.node is not None or self.finished else ""

    def choices(self) -> Iterator[str]:
        """The choices, Markdown, each with its letter."""
        for letter, choice in zip(LETTERS, self.question.choices, strict=False):
            yield f"{letter})  {choice.text.get(self.language)}"

    def prompt(self) -> str:
        return super().prompt() if self.finished else "/".join(LETTERS[: len(self.question.choices)])

    def wanted(self) -> str:
        return _("Type a letter, ? for a hint, or next to go on without an answer.")

    def answer(self, text: str) -> Iterator[str]:
        letter = text.strip().rstrip(".)").lower()
        letters = LETTERS[: len(self.question.choices)]
        if len(letter) != 1 or letter not in letters:
            yield self.wanted() if not self.finished else next(super().answer(text))
            return
        verdict = self.question.answer(letters.index(letter))
        self.attempts.append(Attempt(letter, verdict))
        self.finished = self.finished or verdict.right
        said = _("Right.") if verdict.right else _("No.")
        yield sentences(said, safe(verdict.explain.get(self.language)))
        if verdict.right and self.node is None and self.formula():
            yield _("Formula: {0}").format(linear(self.formula()))

    def next_hint(self, number: int) -> Hint | None:
        return self.question.hint(number)
