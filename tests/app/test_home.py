"""The home screen at both sizes: what a first-time visitor sees, and what every key and click does."""

import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual import events

import tutor.app.app as app_module
from tests.app.conftest import LANGUAGES, NARROW, SIZES, WIDE
from tutor.app.app import TutorApp
from tutor.app.home_text import following, map_items, recommended
from tutor.app.screens.home import HomeScreen
from tutor.app.screens.trace import TraceScreen
from tutor.app.widgets.course_map import CourseMap
from tutor.app.widgets.key_line import KeyLine
from tutor.app.widgets.sentence_input import SentenceInput
from tutor.course.load import load_course
from tutor.course.progress import Progress
from tutor.models.registry import available

LESSONS = [entry.id for entry in load_course().lessons]


class Recording(TutorApp):
    """The app, which notes what was asked of it in place of doing it."""

    CSS_PATH = Path(app_module.__file__).with_name("tutor.tcss")

    def __init__(self, *arguments, **options) -> None:
        super().__init__(*arguments, **options)
        self.opened, self.explored = [], []

    def open_lesson(self, lesson_id, sentence=""):
        self.opened.append((lesson_id, sentence))

    def explore(self, sentence=""):
        self.explored.append(sentence)


@pytest.fixture
def home(progress, monkeypatch):
    monkeypatch.setattr(app_module, "_warm_up", lambda: None)

    @asynccontextmanager
    async def run(size=NARROW, lang="en", **options):
        app = Recording(lang=lang, progress=progress, **options)
        async with app.run_test(size=size, tooltips=False) as pilot:
            await pilot.pause()
            yield app, pilot

    return run


def bar(app) -> SentenceInput:
    return app.screen.query_one("#sentence", SentenceInput)


def chosen(app) -> str:
    return app.screen.query_one(CourseMap).highlighted


def text(app) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


def hints(app) -> str:
    return "\n".join(f"{hint.key} {hint.text}" for line in app.screen.query(KeyLine) for hint in line.hints)


# What a first-time visitor sees.


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("size", SIZES)
async def test_one_screen_says_it_all(home, size, lang):
    async with home(size, lang) as (app, pilot):
        shown = text(app)
        course = load_course()
        assert ("Walk every number" if lang == "en" else "每个数") in shown
        assert "I am a student" in shown and bar(app).has_focus and bar(app).selected_text == "I am a student"
        for entry in course.lessons[:3]:
            assert entry.title.get(lang)[:20] in shown
        for unit in course.units[:2]:
            assert unit.title.get(lang) in shown
        assert course.lessons[0].summary.get(lang)[:20] in shown.replace("\n", "")
        trained = next(info for info in available() if info.name == "translator").trained
        assert (("ntrained" if lang == "en" else "未训练") in shown) is not trained
        assert chosen(app) == LESSONS[0] and "○" in shown
        assert course.lessons[0].title.get(lang) in hints(app).split("\n")[0]
        await pilot.press("down", *["down"] * len(course.lessons))
        assert course.lessons[-1].title.get(lang)[:20] in text(app)
        await pilot.press(*["up"] * (len(course.units[-1].lessons) - 1))
        assert course.units[-1].title.get(lang) in text(app)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("size", [*SIZES, pytest.param((60, 15), id="60x15"), pytest.param((200, 60), id="200x60")])
async def test_no_line_is_wider_than_the_terminal_and_the_keys_stay_in_view(home, size, lang):
    async with home(size, lang) as (app, _pilot):
        strips = app.screen._compositor.render_strips()
        assert {strip.cell_length for strip in strips} == {size[0]}
        assert "enter" in strips[size[1] - 2].text and ("F1" in strips[size[1] - 1].text)


@pytest.mark.parametrize("size", [(59, 24), (80, 14), (20, 5)])
async def test_too_small_a_terminal_gets_a_notice_and_gets_over_it(home, size):
    async with home(size) as (app, pilot):
        shown = " ".join(text(app).split())
        assert f"{size[0]}×{size[1]} is too small" in shown and "60×15" in shown and "Orientation" not in shown
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "Orientation" in text(app) and "too small" not in text(app)


# Keys.


async def test_enter_starts_the_highlighted_lesson_with_its_own_sentence(home):
    async with home() as (app, pilot):
        await pilot.press("enter")
        assert app.opened == [(LESSONS[0], "")]


async def test_what_is_typed_replaces_the_example_and_goes_along(home):
    async with home() as (app, pilot):
        await pilot.press(*"Hi", "space", *"ql/?", "enter")
        assert app.opened == [(LESSONS[0], "Hi ql/?")]


async def test_an_emptied_bar_means_the_lessons_own_sentence(home):
    async with home() as (app, pilot):
        await pilot.press("backspace", "space", "enter")
        assert app.opened == [(LESSONS[0], "")]
        await pilot.press("ctrl+e")
        assert app.explored == ["I am a student"]


@pytest.mark.parametrize("size", SIZES)
async def test_down_leads_to_the_lessons_and_up_back_to_the_sentence(home, size):
    async with home(size) as (app, pilot):
        await pilot.press("down")
        assert app.screen.query_one(CourseMap).has_focus and chosen(app) == LESSONS[0]
        await pilot.press("down", "down")
        assert chosen(app) == LESSONS[2]
        await pilot.press("end")
        assert chosen(app) == LESSONS[-1]
        await pilot.press("down")
        assert chosen(app) == LESSONS[-1]
        await pilot.press("home", "up")
        assert bar(app).has_focus
        await pilot.press("tab", "pagedown", "enter")
        assert app.opened and app.opened[0][0] != LESSONS[0]


async def test_the_bar_follows_the_lesson_until_something_is_typed(home):
    course = load_course()
    hanzi = next(entry for entry in course.lessons if entry.header.sentence and "马" in entry.header.sentence.en)
    async with home() as (app, pilot):
        await pilot.press("down", *["down"] * LESSONS.index(hanzi.id))
        assert chosen(app) == hanzi.id and bar(app).value == hanzi.header.sentence.en
        await pilot.press("s", *"mine")
        await pilot.press("escape", "home", "end")
        assert bar(app).value == "mine"


async def test_letters_act_outside_the_bar_only(home):
    async with home() as (app, pilot):
        await pilot.press("e", "m", "g")
        assert bar(app).value == "emg" and not app.explored and isinstance(app.screen, HomeScreen)
        await pilot.press("down", "e")
        assert app.explored == ["emg"]
        assert "F1 help" not in hints(app) and "? help" in hints(app)


async def test_function_keys_act_everywhere(home):
    async with home() as (app, pilot):
        for key, dialog in (("f1", "HelpDialog"), ("f3", "ModelDialog"), ("f4", "GlossaryDialog")):
            await pilot.press(key)
            await pilot.pause()
            assert type(app.screen).__name__ == dialog
            await pilot.press("escape")
            await pilot.pause()
            assert isinstance(app.screen, HomeScreen) and bar(app).has_focus


async def test_search_finds_in_both_languages_and_escape_brings_all_back(home):
    async with home() as (app, pilot):
        await pilot.press("ctrl+f", *"mask")
        await pilot.pause()
        assert chosen(app) == "masks" and "By hand" not in text(app)
        await pilot.press("ctrl+a", *"zzz")
        await pilot.pause()
        assert chosen(app) == "" and "No lesson matches" in text(app) and "enter" not in hints(app)
        await pilot.press("enter")
        assert app.opened == []
        await pilot.press("escape")
        await pilot.pause()
        assert chosen(app) and app.screen.query_one(CourseMap).has_focus
        await pilot.press("slash")
        app.screen.query_one("#search").post_message(events.Paste("掩码"))
        await pilot.pause()
        await pilot.pause()
        assert chosen(app) == "masks"
        await pilot.press("enter")
        assert app.opened == [("masks", "")]


async def test_up_and_down_choose_among_the_matches_while_searching(home):
    async with home() as (app, pilot):
        await pilot.press("ctrl+f", *"and", "down")
        await pilot.pause()
        found = [item.id for item in app.screen.query_one(CourseMap).matching]
        assert len(found) > 1 and chosen(app) == found[1]
        await pilot.press("up")
        assert chosen(app) == found[0] and app.screen.query_one("#search").has_focus


async def test_the_language_changes_in_place(home):
    async with home(WIDE) as (app, pilot):
        await pilot.press(*"mine", "down", "down", "f2")
        await pilot.pause()
        assert app.language == "zh" and "动手算" in text(app)
        assert bar(app).value == "mine" and chosen(app) == LESSONS[1]
        assert app.screen.query_one(CourseMap).has_focus
        await pilot.press("l")
        await pilot.pause()
        assert "By hand" in text(app) and bar(app).value == "mine"


# The mouse.


def line_of(app, words: str) -> int:
    return next(y for y, line in enumerate(text(app).split("\n")) if words in line)


@pytest.mark.parametrize("size", SIZES)
async def test_a_click_highlights_and_a_double_click_opens(home, size):
    async with home(size) as (app, pilot):
        other = load_course().lessons[1]
        y = next(y for y, line in enumerate(text(app).split("\n")) if f"○  {other.title.en}" in line)
        await pilot.click(offset=(12, y))
        await pilot.pause()
        assert chosen(app) == other.id and not app.opened
        await pilot.click(offset=(12, y), times=2)
        await pilot.pause()
        assert app.opened == [(other.id, "")]


async def test_keys_at_the_bottom_can_be_clicked(home):
    async with home() as (app, pilot):
        await pilot.click(offset=(3, 22))
        assert app.opened == [(LESSONS[0], "")]
        x = text(app).split("\n")[23].index("explore")
        await pilot.click(offset=(x, 23))
        assert app.explored == ["I am a student"]


# Progress.


def test_recommended_is_the_one_begun_last_then_the_first_not_done(progress):
    course = load_course()
    assert recommended(course, progress) == LESSONS[0]
    progress.record(LESSONS[0], 0, done=True)
    assert recommended(course, progress) == LESSONS[1]
    progress.record(LESSONS[3], 2)
    assert recommended(course, progress) == LESSONS[3]
    progress.record(LESSONS[3], 0, done=True)
    assert recommended(course, progress) == LESSONS[1]
    for lesson in LESSONS:
        progress.record(lesson, 0, done=True)
    assert recommended(course, progress) == LESSONS[0]


def test_marks_show_what_is_new_begun_and_done(progress):
    progress.record(LESSONS[0], 0, done=True)
    progress.record(LESSONS[1], 3)
    items = map_items(load_course(), progress, "en")
    assert [item.mark for item in items[:3]] == ["●", "◐", "○"]
    assert items[1].note.startswith("4/") and items[2].note.endswith("min")


def test_following_is_the_next_in_the_course_that_is_not_done(progress):
    course = load_course()
    progress.record(LESSONS[1], 0, done=True)
    progress.record(LESSONS[2], 0, done=True)
    assert following(course, progress, LESSONS[1]) == LESSONS[3]  # not LESSONS[0], which was skipped
    progress.record(LESSONS[-1], 0, done=True)
    assert following(course, progress, LESSONS[-1]) == recommended(course, progress) == LESSONS[0]


async def test_a_lesson_opened_from_the_command_line_leads_to_the_one_after_it(tutor):
    async with tutor(lesson=LESSONS[2], size=NARROW) as driver:
        driver.app.finish_lesson(LESSONS[2])
        await driver.settle()
        assert chosen(driver.app) == LESSONS[3]


async def test_hints_say_continue_and_repeat(home, progress):
    progress.record(LESSONS[0], 0, done=True)
    progress.record(LESSONS[1], 3)
    async with home() as (app, pilot):
        assert chosen(app) == LESSONS[1] and hints(app).startswith("enter continue: ")
        await pilot.press("down", "up")
        assert hints(app).startswith("enter repeat: ")


async def test_finishing_a_lesson_leads_back_to_the_next_one(tutor):
    async with tutor(size=NARROW) as driver:
        await driver.press("enter")
        assert isinstance(driver.app.screen, TraceScreen)
        driver.app.finish_lesson(LESSONS[0])
        await driver.settle()
        assert isinstance(driver.app.screen, HomeScreen)
        assert chosen(driver.app) == LESSONS[1] and "●" in text(driver.app)
        # The example of the lesson is not taken for the learner's own sentence.
        assert not bar(driver.app).edited


async def test_the_learners_own_sentence_is_there_the_next_time(home, progress):
    progress.sentence = "My cat sleeps all day"
    async with home() as (app, pilot):
        assert bar(app).value == "My cat sleeps all day" and bar(app).edited
        await pilot.press("enter")
        assert app.opened == [(LESSONS[0], "My cat sleeps all day")]


async def test_markup_in_the_sentence_is_text(home):
    async with home(sentence="[b]x[/] [MASK] \x1b[31m") as (app, _pilot):
        assert "[b]x[/] [MASK] ␛[31m" in text(app)


async def test_a_broken_lesson_is_told_of_and_keeps_nothing_from_opening(tutor, monkeypatch, tmp_path: Path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("format: 1\nid: broken\n", encoding="utf-8")
    monkeypatch.setattr(app_module, "load_course", lambda: load_course(tmp_path))
    async with tutor(size=NARROW) as driver:
        assert any("broken.yaml" in notice.message for notice in driver.app._notifications)
        await driver.press("down", "enter", "up")
        driver.app.open_lesson("no-such-lesson")
        await driver.settle()
        assert isinstance(driver.app.screen, HomeScreen)
        assert any("no lesson" in notice.message for notice in driver.app._notifications)


def test_home_paints_without_numpy():
    code = "import sys, tutor.app.app; print([n for n in ('numpy', 'markdown_it', 'torch') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_progress_fixture_is_not_the_learners_own(progress: Progress, tmp_path):
    assert progress.path.is_relative_to(tmp_path)
