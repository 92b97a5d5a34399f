import io
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from textual.app import App, ComposeResult
from textual.content import Content
from textual.widgets import Static

from tutor.display.safe import fit, fit_end, label, pad, safe, safe_text

MARKUP = [
    "[MASK]",
    "[/INST]",
    "[b]",
    "[/]",
    "[bold red]x[/bold red]",
    "[@click=app.quit]x[/]",
    "\\[b]",
    "[link=x]y[/link]",
]
COMMANDS = [
    "\x1b[2J",
    "\x1b]0;title\x07",
    "\x9b31m",
    "\x1b]8;;http://x\x1b\\link",
    "\x1bP1$r\x1b\\",
    "\x07",
    "\x7f",
    "\r\n\t",
]
FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
# Hypothesis leaves lone surrogates out unless asked.
anything = st.text(alphabet=st.characters(codec=None)) | st.text(
    alphabet=st.characters(categories=["Cs", "Cf", "Cc", "Mn", "So"])
)


@given(anything)
@example("\x1b[31mred\x1b[0m")
@example("\u202eabc\u2066")
@example("\ud83d")
def test_nothing_reaches_the_terminal_as_a_command(text: str) -> None:
    made_safe = safe(text)
    assert not FORBIDDEN.search(made_safe)
    made_safe.encode("utf-8")


@given(anything)
def test_safe_text_stays_as_it_is(text: str) -> None:
    assert safe(safe(text)) == safe(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I am a student", "I am a student"),
        ("我是学生", "我是学生"),
        ("a\tb\nc", "a⇥b⏎c"),
        ("\x1b[31m", "␛[31m"),
        ("\x7f\x00", "␡␀"),
        ("\x9b31m", "\N{REPLACEMENT CHARACTER}31m"),
        ("\ud83d", "\N{REPLACEMENT CHARACTER}"),
        ("\u202etxt", "⟨U+202E⟩txt"),
        ("a\u2028b\u2029c", "a⏎b⏎c"),
        ("zero\u200bwidth", "zero⟨U+200B⟩width"),
        ("soft\u00adhyphen", "soft⟨U+00AD⟩hyphen"),
        ("👨‍👩‍👧‍👦", "👨‍👩‍👧‍👦"),
        ("👩🏽‍💻 ❤️‍🔥", "👩🏽‍💻 ❤️‍🔥"),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
        ("a\u200db", "a⟨U+200D⟩b"),
        ("e\u0301té", "e\u0301té"),
        ("\u0301a", "◌\u0301a"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("مرحبا שלום", "مرحبا שלום"),
        ("क्\u200dष", "क्\u200dष"),
        ("[MASK]", "[MASK]"),
    ],
)
def test_stand_ins(text: str, expected: str) -> None:
    assert safe(text) == expected


def test_a_run_of_marks_is_cut() -> None:
    assert len(safe("a" + "\u0301" * 1000)) < 30


@given(anything)
@example("[MASK]")
@example("[/INST]")
@example("[/]")
@example("\x1b]0;owned\x07")
def test_rich_prints_it_and_nothing_else(text: str) -> None:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, color_system="truecolor", width=10_000, legacy_windows=False)
    console.print(safe_text(text, "bold red"), soft_wrap=True, end="")
    printed = re.sub(r"\x1b\[[0-9;]*m", "", output.getvalue())
    assert printed == safe(text)


async def test_textual_shows_it_as_it_is() -> None:
    texts = MARKUP + COMMANDS

    class Shows(App[None]):
        def compose(self) -> ComposeResult:
            for text in texts:
                yield Static(safe_text(text, "bold"))
                yield Static(Content(safe(text)))

    async with Shows().run_test(size=(80, 60)) as pilot:
        lines = [widget.render_line(0).text.rstrip() for widget in pilot.app.query(Static)]
    assert lines == [safe(text).rstrip() for text in texts for _twice in range(2)]


@given(anything, st.integers(0, 30))
@example("日本語のラベル", 4)
@example("日本", 3)
@example("👨‍👩‍👧‍👦 family", 2)
def test_fit_is_never_wider(text: str, cells: int) -> None:
    text = safe(text)
    for cut in (fit(text, cells), fit_end(text, cells)):
        assert cell_len(cut) <= cells
        if cell_len(text) <= cells:
            assert cut == text


@given(anything, st.integers(0, 30), st.sampled_from(["left", "right", "center"]))
def test_pad_is_exactly_as_wide(text: str, cells: int, align) -> None:
    assert cell_len(pad(safe(text), cells, align)) == cells
    assert cell_len(label(text, cells, align)) == cells


@pytest.mark.parametrize(
    ("text", "cells", "beginning", "end"),
    [
        ("日本", 4, "日本", "日本"),
        ("日本", 3, "日…", "…本"),
        ("日本", 2, "…", "…"),
        ("日本語", 5, "日本…", "…本語"),
        ("日本語", 4, "日…", "…語"),
        ("student", 4, "stu…", "…ent"),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301…", "…e\u0301"),
    ],
)
def test_cuts(text: str, cells: int, beginning: str, end: str) -> None:
    assert fit(text, cells) == beginning
    assert fit_end(text, cells) == end


def test_alignment() -> None:
    assert (pad("日", 4, "right"), pad("日", 4, "left"), pad("日", 5, "center")) == ("  日", "日  ", " 日  ")
