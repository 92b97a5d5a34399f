"""What the lesson's pane shows of the work on a step: a question, a row to order, cells to fill, something to try."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tutor.app.lesson_state import Attempt
from tutor.app.widgets.lesson_panel import LessonView
from tutor.course.quiz import Option, Quiz
from tutor.course.schema import Ask, Choice, Try
from tutor.display import prose
from tutor.display.formula import linear
from tutor.display.language import _, sentences
from tutor.display.ordering import titles_of, wrong_way_round
from tutor.display.sheet import sheet_lines

if TYPE_CHECKING:
    from tutor.app.present import Snapshot

LETTERS = "abcdef"


def question_view(snapshot: Snapshot, view: LessonView) -> LessonView:
    attempt, language = snapshot.lesson.attempt, snapshot.language
    question = attempt.question
    assert question is not None
    marks = tuple(_choice_mark(attempt, place) for place in range(len(question.choices)))
    generated = isinstance(question, Quiz)
    asked = question.ask if isinstance(question, Quiz) else question.ask.ask
    texts = (option_text(choice, language) for choice in question.choices)
    said = {True: "✓ " + _("Right."), False: "✗ " + _("Not this one."), None: ""}[attempt.good]
    verdict = sentences(said, attempt.said(language))
    step = snapshot.lesson.step
    if isinstance(step, Ask) and step.formula and not step.show and attempt.is_answered:
        verdict = f"{verdict}  {linear(step.formula)}"  # beside a matrix it stands in the why pane
    return replace(
        view,
        question=asked.get(language),
        choices=tuple(zip(marks, texts, strict=True)),
        verdict=verdict,
        literal=generated,
        sheet=tuple(sheet_lines(question.sheet)) if isinstance(question, Quiz) and question.sheet is not None else (),
    )


def try_view(snapshot: Snapshot, step: Try, view: LessonView) -> LessonView:
    state = snapshot.lesson
    if state.done(snapshot.trace):
        return replace(view, verdict=_done(snapshot, step), good=True)
    if step.goal.reach is not None and snapshot.request.is_what_if:
        return replace(view, verdict=f"✗ {state.distance(snapshot.trace, snapshot.language)}", good=False)
    return view


def _done(snapshot: Snapshot, step: Try) -> str:
    """Where to see what was brought about: the number that was changed may stand in another matrix."""
    if step.goal.kind not in ("config", "reach"):
        return _("Done.")
    stop = snapshot.lesson.stop(snapshot.trace) if snapshot.trace is not None else None
    elsewhere = stop is not None and snapshot.walk is not None and snapshot.walk.here.node != stop.node
    return _("Done: walk back (⌫) to see it.") if elsewhere else _("Done: the matrix shows it.")


def ordering_view(attempt: Attempt, view: LessonView) -> LessonView:
    assert attempt.ordering is not None
    titles = titles_of(attempt.ordering.names)
    marks = (str(attempt.placed.index(n) + 1) if n in attempt.placed else LETTERS[n] for n in range(len(titles)))
    verdict = "✓ " + _("Right: nothing comes before what it is made from.") if attempt.good else ""
    if (wrong := attempt.misplaced) is not None:
        verdict = "✗ " + wrong_way_round(wrong.early, wrong.late, wrong.path)
    question = _("Which comes first, which next? A letter puts it in the row, again: takes it out.")
    return replace(view, question=question, choices=tuple(zip(marks, titles, strict=True)), verdict=verdict)


def option_text(choice: Choice | Option, language: str) -> str:
    """A choice in words, or its formula in one line."""
    formula = choice.formula if isinstance(choice, Option) else ""
    return linear(formula) if formula else choice.text.get(language)


def fill_view(snapshot: Snapshot, view: LessonView) -> LessonView:
    attempt = snapshot.lesson.attempt
    if attempt.exercise is None or snapshot.trace is None:
        return view
    if attempt.good is not None:
        view = replace(view, verdict=f"{'✓' if attempt.good else '✗'} {view.verdict}")
    if attempt.asked is None:
        return replace(view, verdict=f"{view.verdict}  {_('All filled in.')}".strip(), good=True)
    asked = prose.cell_name(snapshot.trace, attempt.exercise.node, attempt.asked)
    return replace(view, answer_to=asked)


def _choice_mark(attempt, number: int) -> str:
    if number not in attempt.chosen:
        return LETTERS[number]
    return "✓" if attempt.question.choices[number].right else "✗"
