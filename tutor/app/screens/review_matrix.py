"""The live matrix that answers a card of the review: the trace screen, and the way back to the card."""

from __future__ import annotations

from typing import Any

from tutor.app.lesson_state import LessonState
from tutor.app.screens.trace import TraceScreen
from tutor.app.tracing import Request
from tutor.app.widgets.key_line import Hint, KeyLine
from tutor.app.widgets.title_bar import TitleBar
from tutor.course.review import ExerciseCard, ReviewCard, stage
from tutor.display.language import _

STEP_KEYS = ("n", "esc")


class ReviewMatrix(TraceScreen):
    """All that the trace screen does, on one step; the next step is the way back."""

    def action_step(self, by: int) -> None:
        """There is no other step: back to the card, or from an exercise of one's own to the matrix."""
        if self.snapshot.lesson.free is not None:
            super().action_step(by)
        elif by > 0:
            self.app.leave_trace()  # type: ignore[attr-defined]

    def _show(self) -> None:
        super()._show()
        bar = self.query_one(TitleBar)
        bar.left = _("review") + " ▸ " + bar.left.partition(" · ")[0].partition(" ")[2]

    def _show_panes(self) -> None:
        super()._show_panes()
        line = self.query_one(KeyLine)
        back = Hint("esc", _("back to the card"), "screen.leave")
        *others, help_ = (hint for hint in line.hints if hint.key not in STEP_KEYS)
        line.hints = (others[0], back, *others[1:], help_) if others else (back, help_)


def matrix_screen(card: ReviewCard, app: Any, revealed: bool) -> ReviewMatrix:
    """The screen for a card; it says the question, or once that was answered the answer. Raises LessonError."""
    if isinstance(card, ExerciseCard):
        lesson, number = card.lesson, card.step_number
    else:
        say = card.question.answer if revealed else card.question.question
        lesson, number = stage(card.question, app.course, say), 0
    state = LessonState(lesson, number)
    given = lesson.sentence.get(app.language) if lesson.sentence else "I am a student"
    own = app.sentence.strip()
    target = lesson.target.get(app.language) if lesson.target and own in ("", given) else ""
    request = Request(
        model=lesson.model,
        program=lesson.program,
        sentence=own or given,
        target=target,
        pad_to=lesson.pad_to,
        backend=app.backend,
        config=dict(getattr(state.step, "config", None) or {}),
    )
    return ReviewMatrix(request, state, app.language)
