"""What-ifs on screen: every switch, another number in a cell, before, after and the difference."""

import numpy as np
import pytest
from textual.widgets import Input

from tests.app.conftest import NARROW, SIZES, WIDE
from tutor.app.dialogs.what_if import WhatIf, WhatIfDialog, switches
from tutor.display.numbers import number
from tutor.models.registry import load_model

pytestmark = pytest.mark.usefixtures("drawn_when_looked_at")

SELF = "encoder.0.self_attention"
SWITCHES = switches(load_model("translator").config, SELF, 1)


async def flip(driver, field):
    """Through the dialog, by its keys."""
    await driver.press("w")
    place = next(place for place, switch in enumerate(driver.app.screen._offered) if switch.field == field)
    await driver.press(*["down"] * place, "enter")
    assert not isinstance(driver.app.screen, WhatIfDialog)


async def put(driver, text):
    """Another number into the cell under the cursor."""
    await driver.press("w")
    dialog = driver.app.screen
    if dialog._offered:
        await driver.press("tab")
    assert isinstance(driver.app.focused, Input)
    for letter in text:
        await driver.press(letter)
    await driver.press("enter")


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda switch: switch.field)
async def test_a_switch_runs_the_model_that_way_and_back(tutor, switch):
    async with tutor(explore="I am a student") as driver:
        await driver.go(f"{SELF}.weights", (1, 0, 0))
        plain = driver.trace
        await flip(driver, switch.field)
        assert driver.snapshot.request.config == {switch.field: switch.value}
        config = load_model("translator").config.changed(**{switch.field: switch.value})
        assert driver.trace.config == config
        assert driver.snapshot.result.before.config == plain.config
        assert "what-if" in driver.lines()[0]
        ids = plain["decoder.tokens"].value.tolist()
        expected = load_model("translator").trace_ids(
            plain["tokens"].value.tolist(), target_ids=ids, config=config_of(switch)
        )
        for name in ("encoder.output", "logits"):
            np.testing.assert_array_equal(driver.trace[name].value, expected[name].value)
        await flip(driver, switch.field)
        assert not driver.snapshot.request.is_what_if and driver.snapshot.result.before is None
        assert driver.matrix.border_subtitle == ""


def config_of(switch):
    return {switch.field: switch.value}


async def test_a_head_switched_off_is_zero_and_the_others_are_not(tutor):
    async with tutor(explore="I am a student") as driver:
        await driver.go(f"{SELF}.weights", (1, 0, 0))
        await flip(driver, "heads_off")
        assert driver.trace.config.heads_off == (f"{SELF}.1",)
        kept = driver.trace[driver.trace.find(f"{SELF}.heads*")[-1]].value
        assert not kept[1].any() and kept[0].any() and kept[2].any()
        await driver.press("right_square_bracket")
        await flip(driver, "heads_off")
        assert set(driver.trace.config.heads_off) == {f"{SELF}.1", f"{SELF}.2"}


@pytest.mark.parametrize("size", SIZES)
async def test_after_difference_before_in_turn(tutor, size):
    async with tutor(size=size, explore="I am a student") as driver:
        await driver.go(f"{SELF}.masked", (0, 1, 2))
        await flip(driver, "scale_scores")
        after, before = driver.trace, driver.snapshot.result.before
        assert driver.snapshot.compare == "after"
        np.testing.assert_array_equal(driver.matrix.table.shown, after[f"{SELF}.masked"].value[0])
        await driver.press("d")
        assert driver.snapshot.compare == "change"
        change = after[f"{SELF}.masked"].value[0] - before[f"{SELF}.masked"].value[0]
        np.testing.assert_allclose(driver.matrix.table.shown, change, rtol=1e-6)
        text = driver.matrix.table.text(1, 2)
        assert float(text.replace("−", "-")) == pytest.approx(float(change[1, 2]), abs=0.006)
        assert text in driver.text() if size != NARROW or driver.screen.pane == "matrix" else True
        await driver.press("d")
        assert driver.snapshot.compare == "before"
        np.testing.assert_array_equal(driver.matrix.table.shown, before[f"{SELF}.masked"].value[0])
        why = before.explain(f"{SELF}.masked", (0, 1, 2))
        assert driver.snapshot.shown is before
        assert f"{why.result:.4g}"[:5] in driver.said("#why-text")
        await driver.press("d")
        assert driver.snapshot.compare == "after"


async def test_a_node_that_the_what_if_adds_or_takes_away(tutor):
    """The matrix before has no such node: the screen stays, and nothing falls over."""
    async with tutor(explore="I am a student") as driver:
        await driver.go(f"{SELF}.weights", (1, 0, 0))
        await flip(driver, "heads_off")
        added = [name for name in driver.trace.names if name not in driver.snapshot.result.before]
        assert added
        await driver.go(added[0], (0, 0, 0))
        await driver.press("d", "d", "d", "d")
        await flip_reset(driver)
        assert driver.here.node in driver.trace
        for field in ("residual", "norm_position", "position"):
            await flip(driver, field)
            assert driver.here.node in driver.snapshot.shown
            await driver.press("d", "enter", "d", "enter", "d", "enter")
        await flip_reset(driver)
        assert not driver.snapshot.request.is_what_if


async def test_a_walk_through_a_matrix_that_a_switch_takes_away(tutor):
    async with tutor(explore="I am a student") as driver:
        await driver.go(f"{SELF}.masked", (0, 1, 2))
        await driver.press("enter", "enter")
        assert driver.here.node == f"{SELF}.scores"
        await flip(driver, "scale_scores")
        assert driver.here == (driver.snapshot.walk.here) and driver.here.node == f"{SELF}.scores"
        await driver.press("backspace")
        assert driver.here.node == f"{SELF}.masked", "the scaled scores are left out of the walk"
        await driver.press("d", "d", "enter")
        assert driver.here.node == f"{SELF}.scaled" and driver.snapshot.shown is driver.snapshot.result.before
        assert driver.matrix.border_subtitle == "only before the change"
        await driver.press("d", "x", "i", "escape", "w", "escape", "backspace", "f")
        await flip_reset(driver)
        assert driver.here.node in driver.trace


async def flip_reset(driver):
    await driver.press("w", "r")
    assert not isinstance(driver.app.screen, WhatIfDialog)


async def test_the_pipeline_stays_open_where_we_are_though_the_model_has_other_stages(tutor):
    async with tutor(size=WIDE, explore="I am a student") as driver:
        await driver.go(f"{SELF}.weights", (0, 1, 2))
        names = driver.trace.names
        await flip(driver, "scale_scores")
        assert driver.trace.names != names
        assert any("◉" in line for line in driver.lines())


@pytest.mark.parametrize("size", SIZES)
async def test_another_number_in_a_cell_and_everything_after_it_follows(tutor, size):
    async with tutor(size=size, explore="I am a student") as driver:
        node, index = f"{SELF}.scores", (0, 1, 2)
        await driver.go(node, index)
        plain = driver.trace
        await put(driver, "-7.5")
        assert driver.trace[node].value[index] == -7.5
        assert driver.trace[node].changed
        np.testing.assert_array_equal(driver.trace[f"{SELF}.query"].value, plain[f"{SELF}.query"].value)
        assert (driver.trace["logits"].value != plain["logits"].value).any()
        expected = load_model("translator").trace_ids(
            plain["tokens"].value.tolist(),
            target_ids=plain["decoder.tokens"].value.tolist(),
            change={
                node: np.where(
                    np.arange(plain[node].value.size).reshape(plain[node].shape)
                    == np.ravel_multi_index(index, plain[node].shape),
                    -7.5,
                    plain[node].value,
                )
            },
        )
        np.testing.assert_allclose(driver.trace["logits"].value, expected["logits"].value, rtol=1e-6)
        await driver.pane("why")
        said = driver.said("#why-text")
        assert said.startswith("scores[am, a] = -7.5")
        assert number(plain[node].value[index], 4) in said, "what stood there before is said"
        await driver.go(f"{SELF}.scores", (0, 1, 1))
        assert "changed by you" in " ".join(driver.said("#why-text").split())


async def test_several_cells_and_a_cell_twice(tutor):
    async with tutor(explore="I am a student") as driver:
        node = f"{SELF}.weights"
        await driver.go(node, (0, 1, 2))
        await put(driver, "0.5")
        await driver.press("right")
        await put(driver, "0.25")
        await driver.press("left")
        await put(driver, "1")
        value = driver.trace[node].value
        assert value[0, 1, 2] == 1 and value[0, 1, 3] == 0.25
        await flip_reset(driver)
        assert not driver.trace[node].changed


async def test_a_number_of_a_hand_size_program(tutor):
    async with tutor(lesson="attention-by-hand") as driver:
        plain = driver.trace
        await driver.go("X", (0, 0))
        await put(driver, "1")
        assert driver.trace["X"].value[0, 0] == 1 and plain["X"].value[0, 0] != 1
        expected = driver.trace["X"].value @ driver.trace["A"].value
        np.testing.assert_allclose(driver.trace["Z"].value, expected)
        await driver.go("Z", (0, 0))
        await driver.press("d")
        np.testing.assert_allclose(driver.matrix.table.shown, expected - plain["Z"].value)


async def test_a_weight_can_be_changed(tutor):
    async with tutor(explore="I am a student") as driver:
        name = f"{SELF}.query.weight"
        await driver.go(name, (0, 0))
        await put(driver, "3")
        assert not driver.snapshot.error
        assert driver.trace[name].value[0, 0] == 3
        before = driver.snapshot.result.before
        assert (driver.trace[f"{SELF}.query"].value != before[f"{SELF}.query"].value).any()


@pytest.mark.parametrize("text", ["nan", "-inf"])
async def test_no_number_that_can_be_typed_brings_it_down(tutor, text):
    async with tutor(size=NARROW, explore="I am a student") as driver:
        for node in (f"{SELF}.scores", "encoder.embedding.output", "tokens", "logits"):
            await driver.go(node, (0, 1, 1))
            await put(driver, text)
            if isinstance(driver.app.screen, WhatIfDialog):
                await driver.press("escape")
            for _press in range(3):
                await driver.press("d", "enter", "backspace")
            await flip_reset(driver)
        assert driver.screen.query_one("#notice").has_class("-none")


async def test_what_is_no_number_is_said_and_asked_again(tutor):
    async with tutor(explore="I am a student") as driver:
        await put(driver, "a lot")
        assert isinstance(driver.app.screen, WhatIfDialog)
        assert "not a number" in driver.said("#cell-name")
        await driver.press("escape")
        assert not driver.snapshot.request.is_what_if


async def test_a_token_number_that_the_vocabulary_lacks(tutor):
    async with tutor(explore="I am a student") as driver:
        await driver.go("tokens", (1,))
        for wrong in ("999999", "-1"):
            await put(driver, wrong)
            assert driver.said("#notice"), "a notice says that there is no such token"
            await flip_reset(driver)
            assert not driver.snapshot.error
        await put(driver, "1.5")
        assert "whole number" in driver.said("#cell-name")
        await driver.press("escape")
        await put(driver, "7")
        assert driver.trace["tokens"].value[1] == 7


async def test_a_shorter_sentence_after_a_number_was_changed(tutor):
    """The cell that was changed is no longer there."""
    async with tutor(explore="I am a student") as driver:
        await driver.go(f"{SELF}.scores", (0, 4, 4))
        await put(driver, "2")
        await driver.type("I")
        assert driver.trace["tokens"].labels[0] == ("I", "<end>")
        assert not driver.snapshot.error
        await driver.type("I am a student")
        assert driver.trace[f"{SELF}.scores"].value[0, 4, 4] == 2, "and it is back with the sentence"


async def test_a_switch_stays_on_while_another_sentence_is_typed(tutor):
    async with tutor(explore="I am") as driver:
        await flip(driver, "scale_scores")
        await driver.type("the river")
        assert driver.trace.config.scale_scores is False
        assert driver.snapshot.result.before.config.scale_scores is True
        assert driver.snapshot.result.before["tokens"].labels == driver.trace["tokens"].labels


async def test_the_number_to_be_found_is_not_on_offer(tutor):
    """In an exercise the dialog must not show what the learner is to compute."""
    async with tutor(lesson="the-whole-machine") as driver:
        await driver.press("n", "n", "w")
        assert isinstance(driver.app.screen, WhatIfDialog)
        assert not driver.app.screen.query("#cell-name")
        await driver.press("escape")


async def test_the_dialog_shows_what_is_on_and_escape_changes_nothing(tutor):
    async with tutor(size=NARROW, explore="I am") as driver:
        await flip(driver, "residual")
        await driver.press("w")
        lines = "\n".join(driver.lines())
        assert "[x] no residual connections" in lines and "[ ] no division by √d_k" in lines
        await driver.press("escape")
        assert driver.snapshot.request.config == {"residual": False}


def test_an_encoder_alone_has_no_causal_switch():
    config = load_model("translator").config
    assert "causal_mask" in {switch.field for switch in switches(config, "", None)}
    assert {switch.field for switch in switches(None, "", None)} == set()
    assert WhatIf({}).number is None


def test_what_a_lesson_asks_for_stands_first_and_once():
    config = load_model("translator").config
    offered = switches(config, SELF, 1, {"gated": True, "norm_position": "pre", "position": "rotary"})
    assert [switch.title for switch in offered[:2]] == ["gated: true", "position: rotary"]
    fields = [(switch.field, switch.value) for switch in offered]
    assert fields.count(("norm_position", "pre")) == 1 and len(fields) == len(SWITCHES) + 2
    off = {"heads_off": ("decoder.0.self_attention.0",)}
    assert switches(config, "", None, off)[0].title == "decoder 1 · self-attention · head 1 off"
    assert switches(config, SELF, 1, {"heads_off": (f"{SELF}.1",)}) == SWITCHES


async def test_a_blank_of_a_program_offers_nothing_to_change(tutor):
    async with tutor(lesson="attention-by-hand") as driver:
        await driver.press("n", "n")
        assert driver.snapshot.is_blank
        await driver.pane("matrix")
        await driver.press("w")
        assert isinstance(driver.app.screen, WhatIfDialog)
        await driver.press("escape")
        assert not isinstance(driver.app.screen, WhatIfDialog)
