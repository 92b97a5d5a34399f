"""From the trace screen to the others: the generation of this sentence, and the training of a small model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tutor.app.screens.generation import GenerationScreen
from tutor.app.screens.trace_run import TraceRun
from tutor.course.goals import Evidence
from tutor.course.schema import Try
from tutor.display.language import _


class OpenActions(TraceRun):
    """Screens that open over this one, and what the learner did there."""

    def action_open_task(self) -> None:
        """What the lesson's step asks for."""
        step = self.snapshot.lesson.step
        if isinstance(step, Try) and step.goal.generate is not None:
            self._generate(step.goal.settings)

    def action_generate(self) -> None:
        """What the model writes for this sentence, step by step."""
        self._generate({})

    def screen_commands(self) -> list[tuple[str, str, Callable[[], Any]]]:
        """For the command palette: what opens from here."""
        return [(_("Generation"), _("what the model writes, step by step"), self.action_generate)]

    def _generate(self, settings: Mapping[str, Any]) -> None:
        request = self.snapshot.request
        if request.program is not None or request.model is None:
            self.app.notify(_("This lesson's numbers are for paper: there is no model that writes."), markup=False)
            return
        screen = GenerationScreen(
            request.model, request.sentence, dict(settings), self.snapshot.language, request.backend
        )
        self.app.push_screen(screen, self._generated)

    def _generated(self, ran: tuple[dict[str, Any], ...] | None) -> None:
        self._reached(Evidence(generated=tuple(ran or ())))

    def _reached(self, evidence: Evidence) -> None:
        """Mark the step where what the learner did is what it asks for."""
        self.snapshot = replace(self.snapshot, lesson=self.snapshot.lesson.having(evidence))
        self._show()
        self.call_after_refresh(self._focus_pane)
