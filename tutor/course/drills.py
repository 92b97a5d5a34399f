"""Exercises whose question and answers are made from the trace, by the kind of their step."""

from __future__ import annotations

from tutor.course.match import match_quizzes
from tutor.course.predict import predict_quiz
from tutor.course.quiz import Quiz, QuizError
from tutor.course.schema import Match, Predict, Shape, Step
from tutor.course.shapes import shape_quiz
from tutor.engine.trace import Trace

__all__ = ["QUIZZED", "Quiz", "QuizError", "quizzes"]

QUIZZED = Shape | Predict | Match


def quizzes(step: Step, trace: Trace, seed: int = 0) -> tuple[Quiz, ...]:
    """The questions of a step, one after the other; none for a step of another kind. Raises QuizError, TraceError."""
    if isinstance(step, Shape):
        return (shape_quiz(step, trace, seed),)
    if isinstance(step, Predict):
        return (predict_quiz(step, trace, seed),)
    if isinstance(step, Match):
        return match_quizzes(step, trace, seed)
    return ()
