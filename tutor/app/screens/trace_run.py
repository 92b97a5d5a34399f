"""The trace screen's runs of the model: one at a time in a worker, the latest wish wins, the walk stays."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic
from typing import Any

from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input

from tutor.app import present
from tutor.app.lesson_state import LessonState
from tutor.app.other_model import other_model_notice
from tutor.app.present import Snapshot
from tutor.app.screens.trace_view import TraceView
from tutor.app.tracing import Request, Result, compute, prepared
from tutor.app.walk import Stop, Walk, fitted
from tutor.app.widgets.sentence_bar import SentenceBar
from tutor.app.widgets.sentence_input import SentenceInput
from tutor.engine.trace import Trace

TYPING_PAUSE = 0.3  # seconds
SILENCE = 0.5  # seconds: what takes longer says what it is
START = ("*.cross_attention.weights", "*.self_attention.scaled", "*")


class TraceRun(TraceView):
    """Traces what the snapshot asks for, again whenever that changes."""

    class Traced(Message):
        """A worker has finished."""

        def __init__(self, result: Result) -> None:
            self.result = result
            super().__init__()

    def __init__(self, request: Request, lesson: LessonState, language: str, walk: Walk | None = None) -> None:
        super().__init__(Snapshot(request, lesson, walk=walk, language=language))
        self._busy: Request | None = None
        self._since = monotonic()
        self._pause: Timer | None = None  # runs while the learner may go on typing

    def on_mount(self) -> None:
        self._dress()
        self._retrace()
        self._clock = self.set_interval(SILENCE, self._say_waiting)
        self.call_after_refresh(self._focus_pane)

    async def recompose(self) -> None:
        """New widgets, in the same state and with the keys where they were."""
        focused = self.focused.id if isinstance(self.focused, Input) else None
        typed = {field.id: (field.value, field.cursor_position) for field in self.query(Input)}
        await super().recompose()
        self._dress()
        for field in self.query(Input):
            field.value, field.cursor_position = typed[field.id]
            if isinstance(field, SentenceInput):
                field.edited = True  # so that the focus does not select it all for the next key to replace
        if self.snapshot.error:
            self._retrace()  # what is wrong is said by those who compute
        if focused is None:
            self.call_after_refresh(self._focus_pane)
        else:
            self.call_after_refresh(self.query_one(f"#{focused}").focus)

    def _say_waiting(self) -> None:
        """Until the first trace is there, what is being done and for how long already."""
        if self.snapshot.result is None and not self.snapshot.error:
            seconds = round(monotonic() - self._since)
            self.query_one("#matrix").border_title = present.waiting(self.snapshot, seconds)
        else:
            self._clock.stop()
            if self.snapshot.result is None:  # the notice says why not
                self.query_one("#matrix").border_title = ""

    def _ask(self, **changes: Any) -> None:
        """Change the request and run it."""
        self.snapshot = replace(self.snapshot, request=replace(self.snapshot.request, **changes))
        self._retrace()

    def _retrace(self, old_answer: str = "", known: Result | None = None) -> None:
        """Run the model, unless its result is `known`, and walk back where a gradient is to be shown."""
        if self._pause is not None:
            self._pause.stop()
        if self._busy is None:
            request = self._busy = replace(self.snapshot.request, old_answer=old_answer)
            names = self._names_shown()
            after = self.snapshot.result.trace if self.snapshot.result else None

            def work() -> None:
                self.post_message(self.Traced(prepared(known or compute(request, after), names)))

            self.run_worker(work, thread=True)

    def _names_shown(self) -> tuple[str, ...]:
        step, walk = self.snapshot.lesson.step, self.snapshot.walk
        shown = (step.show if step is not None else None, walk.here.node if walk is not None else None)
        return tuple(name for name in shown if name)

    def _old_answer(self) -> str:
        """The answer that can stand in for the one to a sentence just typed; empty where none is needed."""
        result, request = self.snapshot.result, self.snapshot.request
        trace = result.trace if result else None
        if result is None or trace is None or "decoder.tokens" not in trace:
            return ""
        if request.target or result.request.target or request.is_what_if:
            return ""
        return str(trace.info.get("target", ""))

    def _answer(self) -> None:
        """Once the learner pauses: the answer to this very sentence in place of the old one."""
        result = self.snapshot.result
        if result is not None and replace(result.request, old_answer="") == self.snapshot.request:
            self._retrace()

    def on_trace_run_traced(self, event: Traced) -> None:
        self._busy = None
        asked = event.result.request
        if replace(asked, old_answer="") != self.snapshot.request:
            self._retrace(self._old_answer())
        elif event.result.trace is None:
            self.snapshot = replace(self.snapshot, error=event.result.error)
            self._show()
        else:
            self._accept(event.result, event.result.trace)
            if asked.old_answer:
                self._pause = self.set_timer(TYPING_PAUSE, self._answer)

    def _accept(self, result: Result, trace: Trace) -> None:
        first = self.snapshot.result is None
        untouched = self._is_where_the_step_looks()
        walk = self.snapshot.walk.kept(trace) if self.snapshot.walk else None
        lesson = self.snapshot.lesson.begun(trace).after_run(trace, result.before)
        compare = self.snapshot.compare if result.before else "after"
        self.snapshot = replace(self.snapshot, result=result, lesson=lesson, error=result.error, compare=compare)
        asked, exercise = lesson.attempt.asked, lesson.attempt.exercise
        if walk is None or (first and lesson.lesson is not None):
            walk = Walk((self._start(trace),))
        elif asked is not None and exercise is not None and walk.here.node == exercise.node:
            walk = walk.moved(asked)  # another sentence may have other blanks
        elif untouched and (stop := lesson.stop(trace)) is not None and stop.node == walk.here.node:
            walk = walk.moved(fitted(trace, stop).index)  # the last row, the largest number: another one now
        self.snapshot = replace(self.snapshot, walk=walk)
        self._show()
        if first and (notice := other_model_notice(self.snapshot, trace)):
            self.app.notify(notice, timeout=12, markup=False)
        if first and not isinstance(self.focused, Input):
            self.call_after_refresh(self._focus_pane)

    def _is_where_the_step_looks(self) -> bool:
        """Whether the learner has left the cursor where the lesson's step put it."""
        trace, walk = self.snapshot.trace, self.snapshot.walk
        stop = self.snapshot.lesson.stop(trace) if trace is not None else None
        return trace is not None and walk is not None and stop is not None and walk.here == fitted(trace, stop)

    def _start(self, trace: Trace) -> Stop:
        stop = self.snapshot.lesson.stop(trace)
        if stop is None and self.snapshot.walk is not None and self.snapshot.walk.here.node in trace:
            stop = self.snapshot.walk.here
        if stop is None:
            name = next(found[0] for pattern in START if (found := trace.find(pattern)))
            stop = Stop(name, ())
        return fitted(trace, stop)

    def _walk_to(self, walk: Walk) -> None:
        if self.snapshot.shown is not None and walk.here.node not in self.snapshot.shown:
            return
        self.snapshot = replace(self.snapshot, walk=walk)
        self._show()

    # The sentence.

    def action_sentence(self, which: str = "sentence") -> None:
        """Type another sentence."""
        bar = self.query_one("#bar", SentenceBar)
        if self.snapshot.request.program is None:
            bar.focus_on(which)

    def on_sentence_bar_edited(self, event: SentenceBar.Edited) -> None:
        request = replace(self.snapshot.request, sentence=event.sentence, target=event.target, ids=(), target_ids=())
        self.snapshot = replace(self.snapshot, request=request)
        self._retrace(self._old_answer())
        if self.snapshot.trace is None or "series" not in self.snapshot.trace:  # a table's name is no sentence
            self.app.sentence = event.sentence  # type: ignore[attr-defined]

    def on_sentence_bar_entered(self) -> None:
        behind = self.narrow and self.snapshot.lesson.step is not None  # else the lesson would be out of sight
        self.action_pane("lesson" if behind else "matrix")
