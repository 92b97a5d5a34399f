"""The review: one card at a time, from the question to the points of an answer to the learner's own grade."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Static

from tutor.app import review_text
from tutor.app.dialogs.glossary import GlossaryDialog
from tutor.app.dialogs.help import HelpDialog
from tutor.app.widgets.key_line import KeyLine
from tutor.app.widgets.sentence_input import SentenceInput
from tutor.app.widgets.title_bar import TitleBar
from tutor.app.widgets.too_small import FittedScreen, TooSmall
from tutor.course.errors import LessonError
from tutor.course.questions import load_bank
from tutor.course.review import LIMIT, Sitting
from tutor.display.language import _
from tutor.display.messages import translated
from tutor.display.safe import safe

MORE = 5  # new questions, where all that was due is done
MOST_PROBLEMS = 3


@dataclass(frozen=True)
class ReviewWish:
    """Which cards: of one unit, at most so many, at most so many new ones, or a single question; as for `Sitting`."""

    unit: int | None = None
    limit: int = LIMIT
    new: int | None = None
    only: str | None = None


class ReviewScreen(FittedScreen[None]):
    """Asks until no card is left. What was graded is kept at once: one can leave at any time."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    AUTO_FOCUS = "#answer"
    BINDINGS = [
        Binding("enter,space", "reveal", show=False),
        *(Binding(str(grade), f"grade({grade})", show=False) for grade in (1, 2, 3, 4)),
        Binding("o", "look", show=False),
        Binding("ctrl+o", "look", show=False, priority=True),
        Binding("m", "more", show=False),
        Binding("f4,i", "glossary", show=False),
        Binding("escape,q", "leave", show=False),
        Binding("question_mark,f1", "help", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("up,k", "scroll(-1)", show=False),
    ]
    DEFAULT_CSS = """
    ReviewScreen { background: $surface; align-horizontal: center; }
    ReviewScreen #card { height: 1fr; width: 100%; max-width: 108; padding: 1 2 0 2; scrollbar-size-vertical: 1; }
    ReviewScreen #card Static { height: auto; }
    ReviewScreen #question { margin: 0 0 1 0; }
    ReviewScreen #answer, ReviewScreen #answer:focus {
        height: 3; border: round $foreground 25%; padding: 0 1; background: transparent;
        background-tint: $background 0%; border-title-color: $text-muted; border-title-style: none;
    }
    ReviewScreen #answer:focus { border: round $accent; border-title-color: $text-accent; }
    ReviewScreen #keys { height: auto; dock: bottom; }
    ReviewScreen .-none { display: none; }
    """

    def __init__(self, wish: ReviewWish | None = None) -> None:
        super().__init__()
        self._wish = wish or ReviewWish()
        self._sitting: Sitting | None = None
        self.revealed = False
        self.typed = ""

    @property
    def tutor(self) -> Any:
        """The app, which holds the course and the progress."""
        return self.app

    @property
    def sitting(self) -> Sitting:
        """The cards; dealt when the screen is first shown."""
        if self._sitting is None:
            self._sitting = Sitting(self.tutor.progress, load_bank(), self.tutor.course, *astuple(self._wish))
        return self._sitting

    def compose(self) -> ComposeResult:
        yield TooSmall()
        yield TitleBar()
        with VerticalScroll(id="card", can_focus=True):
            yield Static(id="question")
            answer = SentenceInput(self.typed, _("type it, or only think it; then enter"), id="answer")
            answer.border_title = _("your answer")
            yield answer
            yield Static(id="points")
        with Vertical(id="keys"):
            yield KeyLine(id="grades")
            yield KeyLine(id="others")

    def on_mount(self) -> None:
        """The first card, and questions that cannot be read."""
        self._tell()
        for problem in self.sitting.bank.problems[:MOST_PROBLEMS]:
            self.notify(safe(problem.one_line(translated)), severity="warning", timeout=15, markup=False)

    def on_resize(self, event: events.Resize) -> None:
        """Other line breaks."""
        self.call_after_refresh(self._tell)

    async def recompose(self) -> None:
        """In another language: the card, and what was typed, stay."""
        await super().recompose()
        self._tell()
        self._focus()

    def _tell(self) -> None:
        if not self.query("#card"):
            return
        sitting, language = self.sitting, self.tutor.language
        card = sitting.current
        scroll = self.query_one("#card", VerticalScroll)
        width = max(30, scroll.size.width - 5)
        bar = self.query_one(TitleBar)
        bar.left, bar.right = review_text.title(sitting, language)
        asking = card is not None and not self.revealed
        self.query_one("#answer").set_class(not asking, "-none")
        points = self.query_one("#points", Static)
        if card is None:
            self.query_one("#question", Static).update(review_text.nothing(sitting, width))
            points.update("")
        else:
            self.query_one("#question", Static).update(review_text.question(card, language, width))
            shown = review_text.answer(card, self.typed, language, width) if self.revealed else ""
            points.update(shown)
        grades = self.query_one("#grades", KeyLine)
        grades.set_class(not self.revealed or card is None, "-none")
        grades.hints = review_text.grade_hints(sitting) if self.revealed and card is not None else ()
        others = self.query_one("#others", KeyLine)
        others.leading = not self.revealed
        others.hints = review_text.other_hints(sitting, self.revealed, MORE)

    def _focus(self) -> None:
        asking = self.sitting.current is not None and not self.revealed
        self.query_one("#answer" if asking else "#card").focus()

    # -- what the learner does ------------------------------------------------------------------------------------

    @on(Input.Submitted)
    def _answered(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_reveal()

    @on(Input.Changed)
    def _typing(self, event: Input.Changed) -> None:
        event.stop()
        self.typed = event.value

    def action_reveal(self) -> None:
        """Show the points of an answer."""
        if self.sitting.current is not None and not self.revealed:
            self.revealed = True
            self._turned()

    def action_grade(self, grade: int) -> None:
        """Put the card away and take the next."""
        if not self.revealed or self.sitting.current is None:
            return
        self.sitting.grade(grade)
        self._next()

    def action_more(self) -> None:
        """New questions beyond the day's."""
        if self.sitting.current is None and self.sitting.new_left:
            self.sitting.deal(MORE)
            self._next()

    def _next(self) -> None:
        self.revealed, self.typed = False, ""
        self.query_one("#answer", Input).value = ""
        self._turned()

    def _turned(self) -> None:
        self._tell()
        self.query_one("#card").scroll_home(animate=False)
        self._focus()

    def action_look(self) -> None:
        """The live matrix that answers; Esc there comes back."""
        card = self.sitting.current
        if card is None:
            return
        from tutor.app.screens.review_matrix import matrix_screen  # late: it brings NumPy

        try:
            screen = matrix_screen(card, self.tutor, self.revealed)
        except LessonError as error:
            self.notify(safe(error.problems[0].one_line(translated)), severity="error", timeout=15, markup=False)
            return
        self.app.push_screen(screen)

    def action_scroll(self, lines: int) -> None:
        """Further down, or back up."""
        self.query_one("#card").scroll_relative(y=lines, animate=False)

    def action_glossary(self) -> None:
        """Terms and symbols."""
        self.app.push_screen(GlossaryDialog())

    def action_help(self) -> None:
        """All keys."""
        self.app.push_screen(HelpDialog(review_text.help_sections()))

    def action_leave(self) -> None:
        """Home; what was graded is kept."""
        self.dismiss(None)
