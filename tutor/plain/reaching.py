"""Bringing something about in a plain lesson: switches (`set`) and numbers put into cells (`put`)."""

from collections.abc import Iterator

import click

from tutor.course.answers import readings
from tutor.course.goals import Evidence, reached
from tutor.course.places import find_node
from tutor.course.reaching import distance
from tutor.display.language import _
from tutor.display.safe import safe
from tutor.engine.trace import Trace
from tutor.models.rerun import Edit
from tutor.plain.pages import comparison_lines, matrix_lines
from tutor.plain.tasks import Task
from tutor.plain.why import parsed_index


class Reaching(Task):
    """`put 0,2,2 9` puts a number into the matrix on show, `put NODE 0,2,2 9` into another; `put` takes all back."""

    edits: dict[str, tuple[Edit, ...]] = {}  # by node; replaced as a whole, never changed

    def begin(self) -> None:
        self._changed: Trace | None = None
        self.finished = reached(self.step, Evidence(self.trace, self.source.trace()))

    @property
    def trace(self) -> Trace:
        """The learner's run: the plain one until something is changed."""
        if not self.config and not self.edits:
            return self.source.trace()
        if self._changed is None:
            self._changed = self.source.again(self.config, self.edits)
        return self._changed

    def matrix(self, width: int) -> Iterator[str]:
        node = self.node
        if node is None:
            return
        if self.config:
            yield self.settings()
        if self.config or self.edits:
            yield from comparison_lines(find_node(self.source.trace(), self.step.show), node, self.at, width)
        else:
            yield from matrix_lines(node, self.at, width, mark=bool(self.step.look_at))
        yield from self._stands()

    def _stands(self) -> Iterator[str]:
        if self.finished:
            yield _("Done: the matrix shows it.")
        else:
            yield safe(distance(self.step.goal.reach, self.trace).get(self.language))

    def prompt(self) -> str:
        return super().prompt() if self.finished else _("put or set")

    def wanted(self) -> str:
        return _("Type put 0,1,2 9 (a number into a cell), put NODE 0,1,2 9, or set key=value; put takes all back.")

    def answer(self, text: str) -> Iterator[str]:
        word, *rest = text.split()
        if word.lower() not in ("put", "放"):
            yield self.wanted() if not self.finished else next(super().answer(text))
            return
        before = self.edits
        self.edits = self._with(rest) if rest else {}
        try:
            self.begin()
        except Exception:
            self.edits = before
            self.begin()
            raise
        yield from self.matrix(80)

    def _with(self, words: list[str]) -> dict[str, tuple[Edit, ...]]:
        """The edits with one more."""
        if len(words) not in (2, 3):
            raise click.UsageError(self.wanted())
        node = find_node(self.trace, words[0] if len(words) == 3 else self.step.show)
        shown = self.node
        start = self.at if shown is not None and shown.name == node.name else ()
        index = parsed_index(node, words[-2], start)
        typed = readings(words[-1])
        if not typed:
            raise click.UsageError(_("{0} is not a number").format(safe(words[-1])))
        others = tuple(edit for edit in self.edits.get(node.name, ()) if edit[0] != index)
        return {**self.edits, node.name: (*others, (index, typed[0].value))}
