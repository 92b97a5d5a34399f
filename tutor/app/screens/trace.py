"""The lesson and trace screen: one matrix, why its number is what it is, and what the lesson says about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static

from tutor.app import present
from tutor.app.dialogs.glossary import GlossaryDialog
from tutor.app.dialogs.help import HelpDialog
from tutor.app.dialogs.nudge import NudgeDialog
from tutor.app.dialogs.what_if import WhatIf, WhatIfDialog, switches
from tutor.app.gradients import Nudged, nudged, other_side, underlying
from tutor.app.keys import trace_keys
from tutor.app.lesson_state import LessonState
from tutor.app.present import Snapshot
from tutor.app.tracing import Request, Result, compute
from tutor.app.walk import Stop, Walk, fitted, next_cell
from tutor.app.widgets.key_line import KeyLine
from tutor.app.widgets.lesson_panel import LessonPanel
from tutor.app.widgets.matrix import MatrixView
from tutor.app.widgets.number_input import NumberInput
from tutor.app.widgets.pipeline import Pipeline
from tutor.app.widgets.sentence_bar import SentenceBar
from tutor.app.widgets.sentence_input import SentenceInput
from tutor.app.widgets.tab_line import TabLine
from tutor.app.widgets.title_bar import TitleBar
from tutor.app.widgets.too_small import FittedScreen, TooSmall
from tutor.app.widgets.why_panel import WhyPanel
from tutor.course.schema import Ask, Fill
from tutor.display import prose
from tutor.display.colours import Kind
from tutor.display.language import _
from tutor.display.messages import translated
from tutor.display.numbers import number
from tutor.display.safe import safe_text
from tutor.display.titles import axis_title, long_title
from tutor.engine.explanation import Cell
from tutor.engine.trace import Trace, TraceError

WIDE_PANES = ("pipeline", "matrix", "why", "lesson")
NARROW_PANES = ("lesson", "matrix", "why")
TYPING_PAUSE = 0.3  # seconds
START = ("*.cross_attention.weights", "*.self_attention.scaled", "*")


class TraceScreen(FittedScreen[None]):
    """Holds the snapshot, runs the worker, and hands every change down to the widgets."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (160, "-very-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-high")]
    BINDINGS = [
        Binding("n,space", "step(1)", show=False),
        Binding("p", "step(-1)", show=False),
        Binding("enter", "enter", show=False),
        Binding("backspace", "back", show=False),
        Binding("left_square_bracket", "head(-1)", show=False),
        Binding("right_square_bracket", "head(1)", show=False),
        Binding("left_curly_bracket", "layer(-1)", show=False),
        Binding("right_curly_bracket", "layer(1)", show=False),
        Binding("g", "gradient", show=False),
        Binding("N", "nudge", show=False),
        Binding("w", "what_if", show=False),
        Binding("x", "exercise", show=False),
        Binding("h", "hint", show=False),
        Binding("slash", "sentence", show=False),
        Binding("t", "sentence('target')", show=False),
        Binding("i", "glossary", show=False),
        Binding("question_mark,f1", "help", show=False),
        Binding("tab", "next_pane(1)", show=False, priority=True),
        Binding("shift+tab", "next_pane(-1)", show=False, priority=True),
        Binding("escape", "leave", show=False),
        *(Binding(letter, f"letter('{letter}')", show=False) for letter in present.LETTERS),
    ]

    class Traced(Message):
        """A worker has finished."""

        def __init__(self, result: Result) -> None:
            self.result = result
            super().__init__()

    def __init__(self, request: Request, lesson: LessonState, language: str, walk: Walk | None = None) -> None:
        super().__init__()
        self.snapshot = Snapshot(request, lesson, walk=walk, language=language)
        self.pane = "lesson" if lesson.lesson else "matrix"
        self._busy: Request | None = None
        self._said: str | None = None  # the notice as last shown
        self._picture: Any = None  # what the matrix was last drawn from

    def compose(self) -> ComposeResult:
        request = self.snapshot.request
        yield TooSmall()
        yield TitleBar()
        yield SentenceBar(request.sentence, request.target, with_target=False, id="bar")
        yield Static(id="notice")
        yield TabLine()
        with Horizontal(id="body"):
            yield Pipeline(id="pipeline")
            with Vertical(id="right"):
                with Horizontal(id="upper"):
                    yield MatrixView(id="matrix")
                    yield WhyPanel(id="why")
                yield LessonPanel(id="lesson")
        yield KeyLine()

    def on_mount(self) -> None:
        self._dress()
        self._retrace()
        self.call_after_refresh(self._focus_pane)

    def _dress(self) -> None:
        """What new widgets are told once, and then what they show."""
        self.query_one("#bar").set_class(self.snapshot.request.program is not None, "-none")
        for name, title in (("pipeline", _("pipeline")), ("why", _("why"))):
            self.query_one(f"#{name}").border_title = title
        self.query_one(TabLine).tabs = (("lesson", _("Lesson")), ("matrix", _("Matrix")), ("why", _("Why")))
        self._picture, self._said = None, None
        self._show()

    def change_language(self, language: str) -> None:
        """Say everything in another language; the step, the walk and what was typed stay."""
        self.snapshot = replace(self.snapshot, language=language)
        self.refresh(recompose=True)

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

    # Tracing: at most one run at a time, the latest wish wins, and what is out of date is dropped.

    def _ask(self, **changes: Any) -> None:
        """Change the request and run it."""
        self.snapshot = replace(self.snapshot, request=replace(self.snapshot.request, **changes))
        self._retrace()

    def _retrace(self, old_answer: str = "") -> None:
        if self._busy is None:
            request = self._busy = replace(self.snapshot.request, old_answer=old_answer)
            self.run_worker(lambda: self.post_message(self.Traced(compute(request))), thread=True)

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

    def on_trace_screen_traced(self, event: Traced) -> None:
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
                self.set_timer(TYPING_PAUSE, self._answer)

    def _accept(self, result: Result, trace: Trace) -> None:
        first = self.snapshot.result is None
        walk = self.snapshot.walk.kept(trace) if self.snapshot.walk else None
        lesson = self.snapshot.lesson.begun(trace)
        compare = self.snapshot.compare if result.before else "after"
        self.snapshot = replace(self.snapshot, result=result, lesson=lesson, error="", compare=compare)
        asked, exercise = lesson.attempt.asked, lesson.attempt.exercise
        if walk is None or (first and lesson.lesson is not None):
            walk = Walk((self._start(trace),))
        elif asked is not None and exercise is not None and walk.here.node == exercise.node:
            walk = walk.moved(asked)  # another sentence may have other blanks
        self.snapshot = replace(self.snapshot, walk=walk)
        self._show()
        if first and not isinstance(self.focused, Input):
            self.call_after_refresh(self._focus_pane)

    def _start(self, trace: Trace) -> Stop:
        stop = self.snapshot.lesson.stop(trace)
        if stop is None and self.snapshot.walk is not None and self.snapshot.walk.here.node in trace:
            stop = self.snapshot.walk.here
        if stop is None:
            name = next(found[0] for pattern in START if (found := trace.find(pattern)))
            stop = Stop(name, ())
        return fitted(trace, stop)

    # Showing: attributes down.

    @property
    def narrow(self) -> bool:
        """Whether the panes lie behind each other."""
        return self.size.width < 100

    def _show(self) -> None:
        snapshot = self.snapshot
        bar = self.query_one(TitleBar)
        bar.left, bar.right = present.title_left(snapshot), present.title_right(snapshot, self.narrow)
        bar.warning = present.warning(snapshot)
        self._show_notice()
        if snapshot.trace is not None and snapshot.walk is not None:
            self._show_trace(snapshot.trace, snapshot.walk)
        self.query_one(LessonPanel).show(present.lesson_view(snapshot))
        self.query_one("#lesson").border_title = _("lesson") if snapshot.lesson.step else _("about")
        self._show_panes()

    def _show_notice(self) -> None:
        trace = self.snapshot.trace
        said = self.snapshot.error or (translated(trace.info.get("notice") or "") if trace is not None else "")
        notice = self.query_one("#notice", Static)
        if said != self._said:  # an update lays the whole screen out anew
            self._said = said
            notice.update(safe_text(said))
        notice.set_class(not said, "-none")

    def _show_trace(self, trace: Trace, walk: Walk) -> None:
        snapshot = self.snapshot
        bar = self.query_one("#bar", SentenceBar)
        with_target = "decoder.tokens" in trace
        bar.set_class(not with_target, "-no-target")
        if with_target and not snapshot.request.target:
            waiting = " …" if snapshot.result and snapshot.result.request.old_answer else ""
            bar.show_answer(str(trace.info.get("target", "")) + waiting)
        view = present.why_view(snapshot)
        if view is not None:
            self.query_one(WhyPanel).show(view)
            operands = {cell.node for cell in view.why.cells}
            self.query_one(Pipeline).show(trace.names, underlying(trace, walk.here.node), operands)
        self._show_matrix()

    def _show_matrix(self) -> None:
        snapshot, plane = self.snapshot, self.snapshot.plane
        if plane is None or snapshot.walk is None:
            return
        matrix = self.query_one(MatrixView)
        cursor = plane.place(snapshot.walk.here.index)
        picture = (plane.node, plane.lead, snapshot.compare, snapshot.lesson.attempt.blanks, snapshot.language)
        if picture != self._picture:
            self._picture = picture
            rows, columns = plane.labels
            across, down = (axis_title(axis) for axis in plane.axes)
            # An id is a name: a larger one means nothing, and no colour may say so.
            heat: Kind | None = "plain" if plane.values.dtype.kind in "iu" else None
            matrix.set_matrix(plane.values, rows, columns, across, down, plane.node.name, heat=heat, cursor=cursor)
            matrix.set_difference(present.values_before(snapshot))
            matrix.set_blanks(present.blanks_on(snapshot))
        matrix.set_lit(*self._lit())
        matrix.cursor = cursor
        matrix.border_title = present.matrix_title(snapshot)
        matrix.border_subtitle = present.comparison(snapshot)

    def _lit(self) -> list[Any]:
        """The cells of this matrix that made the number one stop back."""
        walk, trace, plane = self.snapshot.walk, self.snapshot.shown, self.snapshot.plane
        if walk is None or trace is None or plane is None or walk.at == 0:
            return []
        before = walk.back().here
        if before.node not in trace:
            return []
        region = trace.explain(before.node, before.index).regions.get(plane.node.name)
        lit = plane.region(region) if region is not None else None
        return [lit] if lit is not None else []

    def _show_panes(self) -> None:
        for pane in WIDE_PANES:
            self.set_class(self.pane == pane, f"-at-{pane}")
        tabs = self.query_one(TabLine)
        tabs.active, tabs.crumb = self.pane, present.crumb(self.snapshot)
        self.query_one(KeyLine).hints = present.hints(self.snapshot, self.pane, self.narrow)

    # Moving about.

    def _walk_to(self, walk: Walk) -> None:
        if self.snapshot.shown is not None and walk.here.node not in self.snapshot.shown:
            return
        self.snapshot = replace(self.snapshot, walk=walk)
        self._show()

    def on_matrix_view_moved(self, event: MatrixView.Moved) -> None:
        plane, walk = self.snapshot.plane, self.snapshot.walk
        if plane is not None and walk is not None and (event.row, event.column) == event.view.cursor:
            index = plane.index(event.row, event.column)
            if index != walk.here.index:
                self._walk_to(walk.moved(index))

    def on_matrix_view_opened(self, event: MatrixView.Opened) -> None:
        self.action_enter()

    def on_why_panel_follow(self, event: WhyPanel.Follow) -> None:
        self._follow(event.cell)

    def on_pipeline_chosen(self, event: Pipeline.Chosen) -> None:
        walk, trace = self.snapshot.walk, self.snapshot.trace
        if walk is None or trace is None:
            return
        self._walk_to(walk.to(fitted(trace, Stop(event.node, walk.here.index if walk else ()))))
        self.action_pane("matrix")

    def _follow(self, cell: Cell) -> None:
        if self.snapshot.walk is not None:
            self._walk_to(self.snapshot.walk.to(Stop(cell.node, cell.index)))
            if self.pane == "why":
                self.call_after_refresh(self._focus_pane)

    def action_enter(self) -> None:
        """The next useful thing: to the matrix, to its why, then operand by operand."""
        trace, walk = self.snapshot.shown, self.snapshot.walk
        if trace is None or walk is None:
            return
        if self.narrow and self.pane != "why":
            self.action_pane("why")
        elif (cell := next_cell(trace, walk)) is not None:
            self._follow(cell)

    def action_back(self) -> None:
        """To the cell that was left by following an operand."""
        if self.snapshot.walk is not None:
            self._walk_to(self.snapshot.walk.back())

    def action_letter(self, letter: str) -> None:
        """A choice of the question on screen; else b and f walk, d compares."""
        state = self.snapshot.lesson
        place = present.LETTERS.index(letter)
        question = state.attempt.question if isinstance(state.step, Ask) and not state.attempt.good else None
        if question is not None and place < len(question.choices):
            self._choose(place)
        elif letter == "d":
            self.action_compare()
        elif letter in "bf" and self.snapshot.walk is not None:
            self._walk_to(self.snapshot.walk.back() if letter == "b" else self.snapshot.walk.forward())

    def action_compare(self) -> None:
        """After, change, before, and round again."""
        if self.snapshot.result and self.snapshot.result.before is not None:
            following = {"after": "change", "change": "before", "before": "after"}
            self.snapshot = replace(self.snapshot, compare=following[self.snapshot.compare])
            self._show()

    def action_head(self, by: int) -> None:
        """The same cell in the next head."""
        plane, walk = self.snapshot.plane, self.snapshot.walk
        if plane is not None and walk is not None and plane.lead:
            head = (walk.here.index[0] + by) % plane.node.shape[0]
            self._walk_to(walk.moved((head, *walk.here.index[1:])))

    def action_layer(self, by: int) -> None:
        """The same node one layer on."""
        walk, trace = self.snapshot.walk, self.snapshot.trace
        if walk is None or trace is None:
            return
        words = walk.here.node.split(".")
        if len(words) > 1 and words[1].isdigit():
            words[1] = str(int(words[1]) + by)
            if (name := ".".join(words)) in trace:
                self._walk_to(walk.to(fitted(trace, Stop(name, walk.here.index))))

    # Panes.

    def action_pane(self, pane: str) -> None:
        """Bring a pane to the front and give it the keys."""
        self.pane = pane
        self._show_panes()
        self.call_after_refresh(self._focus_pane)

    def action_next_pane(self, by: int) -> None:
        """The next pane round."""
        panes = NARROW_PANES if self.narrow else WIDE_PANES
        at = panes.index(self.pane) if self.pane in panes else 0
        self.action_pane(panes[(at + by) % len(panes)])

    def _focus_pane(self) -> None:
        if self.pane == "lesson" and self.query_one(LessonPanel).focus_answer():
            return
        pane = "matrix" if self.pane == "lesson" else self.pane
        target = {"why": "#operands"}.get(pane, f"#{pane}")
        widget = self.query_one(target)
        self.set_focus(widget if widget.display and widget.focusable else None)

    def on_resize(self, event: events.Resize) -> None:
        """Panes side by side, or behind each other."""
        if self.narrow and self.pane == "pipeline":
            self.pane = "matrix"
        self.call_after_refresh(self._shown_again)

    def _shown_again(self) -> None:
        """After a resize: other panes may be in view, and what had the keys may be hidden."""
        if self.snapshot.result is not None:
            self._show()
        if self.focused is None and not self.has_class("-tiny"):
            self._focus_pane()

    # The sentence.

    def action_sentence(self, which: str = "sentence") -> None:
        """Type another sentence."""
        bar = self.query_one("#bar", SentenceBar)
        if self.snapshot.request.program is None:
            bar.focus_on(which)

    def on_sentence_bar_edited(self, event: SentenceBar.Edited) -> None:
        request = replace(self.snapshot.request, sentence=event.sentence, target=event.target)
        self.snapshot = replace(self.snapshot, request=request)
        self._retrace(self._old_answer())
        self.app.sentence = event.sentence  # type: ignore[attr-defined]

    def on_sentence_bar_entered(self) -> None:
        self.action_pane("matrix")

    # The lesson.

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
        self.pane = "lesson" if self.narrow or isinstance(state.step, Fill | Ask) else "matrix"
        trace = self.snapshot.trace
        if request != self.snapshot.request or trace is None:
            self.snapshot = replace(self.snapshot, lesson=state, request=request, walk=None, result=None)
            self._retrace()
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
        if not isinstance(state.step, Fill | Ask) or (state.free is not None and elsewhere):
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
        self._save_answer(event.text, bool(attempt.good), asked)
        self.snapshot = replace(self.snapshot, lesson=replace(state, attempt=attempt))
        walk = self.snapshot.walk
        if attempt.good and attempt.asked is not None and attempt.exercise is not None and walk is not None:
            self._walk_to(walk.to(Stop(attempt.exercise.node, attempt.asked)))
        self._show()
        self.call_after_refresh(self._focus_pane)

    def on_lesson_panel_chosen(self, event: LessonPanel.Chosen) -> None:
        self._choose(event.place)

    def _choose(self, place: int) -> None:
        state = self.snapshot.lesson
        attempt = state.attempt.choice(place)
        self._save_answer(present.LETTERS[place], bool(attempt.good))
        self.snapshot = replace(self.snapshot, lesson=replace(state, attempt=attempt))
        self._show()

    def _save_answer(self, answer: str, right: bool, cell: str = "") -> None:
        state = self.snapshot.lesson
        if state.lesson is not None and state.free is None:
            self.app.save_answer(state.lesson.id, state.number, answer, right, cell)  # type: ignore[attr-defined]

    def action_hint(self) -> None:
        """The next hint."""
        state = self.snapshot.lesson
        self.snapshot = replace(self.snapshot, lesson=replace(state, attempt=state.attempt.hinted()))
        self._show()

    # What if.

    def action_what_if(self) -> None:
        """Switch something off, or put another number under the cursor."""
        result, walk, plane = self.snapshot.result, self.snapshot.walk, self.snapshot.plane
        if result is None or result.trace is None or walk is None or plane is None:
            return
        here, trace = walk.here, result.trace
        attention = here.node.rpartition(".")[0] if "attention" in here.node else ""
        config = (result.before or trace).info.get("config")
        head = here.index[0] if plane.lead else None
        if config is not None and attention and here.node.endswith(".concat"):  # the heads stand side by side
            head = here.index[-1] // config.d_k
        offered = switches(config, attention, head)
        hide = self.snapshot.is_blank or plane.node.op in ("attention_mask",) or here.node not in trace
        cell = "" if hide else prose.cell_name(trace, here.node, here.index)
        value = number(plane.node.at(here.index), 4)
        whole = plane.node.value.dtype.kind in "iu"
        dialog = WhatIfDialog(offered, self.snapshot.request.config, cell, value, whole)
        self.app.push_screen(dialog, self._what_if)

    def _what_if(self, chosen: WhatIf | None) -> None:
        if chosen is None or self.snapshot.walk is None:
            return
        edits = {} if chosen.reset else dict(self.snapshot.request.edits)
        here = self.snapshot.walk.here
        if chosen.number is not None:
            others = tuple(edit for edit in edits.get(here.node, ()) if edit[0] != here.index)
            edits[here.node] = (*others, (here.index, chosen.number))
        self.snapshot = replace(self.snapshot, compare="after")
        self._ask(config=chosen.config, edits=edits)

    # Gradients: computed in a worker, since the way back is as long as the way there.

    def action_gradient(self) -> None:
        """Turn the matrix into its gradient, and back."""
        self._with_gradient(other_side, self._show_other_side)

    def _show_other_side(self, name: str) -> None:
        if self.snapshot.trace is not None and self.snapshot.walk is not None:
            here = self.snapshot.walk.here
            self._walk_to(self.snapshot.walk.to(fitted(self.snapshot.trace, Stop(name, here.index))))

    def action_nudge(self) -> None:
        """Make the number under the cursor a little larger and see the loss move as its gradient said."""
        request, walk = self.snapshot.request, self.snapshot.walk
        if walk is not None:
            self._with_gradient(lambda trace, _name: nudged(request, trace, walk.here), self._show_nudged)

    def _show_nudged(self, found: Nudged) -> None:
        if self.snapshot.trace is not None:
            cell = prose.cell_name(self.snapshot.trace, found.stop.node, found.stop.index)
            self.app.push_screen(NudgeDialog(cell, found))

    def _with_gradient(self, ask: Callable[[Trace, str], Any], show: Callable[[Any], None]) -> None:
        trace, walk = self.snapshot.trace, self.snapshot.walk
        if trace is None or walk is None:
            return

        def work() -> None:
            try:
                found = ask(trace, walk.here.node)
            except TraceError as error:
                self.app.call_from_thread(self.app.notify, translated(error), markup=False)
            else:
                self.app.call_from_thread(show, found)

        self.run_worker(work, thread=True, exclusive=True, group="gradient")

    # Help.

    def action_help(self) -> None:
        """All keys of this screen."""
        self.app.push_screen(HelpDialog(trace_keys()))

    def action_glossary(self) -> None:
        """What the thing on screen is called and means."""
        node = self.snapshot.walk.here.node if self.snapshot.walk else ""
        self.app.push_screen(GlossaryDialog(node))

    def action_leave(self) -> None:
        """From an input to the matrix, from a pane behind to the one before, and then home."""
        if isinstance(self.focused, NumberInput) and self.narrow:
            self.set_focus(self.query_one(MatrixView))
        elif isinstance(self.focused, Input):
            self.action_pane("matrix" if not self.narrow else self.pane)
        elif self.narrow and self.pane in ("matrix", "why") and self.snapshot.lesson.step is not None:
            self.action_pane("lesson")
        else:
            self.app.go_home()  # type: ignore[attr-defined]

    def node_commands(self) -> list[tuple[str, Any, str]]:
        """For the command palette: every node, the way to it, and its title in the interface's language."""
        trace = self.snapshot.trace
        names = trace.names if trace is not None else ()
        return [(name, partial(self.post_message, Pipeline.Chosen(name)), long_title(name)) for name in names]
