"""Whatever is typed or pasted: nothing crashes, nothing of it reaches the terminal as a command, nothing is lost."""

import random
import unicodedata

import pytest
from textual import events

from tests.app.conftest import NARROW, SIZES
from tutor.app.tracing import Request, compute
from tutor.app.widgets.sentence_input import LONGEST, SentenceInput
from tutor.course.load import load_course
from tutor.models.registry import available

pytestmark = pytest.mark.usefixtures("drawn_when_looked_at")

BAD = {
    "empty": "",
    "spaces": "   ",
    "mask": "the [MASK] sat [/] on [b]the[/b] [/INST] [red]mat[/] [@click=app.quit]x[/]",
    "unclosed": "[ ]] [[ [/ \\[ [/]",
    "emoji families": "👩\u200d👩\u200d👧\u200d👦 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f "
    "👍🏽 🇨🇳🇩 ☺\ufe0f",
    "combining": "e\u0301 Z" + "\u0301\u0327" * 60 + "algo \u0301 x\u20dd",
    "right to left": "שלום עולם مرحبا \u202egnp.exe\u202c \u2066x\u2069 \u200f",
    "lone surrogates": "a\udce9b\ud800 \udfff",
    "escapes": "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b]8;;http://x\x1b\\link \x1bc \x1b[2J\x9b31m \x90q",
    "controls": "".join(map(chr, range(32))) + "\x7f" + "".join(map(chr, range(0x80, 0xA0))),
    "lines": "one\ntwo\r\nthree\tfour\u2028five\x85six\x0bseven\x0c",
    "zero width": "a\u200bb\u200c\u200d\ufeff\u2060\u00adc",
    "odd": "\ufffe\uffff\U0010ffff\ufdd0 \u3164 ﷽ \u0e33 \U00012031 \U0001f1e6",
    "chinese": "马无夜草不肥，人无横财不富。",
    "one long word": "a" * 1500,
    "100,000 letters": "The river froze. " * 6000,
    "100,000 marks": "\u0301" * 100_000,
    "100,000 escapes": "\x1b[31m" * 20_000,
    "formula": r"$\frac{1}{0}$ \textbf{x} %s {0} {name!r} \N{DIGIT ONE}",
}


def command_in(lines):
    """The first character that a terminal would obey, or that would turn the line around; None where there is none."""
    for line in lines:
        for character in line:
            if (
                unicodedata.category(character) in ("Cc", "Cs")
                or character in "\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
            ):
                return character
    return None


async def paste(driver, text):
    field = driver.bar.query_one("#sentence", SentenceInput)
    field.focus()
    await driver.settle()
    field.action_select_all()
    field.post_message(events.Paste(text))
    await driver.settle()
    return field


@pytest.mark.parametrize("size", SIZES)
async def test_whatever_is_pasted_works_or_is_said(tutor, size):
    async with tutor(size=size, explore="I am a student") as driver:
        for name, text in BAD.items():
            field = await paste(driver, text)
            assert len(field.value) <= LONGEST
            assert driver.snapshot.request.sentence == field.value, name
            assert driver.trace is not None
            lines = driver.lines()
            assert command_in(lines) is None and len(lines) == size[1], (name, command_in(lines))
            await driver.pane("why")
            await driver.go("tokens", (99,))
            assert command_in(driver.lines()) is None, name
            await driver.pane("matrix")
        await paste(driver, "I am")
        assert driver.trace["tokens"].labels[0] == ("I", "am", "<end>")


async def test_nothing_typed_is_lost_by_pasting_nothing(tutor):
    async with tutor(explore="I am") as driver:
        field = await paste(driver, "\x1b[2J")
        assert field.value == "I am"
        await paste(driver, "one\ntwo\tthree\r\n")
        assert field.value == "one two three"


@pytest.mark.parametrize("name", ["mask", "right to left", "lone surrogates", "escapes"])
async def test_a_sentence_given_on_the_command_line(tutor, name):
    """It did not come through the sentence bar, and goes into lessons, dialogs and notices."""
    async with tutor(size=NARROW, lesson="the-whole-machine", sentence=BAD[name]) as driver:
        for keys in (
            "n",
            "n",
            "h",
            "h",
            "h",
            "h",
            "w",
            "escape",
            "i",
            "escape",
            "f2",
            "n",
            "enter",
            "enter",
            "t",
            "escape",
        ):
            await driver.press(*keys.split())
            assert command_in(driver.lines()) is None, keys
    async with tutor(size=NARROW, sentence=BAD[name]) as driver:
        assert command_in(driver.lines()) is None
        await driver.press("f2", "f1", "escape")
        assert command_in(driver.lines()) is None


@pytest.mark.parametrize("name", ["mask", "lone surrogates", "escapes"])
async def test_a_target_of_any_text(tutor, name):
    async with tutor(size=NARROW, explore="I am") as driver:
        await driver.type(BAD[name], into="target")
        assert driver.trace["decoder.tokens"].shape[0] > 1
        await driver.press("enter", "enter", "d")
        await driver.go("decoder.tokens", (2,))
        assert command_in(driver.lines()) is None


async def test_any_keys_in_any_order(tutor):
    """A cat on the keyboard: three hundred keys, the app stands."""
    keys = [
        *"nphxw/tifbacde[]{}?0129.-/ gN", "enter", "backspace", "tab", "shift+tab", "escape", "up", "down", "left",
        "right", "home", "end", "pageup", "pagedown", "f1", "f2", "ctrl+p", "ctrl+home", "delete",
    ]  # fmt: skip
    chance = random.Random(2017)
    for size, lesson in ((NARROW, "masks"), (NARROW, "attention-by-hand")):
        async with tutor(size=size, lesson=lesson) as driver:
            for _press in range(70):
                key = chance.choice(keys)
                await driver.press(key)
                assert command_in(driver.lines()) is None


def others():
    """Every lesson with one model that is not its own, every model with some lessons; all pairs would take too long."""
    models = [info.name for info in available()]
    lessons = [entry for entry in load_course().lessons if entry.model]
    for number, entry in enumerate(lessons):
        strange = [name for name in models if name != entry.model]
        yield entry.id, strange[number % len(strange)]


@pytest.mark.parametrize("lesson, model", others())
async def test_a_lesson_with_a_strange_model(tutor, lesson, model):
    """A model without the lesson's matrices, heads or layers: the steps say so, and can be walked through."""
    async with tutor(size=NARROW, lesson=lesson, model=model) as driver:
        for _number in range(driver.snapshot.lesson.count - 1):
            assert driver.trace is not None
            await driver.press("h", "n")
        assert driver.snapshot.lesson.is_last


@pytest.mark.parametrize("size", SIZES)
async def test_a_notice_is_no_markup(tutor, size):
    async with tutor(size=size, explore="I am") as driver:
        await driver.go("tokens", (0,))
        await driver.type("[/] [b]" * 100)
        assert driver.said("#notice").strip()
        assert command_in(driver.lines()) is None


def test_a_what_if_that_cannot_be_run_leaves_the_plain_trace_and_says_why():
    result = compute(Request(model="proverbs", sentence="马无", config={"key_value_heads": 2}))
    assert result.trace is not None and result.before is None and "key_value_heads" in result.error
    assert compute(Request(model="proverbs", sentence="")).trace is None
