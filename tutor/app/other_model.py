"""A lesson on a model that it was not written for: what to say when it is opened."""

from __future__ import annotations

from tutor.app.present import Snapshot
from tutor.course.fitting import other_model_said
from tutor.display.messages import translated
from tutor.display.safe import safe
from tutor.engine.trace import Trace


def other_model_notice(snapshot: Snapshot, trace: Trace) -> str:
    """What of the lesson cannot be done on the model of this trace; empty where all can."""
    lesson = snapshot.lesson.lesson
    if lesson is None or snapshot.request.model == lesson.model:
        return ""
    return safe(translated(other_model_said(lesson, trace)))
