"""Explaining something in a plain lesson: write, compare with the points, grade oneself."""

from collections.abc import Iterator

from tutor.course.exercises import Verdict
from tutor.course.schema import Text
from tutor.course.schema_parts import GRADES
from tutor.display import grades
from tutor.display.language import _
from tutor.display.safe import safe
from tutor.plain.tasks import Attempt, Task

_GRADED = Text("Graded by the learner.", "由学习者自评。")


class Explaining(Task):
    """A line of the learner's own, and then a grade from 1 to 4."""

    takes_sentences = True

    def begin(self) -> None:
        self.finished = False
        self.written: str | None = None

    def formula(self) -> str:
        return self.step.formula or ""

    def asked(self) -> Iterator[str]:
        yield ""
        yield safe(self.step.explain.get(self.language))

    def prompt(self) -> str:
        if self.finished:
            return super().prompt()
        return _("your explanation") if self.written is None else "1/2/3/4"

    def wanted(self) -> str:
        if self.written is None:
            return _("Type a sentence or two, or next to go on without it.")
        return _("Grade it from 1 to 4, or next to go on without.")

    def answer(self, text: str) -> Iterator[str]:
        if self.finished:
            yield from super().answer(text)
        elif self.written is None:
            self.written = text.strip()
            yield from self._points()
            for place, meaning in enumerate(grades.MEANINGS, 1):
                yield f"{place}: {_(meaning)}"
        elif text.strip() in ("1", "2", "3", "4"):
            passed = int(text) > 1
            self.attempts.append(Attempt(self.written, Verdict(passed, None, _GRADED, float(text))))
            self.finished = True
            yield _("Kept.")
        else:
            yield self.wanted()

    def _points(self) -> Iterator[str]:
        for grade, heading in zip(GRADES, grades.HEADINGS, strict=True):
            yield _(heading)
            for point in getattr(self.step.points, grade):
                yield f"- {safe(point.get(self.language))}"
        yield _("Often said, but wrong")
        for wrong in self.step.wrong:
            yield f"- {safe(wrong.says.get(self.language))}"
            yield safe(wrong.why.get(self.language))
