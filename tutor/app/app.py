"""The application: what all screens share (course, progress, the learner's sentence) and the way between them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.binding import Binding

from tutor.app.home_text import is_example
from tutor.app.screens.home import HomeScreen
from tutor.course.errors import LessonError
from tutor.course.load import Course, load_course
from tutor.course.progress import Progress
from tutor.display.language import _, set_language
from tutor.display.no_colour import no_colour
from tutor.display.safe import safe

if TYPE_CHECKING:
    from tutor.app.palette import TutorCommands
    from tutor.app.screens.review import ReviewWish
    from tutor.app.screens.trace import TraceScreen

DEFAULT_MODEL = "translator"


def _commands() -> type[TutorCommands]:
    from tutor.app.palette import TutorCommands  # late: the first paint does without

    return TutorCommands


class TutorApp(App[None]):
    """`tutor start`."""

    TITLE = "tutor"
    CSS_PATH = "tutor.tcss"
    COMMANDS = {_commands}
    BINDINGS = [Binding("f2", "language", show=False), Binding("ctrl+q", "quit", show=False, priority=True)]

    def __init__(
        self,
        lesson: str | None = None,
        sentence: str | None = None,
        model: str | None = None,
        lang: str = "en",
        backend: str = "numpy",
        progress: Progress | None = None,
        review: ReviewWish | None = None,
    ) -> None:
        # Without this, Textual turns NO_COLOR into greys, which are colours too.
        super().__init__(ansi_color=True if no_colour() else None)
        set_language(lang)
        self.language = lang
        self.course: Course = load_course()
        self.progress = progress or Progress()
        self.sentence = sentence or self.progress.sentence or ""
        self.model_name = model or DEFAULT_MODEL
        self.chosen_model = model
        self.backend = backend
        self._first_lesson = lesson
        self._first_review = review

    def get_default_screen(self) -> HomeScreen:
        """The first screen; Textual would lay an empty one below it, and draw that first."""
        return HomeScreen()

    def on_mount(self) -> None:
        if self._first_lesson:
            self.call_after_refresh(self.open_lesson, self._first_lesson, self.sentence)
        elif self._first_review:
            self.review(self._first_review)
        else:
            # NumPy and the trace screen are loaded after the first paint, while the learner reads it.
            self.call_after_refresh(self.run_worker, _warm_up, thread=True)
        if self.progress.notice:
            self.notify(self.progress.notice.get(self.language), severity="warning", timeout=10, markup=False)

    def open_lesson(self, lesson_id: str, sentence: str = "") -> None:
        """Start a lesson on a sentence, at the step where the learner left it."""
        from tutor.course.lesson_file import load_lesson  # late: it brings YAML

        try:
            lesson = load_lesson(lesson_id)
        except LessonError as error:
            self.notify(safe(error.one_line()), severity="error", timeout=15, markup=False)
            return
        own = sentence.strip()
        default = lesson.sentence.get(self.language) if lesson.sentence else ""
        target = lesson.target.get(self.language) if lesson.target and (not own or own == default) else ""
        request: dict[str, Any] = {
            "program": lesson.program,
            "model": self.chosen_model or lesson.model,
            "sentence": own or default,
            "target": target,
            "pad_to": lesson.pad_to,
        }
        step = min(self.progress.resume(lesson.id), len(lesson.steps) - 1)
        self._open(request, lesson, step)

    def ask_question(self, identifier: str) -> None:
        """One question of the interview bank, due or not."""
        from tutor.app.screens.review import ReviewScreen, ReviewWish  # late, as below

        self.push_screen(ReviewScreen(ReviewWish(only=identifier)))

    def review(self, wish: ReviewWish | None = None) -> None:
        """The questions and missed exercises that are due, or as many of them as wished for."""
        from tutor.app.screens.review import ReviewScreen  # late: Markdown takes time

        self.push_screen(ReviewScreen(wish))

    def explore(self, sentence: str = "") -> None:
        """The trace of a sentence without a lesson."""
        self._open({"model": self.model_name, "sentence": sentence.strip() or "I am a student"}, None, 0)

    def _open(self, request: dict[str, Any], lesson: Any, step: int) -> None:
        from tutor.app.lesson_state import LessonState  # late: these bring NumPy, which the first paint does without
        from tutor.app.screens.trace import TraceScreen
        from tutor.app.tracing import Request

        state = LessonState(lesson, step)
        config = dict(getattr(state.step, "config", None) or {})
        screen = TraceScreen(Request(backend=self.backend, config=config, **request), state, self.language)
        # A lesson's example does not become the learner's own sentence: the next lesson brings its own.
        if request["sentence"] and not is_example(self.course, request["sentence"]):
            self.sentence = request["sentence"]
            self.progress.sentence = self.sentence
        if lesson is not None:
            self.save_step(lesson.id, step)
        self.push_screen(screen)

    def open_trace(self, request: Any, walk: Any) -> None:
        """A trace at one of its cells, on top of the screen that speaks of it."""
        from tutor.app.lesson_state import LessonState  # late, as in `_open`
        from tutor.app.screens.trace import TraceScreen

        self.push_screen(TraceScreen(request, LessonState(), self.language, walk))

    def save_step(self, lesson_id: str, step: int) -> None:
        """Remember how far the learner is."""
        self.progress.record(lesson_id, step)

    def save_answer(self, lesson_id: str, step: int, answer: str, right: bool, cell: str = "") -> None:
        """Remember an answer: what was missed comes up again in reviews."""
        self.progress.record_attempt(lesson_id, step, answer, right, cell)

    def finish_lesson(self, lesson_id: str) -> None:
        """The last step is done: home, with the next lesson chosen."""
        self.progress.record(lesson_id, 0, done=True)
        for screen in self.screen_stack:
            if isinstance(screen, HomeScreen):
                screen.left_for(lesson_id)
        self.notify(_("Lesson done. The next one is marked."), timeout=4)
        self.go_home()

    def go_home(self) -> None:
        """Back to the course map."""
        self.progress.sentence = self.sentence
        while len(self.screen_stack) > 1:
            self.pop_screen()

    def leave_trace(self) -> None:
        """Back to the screen that the trace was opened from, however many traces lie over it."""
        from tutor.app.screens.trace import TraceScreen  # late, as in `_open`

        under = [screen for screen in self.screen_stack if not isinstance(screen, TraceScreen)][-1]
        if isinstance(under, HomeScreen):
            self.go_home()
        while self.screen is not under:
            self.pop_screen()

    def set_model(self, name: str) -> None:
        """Use another model from now on."""
        self.model_name = self.chosen_model = name

    def set_language(self, language: str) -> None:
        """Say everything in another language; the learner stays where they are."""
        set_language(language)
        self.language = language
        self.progress.language = language
        for screen in list(self.screen_stack):
            if hasattr(screen, "change_language"):
                screen.change_language(language)
            else:
                screen.refresh(recompose=True)

    def action_command_palette(self) -> None:
        """Everything there is, by name."""
        from tutor.app.palette import TutorPalette  # late, as in `_commands`

        if not TutorPalette.is_open(self):  # type: ignore[arg-type]
            self.push_screen(TutorPalette())

    def action_language(self) -> None:
        """English and Chinese in turn."""
        self.set_language("zh" if self.language == "en" else "en")


def _warm_up() -> None:
    import_module("tutor.app.screens.trace")  # late, as in `_open`
    from tutor.app.tracing import model_called

    model_called(DEFAULT_MODEL)


def trace_screen(app: App[Any]) -> TraceScreen | None:
    """The trace screen on top, if that is what is on screen."""
    from tutor.app.screens.trace import TraceScreen

    return app.screen if isinstance(app.screen, TraceScreen) else None
