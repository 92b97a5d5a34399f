"""One lesson, line by line: a step is printed, then commands and answers are read until the learner goes on."""

from collections.abc import Callable, Iterable, Iterator

import click

from tutor.course.errors import LessonError
from tutor.course.mistakes import MistakeError
from tutor.course.places import PlaceError, find_node
from tutor.course.programs import ProgramError
from tutor.course.progress import Progress
from tutor.course.quiz import QuizError
from tutor.course.schema import Lesson
from tutor.display.formula import linear
from tutor.display.language import _
from tutor.display.messages import said, translated
from tutor.display.safe import safe
from tutor.engine.config import ConfigError
from tutor.engine.ops import OperationError
from tutor.engine.trace import TraceError
from tutor.models.errors import ModelError
from tutor.plain.command_group import settings_of
from tutor.plain.markdown import flattened, wrapped
from tutor.plain.pages import Index, matrix_lines
from tutor.plain.source import Source
from tutor.plain.talk import Talk
from tutor.plain.tasks import Choosing, Task, Unusable
from tutor.plain.trace_output import shortened
from tutor.plain.trying import Trying, task_of
from tutor.plain.why import explanation_lines, parsed_index

# What the learner can mend by typing something else.
MENDABLE = (
    ConfigError, LessonError, MistakeError, ModelError, OperationError, PlaceError, ProgramError, QuizError,
    TraceError, click.UsageError,
)  # fmt: skip
MOST_OF_A_COMMAND = 3  # words
NEXT, BACK, QUIT, AGAIN = "next", "back", "quit", "again"
SYNONYMS = {
    "next": "next", "n": "next", "下一步": "next", "继续": "next",
    "back": "back", "previous": "back", "上一步": "back", "返回": "back",
    "quit": "quit", "q": "quit", "exit": "quit", "退出": "quit",
    "?": "hint", "？": "hint", "hint": "hint", "提示": "hint",
    "why": "why", "为什么": "why",
    "go": "go", "走": "go",
    "up": "up", "回": "up",
    "show": "show", "显示": "show",
    "sentence": "sentence", "句子": "sentence",
    "set": "set", "设置": "set",
    "again": "again", "重看": "again",
    "help": "help", "h": "help", "帮助": "help",
}  # fmt: skip


class Session:
    """A learner in a lesson. `run` returns when the lesson is over or left; progress is kept at every step."""

    def __init__(self, lesson: Lesson, talk: Talk, progress: Progress, source: Source, language: str) -> None:
        self.lesson, self.talk, self.progress = lesson, talk, progress
        self.source, self.language = source, language
        self.walk: list[tuple[str, Index]] = []
        self.task: Task

    def run(self) -> bool:
        """Go through the steps. True when the lesson came to its end; raises EndOfInput when the input does."""
        steps = self.lesson.steps
        at = min(self.progress.resume(self.lesson.id), len(steps) - 1)
        self.talk.say(safe(self.lesson.title.get(self.language)))
        self.talk.say(safe(self.lesson.summary.get(self.language)))
        self.talk.say(_("{0} steps. Type help at any time.").format(len(steps)))
        self.talk.say(_("The texts name keys of the full screen; what to type here stands above each prompt."))
        if at:
            self.talk.say(_("You were at step {0}; type back to see what came before.").format(at + 1))
        while at < len(steps):
            self.progress.record(self.lesson.id, at)
            move = self._step(at)
            if move == QUIT:
                return False
            at = max(0, at - 1) if move == BACK else at + 1 if move == NEXT else at
        self.progress.record(self.lesson.id, 0, done=True)
        self.talk.say(_("The lesson is done."))
        return True

    def visit(self, at: int) -> None:
        """One step by itself, until the learner moves on; the place in the lesson stays where it was."""
        while self._step(at) == AGAIN:
            pass

    def _step(self, at: int) -> str:
        """One step, until the learner moves on."""
        step = self.lesson.steps[at]
        self.walk = []
        try:
            self.task = task_of(step, self.source, self.language)
            page = list(self._page(at))
        except MENDABLE as error:
            self.task = Unusable(step, self.source, self.language)
            page = [*self._page(at), *wrapped(safe(said_of(error)), self.talk.width)]
        self.talk.lines(page)
        while True:
            line = self.talk.ask(self.task.prompt())
            try:
                move = self._obey(line)
            except MENDABLE as error:
                self.talk.say(safe(said_of(error)))
                continue
            self._keep_attempts(at)
            if move:
                return move

    def _keep_attempts(self, at: int) -> None:
        for attempt in self.task.attempts:
            self.progress.record_attempt(
                self.lesson.id, at, attempt.answer, attempt.verdict.right, attempt.cell, attempt.verdict.mistake
            )
        self.task.attempts.clear()

    def _page(self, at: int) -> Iterator[str]:
        """All the lines of a step."""
        task, width = self.task, self.talk.width
        heading = _("Step {0} of {1}").format(at + 1, len(self.lesson.steps))
        if task.step.title:
            heading = _("{0}: {1}").format(heading, safe(task.step.title.get(self.language)))
        yield ""
        yield from wrapped(heading, width)
        yield ""
        if task.words():
            yield from flattened(task.words(), width)
            yield ""
        if task.formula():
            yield from wrapped(_("Formula: {0}").format(linear(task.formula())), width)
        yield from task.matrix(width)
        for line in task.asked():
            yield from _wrap(line, width)
        if isinstance(task, Choosing):
            yield ""
            yield from flattened(task.step.ask.get(self.language), width)
            for choice in task.choices():
                yield from flattened(choice, width)
        if not task.finished:
            yield from wrapped(task.wanted(), width)

    def _obey(self, line: str) -> str:
        """Do what a line says; returns the move it makes, or nothing."""
        word, _space, rest = line.strip().partition(" ")
        name = SYNONYMS.get(word.lower())
        if self.task.takes_sentences and not self.task.finished and len(line.split()) > MOST_OF_A_COMMAND:
            name = None  # a sentence may begin with any word
        if not word:
            if self.task.finished:
                return NEXT
            self.talk.say(self.task.wanted())
            return ""
        if name is None:
            if self._walked_by_number(word):
                return ""
            self.talk.lines(self._wrapped(self.task.answer(line)))
            if word.lower() == "w" and isinstance(self.task, Trying):
                self.talk.lines(self.task.matrix(self.talk.width))
            return ""
        if name in (NEXT, BACK, QUIT, AGAIN):
            return name
        commands: dict[str, Callable[[str], None]] = {
            "hint": self._hint, "why": self._why, "go": self._go, "up": self._up,
            "show": self._show, "sentence": self._sentence, "set": self._set, "help": self._help,
        }  # fmt: skip
        commands[name](rest.strip())
        return AGAIN if name == "sentence" and rest.strip() else ""

    def _wrapped(self, lines: Iterable[str]) -> list[str]:
        return [part for line in lines for part in _wrap(line, self.talk.width)]

    def _hint(self, rest: str) -> None:
        self.talk.lines(self._wrapped(self.task.hint()))

    def _show(self, rest: str) -> None:
        if not rest:
            self.talk.lines(self.task.matrix(self.talk.width))
            return
        node = find_node(self.task.trace, rest)
        self.talk.lines(matrix_lines(node, (0,) * len(node.shape), self.talk.width, mark=False))

    def _why(self, rest: str) -> None:
        """`why`, `why 0,3`, `why student,I`, `why NODE 0,0,3`: one cell explained, and a walk begun there."""
        trace, node, cell = self.task.trace, self.task.node, rest
        name, _space, after = rest.partition(" ")
        if after and (name in trace or trace.find(name)):
            node, cell = find_node(trace, name), after.strip()
        elif rest and (rest in trace or trace.find(rest)):
            node, cell = find_node(trace, rest), ""
        if node is None:
            raise click.UsageError(_("this step shows no matrix: name one, such as why probabilities 0,0"))
        same = self.task.node is not None and node.name == self.task.node.name
        start = self.task.at if same else (0,) * len(node.shape)
        index = parsed_index(node, cell, start) if cell else start
        self._explain([(node.name, index)])

    def _explain(self, walk: list[tuple[str, Index]]) -> None:
        name, index = walk[-1]
        if self.task.hidden(name, index):
            self.talk.say(_("That number is yours to find; ? gives a hint."))
            return
        self.walk = walk
        why = self.task.trace.explain(name, index)
        self.talk.lines(explanation_lines(self.task.trace, why, self.talk.width))
        if why.cells:
            self.talk.say(_("go follows the first, go 2 the second; up comes back."))

    def _go(self, rest: str) -> None:
        """`go` or `go 2`: to an operand of the cell explained last."""
        if not self.walk:
            raise click.UsageError(_("ask why of a cell first, such as why 0,0"))
        cells = self.task.trace.explain(*self.walk[-1]).cells
        number = int(rest) if rest.isdecimal() else 1
        if not cells:
            raise click.UsageError(_("the walk ends here; up comes back"))
        if not 1 <= number <= len(cells):
            raise click.UsageError(_("there are {0} ways on").format(len(cells)))
        cell = cells[number - 1]
        self._explain([*self.walk, (cell.node, cell.index)])

    def _walked_by_number(self, word: str) -> bool:
        """A number alone follows an operand where the step itself asks for no number."""
        if not (self.walk and self.task.finished and word.isdecimal()):
            return False
        self._go(word)
        return True

    def _up(self, rest: str) -> None:
        if len(self.walk) < 2:
            raise click.UsageError(_("this is where the walk began"))
        self._explain(self.walk[:-1])

    def _sentence(self, rest: str) -> None:
        if self.lesson.program:
            raise click.UsageError(_("this lesson works on given numbers, not on a sentence"))
        if rest:
            self.source.change_sentence(rest)
            self.progress.sentence = rest
        self.talk.say(_("sentence: {0}").format(shortened(self.source.sentence or "")))

    def _set(self, rest: str) -> None:
        """`set key=value`: a what-if on the config; `set` alone takes all of them back."""
        if self.lesson.program:
            raise click.UsageError(_("this lesson works on given numbers: it has no config"))
        before = self.task.config
        self.task.config = {**before, **settings_of(rest.split())} if rest else {}
        try:
            self.task.begin()
        except MENDABLE:
            self.task.config = before
            raise
        self.talk.lines(self.task.matrix(self.talk.width))

    def _help(self, rest: str) -> None:
        for line in (
            _("Enter or next: the next step. back: the one before. again: this one anew. quit: leave."),
            _("?: a hint."),
            _("why 0,3: the arithmetic of row 0, column 3 here. why NODE 0,0,3: of any other. Tokens do too."),
            _("go, go 2: on to a number it was made from. up: back."),
            _("show NODE: another matrix, such as show encoder.0.self_attention.weights."),
            _("sentence WORDS: your own sentence. set causal_mask=false: what if; set alone takes it back."),
        ):
            self.talk.say(line)


def _wrap(line: str, width: int) -> list[str]:
    return wrapped(line, width) if not line.startswith(" ") else [line]


def said_of(error: Exception) -> str:
    """What a mendable error has to say, in the interface's language."""
    if isinstance(error, LessonError):
        return error.problems[0].one_line(translated)
    return error.message if isinstance(error, click.UsageError) else said(error)
