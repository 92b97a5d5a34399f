"""What the trace screen shows and where: its widgets, told what to draw, and the panes they stand in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content

from tutor.app import present
from tutor.app.gradients import underlying
from tutor.app.planes import place_text
from tutor.app.present import Snapshot
from tutor.app.walk import Walk
from tutor.app.widgets.key_line import KeyLine
from tutor.app.widgets.lesson_panel import LessonPanel
from tutor.app.widgets.matrix import MatrixView
from tutor.app.widgets.pipeline import Pipeline
from tutor.app.widgets.prose import Prose
from tutor.app.widgets.sentence_bar import SentenceBar
from tutor.app.widgets.tab_line import TabLine
from tutor.app.widgets.title_bar import TitleBar
from tutor.app.widgets.too_small import FittedScreen, TooSmall
from tutor.app.widgets.why_panel import WhyPanel
from tutor.display.colours import Kind
from tutor.display.language import _
from tutor.display.messages import translated
from tutor.display.safe import safe
from tutor.display.titles import axis_title
from tutor.engine.trace import Trace

WIDE_PANES = ("pipeline", "matrix", "why", "lesson")
NARROW_PANES = ("lesson", "matrix", "why")


class TraceView(FittedScreen[None]):
    """Holds the snapshot and hands it down to the widgets."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (160, "-very-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-high")]

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot
        self.pane = "lesson" if snapshot.lesson.lesson else "matrix"
        self._picture: Any = None  # what the matrix was last drawn from

    def compose(self) -> ComposeResult:
        request = self.snapshot.request
        yield TooSmall()
        yield TitleBar()
        yield SentenceBar(request.sentence, request.target, with_target=False, id="bar")
        yield Prose(id="notice")
        yield TabLine()
        with Horizontal(id="body"):
            yield Pipeline(id="pipeline")
            with Vertical(id="right"):
                with Horizontal(id="upper"):
                    yield MatrixView(id="matrix")
                    yield WhyPanel(id="why")
                yield LessonPanel(id="lesson")
        yield KeyLine()

    def _dress(self) -> None:
        """What new widgets are told once, and then what they show."""
        self.query_one("#bar").set_class(self.snapshot.request.program is not None, "-none")
        for name, title in (("pipeline", _("pipeline")), ("why", _("why"))):
            self.query_one(f"#{name}").border_title = title
        self.query_one(TabLine).tabs = (("lesson", _("Lesson")), ("matrix", _("Matrix")), ("why", _("Why")))
        self._picture = None
        self._show()

    def change_language(self, language: str) -> None:
        """Say everything in another language; the step, the walk and what was typed stay."""
        self.snapshot = replace(self.snapshot, language=language)
        self.refresh(recompose=True)

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
        notice = self.query_one("#notice", Prose)
        notice.content = Content(safe(said))
        notice.set_class(not said, "-none")

    def _show_trace(self, trace: Trace, walk: Walk) -> None:
        snapshot = self.snapshot
        bar = self.query_one("#bar", SentenceBar)
        with_target = "decoder.tokens" in trace or bool(trace.info.get("guessed"))
        bar.set_class(not with_target, "-no-target")
        if with_target and not snapshot.request.target:
            waiting = " …" if snapshot.result and snapshot.result.request.old_answer else ""
            bar.show_answer(str(trace.info.get("target") or trace.info.get("guessed", "")) + waiting)
        view = present.why_view(snapshot)
        if view is not None:
            self.query_one(WhyPanel).show(view)
            operands = set(view.why.regions)
            self.query_one(Pipeline).show(trace.names, underlying(trace, walk.here.node), operands)
        self._show_matrix()

    def _show_matrix(self) -> None:
        snapshot, plane = self.snapshot, self.snapshot.plane
        if plane is None or snapshot.walk is None:
            return
        matrix = self.query_one(MatrixView)
        cursor = plane.place(snapshot.walk.here.index)
        attempt = snapshot.lesson.attempt
        hidden = (attempt.blanks, attempt.covered)
        picture = (plane.node, plane.lead, snapshot.compare, hidden, snapshot.language)
        if picture != self._picture:
            self._picture = picture
            rows, columns = plane.row_names, plane.labels[1]
            across, down = (axis_title(axis) for axis in plane.axes)
            # An id is a name: a larger one means nothing, and no colour may say so.
            heat: Kind | None = "plain" if plane.values.dtype.kind in "iu" else None
            matrix.set_matrix(plane.values, rows, columns, across, down, plane.node.name, heat=heat, cursor=cursor)
            matrix.set_difference(present.values_before(snapshot))
            matrix.set_blanks(present.blanks_on(snapshot))
        matrix.set_lit(*self._lit())
        matrix.cursor = cursor
        matrix.border_title = present.matrix_title(snapshot)
        matrix.border_subtitle = present.comparison(snapshot) or place_text(plane, cursor)

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
