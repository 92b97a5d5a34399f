"""Changing something on the trace screen: a switch or a number (what if), and gradients, which say what that does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tutor.app.dialogs.nudge import NudgeDialog
from tutor.app.dialogs.what_if import WhatIf, WhatIfDialog, switches
from tutor.app.gradients import Nudged, nudged, other_side
from tutor.app.screens.trace_run import TraceRun
from tutor.app.walk import Stop, fitted
from tutor.course.schema import Try
from tutor.display import prose
from tutor.display.language import _
from tutor.display.messages import translated
from tutor.display.numbers import number
from tutor.engine.trace import Trace, TraceError
from tutor.engine.widths import PREFIX as WIDTH


class ChangeActions(TraceRun):
    """What-ifs, gradients and nudges."""

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
        step = self.snapshot.lesson.step
        wanted = step.goal.config if isinstance(step, Try) else None
        offered = switches(config, attention, head, wanted)
        if here.node.startswith(WIDTH):  # no switch has a part in numbers drawn at random: those that are on go off
            on = {**self.snapshot.request.config, **(wanted or {})}
            offered = tuple(switch for switch in offered if switch.field in on)
            if not offered and not self.snapshot.request.edits:
                words = _("These numbers are drawn at random: no switch of the model changes them.")
                self.app.notify(words, markup=False)
                return
        # A gradient or a lens is read off a run; there is no run with another number in it.
        is_run = here.node in trace.names or here.node in trace.weight_names
        hide = self.snapshot.is_blank or plane.node.op in ("attention_mask",) or not is_run
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
