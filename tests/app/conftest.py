"""A tutor to drive: the real app in an invisible terminal, with a progress file of its own."""

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual import events
from textual._compositor import Compositor
from textual._context import visible_screen_stack
from textual.keys import _character_to_key
from textual.widgets import OptionList

from tutor.app.app import TutorApp
from tutor.app.screens.trace import TraceScreen
from tutor.app.widgets.key_line import KeyLine
from tutor.app.widgets.lesson_panel import LessonPanel
from tutor.app.widgets.matrix import MatrixView
from tutor.app.widgets.number_input import NumberInput
from tutor.app.widgets.sentence_bar import SentenceBar
from tutor.app.widgets.why_panel import WhyPanel
from tutor.course.progress import Progress

NARROW, WIDE = (80, 24), (120, 36)
SIZES = [pytest.param(NARROW, id="80x24"), pytest.param(WIDE, id="120x36")]
LANGUAGES = ["en", "zh"]


class Driver:
    """What a test does and sees. Every action ends when the app has nothing left to do."""

    def __init__(self, app: TutorApp, pilot) -> None:
        self.app, self.pilot = app, pilot

    @property
    def screen(self) -> TraceScreen:
        """The trace screen, also while a dialog lies over it."""
        return next(screen for screen in reversed(self.app.screen_stack) if isinstance(screen, TraceScreen))

    @property
    def snapshot(self):
        return self.screen.snapshot

    @property
    def trace(self):
        return self.snapshot.trace

    @property
    def here(self):
        return self.snapshot.walk.here

    @property
    def attempt(self):
        return self.snapshot.lesson.attempt

    @property
    def matrix(self) -> MatrixView:
        return self.screen.query_one(MatrixView)

    @property
    def why(self) -> WhyPanel:
        return self.screen.query_one(WhyPanel)

    @property
    def lesson(self) -> LessonPanel:
        return self.screen.query_one(LessonPanel)

    @property
    def bar(self) -> SentenceBar:
        return self.screen.query_one("#bar", SentenceBar)

    @property
    def hints(self) -> list[str]:
        """The key line: keys and words."""
        return [f"{hint.key} {hint.text}" for hint in self.app.screen.query_one(KeyLine).hints]

    async def settle(self) -> None:
        """Until every trace asked for is on screen, and nothing waits for the next repaint."""
        quiet = 0
        for _round in range(500):
            await self._handled()
            await self.app.workers.wait_for_complete()
            await self._handled()
            busy = self._is_tracing() or self._is_moving()
            self.app.screen._on_timer_update()
            quiet = 0 if busy else quiet + 1
            if quiet == 3:
                break
        await self._handled()
        self.raise_what_crashed()

    def _is_tracing(self) -> bool:
        return any(getattr(screen, "_busy", None) for screen in self.app.screen_stack)

    def _is_moving(self) -> bool:
        # A scroll waits for a layout, and the layout after it for the scroll: more rounds than are quiet anyway.
        screen = self.app.screen
        return bool(screen._layout_required or screen._scroll_required or screen._callbacks)

    async def _handled(self) -> None:
        # What `pilot.pause` does, without its wait for an idle processor: a lesson is some hundred key presses.
        await self.pilot._wait_for_screen()
        await asyncio.sleep(0)

    def raise_what_crashed(self) -> None:
        """The exception that ended the app, if one did."""
        if self.app._exception is not None:
            raise self.app._exception

    async def press(self, *keys: str) -> None:
        """Keys one after the other, each waited for."""
        for key in keys:
            name = _character_to_key(key) if len(key) == 1 and not key.isalnum() else key
            character = key if len(key) == 1 else {"space": " "}.get(key)
            event = events.Key(name, character)
            event.set_sender(self.app)
            self.app._driver.send_message(event)
            await self.settle()

    async def resize(self, width: int, height: int) -> None:
        await self.pilot.resize_terminal(width, height)
        await self.settle()

    async def pane(self, pane: str) -> None:
        """Bring a pane to the front."""
        self.screen.action_pane(pane)
        await self.settle()

    async def type(self, text: str, into: str = "sentence") -> None:
        """A sentence in place of the one in the bar."""
        self.bar.query_one(f"#{into}").value = text
        await self.settle()

    async def go(self, node: str, index=()) -> None:
        """Stand on a cell, wherever the walk was."""
        from tutor.app.walk import Stop, fitted

        self.screen._walk_to(self.snapshot.walk.to(fitted(self.trace, Stop(node, tuple(index)))))
        await self.settle()

    async def answer(self, text: str) -> None:
        """A number into the answer field."""
        field = self.lesson.query_one(NumberInput)
        if not field.has_focus:
            await self.press("x")
        field.value = text
        await self.press("enter")

    def lines(self) -> list[str]:
        """The terminal's lines as they would be drawn."""
        width, height = self.app.size
        drawn = self.app.screen._compositor.render_strips()
        return [strip.text for strip in drawn][:height]

    def text(self) -> str:
        return "\n".join(self.lines())

    def said(self, selector: str) -> str:
        """The plain text of a Static of the screen on top."""
        content = self.app.screen.query_one(selector).content
        return getattr(content, "plain", str(content))

    def operands(self) -> list[str]:
        """The lines of the operands in the why pane."""
        options = self.why.query_one(OptionList)
        return [options.get_option_at_index(at).prompt.plain for at in range(options.option_count)]


@pytest.fixture
def drawn_when_looked_at(monkeypatch):
    """No repaint after every key, which is half the time of a test: `lines()` draws when the test looks."""

    def nothing_yet(compositor, full=False, screen_stack=None, simplify=False):
        visible_screen_stack.set(screen_stack or [])
        compositor._dirty_regions.clear()

    monkeypatch.setattr(Compositor, "render_update", nothing_yet)


@pytest.fixture
def progress(tmp_path: Path) -> Progress:
    return Progress(tmp_path / "progress.sqlite")


@pytest.fixture
def tutor(progress):
    """`async with tutor(size=…, lesson=…) as driver` runs the app; `explore=` a sentence opens the free screen."""

    @asynccontextmanager
    async def run(*, size=WIDE, lesson=None, explore=None, lang="en", model=None, sentence=None, keep=None):
        app = TutorApp(lesson, sentence, model, lang, progress=keep or progress)
        async with app.run_test(size=size, tooltips=False) as pilot:
            driver = Driver(app, pilot)
            await driver.settle()
            if explore is not None:
                app.explore(explore)
                await driver.settle()
            yield driver

    return run


@pytest.fixture(autouse=True)
def english_again():
    """The interface's language is the process's; give it back."""
    from tutor.display.language import set_language

    yield
    set_language("en")
