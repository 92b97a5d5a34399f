"""From state to what the widgets show: titles, lesson text, hints. Pure functions, no widget."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.cells import cell_len

from tutor.app.explain_view import explain_view
from tutor.app.lesson_state import WORKED, LessonState
from tutor.app.letters import letters
from tutor.app.planes import Plane, plane_at
from tutor.app.tracing import Request, Result, is_loading
from tutor.app.walk import Walk, next_cell
from tutor.app.widgets.key_line import Hint
from tutor.app.widgets.lesson_panel import LessonView
from tutor.app.widgets.why_panel import WhyView
from tutor.app.work_views import fill_view, ordering_view, question_view, try_view
from tutor.course.drills import QUIZZED
from tutor.course.exercises import Hint as LessonHint
from tutor.course.schema import Ask, Audit, Explain, Fill, Try
from tutor.display import prose
from tutor.display.formula import linear
from tutor.display.kinds import KINDS
from tutor.display.language import _
from tutor.display.safe import fit, safe
from tutor.display.titles import about, axis_title, long_title, place, short_title
from tutor.engine.trace import Trace
from tutor.engine.widths import PREFIX as WIDTH

MOST_COVERED = 4000


@dataclass(frozen=True)
class Snapshot:
    """Everything the trace screen shows, at one moment."""

    request: Request
    lesson: LessonState = field(default_factory=LessonState)
    result: Result | None = None
    walk: Walk | None = None
    error: str = ""
    language: str = "en"
    compare: str = "after"  # after, change or before, where there is something to compare

    @property
    def trace(self) -> Trace | None:
        """The trace on screen; the last good one while a new one fails."""
        return self.result.trace if self.result else None

    @property
    def shown(self) -> Trace | None:
        """The trace whose numbers the matrix shows: before or after the what-if, as asked for, if it has the node."""
        before = self.result.before if self.result else None
        sides = (before, self.trace) if self.compare == "before" else (self.trace, before)
        has_it = (side for side in sides if side and (self.walk is None or self.walk.here.node in side))
        return next(has_it, self.trace)

    @property
    def plane(self) -> Plane | None:
        """The sheet under the cursor."""
        if self.shown is None or self.walk is None:
            return None
        return plane_at(self.shown[self.walk.here.node], self.walk.here.index)

    @property
    def is_blank(self) -> bool:
        """Whether the cell under the cursor is one the learner is to find."""
        attempt = self.lesson.attempt
        here = self.walk.here if self.walk else None
        if here is not None and here.node == attempt.covered:
            return True
        return bool(here and attempt.exercise and here.node == attempt.exercise.node and here.index in attempt.blanks)


def matrix_title(snapshot: Snapshot) -> str:
    """`scaled scores · head 1/4 · query × key 4×4`."""
    plane = snapshot.plane
    if plane is None:
        return ""
    node = plane.node
    title = short_title(node.name)
    if plane.lead and node.axes[0] == "head":
        title += " · " + _("head {0}/{1}").format(plane.lead[0] + 1, node.shape[0])
    if not node.shape:
        return title
    axes = " × ".join(axis_title(axis) for axis in plane.axes if axis)
    title += f" · {axes} {'×'.join(str(size) for size in node.shape[-2:])}"
    return title


def comparison(snapshot: Snapshot) -> str:
    """Which side of a what-if the matrix shows, and the key for the next; empty where there is none."""
    result, walk = snapshot.result, snapshot.walk
    if result is None or result.before is None or result.trace is None or walk is None:
        return ""
    if walk.here.node not in result.before:
        return _("only after the change")
    if walk.here.node not in result.trace:
        return _("only before the change")
    if snapshot.compare == "change" and result.before[walk.here.node].shape != result.trace[walk.here.node].shape:
        return _("after the change, of another shape · d: before")
    return {
        "after": _("after the change · d: the difference"),
        "change": _("after − before · d: before"),
        "before": _("before the change · d: after"),
    }[snapshot.compare]


def values_before(snapshot: Snapshot) -> np.ndarray | None:
    """The sheet before the what-if, where the difference is to be shown."""
    plane = snapshot.plane
    before = snapshot.result.before if snapshot.result else None
    if plane is None or before is None or snapshot.compare != "change" or plane.node.name not in before:
        return None
    values = before[plane.node.name].value
    return plane.sheet(values) if values.shape == plane.node.shape else None


def blanks_on(snapshot: Snapshot) -> list[tuple[int, int]]:
    """The rows and columns of the sheet on screen that the learner is still to fill in."""
    plane, attempt = snapshot.plane, snapshot.lesson.attempt
    if plane is not None and plane.node.name == attempt.covered:
        return _covered_cells(plane, attempt.question)
    if plane is None or attempt.exercise is None or attempt.exercise.node != plane.node.name:
        return []
    return [plane.place(index) for index in attempt.blanks if plane.holds(index)]


def _covered_cells(plane: Plane, quiz: Any) -> list[tuple[int, int]]:
    """Every cell of a sheet; of one with a whole vocabulary only the row in question, which is enough to hide."""
    rows, columns = plane.values.shape
    covered = range(rows) if rows * columns <= MOST_COVERED else [plane.place(quiz.at)[0]]
    return [(row, column) for row in covered for column in range(columns)]


def crumb(snapshot: Snapshot) -> str:
    """The place in the model: `encoder 1 · self-attention · scaled scores`."""
    return long_title(snapshot.walk.here.node) if snapshot.walk else ""


def title_left(snapshot: Snapshot) -> str:
    """Lesson and step, or that this is free exploration."""
    state = snapshot.lesson
    if state.lesson is None:
        return _("explore") + (f" ▸ {crumb(snapshot)}" if snapshot.walk else "")
    heading = step_title(snapshot)
    return f"{state.number + 1}/{state.count} {heading} · {state.lesson.title.get(snapshot.language)}"


def step_title(snapshot: Snapshot) -> str:
    """The step's own heading, else its node's."""
    step = snapshot.lesson.step
    title = getattr(step, "title", None)
    if title is not None:
        return str(title.get(snapshot.language))
    if step is not None and step.kind in KINDS:
        return _(KINDS[step.kind])
    return short_title(snapshot.walk.here.node) if snapshot.walk else ""


def title_right(snapshot: Snapshot, narrow: bool) -> str:
    """Model, place and backend; on a narrow screen the place stands in the line of tabs."""
    trace = snapshot.trace
    if snapshot.request.program is not None:
        return _("numbers for paper")
    parts = [model_name(snapshot)]
    if snapshot.walk and snapshot.lesson.lesson is not None and not narrow:
        parts.append(place(snapshot.walk.here.node))
    if trace is not None and snapshot.request.backend != "numpy":
        parts.append(snapshot.request.backend)
    return " · ".join(part for part in parts if part)


def model_name(snapshot: Snapshot) -> str:
    """The model asked for; of a folder or a file on disk its last word."""
    return Path(snapshot.request.model or "").name


def waiting(snapshot: Snapshot, seconds: int) -> str:
    """What stands in the matrix's place until there is one."""
    if is_loading(snapshot.request.model or ""):
        return _("loading {0} … {1} s").format(safe(model_name(snapshot)), seconds)
    return _("computing … {0} s").format(seconds)


def warning(snapshot: Snapshot) -> str:
    """What must not be overlooked: random weights, a what-if that is on."""
    trace = snapshot.trace
    if trace is None:
        return ""
    parts = [] if trace.info.get("trained", True) else [_("untrained")]
    if snapshot.request.is_what_if and not snapshot.error:  # else it could not be run, and the plain trace is shown
        parts.append(_("what-if"))
    return " · ".join(parts)


def why_view(snapshot: Snapshot) -> WhyView | None:
    """The cell under the cursor, explained."""
    trace, walk = snapshot.shown, snapshot.walk
    if trace is None or walk is None or snapshot.result is None:
        return None
    why = trace.explain(walk.here.node, walk.here.index)
    step = snapshot.lesson.step
    own = getattr(step, "formula", None)
    on_step = snapshot.lesson.stop(trace) if step is not None and own else None
    of_step = (own or "") if on_step is not None and on_step.node == walk.here.node else ""
    asked = of_step if isinstance(step, Ask) else ""  # the arithmetic does not go on from it
    formula = of_step if of_step and not asked else why.formula
    # Of the sentence that was traced: the one being typed may have no trace yet, or none at all.
    extra = letters(trace, snapshot.result.request, walk.here)
    covered = snapshot.lesson.attempt.covered == walk.here.node
    return WhyView(trace, why, formula or "", snapshot.is_blank, extra, covered, asked)


def lesson_view(snapshot: Snapshot) -> LessonView:
    """The step's words and the state of its work; without a lesson, a line on what is on screen."""
    state, language = snapshot.lesson, snapshot.language
    step, attempt = state.step, state.attempt
    if step is None or state.free is not None and not attempt.exercise:
        return LessonView(say=_about(snapshot))
    say = getattr(step, "say", None)
    view = LessonView(
        heading=step_title(snapshot),
        say=say.get(language) if say else "",
        verdict=attempt.said(language),
        good=attempt.good,
        closed=attempt.open_choices == 0,
        hints=tuple(hint_text(hint, language) for hint in attempt.hints),
    )
    if isinstance(step, Ask | QUIZZED) and attempt.question is not None:
        return question_view(snapshot, view)
    if attempt.ordering is not None:
        return ordering_view(attempt, view)
    if isinstance(step, Explain):
        return explain_view(step, attempt, view, language)
    if isinstance(step, Fill):
        return fill_view(snapshot, view)
    if isinstance(step, Try):
        return try_view(snapshot, step, view)
    return view


def hint_text(hint: LessonHint, language: str) -> str:
    """A hint as one line of text."""
    return hint.text.get(language) + (f"  {linear(hint.formula)}" if hint.formula else "")


def _about(snapshot: Snapshot) -> str:
    if snapshot.walk is None or snapshot.shown is None:
        return ""
    return f"**{crumb(snapshot)}**\n\n{about(snapshot.shown[snapshot.walk.here.node])}"


def next_hint(snapshot: Snapshot) -> str:
    """What Enter does at this cell: the name of the operand it walks to."""
    trace, walk = snapshot.shown, snapshot.walk
    if trace is None or walk is None:
        return ""
    cell = next_cell(trace, walk)
    if cell is None:
        return ""
    return fit(prose.cell_name(trace, cell.node, cell.index), 28)


def hints(snapshot: Snapshot, pane: str, narrow: bool) -> tuple[Hint, ...]:
    """The keys that help now: the most useful first, help last."""
    help_hint = Hint("?", _("keys"), "screen.help")
    has_sentence = snapshot.request.program is None
    if snapshot.trace is None:
        sentence = [Hint("/", _("type a sentence"), "screen.sentence")] if has_sentence else []
        return (*sentence, Hint("esc", _("back"), "screen.leave"), help_hint)
    found = _lesson_hints(snapshot, pane)
    answering = bool(_fills(snapshot) or snapshot.lesson.attempt.open_choices)
    typing = pane == "lesson" and answering  # enter is the answer's here
    if typing and narrow:  # the numbers it is made from are behind the lesson
        found.append(Hint("tab", _("matrix, why"), "screen.next_pane(1)"))
    walk_on = None if typing else _walk_hint(snapshot, pane, narrow)
    if walk_on is not None:
        # What is to be done comes first, then the next step; where a step only shows, what the keys are on.
        works = isinstance(snapshot.lesson.step, WORKED | Try | Audit)
        found.insert(len(found) if works or (pane == "lesson" and not narrow) else 0, walk_on)
    if snapshot.walk and snapshot.walk.at:
        found.append(Hint("⌫", _("back"), "screen.back"))
    if snapshot.result and snapshot.result.before is not None:
        found.append(Hint("d", _("before/after"), "screen.compare"))
    plane = snapshot.plane
    if plane is not None and plane.lead:
        found.append(Hint("[ ]", _("head"), "screen.head(1)"))
    drawn = snapshot.walk is not None and snapshot.walk.here.node.startswith(WIDTH)  # at random: no model's numbers
    found += [
        *([] if drawn else [Hint("g", _("gradient"), "screen.gradient"), Hint("w", _("what if"), "screen.what_if")]),
        *([Hint("/", _("sentence"), "screen.sentence")] if has_sentence and not (typing and _fills(snapshot)) else []),
        Hint("x", _("exercise"), "screen.exercise"),
        Hint("i", _("glossary"), "screen.glossary"),
        *([Hint("G", _("generate"), "screen.generate")] if has_sentence and _writes(snapshot.trace) else []),
        *([] if typing else [Hint("tab", _("pane"), "screen.next_pane(1)")]),
    ]
    once = {hint.key: hint for hint in reversed(found)}  # what a step asks for says it more exactly
    return (*(hint for hint in found if once[hint.key] is hint), help_hint)


def _writes(trace: Trace) -> bool:
    """Whether the model answers or continues its sentence."""
    config = trace.info.get("config")
    return config is not None and config.architecture != "encoder_only"


def _fills(snapshot: Snapshot) -> bool:
    state = snapshot.lesson
    return isinstance(state.step, Fill) and state.attempt.asked is not None


def _walk_hint(snapshot: Snapshot, pane: str, narrow: bool) -> Hint | None:
    if narrow and pane != "why":
        return Hint("enter", _("why this number"), "screen.enter")
    target = next_hint(snapshot)
    return Hint("enter", f"▸ {target}", "screen.enter") if target else None


def _lesson_hints(snapshot: Snapshot, pane: str) -> list[Hint]:
    state = snapshot.lesson
    step, attempt = state.step, state.attempt
    if step is None:
        return []
    forward = Hint("n", _("finish") if state.is_last else _("next step"), "screen.step(1)")
    if _fills(snapshot):
        answer = Hint("0-9", _("type the answer, enter"), "screen.exercise")
        first = answer if pane == "lesson" else Hint("x", _("answer"), "screen.exercise")
        return [first, Hint("h", _("hint"), "screen.hint"), forward]
    if isinstance(step, Explain) and attempt.written is None:
        typing = Hint("enter", _("hand in and compare"), "screen.exercise")
        return [typing, Hint("esc", _("to the matrix"), "screen.leave")]
    if attempt.open_choices:
        return [Hint("a b c", _("choose"), "screen.exercise"), Hint("h", _("hint"), "screen.hint"), forward]
    if isinstance(step, Try) and not state.done(snapshot.trace):
        words = _("set the switch") if step.goal.config is not None else _("change something")
        switch = Hint("w", words, "screen.what_if")
        first = switch if step.goal.kind in ("config", "reach") else Hint("o", _("open"), "screen.open_task")
        return [first, Hint("h", _("hint"), "screen.hint"), forward]
    if isinstance(step, Audit):
        opening = Hint("o", _("find the slips"), "screen.open_task")
        hint = Hint("h", _("hint"), "screen.hint")
        return [forward, opening, hint] if attempt.reached else [opening, hint, forward]
    return [forward]


def fits(text: str, cells: int) -> bool:
    """Whether the text is at most so many cells wide."""
    return cell_len(text) <= cells
