"""The grid of all heads: every thumbnail is the weights' own, the arrows pick a head, Enter opens it."""

import numpy as np
import pytest
from rich.cells import cell_len

from tests.app.conftest import NARROW, SIZES, WIDE
from tutor.app import head_words, tracing
from tutor.app.screens.head_grid import HeadGridScreen
from tutor.app.screens.trace import TraceScreen
from tutor.app.widgets.head_grid import WIDTHS, HeadGrid
from tutor.course import habits
from tutor.display.language import LANGUAGES, set_language
from tutor.display.thumbnail import SHADES, pooled, shade
from tutor.engine.config import TransformerConfig
from tutor.models.card import ModelCard
from tutor.models.model import Model
from tutor.models.registry import load_model
from tutor.models.weights import initialise

SENTENCE = "马无夜草不肥"

pytestmark = pytest.mark.usefixtures("drawn_when_looked_at")


def grid(driver) -> HeadGrid:
    return driver.app.screen.query_one(HeadGrid)


@pytest.fixture
def deep(monkeypatch):
    """A decoder-only model of 30 layers and 12 heads with random weights, under the name `deep`."""
    speaker = load_model("speaker")
    config = TransformerConfig(
        architecture="decoder_only",
        d_model=24,
        heads=12,
        d_ff=8,
        decoder_layers=30,
        vocabulary=speaker.config.vocabulary,
        maximum_positions=256,
        norm_position="pre",
        final_norm=True,
    )
    card = ModelCard(**{**speaker.card.__dict__, "name": "deep", "trained": False})
    model = Model(card, config, initialise(config, 0), speaker.tokenizer, speaker.target_tokenizer)
    tracing.keep_model(model)
    yield model
    tracing._kept.clear()


@pytest.mark.parametrize("size", SIZES)
async def test_it_shows_every_layer_of_every_attention(tutor, size):
    async with tutor(size=size, model="proverbs", explore=SENTENCE) as driver:
        await driver.press("H")
        blocks = habits.attention_blocks(driver.trace)
        assert len(grid(driver).pictures) == sum(len(block.names) for block in blocks) > 2
        for block in blocks:
            assert head_words.block_title(block.stack, block.kind) in "\n".join(every_line(grid(driver)))
        assert all(cell_len(line.rstrip()) <= size[0] for line in driver.lines())


def every_line(view: HeadGrid) -> list[str]:
    """All lines of the grid, those out of view too."""
    kept = view.scroll_offset.y
    lines = []
    for top in range(len(view._lines)):
        view.set_reactive(type(view).scroll_y, top)
        lines.append(view.render_line(1).text)
    view.set_reactive(type(view).scroll_y, kept)
    return lines


async def test_a_thumbnail_without_colours_is_the_pooled_weights(tutor, monkeypatch):
    monkeypatch.setattr("tutor.app.widgets.head_grid.depth_for", lambda app: "none")
    async with tutor(model="proverbs", explore=SENTENCE) as driver:
        await driver.press("H", "ctrl+home")
        view = grid(driver)
        name, head = view.picked
        drawn = pooled(driver.trace[name].value[head], view._tall, view._wide)
        for line, row in enumerate(drawn):
            text = view.render_line(2 + line).text[view._side + 1 :][: view._wide]
            assert text.rstrip() == "".join(map(shade, row)).rstrip()
            assert set(text) <= set(SHADES)


@pytest.mark.parametrize(("size", "words"), [(NARROW, 4), (WIDE, 200)], ids=["80x24-4", "120x36-200"])
async def test_thirty_layers_of_twelve_heads(tutor, deep, size, words):
    sentence = " ".join(["the", "cat", "sat", "down"] * 60)
    async with tutor(size=size, model="deep", explore="the cat") as driver:
        ids = deep.tokenizer.encode(sentence).ids[:words]
        driver.screen._ask(sentence=deep.tokenizer.decode(ids), ids=tuple(ids))
        await driver.settle()
        assert driver.trace["tokens"].shape == (words,)
        await driver.press("H", "pagedown", "end")
        view = grid(driver)
        assert view.picked[1] == 11 and len(view.pictures) == 30
        await driver.press("ctrl+end")
        assert view.picked == ("decoder.29.self_attention.weights", 11)
        assert any(line.lstrip().startswith("30 ") for line in driver.lines())
        assert any(line.split()[:2] == ["1", "2"] and line.split()[-1] == "12" for line in driver.lines())
        assert len(view._lines) > 80 > size[1] >= len(view.render_lines(view.size.region))  # only what can be seen
        await driver.press("enter")
        assert driver.here.node == "decoder.29.self_attention.weights" and driver.here.index[:2] == (11, words - 1)


async def test_arrows_enter_and_escape(tutor):
    async with tutor(size=WIDE, model="translator", explore="I am a student") as driver:
        await driver.go("encoder.1.self_attention.scores", (2, 0, 0))
        await driver.press("H")
        assert grid(driver).picked == ("encoder.1.self_attention.weights", 2)  # where the learner stood
        await driver.press("down", "left")
        assert grid(driver).picked == ("encoder.2.self_attention.weights", 1)
        await driver.press("down")
        assert grid(driver).picked == ("decoder.0.self_attention.weights", 1)
        await driver.press("escape")
        assert driver.here.node == "encoder.1.self_attention.scores"
        await driver.press("H", "home", "enter")
        assert isinstance(driver.app.screen, TraceScreen) and driver.here.node == "encoder.1.self_attention.weights"
        node = driver.trace[driver.here.node]
        head, query, key = driver.here.index
        assert head == 0 and query == node.shape[1] - 1 and key == int(np.argmax(node.value[0, -1]))
        await driver.press("backspace")
        assert driver.here.node == "encoder.1.self_attention.scores"


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_the_line_below_says_what_the_head_attends_to(tutor, lang):
    async with tutor(size=WIDE, lang=lang, model="translator", explore="I am a student") as driver:
        await driver.press("H")
        for key in ("ctrl+home", "right", "down", "ctrl+end"):
            await driver.press(key)
            name, head = grid(driver).picked
            found = habits.habits(driver.trace, name)[head]
            said = driver.said("#picked")
            assert head_words.sentence(found, driver.trace[name]) in said
            assert f"{found.share:.0%}" in said or found.kind in (habits.MIXED, habits.SPREAD)
            assert head_words.word(found) in driver.text()


async def test_zoom(tutor):
    async with tutor(size=WIDE, model="proverbs", explore=SENTENCE) as driver:
        await driver.press("H")
        before = grid(driver)._wide
        await driver.press("-")
        smaller = grid(driver)._wide
        assert WIDTHS[0] <= smaller < before
        await driver.press(*"+" * len(WIDTHS))
        keys = driver.trace["tokens"].shape[0]
        assert before < grid(driver)._wide <= WIDTHS[-1] and grid(driver)._wide % keys == 0
        name, _head = grid(driver).picked
        assert name in grid(driver).pictures and any("▐" in line for line in driver.lines())


async def test_another_language_keeps_the_head(tutor):
    async with tutor(size=WIDE, model="proverbs", explore=SENTENCE) as driver:
        await driver.press("H", "ctrl+end")
        picked = grid(driver).picked
        await driver.press("f2")
        await driver.pilot.pause()
        await driver.settle()
        assert grid(driver).picked == picked and "自注意力" in driver.text()
        assert isinstance(driver.app.screen, HeadGridScreen)


async def test_numbers_for_paper_have_no_heads(tutor):
    async with tutor(lesson="attention-by-hand") as driver:
        await driver.press("H")
        assert isinstance(driver.app.screen, TraceScreen)
        assert any("no heads here" in notice.message for notice in driver.app._notifications)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_words_fit_under_the_smallest_thumbnail(lang):
    set_language(lang)
    try:
        for kind in head_words.WORDS:
            word = head_words.word(habits.Habit(kind))
            assert word and cell_len(word) <= WIDTHS[0]
    finally:
        set_language("en")
