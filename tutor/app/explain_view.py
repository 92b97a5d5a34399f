"""What the lesson's pane shows of an explanation: first the question, then the points to compare it with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tutor.app.lesson_state import Attempt
from tutor.app.widgets.lesson_panel import LessonView
from tutor.course.schema import Explain
from tutor.course.schema_parts import GRADES
from tutor.display import grades
from tutor.display.language import _

LETTERS = "abcd"
MARKS = ("●", "◆", "★")  # needed to pass, good, excellent: told apart without colour


def explain_view(step: Explain, attempt: Attempt, view: LessonView, language: str) -> LessonView:
    """Before it is handed in a field to write in; then the points, and the grades to give oneself."""
    view = replace(view, question=step.explain.get(language), verdict="", good=None)
    if attempt.written is None:
        return replace(view, placeholder=_("a sentence or two, then enter"))
    marks = ("✓" if attempt.grade == place else letter for place, letter in enumerate(LETTERS, 1))
    done = attempt.grade is not None
    return replace(
        view,
        points=tuple(_points(step, attempt.written, language)),
        choices=tuple(zip(marks, map(_, grades.MEANINGS), strict=True)),
        verdict=_("Kept.") if done else _("How good was yours? Grade it."),
        good=attempt.good,
    )


def _points(step: Explain, written: str, language: str) -> Iterator[tuple[str, str]]:
    if written:
        yield "", _("You said")
        yield "“", written
    for mark, grade, heading in zip(MARKS, GRADES, grades.HEADINGS, strict=True):
        yield "", _(heading)
        for point in getattr(step.points, grade):
            yield mark, point.get(language)
    yield "", _("Often said, but wrong")
    for wrong in step.wrong:
        yield "✗", f"{wrong.says.get(language)} — {wrong.why.get(language)}"
