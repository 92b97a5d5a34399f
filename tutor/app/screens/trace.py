"""The lesson and trace screen: one matrix, why its number is what it is, and what the lesson says about it."""

from __future__ import annotations

from functools import partial
from typing import Any

from textual.binding import Binding
from textual.widgets import Input

from tutor.app.dialogs.glossary import GlossaryDialog
from tutor.app.dialogs.help import HelpDialog
from tutor.app.keys import trace_keys
from tutor.app.screens.trace_change import ChangeActions
from tutor.app.screens.trace_lesson import LessonActions
from tutor.app.screens.trace_open import OpenActions
from tutor.app.screens.trace_walk import WalkActions
from tutor.app.widgets.matrix import MatrixView
from tutor.app.widgets.number_input import NumberInput
from tutor.app.widgets.pipeline import Pipeline
from tutor.app.work_views import LETTERS
from tutor.display.titles import long_title


class TraceScreen(LessonActions, WalkActions, ChangeActions, OpenActions):
    """What its keys do; how each is done stands with its subject."""

    AUTO_FOCUS = ""  # else the keys pressed while the first trace is computed become the sentence
    BINDINGS = [
        Binding("n,space", "step(1)", show=False),
        Binding("p", "step(-1)", show=False),
        Binding("enter", "enter", show=False),
        Binding("backspace", "back", show=False),
        Binding("left_square_bracket", "head(-1)", show=False),
        Binding("right_square_bracket", "head(1)", show=False),
        Binding("left_curly_bracket", "layer(-1)", show=False),
        Binding("right_curly_bracket", "layer(1)", show=False),
        Binding("j", "jump", show=False),
        Binding("s", "find", show=False),
        Binding("g", "gradient", show=False),
        Binding("N", "nudge", show=False),
        Binding("w", "what_if", show=False),
        Binding("x", "exercise", show=False),
        Binding("h", "hint", show=False),
        Binding("o", "open_task", show=False),
        Binding("G", "generate", show=False),
        Binding("H", "heads", show=False),
        Binding("M", "maps", show=False),
        Binding("L", "lens", show=False),
        Binding("C", "lens(False)", show=False),
        Binding("slash", "sentence", show=False),
        Binding("t", "sentence('target')", show=False),
        Binding("i", "glossary", show=False),
        Binding("question_mark,f1", "help", show=False),
        Binding("tab", "next_pane(1)", show=False, priority=True),
        Binding("shift+tab", "next_pane(-1)", show=False, priority=True),
        Binding("escape", "leave", show=False),
        *(Binding(letter, f"letter('{letter}')", show=False) for letter in LETTERS),
    ]

    def action_letter(self, letter: str) -> None:
        """A choice of the question on screen; else b and f walk, d compares."""
        state = self.snapshot.lesson
        place = LETTERS.index(letter)
        if place < state.attempt.open_choices:
            self._choose(place)
        elif letter == "d":
            self.action_compare()
        elif letter in "bf" and self.snapshot.walk is not None:
            self._walk_to(self.snapshot.walk.back() if letter == "b" else self.snapshot.walk.forward())

    def action_help(self) -> None:
        """All keys of this screen."""
        self.app.push_screen(HelpDialog(trace_keys()))

    def action_glossary(self) -> None:
        """What the thing on screen is called and means."""
        node = self.snapshot.walk.here.node if self.snapshot.walk else ""
        self.app.push_screen(GlossaryDialog(node, self.snapshot.request.sentence))

    def action_leave(self) -> None:
        """From an input to the matrix, from a pane behind to the one before, and then home."""
        if isinstance(self.focused, NumberInput) and self.narrow:
            self.set_focus(self.query_one(MatrixView))
        elif isinstance(self.focused, Input):
            self.action_pane("matrix" if not self.narrow else self.pane)
        elif self.narrow and self.pane in ("matrix", "why") and self.snapshot.lesson.step is not None:
            self.action_pane("lesson")
        else:
            self.app.leave_trace()  # type: ignore[attr-defined]

    def node_commands(self) -> list[tuple[str, Any, str]]:
        """For the command palette: every node, the way to it, and its title in the interface's language."""
        trace = self.snapshot.trace
        names = trace.names if trace is not None else ()
        return [(name, partial(self.post_message, Pipeline.Chosen(name)), long_title(name)) for name in names]
