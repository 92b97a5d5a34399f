"""The trace screen driven by keys and mouse, at both sizes: the walk, heads and layers, the sentence, the panes."""

import asyncio
import threading
from dataclasses import replace
from time import monotonic

import pytest
from textual.geometry import Offset
from textual.widgets import Input, OptionList

import tutor.app.screens.trace_run as trace_module
from tests.app.conftest import NARROW, SIZES, WIDE
from tutor.app import tracing
from tutor.app.dialogs.help import HelpDialog
from tutor.app.screens.home import HomeScreen
from tutor.app.screens.trace_run import TYPING_PAUSE
from tutor.app.tracing import model_called
from tutor.app.widgets.key_line import KeyLine
from tutor.app.widgets.matrix import MatrixView
from tutor.app.widgets.pipeline import Pipeline
from tutor.app.widgets.sentence_input import SentenceInput
from tutor.app.widgets.tab_line import TabLine
from tutor.app.widgets.title_bar import TitleBar
from tutor.display.numbers import number

pytestmark = pytest.mark.usefixtures("drawn_when_looked_at")

CROSS = "decoder.0.cross_attention.weights"


# The walk.


@pytest.mark.parametrize("size", SIZES)
async def test_enter_alone_leads_from_cross_attention_to_a_table_and_on_to_a_weight(tutor, size):
    async with tutor(size=size, explore="I am a student") as driver:
        assert driver.here.node == CROSS
        visited = []
        for _press in range(40):
            why = driver.trace.explain(driver.here.node, driver.here.index)
            visited.append(driver.here)
            if any(stop.node.endswith(".table") for stop in visited) and driver.here.node.endswith(".weight"):
                break
            await driver.press("enter")
            if driver.screen.pane == "why" and len(visited) > 1:
                # What is on screen is the arithmetic of this very cell.
                shown = driver.trace.explain(driver.here.node, driver.here.index)
                heading = driver.said("#why-text").split("\n")[0]
                assert heading.endswith(f" = {number(shown.result, 4)}")
                assert heading in driver.text()
        names = [stop.node for stop in visited]
        assert any(name.endswith("embedding.token.table") for name in names)
        assert names[-1].endswith(".weight"), names
        assert why.kind == "leaf"


@pytest.mark.parametrize("size", SIZES)
async def test_backspace_leads_back_and_f_forward_again(tutor, size):
    async with tutor(size=size, explore="I am a student") as driver:
        await driver.press(*["enter"] * 6)
        there = driver.snapshot.walk
        assert there.at >= 4
        await driver.press(*["backspace"] * there.at)
        assert driver.here.node == CROSS and driver.here.index == (0, 0, 0)
        await driver.press("backspace")
        assert driver.snapshot.walk.at == 0
        await driver.press(*"f" * there.at, "f")
        assert driver.snapshot.walk == there
        await driver.press("b")
        assert driver.snapshot.walk.at == there.at - 1


async def test_the_operand_chosen_in_the_why_pane_is_where_enter_goes(tutor):
    async with tutor(size=NARROW, explore="I am a student") as driver:
        await driver.press("enter", "down", "down")
        third = driver.trace.explain(CROSS, (0, 0, 0)).cells[2]
        await driver.press("enter")
        assert (driver.here.node, driver.here.index) == (third.node, third.index)
        assert driver.app.focused is driver.why.query_one(OptionList)


async def test_the_operand_cells_of_the_stop_before_are_lit(tutor):
    async with tutor(explore="I am a student") as driver:
        await driver.go("encoder.0.self_attention.scores", (2, 1, 3))
        assert driver.matrix.table.lit == ()
        await driver.go("encoder.0.self_attention.query", (2, 1, 0))
        assert driver.matrix.table.lit == (((1, 2), (0, driver.matrix.table.columns)),)
        await driver.press("right_square_bracket")
        assert driver.matrix.table.lit == (), "the next head's sheet did not make that score"


@pytest.mark.parametrize("size", SIZES)
async def test_arrows_move_the_cursor_and_the_why_pane_follows(tutor, size):
    async with tutor(size=size, explore="I am a student") as driver:
        await driver.press("right", "down", "down")
        assert driver.here.index == (0, 2, 1)
        assert driver.matrix.cursor == (2, 1)
        why = driver.trace.explain(CROSS, (0, 2, 1))
        assert driver.said("#why-text").split("\n")[0].endswith(number(why.result, 4))
        assert driver.snapshot.walk.at == 0, "moving within a matrix is no new stop"


async def test_heads_and_layers(tutor):
    async with tutor(explore="I am a student") as driver:
        heads = driver.trace[CROSS].shape[0]
        await driver.press("right_square_bracket")
        assert driver.here.index[0] == 1
        assert f"2/{heads}" in driver.matrix.border_title
        await driver.press("left_square_bracket", "left_square_bracket")
        assert driver.here.index[0] == heads - 1
        await driver.press("right_curly_bracket")
        assert driver.here.node == "decoder.1.cross_attention.weights"
        assert driver.here.index[0] == heads - 1
        await driver.press("left_curly_bracket", "left_curly_bracket")
        assert driver.here.node == CROSS, "there is no layer before the first"
        await driver.go("tokens")
        await driver.press("right_square_bracket", "right_curly_bracket")
        assert driver.here.node == "tokens"


async def test_a_node_chosen_in_the_pipeline(tutor):
    async with tutor(explore="I am a student") as driver:
        await driver.press("shift+tab")
        assert isinstance(driver.app.focused, Pipeline)
        pipeline = driver.screen.query_one(Pipeline)
        pipeline.move_cursor(pipeline._leaves["tokens"])
        await driver.press("enter")
        assert driver.here.node == "tokens"
        assert driver.screen.pane == "matrix" and isinstance(driver.app.focused, MatrixView)
        await driver.press("backspace")
        assert driver.here.node == CROSS


async def test_every_matrix_can_be_shown(tutor):
    async with tutor(size=NARROW, explore="马 [/] 👩\u200d👧 a") as driver:
        for name in (*driver.trace.names[::9], *driver.trace.weight_names[::40]):
            await driver.go(name, (99, 99, 99))
            assert driver.matrix.table.name == name
            assert driver.matrix.cursor == driver.snapshot.plane.place(driver.here.index)


# The mouse.


async def click(driver, widget, x, y, times=1):
    await driver.pilot.click(widget, offset=Offset(x, y), times=times)
    await driver.settle()


@pytest.mark.parametrize("size", SIZES)
async def test_a_click_chooses_a_cell_and_two_ask_why(tutor, size):
    async with tutor(size=size, explore="I am a student") as driver:
        view = driver.matrix
        x = next(x for x in range(view.size.width) if view.cell_at(x, 3) and view.cell_at(x, 3)[1] == 2)
        row, column = view.cell_at(x, 3)
        left, top = 1, 1  # the border
        await click(driver, view, x + left, 3 + top)
        assert driver.here.index == (0, row, column)
        await click(driver, view, x + left, 3 + top, times=2)
        if size == NARROW:
            assert driver.screen.pane == "why"
        else:
            assert driver.here.node == "decoder.0.cross_attention.masked"


async def test_a_click_on_an_operand_walks_to_it(tutor):
    async with tutor(explore="I am a student") as driver:
        cell = driver.trace.explain(CROSS, (0, 0, 0)).cells[3]
        await click(driver, driver.why.query_one(OptionList), 4, 3)
        assert (driver.here.node, driver.here.index) == (cell.node, cell.index)


async def test_a_click_on_a_key_hint_does_what_the_key_does(tutor):
    async with tutor(size=NARROW, explore="I am a student") as driver:
        line = driver.screen.query_one(KeyLine)
        text = line.render().plain
        await click(driver, line, text.index("keys") + 1, 0)
        assert isinstance(driver.app.screen, HelpDialog)
        await driver.press("escape")
        await click(driver, line, text.index("enter") + 1, 0)
        assert driver.screen.pane == "why"
        await click(driver, line, line.render().plain.index("enter") + 1, 0)
        await click(driver, line, line.render().plain.index("back") + 1, 0)
        assert driver.here.node == CROSS


async def test_a_click_on_a_tab_brings_its_pane_to_the_front(tutor):
    async with tutor(size=NARROW, lesson="masks") as driver:
        tabs = driver.screen.query_one(TabLine)
        for pane, title in (("why", "Why"), ("matrix", "Matrix"), ("lesson", "Lesson")):
            await click(driver, tabs, tabs.render().plain.index(title) + 2, 0)
            assert driver.screen.pane == pane
            assert driver.screen.has_class(f"-at-{pane}")


# The sentence.


@pytest.mark.parametrize("size", SIZES)
async def test_what_is_typed_is_traced_key_by_key(tutor, size):
    async with tutor(size=size, explore="I am") as driver:
        await driver.press("slash")
        assert isinstance(driver.app.focused, SentenceInput)
        await driver.press("end", "space", "q", "n")
        assert driver.snapshot.request.sentence == "I am qn"
        assert driver.trace["tokens"].labels[0][-3:] == ("+q", "+n", "<end>")
        columns = driver.matrix.table.columns
        assert [driver.matrix.table.column_label(at) for at in range(columns)] == list(driver.trace[CROSS].labels[2])
        await driver.press("backspace", "backspace", "backspace")
        assert driver.trace["tokens"].labels[0][-2] == "am"
        assert driver.here.node == CROSS, "typing does not lose the place"
        await driver.press("enter")
        assert isinstance(driver.app.focused, MatrixView)
        assert driver.app.sentence == "I am"


async def test_the_target_is_the_models_own_until_one_is_typed(tutor):
    async with tutor(explore="I am a student") as driver:
        own = driver.trace.info["target"]
        assert driver.bar.query_one("#target", Input).placeholder == own
        await driver.press("t")
        await driver.type("我是", into="target")
        assert driver.trace["decoder.tokens"].labels[0] == ("<start>", "我", "是")
        await driver.type("", into="target")
        assert driver.trace.info["target"] == own


async def test_an_empty_sentence_says_so_and_keeps_the_last_numbers(tutor):
    async with tutor(explore="I am a student") as driver:
        before = driver.trace
        await driver.type("")
        assert driver.screen.query_one("#notice").display
        assert driver.said("#notice").strip()
        assert driver.said("#notice").split()[0] in driver.text()
        assert driver.trace is before
        assert driver.matrix.table.column_label(3) == "student"
        await driver.type("I")
        assert not driver.screen.query_one("#notice").display
        assert driver.trace["tokens"].labels[0] == ("I", "<end>")


@pytest.mark.parametrize("model", ["translator", "cloze"])
async def test_an_empty_sentence_leaves_the_letters_of_the_last_tokens_where_they_were(tutor, model):
    async with tutor(explore="I am a student", model=model) as driver:
        await driver.go("tokens", (2,))
        typed = driver.why._view.extra
        await driver.type("")
        assert driver.said("#notice") == "the sentence is empty: type a few words"
        assert driver.why._view.extra == typed
        assert typed[0].startswith("typed: ")


async def until(condition):
    """What another thread is about to do."""
    for _moment in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never happened")


@pytest.mark.parametrize(("language", "said"), [("en", "loading speaker … 3 s"), ("zh", "正在载入 speaker…… 3 秒")])
async def test_while_a_model_is_read_from_disk_the_screen_says_so(tutor, monkeypatch, language, said):
    """The first model of a screen is held back; the clock ticks by hand."""
    gate, reading, load = threading.Event(), threading.Event(), tracing.load_model

    def slow(name):
        if name == "speaker":
            reading.set()
            assert gate.wait(30)
        return load(name)

    monkeypatch.setattr(tracing, "load_model", slow)
    monkeypatch.setattr(trace_module, "SILENCE", 60.0)
    tracing._loaded.cache_clear()
    async with tutor(lang=language) as driver:
        driver.app.set_model("speaker")
        driver.app.explore("I am a student")
        await until(lambda: reading.is_set() and driver.app.screen is driver.screen)
        screen = driver.screen
        screen._since = monotonic() - 3
        screen._say_waiting()
        assert screen.query_one(MatrixView).border_title == said
        gate.set()
        await driver.settle()
        assert not tracing.is_loading("speaker")
        assert str(screen.query_one(MatrixView).border_title) != said
        screen._say_waiting()
        assert str(screen.query_one(MatrixView).border_title) != said


async def test_while_it_computes_the_screen_answers_and_what_is_out_of_date_is_dropped(tutor, monkeypatch):
    """The first run is held back; what was typed meanwhile is run once, for the last text only."""
    computed = trace_module.compute
    gate, asked = threading.Event(), []

    def slow(request, after=None):
        asked.append((request.sentence, bool(request.old_answer)))
        if len(asked) == 1:
            assert gate.wait(10)
        return computed(request, after)

    async with tutor(explore="I am a student") as driver:
        shown = driver.trace
        monkeypatch.setattr(trace_module, "compute", slow)
        field = driver.bar.query_one("#sentence")
        for text in ("one", "one two", "one two three"):
            field.value = text
            await driver._handled()
        await until(lambda: asked)
        driver.app.screen.action_head(1)  # the keys still work while the run is held
        assert driver.here.index[0] == 1
        assert driver.trace is shown and asked == [("one", True)]
        gate.set()
        await driver.settle()
        assert asked[:2] == [("one", True), ("one two three", True)]
        assert driver.snapshot.result.request.sentence == "one two three"


async def test_the_old_answer_stands_in_while_typing_and_the_new_one_follows(tutor):
    async with tutor(explore="I am a student") as driver:
        before = driver.trace.info["target"]
        driver.bar.query_one("#sentence").value = "the river froze"
        await driver.settle()
        await driver.pilot.pause(TYPING_PAUSE * 3)
        await driver.settle()
        assert not driver.snapshot.result.request.old_answer
        model = model_called("translator")
        assert driver.trace.info["target"] == model.trace("the river froze").info["target"] != before


async def test_each_key_puts_the_new_answer_off(tutor, monkeypatch):
    """Or the answer to half a sentence would be written while the other half is typed, and hold up its keys."""
    pauses = []

    class Pause:
        def __init__(self, _seconds, then):
            self.then, self.over = then, False
            pauses.append(self)

        def stop(self):
            self.over = True

    async with tutor(explore="I am a student") as driver:
        monkeypatch.setattr(driver.screen, "set_timer", Pause)
        for text in ("one", "one two", "one two three"):
            driver.bar.query_one("#sentence").value = text
            await driver.settle()
        assert [pause.over for pause in pauses] == [*[True] * (len(pauses) - 1), False] and len(pauses) >= 3
        pauses[-1].then()
        await driver.settle()
        assert not driver.snapshot.result.request.old_answer


async def test_a_late_answer_to_an_old_question_is_not_shown(tutor):
    async with tutor(explore="I am a student") as driver:
        old = driver.snapshot.result
        await driver.type("the river")
        shown = driver.trace
        driver.screen.post_message(driver.screen.Traced(replace(old, error="old")))
        await driver.settle()
        assert driver.trace["tokens"].labels[0] == shown["tokens"].labels[0]
        assert not driver.snapshot.error


async def test_a_longer_sentence_than_the_model_has_places_for(tutor):
    async with tutor(explore="I am a student") as driver:
        longest = driver.trace.info["config"].maximum_positions
        await driver.type("word " * 390)
        assert driver.trace["tokens"].shape == (longest,)
        assert str(longest) in driver.said("#notice")
        await driver.type("word")
        assert not driver.said("#notice")


# Panes, help, home.


async def test_tab_goes_round_the_panes(tutor):
    async with tutor(explore="I am a student") as driver:
        seen = []
        for _press in range(4):
            await driver.press("tab")
            seen.append(driver.screen.pane)
            assert driver.app.focused is not None or driver.screen.pane == "lesson"
        assert seen == ["why", "lesson", "pipeline", "matrix"]


async def test_escape_leads_home_and_home_keeps_the_sentence(tutor):
    async with tutor(explore="I am a student") as driver:
        await driver.press("slash")
        await driver.type("the river froze")
        await driver.press("escape")
        assert isinstance(driver.app.focused, MatrixView)
        await driver.press("escape")
        assert isinstance(driver.app.screen, HomeScreen)
        assert driver.app.screen.query_one("#sentence", SentenceInput).value == "the river froze"


async def test_the_screen_says_that_the_model_is_untrained_and_which_backend_runs(tutor, monkeypatch):
    model = model_called("translator")
    monkeypatch.setattr(model, "card", replace(model.card, trained=False))
    async with tutor(explore="I am a student") as driver:
        assert not driver.trace.info["trained"]
        assert "untrained" in driver.screen.query_one(TitleBar).render().plain
        assert "untrained" in driver.lines()[0]


@pytest.mark.parametrize("size", SIZES)
async def test_there_is_always_a_next_key_and_help(tutor, size):
    async with tutor(size=size, explore="I am a student") as driver:
        for _press in range(6):
            await driver.press("enter")
            line = driver.lines()[-1]
            assert "?" in line
            assert driver.hints[0].split()[0] in line
        await driver.press("question_mark")
        assert isinstance(driver.app.screen, HelpDialog)
        await driver.press("escape")
        assert driver.app.screen is driver.screen


async def test_the_first_minute_is_four_keys(tutor):
    """From the shell: enter opens the lesson on the learner's sentence; the matrix and the arithmetic follow."""
    async with tutor(size=WIDE) as driver:
        keys = 0
        driver.app.screen.query_one("#sentence", SentenceInput).focus()
        await driver.press("ctrl+e")
        keys += 1
        assert driver.trace["tokens"].labels[0][-1] == "<end>"
        assert driver.said("#why-text").strip()
        assert keys <= 4


async def test_a_scrollbar_that_comes_knows_where_the_matrix_stands(tutor):
    async with tutor(size=NARROW, lesson="masks") as driver:
        matrix = driver.matrix
        assert matrix.show_horizontal_scrollbar and matrix.show_vertical_scrollbar
        assert matrix.horizontal_scrollbar.position == matrix.scroll_x == matrix.max_scroll_x > 0
        await driver.press("down", "down", "down", "down", "down", "down", "down", "down", "down", "down", "down")
        assert matrix.vertical_scrollbar.position == matrix.scroll_y == matrix.max_scroll_y > 0
        assert matrix.cell_at(*last_place(matrix)) == matrix.cursor


def last_place(matrix):
    """The right end of the lowest row above the scrollbar."""
    view = matrix.scrollable_content_region.size
    right = max(x for x in range(view.width) if matrix.cell_at(x, view.height - 1))
    return right, view.height - 1
