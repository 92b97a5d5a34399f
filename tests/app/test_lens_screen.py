"""The logit lens on screen: its numbers are the lens nodes', and its keys lead into the trace."""

import numpy as np
import pytest
from rich.cells import cell_len

from tests.app.conftest import LANGUAGES, NARROW, SIZES, WIDE
from tutor.app.dialogs.what_if import WhatIfDialog
from tutor.app.lens_lines import share
from tutor.app.lens_state import CANDIDATES, Reading, View
from tutor.app.screens.lens import LensScreen
from tutor.app.screens.trace import TraceScreen
from tutor.app.widgets.lens_list import LensList
from tutor.models.registry import load_model

SENTENCE = "The cat sat on the mat"
MODELS = ["speaker", "translator", "cloze"]

pytestmark = pytest.mark.usefixtures("drawn_when_looked_at")


def rows(driver) -> list[str]:
    return driver.app.screen.query_one(LensList).texts


@pytest.mark.parametrize("model", MODELS)
def test_rows_are_the_likeliest_of_the_lens(model):
    trace = load_model(model).trace("The [MASK] sat on the mat" if model == "cloze" else SENTENCE)
    reading = Reading(trace)
    for position in (0, 2):
        found = reading.rows(View(0, position))
        shares = trace.lens(f"lens.at.{position}.probabilities").value
        assert len(found) == len(shares) == reading.layers
        answer = int(shares[-1].argmax())
        for row, layer in zip(found, shares, strict=True):
            np.testing.assert_array_equal(
                [one.probability for one in row.candidates], np.sort(layer)[::-1][:CANDIDATES]
            )
            assert [layer[one.token] for one in row.candidates] == [one.probability for one in row.candidates]
            assert row.watched == answer and row.rank == 1 + (layer > layer[answer]).sum()


@pytest.mark.parametrize("model", MODELS)
def test_every_position_after_one_layer(model):
    trace = load_model(model).trace(SENTENCE)
    reading = Reading(trace)
    last = reading.layers - 1
    for layer, node in ((last, trace["probabilities"]), (1, trace.lens("lens.0.probabilities"))):
        found = reading.rows(View(layer, 0, by_layer=False))
        assert [row.candidates[0].token for row in found] == node.value.argmax(axis=-1).tolist()
    ids = trace["decoder.tokens" if model == "translator" else "tokens"].value
    follows = [reading.follows(place) for place in range(len(ids))]
    assert follows == ([None] * len(ids) if model == "cloze" else [*ids[1:], None])


def test_it_starts_at_the_mask():
    trace = load_model("cloze").trace("The cat sat on the [MASK].")
    view = Reading(trace).start()
    assert trace["tokens"].labels[0][view.position] == "[MASK]" and view.layer == Reading(trace).layers - 1


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key", ["L", "C"])
async def test_what_is_on_screen(tutor, size, lang, key):
    async with tutor(size=size, lang=lang, model="speaker", explore=SENTENCE) as driver:
        await driver.press(key)
        reading = Reading(driver.trace)
        view = driver.app.screen.view
        assert view.by_layer == (key == "L")
        found = reading.rows(view)
        assert len(rows(driver)) == len(found)
        for text, row in zip(rows(driver), found, strict=True):
            best = row.candidates[0]
            assert share(best.probability) in text and f"#{row.rank}" in text or not view.by_layer
        shown = [line.rstrip() for line in driver.lines()]
        assert all(cell_len(line) <= size[0] for line in shown)
        assert any(rows(driver)[view.row].rstrip() in line for line in shown)


async def test_arrows_change_the_position_and_the_layer(tutor):
    async with tutor(size=WIDE, model="speaker", explore=SENTENCE) as driver:
        await driver.press("L")
        screen = driver.app.screen
        start = screen.view
        await driver.press("left", "up")
        assert (screen.view.position, screen.view.layer) == (start.position - 1, start.layer - 1)
        before = rows(driver)
        await driver.press("left")
        assert rows(driver) != before and screen.view.layer == start.layer - 1
        await driver.press("v", "left", "up")  # now left and right are layers, up and down positions
        assert (screen.view.position, screen.view.layer) == (start.position - 3, start.layer - 2)
        await driver.press(*["left"] * 9, *["up"] * 20)
        assert (screen.view.position, screen.view.layer) == (0, 0)


async def test_enter_opens_the_layers_output(tutor):
    async with tutor(size=NARROW, model="speaker", explore=SENTENCE) as driver:
        await driver.press("L", "left", "up", "enter")
        reading = Reading(driver.trace)
        assert isinstance(driver.app.screen, TraceScreen)
        assert driver.here.node == reading.outputs[reading.layers - 2]
        assert driver.here.index == (len(reading.tokens) - 2, 0)


@pytest.mark.parametrize("keys", [("L", "up"), ("C", "up"), ("C", "left", "up")])
async def test_why_opens_the_probability_and_the_walk_goes_home(tutor, keys):
    async with tutor(size=WIDE, model="speaker", explore=SENTENCE) as driver:
        await driver.press(*keys, "w")
        here = driver.here
        node = driver.trace[here.node]
        assert here.node.endswith("probabilities") and node.value[here.index] == node.value[here.index[:-1]].max()
        for _step in range(5):
            await driver.press("enter")
        assert driver.here.node in driver.trace.names or driver.trace[driver.here.node].is_weight
        assert not driver.here.node.startswith("lens.")


async def test_another_sentence_keeps_the_lens_on_screen(tutor):
    async with tutor(size=WIDE, model="speaker", explore=SENTENCE) as driver:
        await driver.press("L", "left", "w")
        node = driver.here.node
        await driver.type("The cat sat on the bed")
        assert driver.here.node == node and node in driver.trace
        await driver.type("The")  # that position is no more
        assert driver.here.node in driver.trace


async def test_a_model_without_words_says_so(tutor):
    async with tutor(lesson="attention-by-hand") as driver:
        await driver.press("L")
        assert isinstance(driver.app.screen, TraceScreen)
        assert any("no head that chooses words" in notice.message for notice in driver.app._notifications)


async def test_another_language_keeps_the_view(tutor):
    async with tutor(size=WIDE, model="speaker", explore=SENTENCE) as driver:
        await driver.press("L", "left")
        view = driver.app.screen.view
        await driver.press("f2")
        await driver.pilot.pause()
        await driver.settle()
        assert isinstance(driver.app.screen, LensScreen) and driver.app.screen.view == view
        assert "名次" in driver.text()


async def test_no_other_number_is_put_into_what_was_read_off(tutor):
    async with tutor(size=WIDE, model="speaker", explore=SENTENCE) as driver:
        await driver.press("w")
        assert driver.app.screen.query("#number")
        await driver.press("escape", "L", "w", "w")
        assert isinstance(driver.app.screen, WhatIfDialog) and not driver.app.screen.query("#number")


async def test_a_gradient_of_a_model_takes_no_other_number_either(tutor):
    async with tutor(size=WIDE, model="speaker", explore=SENTENCE) as driver:
        await driver.press("g", "w")
        assert driver.here.node.startswith("gradient.") and not driver.app.screen.query("#number")


async def test_the_glossary_opens_at_the_lens(tutor):
    async with tutor(size=WIDE, model="speaker", explore=SENTENCE) as driver:
        await driver.press("L", "i")
        assert driver.app.screen.entry.term.en == "logit lens"
