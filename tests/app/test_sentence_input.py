"""The sentence input: whatever is typed or pasted stays one safe line, and nothing of it is lost."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Input

from tests.app.conftest import NARROW
from tutor.app.screens.trace_run import TraceRun
from tutor.app.widgets.sentence_input import LONGEST, SentenceInput, one_line, shown

FAMILY = "👨\u200d👩\u200d👧"


class Bench(App[None]):
    """A screen with nothing but the input, and what it posted."""

    def __init__(self, value: str = "I am a student") -> None:
        super().__init__()
        self.value, self.changes, self.sent = value, [], []

    def compose(self) -> ComposeResult:
        yield Input(id="other")
        yield SentenceInput(self.value, id="sentence")

    @property
    def line(self) -> SentenceInput:
        return self.query_one("#sentence", SentenceInput)

    def on_input_changed(self, event: Input.Changed) -> None:
        self.changes.append(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.sent.append(event.value)


async def paste(app: Bench, pilot, text: str) -> None:
    app.line.post_message(events.Paste(text))
    await pilot.pause()


@pytest.mark.parametrize(
    ("pasted", "line"),
    [
        ("one\ntwo\r\nthree", "one two three"),
        ("a\tb", "a b"),
        ("\n\n  a  \n\n", "a"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;http://x\x07link\x1b]8;;\x07", "link"),
        ("a\x00b\x7fc\x9bd", "abcd"),
        ("[b]x[/] [MASK]", "[b]x[/] [MASK]"),
        ("one\u2028two", "one two"),
        ("", ""),
    ],
)
def test_pasted_text_becomes_one_line(pasted, line):
    assert one_line(pasted) == line


@given(st.text(st.characters(codec=None), max_size=40))
def test_what_is_drawn_has_a_character_for_each_and_no_control(text):
    drawn = shown(text)
    assert len(drawn) == len(text)
    assert all(ord(character) >= 32 and not "\x7f" <= character <= "\x9f" for character in drawn)
    drawn.encode("utf-8")
    assert shown(one_line(text)) == shown(one_line(text)).replace("\n", "")


async def test_the_first_focus_selects_all_so_that_typing_replaces():
    app = Bench()
    async with app.run_test(size=(60, 10)) as pilot:
        app.line.focus()
        await pilot.pause()
        assert app.line.selected_text == "I am a student"
        await pilot.press("H", "i")
        assert app.line.value == "Hi" and app.line.edited
        app.query_one("#other").focus()
        await pilot.pause()
        app.line.focus()
        await pilot.pause()
        assert app.line.selected_text == ""
        await pilot.press("!")
        assert app.line.value == "Hi!"


async def test_ctrl_a_selects_all():
    app = Bench()
    async with app.run_test(size=(60, 10)) as pilot:
        app.line.focus()
        await pilot.press("end", "!", "ctrl+a")
        assert app.line.selected_text == "I am a student!"


async def test_many_lines_are_joined_and_everything_arrives():
    app = Bench("")
    async with app.run_test(size=(60, 10)) as pilot:
        app.line.focus()
        await paste(app, pilot, "The river\nfroze\tlast\nnight")
        assert app.line.value == "The river froze last night"
        await pilot.press("enter")
        assert app.sent == ["The river froze last night"] and app.changes[-1] == app.sent[0]


async def test_a_hundred_thousand_characters_are_capped_with_a_notice_and_at_once():
    app = Bench("")
    async with app.run_test(size=(60, 10)) as pilot:
        app.line.focus()
        await pilot.press("h", "i", "space")
        before = time.perf_counter()
        await paste(app, pilot, "word " * 20_000)
        assert time.perf_counter() - before < 5
        assert app.line.value.startswith("hi word word") and len(app.line.value) == LONGEST
        assert any("100,000" in notice.message or "99,999" in notice.message for notice in app._notifications)
        await paste(app, pilot, "more")
        assert len(app.line.value) == LONGEST and app.line.value.startswith("hi word")


async def test_a_full_line_keeps_what_is_selected_when_nothing_new_fits():
    app = Bench("x" * LONGEST)
    async with app.run_test(size=(60, 10)) as pilot:
        app.line.focus()
        await pilot.press("end", "y")
        assert app.line.value == "x" * LONGEST


async def test_lone_surrogates_and_overrides_survive_and_are_drawn_safely():
    app = Bench("")
    text = "a\ud800b\u202ec"
    async with app.run_test(size=(60, 10)) as pilot:
        app.line.focus()
        await paste(app, pilot, text)
        assert app.line.value == text
        drawn = "".join(segment.text for segment in app.line.render_line(0))
        drawn.encode("utf-8")
        assert "\u202e" not in drawn and drawn.startswith("a\ufffdb")


async def test_wide_characters_take_two_cells_and_a_family_is_one_step():
    app = Bench("")
    async with app.run_test(size=(60, 10)) as pilot:
        app.line.focus()
        await paste(app, pilot, f"马{FAMILY}e\u0301")
        assert app.line._position_to_cell(len(app.line.value)) == 2 + cell_len(FAMILY) + 1
        await pilot.press("left", "left")
        assert app.line.cursor_position == 1
        await pilot.press("delete")
        assert app.line.value == "马e\u0301"
        await pilot.press("end", "backspace")
        assert app.line.value == "马"
        assert app.line.render_line(0).cell_length == app.line.content_region.width + 1


async def test_a_click_on_the_second_cell_of_a_wide_character_hits_it():
    app = Bench("马无夜草")
    async with app.run_test(size=(60, 10)) as pilot:
        left = app.line.content_region.x - app.line.region.x
        await pilot.click("#sentence", offset=(left + 3, 1))
        assert app.line.cursor_position == 1


async def test_an_offered_example_is_no_change_of_the_learner():
    app = Bench("")
    async with app.run_test(size=(60, 10)) as pilot:
        app.line.focus()
        app.line.offer("马无夜草不肥")
        await pilot.pause()
        assert not app.line.edited and app.line.selected_text == "马无夜草不肥"
        await pilot.press("x")
        assert app.line.value == "x" and app.line.edited


async def test_keys_pressed_before_the_first_trace_are_no_sentence(tutor, monkeypatch):
    monkeypatch.setattr(TraceRun, "_retrace", lambda screen, *old, **known: None)  # a machine that takes its time
    async with tutor(size=NARROW, lesson="teacher-forcing") as driver:
        assert not isinstance(driver.app.focused, Input)
        for key in (
            *"mghwxodifNsjGHLC[]{}",
            "left",
            "down",
            "pagedown",
            "home",
            "end",
            "enter",
            "tab",
            "enter",
            "n",
            "n",
        ):
            await driver.press(key)
            if driver.app.screen is not driver.screen:
                driver.app.pop_screen()
        assert driver.snapshot.request.sentence == "The cat sat on the mat"
        assert driver.snapshot.lesson.number == 2
        await driver.press("slash", "A")
        assert driver.snapshot.request.sentence == "A", "typing into the bar still works"


async def test_the_lesson_stays_in_sight_when_a_sentence_was_typed(tutor):
    async with tutor(size=NARROW, lesson="teacher-forcing") as driver:
        await driver.press("slash", "end", "s", "enter")
        assert driver.screen.pane == "lesson" and driver.lesson.display
        assert not isinstance(driver.app.focused, Input)
        await driver.press("n")
        assert driver.snapshot.lesson.number == 1
