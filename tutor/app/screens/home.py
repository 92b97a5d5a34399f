"""The first screen: what this is, a sentence of one's own, the course, and at every moment the next useful key."""

from __future__ import annotations

from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from tutor.app.home_text import (
    about_lesson,
    about_model,
    following,
    help_sections,
    key_hints,
    map_items,
    recommended,
)
from tutor.app.model_info import info_of
from tutor.app.screens.home_style import HOME_CSS
from tutor.app.widgets.course_map import CourseMap
from tutor.app.widgets.key_line import KeyLine
from tutor.app.widgets.prose import Prose
from tutor.app.widgets.sentence_input import SentenceInput
from tutor.app.widgets.too_small import FittedScreen, TooSmall
from tutor.course.load import LessonEntry
from tutor.display.language import _
from tutor.display.safe import safe

MOST_PROBLEMS = 3


class HomeScreen(FittedScreen[None]):
    """Sentence bar, course map, the highlighted lesson and the model."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high"), (30, "-tall")]
    AUTO_FOCUS = "#sentence"
    BINDINGS = [
        Binding("down", "down", show=False),
        Binding("up", "up", show=False),
        Binding("escape", "back", show=False),
        Binding("ctrl+e", "explore", show=False, priority=True),
        Binding("ctrl+f", "search", show=False, priority=True),
        Binding("e", "explore", show=False),
        Binding("slash", "search", show=False),
        Binding("f1,question_mark", "help", show=False),
        Binding("f2,l", "language", show=False),
        Binding("f3,m", "model", show=False),
        Binding("f4,g", "glossary", show=False),
        Binding("f5,r", "review", show=False),
        Binding("i,s", "sentence", show=False),
        Binding("q", "app.quit", show=False),
    ]
    DEFAULT_CSS = HOME_CSS

    def __init__(self) -> None:
        super().__init__()
        self._chosen = ""
        self._sentence: tuple[str, bool] | None = None  # (text, whether the learner wrote it)
        self._words = ""
        self._left_for = ""  # the lesson that the learner left this screen for

    # -- what is on it ------------------------------------------------------------------------------------------------

    @property
    def tutor(self) -> Any:
        """The app, which holds the course, the progress and the settings."""
        return self.app

    @property
    def entry(self) -> LessonEntry | None:
        """The highlighted lesson."""
        return self.tutor.course[self._chosen] if self._chosen and self._chosen in self.tutor.course else None

    def compose(self) -> ComposeResult:
        course, progress, language = self.tutor.course, self.tutor.progress, self.tutor.language
        if not self._chosen:
            self._chosen = recommended(course, progress)
        text, edited = self._sentence or self._first_sentence()
        with Vertical(id="page"):
            yield Prose(id="what")
            bar = SentenceInput(text, id="sentence")
            bar.border_title = _("your sentence")
            bar.edited = edited
            yield bar
            with Vertical(id="body"):
                with Vertical(id="course"):
                    yield SentenceInput(self._words, _("search the lessons"), id="search")
                    yield CourseMap(map_items(course, progress, language), self._chosen, words=self._words, id="map")
                with Vertical(id="about"):
                    yield Prose(id="lesson")
                    yield Prose(id="model")
        with Vertical(id="keys"):
            yield KeyLine(id="next-keys")
            more = KeyLine(id="more-keys")
            more.leading = False
            yield more
        yield TooSmall()

    def on_mount(self) -> None:
        """Fill in what depends on size and focus, and tell of lessons that cannot be read."""
        self._tell()
        for problem in self.tutor.course.problems[:MOST_PROBLEMS]:
            self.notify(safe(problem.one_line()), severity="warning", timeout=15, markup=False)

    def on_resize(self, event: events.Resize) -> None:
        """Another layout has room for other words."""
        self.call_after_refresh(self._tell)

    def left_for(self, lesson: str) -> None:
        """The lesson the learner comes back from, where it was not opened from here."""
        self._chosen = self._left_for = lesson

    def on_screen_resume(self) -> None:
        """Back from a lesson: its progress shows."""
        if not self.query("#map"):
            return
        if self._chosen and self._chosen == self._left_for and self.tutor.progress.done(self._chosen):
            self._chosen = following(self.tutor.course, self.tutor.progress, self._chosen)
        self._left_for = ""
        highlighted = self._chosen
        self.query_one(CourseMap).show(
            map_items(self.tutor.course, self.tutor.progress, self.tutor.language), highlighted
        )
        bar = self.query_one("#sentence", SentenceInput)
        if self.tutor.sentence and self.tutor.sentence != bar.value:
            text, edited = self._first_sentence()
            bar.offer(text)
            bar.edited = edited
        self._tell()

    async def recompose(self) -> None:
        """In another language: what was typed, highlighted and focused stays."""
        focused = self.focused.id if self.focused else "sentence"
        bar = self.query_one("#sentence", SentenceInput)
        self._sentence = (bar.value, True) if bar.edited else (self._example() or bar.value, False)
        await super().recompose()
        self.query_one(f"#{focused or 'sentence'}").focus()
        self._tell()

    def _first_sentence(self) -> tuple[str, bool]:
        """The learner's sentence, else the lesson's; and whether the learner wrote it."""
        sentence = self.tutor.sentence
        return (sentence, True) if sentence.strip() else (self._example(), False)

    def _example(self) -> str:
        """The sentence of the highlighted lesson, or of the first one that has any."""
        entries = [self.entry] if self.entry else []
        for entry in (*entries, *self.tutor.course.lessons):
            if entry.header.sentence is not None:
                return entry.header.sentence.get(self.tutor.language)
        return ""

    def _tell(self) -> None:
        """Bring every text up to date."""
        if not self.query("#map"):
            return
        language, entry, wide = self.tutor.language, self.entry, self.has_class("-wide")
        first = _("Type a sentence.")
        then = _("Walk every number of a Transformer, from the answer back to your letters.")
        gap = "\n" if not wide else "" if first.endswith("。") else " "
        self.query_one("#what", Prose).content = Content.assemble((first, "bold $text-accent"), gap, then)
        lesson = about_lesson(entry, self.tutor.progress, self.tutor.course, language, wide)
        self.query_one("#lesson", Prose).content = lesson
        info = info_of(self._model_name(entry)) if entry is None or entry.model else None
        self.query_one("#model", Prose).content = about_model(info, language, wide)
        self._tell_keys()

    def _model_name(self, entry: LessonEntry | None) -> str:
        return self.tutor.chosen_model or (entry.model if entry else None) or self.tutor.model_name

    # -- keys ---------------------------------------------------------------------------------------------------------

    def _tell_keys(self) -> None:
        item = next((item for item in self.query_one(CourseMap).matching if item.id == self._chosen), None)
        focus = (self.focused.id if self.focused else None) or ""
        first, others = key_hints(item, focus, self.tutor.language, self.tutor.progress.due_count())
        self.query_one("#next-keys", KeyLine).hints = first
        self.query_one("#more-keys", KeyLine).hints = others

    def on_descendant_focus(self) -> None:
        """Other keys are useful now."""
        self._tell_keys()

    def action_down(self) -> None:
        """From the sentence to the lessons; in the search, to the next match."""
        course = self.query_one(CourseMap)
        if self.focused is not None and self.focused.id in ("search", "map"):
            course.action_move(1)
        else:
            course.focus()

    def action_up(self) -> None:
        """In the search, to the match before."""
        if self.focused is not None and self.focused.id == "search":
            self.query_one(CourseMap).action_move(-1)

    def action_back(self) -> None:
        """Out of the search; else to the lessons."""
        if self.has_class("-searching"):
            self.query_one("#search", Input).value = ""
            self.remove_class("-searching")
        self.query_one(CourseMap).focus()

    def action_sentence(self) -> None:
        """To the sentence bar."""
        self.query_one("#sentence").focus()

    def action_search(self) -> None:
        """Look for lessons by what is in their title or summary, in either language."""
        self.add_class("-searching")
        self.query_one("#search").focus()

    def action_start(self) -> None:
        """Open the highlighted lesson with the sentence in the bar."""
        if self._chosen:
            self._left_for = self._chosen
            self.tutor.open_lesson(self._chosen, self._own_sentence())

    def action_explore(self) -> None:
        """The sentence in the bar without a lesson."""
        bar = self.query_one("#sentence", SentenceInput)
        self.tutor.explore(bar.value if bar.value.strip() else self._example())

    def _own_sentence(self) -> str:
        """What the learner wrote; empty where the lesson's own sentence stands in the bar."""
        bar = self.query_one("#sentence", SentenceInput)
        return bar.value if bar.edited and bar.value.strip() else ""

    def action_language(self) -> None:
        """The other language."""
        self.tutor.set_language("en" if self.tutor.language == "zh" else "zh")

    def action_help(self) -> None:
        """All keys."""
        from tutor.app.dialogs.help import HelpDialog  # late, like all dialogs here: the first paint does without

        self.app.push_screen(HelpDialog(help_sections()))

    def action_glossary(self) -> None:
        """Terms and symbols."""
        from tutor.app.dialogs.glossary import GlossaryDialog

        self.app.push_screen(GlossaryDialog(sentence=self._own_sentence()))

    def action_review(self) -> None:
        """Interview questions, and exercises that were missed."""
        self.tutor.review()

    def action_model(self) -> None:
        """Choose the model."""
        from tutor.app.dialogs.model import ModelDialog

        self.app.push_screen(ModelDialog(self._model_name(self.entry)), self._take_model)

    def _take_model(self, name: str | None) -> None:
        if name:
            self.tutor.set_model(name)
            self._tell()

    # -- messages -----------------------------------------------------------------------------------------------------

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_start()

    @on(Input.Changed, "#search")
    def _searched(self, event: Input.Changed) -> None:
        self._words = event.value
        self.query_one(CourseMap).words = event.value

    @on(CourseMap.Highlighted)
    def _highlighted(self, event: CourseMap.Highlighted) -> None:
        self._chosen = event.id
        bar = self.query_one("#sentence", SentenceInput)
        # As long as nothing was typed, the bar shows the sentence that the lesson would be opened with.
        if not bar.edited and self.entry is not None and self.entry.header.sentence is not None:
            bar.offer(self._example())
        self._tell()

    @on(CourseMap.Chosen)
    def _opened(self, event: CourseMap.Chosen) -> None:
        self._chosen = event.id
        self.action_start()

    @on(CourseMap.LeftAbove)
    def _left_above(self) -> None:
        self.action_sentence()
