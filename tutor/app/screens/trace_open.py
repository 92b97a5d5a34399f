"""From the trace screen to the others: a generation, a training, the audit of a printed matrix."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tutor.app.lens_state import Reading
from tutor.app.screens.audit import AuditScreen
from tutor.app.screens.generation import GenerationScreen
from tutor.app.screens.head_grid import HeadGridScreen
from tutor.app.screens.lens import LensScreen
from tutor.app.screens.series_maps import MapChoice, SeriesMapsScreen
from tutor.app.screens.trace_run import TraceRun
from tutor.app.screens.training import TrainingScreen
from tutor.app.screens.widths import WidthScreen
from tutor.app.tracing import model_called
from tutor.app.walk import Stop, Walk, fitted
from tutor.app.width_state import Slider, WidthView
from tutor.course.audit import Finding, Index, Sheet
from tutor.course.goals import Evidence
from tutor.course.habits import attention_blocks
from tutor.course.schema import Audit, Goal, Try
from tutor.course.widths import started
from tutor.display.language import _
from tutor.display.messages import translated
from tutor.engine.config import FORECAST
from tutor.engine.trace import Trace, TraceError


class OpenActions(TraceRun):
    """Screens that open over this one, and what the learner did there."""

    # For which goal the slider over d_k was open, and how it was left.
    _slid: tuple[Goal | None, WidthView | None] = (None, None)

    def action_open_task(self) -> None:
        """What the lesson's step asks for; in a lesson on training, the training on its other steps too."""
        state = self.snapshot.lesson
        step = state.step
        goal = step.goal if isinstance(step, Try) else None
        if goal is not None and goal.generate is not None:
            self._generate(goal.settings)
        elif goal is not None and goal.train is not None:
            self._train(goal.settings, goal.train)
        elif goal is not None and goal.width is not None:
            self.action_widths()
        elif isinstance(step, Audit) and self.snapshot.trace is not None:
            self._audit(step, self.snapshot.trace)
        elif state.lesson is not None and any(isinstance(one, Try) and one.goal.train for one in state.lesson.steps):
            self._train({})
        elif state.lesson is not None and any(isinstance(one, Try) and one.goal.width for one in state.lesson.steps):
            self.action_widths()

    def action_widths(self) -> None:
        """A head of any width on this sentence's tokens, as the learner left it on this step."""
        trace, step = self.snapshot.shown, self.snapshot.lesson.step
        if trace is None:
            return
        goal = step.goal if isinstance(step, Try) and step.goal.width is not None else None
        known, view = self._slid
        if known is not goal or view is None:
            seed = self.snapshot.request.width_seed
            start = started({"seed": seed, **(goal.settings if goal is not None else {})})
            view = WidthView(width=start["width"], seed=start["seed"])
        try:
            slider = Slider(trace, view, goal.width if goal is not None else None)
        except TraceError as error:
            self.app.notify(translated(error), markup=False)
            return
        model = Path(self.snapshot.request.model or "").name
        self.app.push_screen(WidthScreen(slider, model, self.snapshot.language), partial(self._after_slider, goal))

    def _after_slider(self, goal: Goal | None, left: tuple[WidthView, Stop | None] | None) -> None:
        if left is not None:
            view, stop = left
            self._slid = goal, view
            self._keep_drawn(view)
            self._reached(Evidence(width_found=view.found))
            self._go(stop)

    def _keep_drawn(self, view: WidthView) -> None:
        """The numbers that were drawn stay, also on both sides of a what-if and for the next sentence."""
        request, result = self.snapshot.request, self.snapshot.result
        request = replace(request, width_seed=view.seed)
        if result is not None:
            result = replace(result, request=replace(result.request, width_seed=view.seed))
            for trace in filter(None, (result.trace, result.before)):
                Slider(trace, view)
        self.snapshot = replace(self.snapshot, request=request, result=result)

    def action_generate(self) -> None:
        """What the model writes for this sentence, step by step."""
        self._generate({})

    def screen_commands(self) -> list[tuple[str, str, Callable[[], Any]]]:
        """For the command palette: what opens from here."""
        return [
            (_("Generation"), _("what the model writes, step by step"), self.action_generate),
            (_("All heads"), _("what every head attends to, a thumbnail each"), self.action_heads),
            (_("Maps of a series"), _("three attention maps, by variable, instant and patch"), self.action_maps),
            (_("Logit lens"), _("the words after every layer"), self.action_lens),
            (_("A head of any width"), _("random numbers, with and without √d_k"), self.action_widths),
            (_("Candidates"), _("the likeliest words at every position"), partial(self.action_lens, False)),
        ]

    def action_heads(self) -> None:
        """Every head of the model on this sentence, to pick one from."""
        trace, walk = self.snapshot.shown, self.snapshot.walk
        if trace is None:
            return
        if not attention_blocks(trace):
            self.app.notify(_("There are no heads here: nothing in this trace attends."), markup=False)
            return
        model = Path(self.snapshot.request.model or "").name
        self.app.push_screen(HeadGridScreen(trace, walk.here if walk else None, model), self._go)

    def action_maps(self) -> None:
        """One series read three ways: the attention maps side by side."""
        result = self.snapshot.result
        plain = (result.before or result.trace) if result is not None else None
        config = plain.info.get("config") if plain is not None else None
        if config is None or FORECAST not in config.tasks:
            self.app.notify(_("Three maps are of a series that is forecast: take the model forecaster."), markup=False)
            return
        self.app.push_screen(SeriesMapsScreen(self.snapshot.request, config.series_tokens), self._go_map)

    def _go_map(self, chosen: MapChoice | None) -> None:
        if chosen is not None and chosen.result.trace is not None:
            walk, result = Walk((chosen.stop,)), chosen.result
            self.snapshot = replace(self.snapshot, request=result.request, result=result, walk=walk, compare="after")
            self._accept(result, chosen.result.trace)
            self.action_pane("matrix")

    def action_lens(self, by_layer: bool = True) -> None:
        """What the model would say after every layer, or its likeliest words at every position."""
        trace = self.snapshot.shown
        if trace is None:
            return
        try:
            reading = Reading(trace)
        except TraceError as error:
            self.app.notify(translated(error), markup=False)
            return
        view = replace(reading.start(), by_layer=by_layer)
        model = Path(self.snapshot.request.model or "").name
        self.app.push_screen(LensScreen(reading, view, model), self._go)

    def _go(self, stop: Stop | None) -> None:
        """To a cell that was chosen on another screen."""
        trace, walk = self.snapshot.shown, self.snapshot.walk
        if stop is not None and trace is not None and walk is not None:
            self._walk_to(walk.to(fitted(trace, stop)))
            self.action_pane("matrix")

    def _generate(self, settings: Mapping[str, Any]) -> None:
        request = self.snapshot.request
        if request.program is not None or request.model is None:
            self.app.notify(_("This lesson's numbers are for paper: there is no model that writes."), markup=False)
            return
        begin = dict(settings)
        if self.snapshot.trace is not None:  # so the model is there, and nobody waits for it
            begin.setdefault("length_penalty", model_called(request.model).card.length_penalty)
        screen = GenerationScreen(request.model, request.sentence, begin, self.snapshot.language, request.backend)
        self.app.push_screen(screen, self._generated)

    def _train(self, settings: Mapping[str, Any], wanted: str = "") -> None:
        screen = TrainingScreen(settings=settings, language=self.snapshot.language, wanted=wanted)
        self.app.push_screen(screen, self._trained)

    def _trained(self, goals: frozenset[str] | None) -> None:
        self._reached(Evidence(trained=goals or frozenset()))

    def _generated(self, ran: tuple[dict[str, Any], ...] | None) -> None:
        self._reached(Evidence(generated=tuple(ran or ())))

    def _audit(self, step: Audit, trace: Trace) -> None:
        lesson = self.snapshot.lesson.lesson
        assert lesson is not None
        self.app.push_screen(AuditScreen(Sheet(step, trace), lesson, self.snapshot.language), self._audited)

    def _audited(self, done: tuple[Finding, frozenset[Index]] | None) -> None:
        state = self.snapshot.lesson
        if done is not None and state.lesson is not None:
            finding, marked = done
            answer = " ".join(",".join(map(str, cell)) for cell in sorted(marked))
            self.app.save_answer(state.lesson.id, state.number, answer, finding.right, "")  # type: ignore[attr-defined]
            self.snapshot = replace(self.snapshot, lesson=state.audited(finding))
        self._show()
        self.call_after_refresh(self._focus_pane)

    def _reached(self, evidence: Evidence) -> None:
        """Mark the step where what the learner did is what it asks for."""
        self.snapshot = replace(self.snapshot, lesson=self.snapshot.lesson.having(evidence))
        self._show()
        self.call_after_refresh(self._focus_pane)
