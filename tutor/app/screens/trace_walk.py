"""Walking over the trace screen: from cell to cell, from a number to those that made it, from head to head."""

from __future__ import annotations

from dataclasses import replace

from tutor.app.dialogs.find import FindDialog
from tutor.app.dialogs.jump import JumpDialog
from tutor.app.finding import Finder, Found
from tutor.app.jumping import LAYER, in_layer, layers, target
from tutor.app.screens.trace_run import TraceRun
from tutor.app.walk import Stop, fitted, next_cell
from tutor.app.widgets.matrix import MatrixView
from tutor.app.widgets.pipeline import Pipeline
from tutor.app.widgets.why_panel import WhyPanel
from tutor.display.language import _
from tutor.display.titles import long_title
from tutor.engine.explanation import Cell


class WalkActions(TraceRun):
    """What keys and clicks do to where the learner stands."""

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
        match = LAYER.search(walk.here.node) if walk is not None else None
        if walk is None or trace is None or match is None:
            return
        if (name := in_layer(trace, walk.here.node, int(match[2]) + by)) is not None:
            self._walk_to(walk.to(fitted(trace, Stop(name, walk.here.index))))

    def action_jump(self) -> None:
        """Ask for a layer, or a layer and a head, and go to the same node there."""
        walk, trace = self.snapshot.walk, self.snapshot.trace
        if walk is None or trace is None:
            return
        count, plane = layers(trace, walk.here.node), self.snapshot.plane
        if not count:
            where = long_title(walk.here.node)
            self.app.notify(_("{0} stands in no layer: go to a matrix of a layer first.").format(where), markup=False)
            return
        asked = _("layer: 1 to {0}").format(count)
        if plane is not None and plane.lead:
            heads = plane.node.shape[0]
            asked = _("layer: 1 to {0}; with a head, 1 to {1}: 2.1; the head alone: .1").format(count, heads)
        self.app.push_screen(JumpDialog(asked, lambda typed: target(trace, walk.here, typed)), self._jumped)

    def _jumped(self, stop: Stop | None) -> None:
        if stop is not None and self.snapshot.walk is not None:
            self._walk_to(self.snapshot.walk.to(stop))

    def action_find(self) -> None:
        """Ask for a token, and go to its row or column of this matrix."""
        plane = self.snapshot.plane
        if plane is not None and plane.values.size > 1:
            self.app.push_screen(FindDialog(Finder(plane)), self._found)

    def _found(self, found: Found | None) -> None:
        plane, walk = self.snapshot.plane, self.snapshot.walk
        if found is None or plane is None or walk is None:
            return
        row, column = plane.place(walk.here.index)
        index = plane.index(found.index, column) if found.axis == 0 else plane.index(row, found.index)
        self._walk_to(walk.moved(index))
        if self.pane != "matrix":
            self.action_pane("matrix")
