"""Working on a lesson on the trace screen: its steps, exercises, questions and hints."""

from __future__ import annotations

from dataclasses import replace

from tutor.app import present
from tutor.app.lesson_state import WORKED
from tutor.app.screens.trace_run import TraceRun
from tutor.app.walk import Stop, Walk, fitted
from tutor.app.widgets.lesson_panel import LessonPanel
from tutor.app.work_views import LETTERS
from tutor.course.places import is_at_hand
from tutor.course.quiz import Quiz
from tutor.display import prose


class LessonActions(TraceRun):
    """What the learner does in a lesson."""

    def action_step(self, by: int) -> None:
        """The next or the previous step; after the last one the lesson is done."""
        state = self.snapshot.lesson
        if state.lesson is None:
            return
        if state.free is not None:
            self._to_step(state.number)
        elif by > 0 and state.is_last:
            self.app.finish_lesson(state.lesson.id)  # type: ignore[attr-defined]
        elif 0 <= state.number + by < state.count:
            self._to_step(state.number + by)

    def _to_step(self, step: int) -> None:
        state = self.snapshot.lesson.at(step)
        assert state.lesson is not None
        self.app.save_step(state.lesson.id, step)  # type: ignore[attr-defined]
        config = dict(getattr(state.step, "config", None) or {})
        request = replace(self.snapshot.request, config=config, edits={})
        self.pane = "lesson" if self.narrow or isinstance(state.step, WORKED) else "matrix"
        trace = self.snapshot.trace
        if request != self.snapshot.request or trace is None:
            self.snapshot = replace(self.snapshot, lesson=state, request=request, walk=None, result=None)
            self._retrace()
        elif state.step is not None and state.step.show and not is_at_hand(trace, state.step.show):
            known = self.snapshot.result
            self.snapshot = replace(self.snapshot, lesson=state, walk=None, result=None)
            self._retrace(known=known)
        else:
            self.snapshot = replace(self.snapshot, lesson=state.begun(trace))
            stop = self._start(trace)
            walk = self.snapshot.walk
            self._walk_to(walk.to(stop) if walk else Walk((stop,)))
        self.query_one(LessonPanel).show(present.lesson_view(self.snapshot))
        self.call_after_refresh(self._focus_pane)

    def action_exercise(self) -> None:
        """To the answer; where the step has none, an exercise is made of the matrix on screen."""
        state, trace, walk = self.snapshot.lesson, self.snapshot.trace, self.snapshot.walk
        if trace is None or walk is None:
            return
        elsewhere = state.attempt.exercise is None or state.attempt.exercise.node != walk.here.node
        if not isinstance(state.step, WORKED) or (state.free is not None and elsewhere):
            state = state.with_free_exercise(walk.here.node).begun(trace)
            self.snapshot = replace(self.snapshot, lesson=state)
        if (stop := state.stop(trace)) is not None:
            self._walk_to(walk.to(fitted(trace, stop)))
        self.action_pane("lesson")

    def on_lesson_panel_filled(self, event: LessonPanel.Filled) -> None:
        state = self.snapshot.lesson
        if state.attempt.exercise is None or state.attempt.asked is None or self.snapshot.trace is None:
            return
        asked = prose.cell_name(self.snapshot.trace, state.attempt.exercise.node, state.attempt.asked)
        attempt = state.attempt.filled(event.text)
        if attempt.good is not None:
            self._save_answer(event.text, attempt.good, asked)
        self.snapshot = replace(self.snapshot, lesson=replace(state, attempt=attempt))
        walk = self.snapshot.walk
        if attempt.good and attempt.asked is not None and attempt.exercise is not None and walk is not None:
            self._walk_to(walk.to(Stop(attempt.exercise.node, attempt.asked)))
        self._show()
        self.call_after_refresh(self._focus_pane)

    def on_lesson_panel_chosen(self, event: LessonPanel.Chosen) -> None:
        if event.place < self.snapshot.lesson.attempt.open_choices:
            self._choose(event.place)

    def _choose(self, place: int) -> None:
        state = self.snapshot.lesson
        if state.attempt.ordering is not None:
            self._put(place)
            return
        if state.attempt.explaining is not None:
            self._grade(place)
            return
        attempt = state.attempt.choice(place)
        self._save_answer(LETTERS[place], bool(attempt.good))
        self.snapshot = replace(self.snapshot, lesson=replace(state, attempt=attempt))
        if isinstance(attempt.question, Quiz):
            self._to_matrix_in_question()
        self._show()
        self._let_go()

    def on_lesson_panel_explained(self, event: LessonPanel.Explained) -> None:
        state = self.snapshot.lesson
        if state.attempt.explaining is not None:
            self.snapshot = replace(self.snapshot, lesson=replace(state, attempt=state.attempt.explained(event.text)))
            self._show()
            self.call_after_refresh(self._focus_pane)

    def _grade(self, place: int) -> None:
        """The learner's own grade for an explanation; the lowest has it come back in reviews."""
        state = self.snapshot.lesson
        attempt = state.attempt.graded(place)
        self._save_answer(attempt.written or "", bool(attempt.good))
        self.snapshot = replace(self.snapshot, lesson=replace(state, attempt=attempt))
        self._show()

    def _put(self, place: int) -> None:
        """One more node in the row of those to be ordered; the last one has the row judged."""
        state = self.snapshot.lesson
        ordering, attempt = state.attempt.ordering, state.attempt.put(place)
        assert ordering is not None
        if attempt.good is not None and place not in state.attempt.placed:
            placed = (*state.attempt.placed, place)
            self._save_answer(" ".join(ordering.names[one] for one in placed), attempt.good)
        self.snapshot = replace(self.snapshot, lesson=replace(state, attempt=attempt))
        self._show()
        self._let_go()

    def _let_go(self) -> None:
        """Where nothing is left to choose, the arrows and enter are the matrix's again."""
        if not self.snapshot.lesson.attempt.open_choices:
            self.call_after_refresh(self._focus_pane)

    def _to_matrix_in_question(self) -> None:
        """After an answer to a question made from the trace: to the matrix that it was about, or the next is."""
        trace, walk = self.snapshot.trace, self.snapshot.walk
        stop = self.snapshot.lesson.stop(trace) if trace is not None else None
        if stop is not None and trace is not None and walk is not None and stop != walk.here:
            self._walk_to(walk.to(fitted(trace, stop)))

    def _save_answer(self, answer: str, right: bool, cell: str = "") -> None:
        state = self.snapshot.lesson
        if state.lesson is not None and state.free is None:
            self.app.save_answer(state.lesson.id, state.number, answer, right, cell)  # type: ignore[attr-defined]

    def action_hint(self) -> None:
        """The next hint."""
        self.snapshot = replace(self.snapshot, lesson=self.snapshot.lesson.hinted())
        self._show()
