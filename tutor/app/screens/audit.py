"""A printed matrix beside the recomputed one: the learner marks the slips and has the marks checked."""

from __future__ import annotations

import re
from dataclasses import replace

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Static

from tutor.app.audit_state import MORE_DECIMALS, AuditState
from tutor.app.dialogs.glossary import GlossaryDialog
from tutor.app.dialogs.help import HelpDialog
from tutor.app.keys import audit_keys
from tutor.app.widgets.key_line import KeyLine
from tutor.app.widgets.matrix import MatrixView
from tutor.app.widgets.title_bar import TitleBar
from tutor.app.widgets.too_small import FittedScreen, TooSmall
from tutor.course.audit import Finding, Index, Sheet
from tutor.course.schema import Lesson
from tutor.display.language import _
from tutor.display.numbers import printed_format
from tutor.display.safe import safe
from tutor.display.titles import axis_title
from tutor.engine.trace import Node


class AuditScreen(FittedScreen[tuple[Finding, frozenset[Index]] | None]):
    """Dismisses with the last finding and the cells marked, or with None where nothing was checked."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    BINDINGS = [
        Binding("space,x", "mark", show=False, priority=True),
        Binding("a", "all", show=False),
        Binding("c", "check", show=False),
        Binding("u", "uncover", show=False),
        Binding("r", "again", show=False),
        Binding("i", "glossary", show=False),
        Binding("question_mark,f1", "help", show=False),
        Binding("escape", "leave", show=False),
    ]
    CSS = """
    AuditScreen {
        background: $surface; layout: vertical;
        #rule, #cell, #said { height: auto; padding: 0 1; }
        #rule { color: $text-muted; }
        #said { text-style: bold; }
        #sheets { height: 1fr; layout: vertical; }
        .sheet { height: 1fr; width: 1fr; }
        .sheet .heading { height: 1; padding: 0 1; background: $panel; color: $text; text-style: bold; }
        .sheet .heading:nocolor { text-style: bold underline; }
        .sheet MatrixView { height: 1fr; width: 1fr; }
        #recomputed.-covered { display: none; }
        KeyLine { dock: bottom; }
        &.-wide #sheets { layout: horizontal; height: auto; max-height: 28; margin: 1 0; }
        &.-wide .sheet { height: auto; }
        &.-wide .sheet MatrixView { height: auto; max-height: 26; }
    }
    """

    def __init__(self, sheet: Sheet, lesson: Lesson, language: str) -> None:
        super().__init__()
        self.state = AuditState.begun(sheet, lesson)
        self.language = language

    def compose(self) -> ComposeResult:
        yield TooSmall()
        yield TitleBar()
        yield Static(id="rule")
        with Container(id="sheets"):
            for name in ("printed", "recomputed"):
                with Vertical(classes="sheet"):
                    yield Static(id=f"{name}-heading", classes="heading")
                    yield MatrixView(id=name)
        yield Static(id="cell")
        yield Static(id="said")
        yield KeyLine()

    def on_mount(self) -> None:
        self._dress()

    def _dress(self) -> None:
        sheet = self.state.sheet
        self._set("printed", sheet.printed, sheet.decimals)
        self._set("recomputed", sheet.recomputed, sheet.decimals + MORE_DECIMALS)
        self.query_one("#recomputed").can_focus = False  # one cursor leads, the other follows
        self.query_one("#printed").focus()
        self._show()

    def _set(self, name: str, node: Node, decimals: int) -> None:
        across, down = (axis_title(axis) for axis in node.axes)
        form = printed_format(node.value, decimals)
        view = self.query_one(f"#{name}", MatrixView)
        rows, columns = node.labels
        view.set_matrix(node.value, rows, columns, across, down, node.name, cursor=self.state.at, form=form, marks=True)

    def change_language(self, language: str) -> None:
        """Say everything in another language; the marks stay."""
        self.language = language
        self.refresh(recompose=True)

    async def recompose(self) -> None:
        """New widgets, in the same state."""
        await super().recompose()
        self._dress()

    def _show(self) -> None:
        state, language = self.state, self.language
        bar = self.query_one(TitleBar)
        title = state.sheet.step.title or state.lesson.title
        bar.left = _("audit ▸ {0}").format(title.get(language))
        bar.right = state.lesson.title.get(language)
        self._say("rule", state.rule())
        self._say("printed-heading", _("printed: {0}").format(self._symbol(state.sheet.printed)))
        recomputed = _("recomputed: covered until you check; u uncovers it")
        if not state.covered:
            recomputed = _("recomputed: {0}").format(self._symbol(state.sheet.recomputed))
        self._say("recomputed-heading", recomputed)
        self._say("cell", state.about_cell())
        self._say("said", state.said(language))
        self.query_one("#printed", MatrixView).set_marked(state.cells())
        follower = self.query_one("#recomputed", MatrixView)
        follower.set_class(state.covered, "-covered")
        follower.move_to(*state.at)
        self.query_one(KeyLine).hints = state.hints()

    def _say(self, name: str, text: str) -> None:
        self.query_one(f"#{name}", Static).update(Content(safe_lines(text)))

    def _symbol(self, node: Node) -> str:
        """What the lesson says of the matrix, else its name."""
        program = self.state.lesson.program
        symbol = program.symbols.get(node.name) if program else None
        said = symbol.get(self.language) if symbol else node.name
        return re.split("[:：] *", said, maxsplit=1)[-1]  # the heading says already which of the two it is

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self.call_after_refresh(self._show)

    # What the learner does.

    def on_matrix_view_moved(self, event: MatrixView.Moved) -> None:
        if event.view.id == "printed":
            self._become(at=(event.row, event.column))

    def on_matrix_view_opened(self, event: MatrixView.Opened) -> None:
        self.action_mark()

    def _become(self, at: Index) -> None:
        self.state = replace(self.state, at=at)
        self._show()

    def action_mark(self) -> None:
        """Mark the cell as a slip, or take the mark away."""
        self.state = self.state.toggled()
        self._show()

    def action_all(self) -> None:
        """Mark every cell, or none."""
        self.state = self.state.all_or_none()
        self._show()

    def action_check(self) -> None:
        """Hold the marks against the recomputed matrix."""
        self.state = self.state.checked()
        self._show()

    def action_uncover(self) -> None:
        """Show the recomputed matrix before the check."""
        self.state = self.state.uncovered()
        self._show()

    def action_again(self) -> None:
        """Go on with the marks that were right."""
        self.state = self.state.again()
        self._show()

    def action_glossary(self) -> None:
        """What the matrix is called and means."""
        self.app.push_screen(GlossaryDialog(self.state.sheet.recomputed.name, ""))

    def action_help(self) -> None:
        """All keys of this screen."""
        self.app.push_screen(HelpDialog(audit_keys()))

    def action_leave(self) -> None:
        """Back to the lesson."""
        state = self.state
        self.dismiss((state.finding, state.marked) if state.finding else None)


def safe_lines(text: str) -> str:
    """Our lines, in which cells' names are foreign."""
    return "\n".join(safe(line) for line in text.split("\n"))
