"""Going straight to a token's row or column, and to a layer and a head."""

import numpy as np
import pytest
from textual.widgets import OptionList, Static

from tests.app.conftest import LANGUAGES, NARROW, SIZES, WIDE
from tests.engine import small
from tutor.app.dialogs.find import FindDialog
from tutor.app.dialogs.jump import JumpDialog
from tutor.app.finding import EXACT, INSIDE, Finder
from tutor.app.jumping import JumpError, in_layer, layers, target
from tutor.app.planes import Plane
from tutor.app.screens.trace import TraceScreen
from tutor.app.walk import Stop
from tutor.engine.backend import load_backend
from tutor.engine.node import Node

pytestmark = pytest.mark.usefixtures("drawn_when_looked_at")

LABELS = ("<pad>", "the", "The", "+the", "cat", "cats", "concat", "5", "+ing")


def finder(rows=LABELS, columns=3, row_axis="vocabulary") -> Finder:
    node = Node("table", np.zeros((len(rows), columns)), (row_axis, "feature"), load_backend("numpy"))
    node._labels = {row_axis: rows}
    return Finder(Plane(node, ()))


def found(text, **keywords):
    return [(one.axis, one.label) for one in finder(**keywords).find(text) if one.axis == 0]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("The", ["The", "the", "+the"]),
        ("the", ["the", "+the", "The"]),
        ("+the", ["+the", "the", "The"]),
        ("cat", ["cat", "cats", "concat"]),
        ("ing", ["+ing"]),
        ("#5", ["cats"]),
        ("5", ["5", "cats"]),
        (" cat ", ["cat", "cats", "concat"]),
        ("dog", []),
        ("#99", []),
        ("", []),
        ("   ", []),
    ],
)
def test_what_fits_best_comes_first(text, labels):
    assert [label for _axis, label in found(text)] == labels


def test_places_of_a_sentence_count_from_one():
    assert found("#2", rows=("a", "b", "c"), row_axis="query") == [(0, "b")]


def test_near_is_what_begins_alike():
    assert not finder().find("catalogue") and [one.label for one in finder().near("catalogue")][0] == "cat"
    assert finder().near("xyzzy") == ()


def test_both_axes_are_searched_and_a_rank_is_given():
    axes = {one.axis for one in finder(columns=9).find("5")}
    assert axes == {0, 1}
    fits = [one.fit for one in finder().find("cat")]
    assert fits == sorted(fits) and fits[0] == EXACT and fits[-1] == INSIDE


def test_jumping():
    trace = small.trace(small.config(encoder_layers=3, decoder_layers=2))
    here = Stop("encoder.1.self_attention.weights", (0, 2, 1))
    assert layers(trace, here.node) == 3 and layers(trace, "decoder.0.feed_forward.norm") == 2
    assert layers(trace, "logits") == 0
    assert target(trace, here, "3") == Stop("encoder.2.self_attention.weights", (0, 2, 1))
    assert (
        target(trace, here, " 3.2 ")
        == target(trace, here, "3 2")
        == Stop("encoder.2.self_attention.weights", (1, 2, 1))
    )
    assert target(trace, here, ".2") == Stop("encoder.1.self_attention.weights", (1, 2, 1))
    assert in_layer(trace, "encoder.0.self_attention.query.weight", 2) == "encoder.2.self_attention.query.weight"
    assert in_layer(trace, here.node, 3) is None and in_layer(trace, here.node, -1) is None
    trace.lens("lens.0.logits")
    assert in_layer(trace, "lens.decoder.0.logits", 1) == "lens.decoder.1.logits"


@pytest.mark.parametrize(
    ("node", "typed", "said"),
    [
        ("encoder.0.self_attention.weights", "4", "no layer 4: they go from 1 to 3"),
        ("encoder.0.self_attention.weights", "0", "no layer 0"),
        ("encoder.0.self_attention.weights", "2.9", "no head 9: they go from 1 to 2"),
        ("encoder.0.feed_forward.norm", "2.1", "not one of many heads"),
        ("logits", "1", "stands in no layer"),
        ("encoder.0.self_attention.weights", "two", "Type a layer"),
        ("encoder.0.self_attention.weights", "", "Type a layer"),
        ("encoder.0.self_attention.weights", "1.2.3", "Type a layer"),
        ("encoder.0.self_attention.weights", "-1", "Type a layer"),
    ],
)
def test_where_nothing_leads_a_word_says_why(node, typed, said):
    trace = small.trace(small.config(encoder_layers=3))
    with pytest.raises(JumpError, match=said):
        target(trace, Stop(node, (0,) * len(trace[node].shape)), typed)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("lang", LANGUAGES)
async def test_j_goes_to_a_layer_and_a_head(tutor, size, lang):
    async with tutor(size=size, lang=lang, model="translator", explore="I am a student") as driver:
        await driver.go("encoder.0.self_attention.weights", (1, 2, 0))
        await driver.press("j", "9", "enter")
        assert isinstance(driver.app.screen, JumpDialog) and str(driver.app.screen.query_one("#wrong", Static).render())
        await driver.press("backspace", "3", ".", "2", "enter")
        assert isinstance(driver.app.screen, TraceScreen)
        assert (driver.here.node, driver.here.index) == ("encoder.2.self_attention.weights", (1, 2, 0))
        await driver.press("{")
        assert driver.here.node == "encoder.1.self_attention.weights"
        await driver.press("j", "escape")
        assert driver.here.node == "encoder.1.self_attention.weights"
        await driver.go("logits")
        await driver.press("j")
        assert isinstance(driver.app.screen, TraceScreen) and driver.app._notifications


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("lang", LANGUAGES)
async def test_s_goes_to_the_row_of_a_word(tutor, size, lang):
    async with tutor(size=size, lang=lang, model="speaker", explore="the cat sat") as driver:
        await driver.go("embedding.token.table", (3, 2))
        labels = driver.trace["embedding.token.table"].labels[0]
        await driver.press("s", *"dog", "enter")
        row = labels.index("dog")
        assert driver.here.index == (row, 2) and driver.matrix.cursor == (row, 2)
        assert any("dog" in line for line in driver.lines())
        await driver.go("logits", (1, 0))
        await driver.press("s", *"dog", "enter")
        assert driver.here.index == (1, row)


async def test_what_is_not_there_is_said_and_enter_goes_nowhere(tutor):
    async with tutor(size=NARROW, model="speaker", explore="the cat sat") as driver:
        await driver.go("embedding.token.table", (3, 2))
        await driver.press("s", *"dogqq", "enter")
        assert isinstance(driver.app.screen, FindDialog)
        assert "no “dogqq”. Near it:" in driver.text() and driver.app.screen.query_one(OptionList).option_count
        await driver.press("down", "enter")
        labels = driver.trace["embedding.token.table"].labels[0]
        assert labels[driver.here.index[0]].removeprefix("+").startswith("dog")
        await driver.press("s", *"[b]x", "escape")
        assert isinstance(driver.app.screen, TraceScreen)


async def test_a_word_of_a_long_sentence(tutor):
    sentence = " ".join(["the cat sat down and"] * 12) + " dog"
    async with tutor(size=WIDE, model="speaker", explore=sentence) as driver:
        name = "decoder.0.self_attention.weights"
        labels = driver.trace[name].labels
        await driver.go(name, (0, 0, 0))
        await driver.press("s", *"dog", "enter")
        assert driver.here.index == (0, labels[1].index("dog"), 0)  # rows come before columns
        await driver.press("s", *"dog", "down", "enter")
        assert driver.here.index == (0, labels[1].index("dog"), labels[2].index("dog"))
        await driver.press("s", *"#40", "enter")
        assert driver.here.index[1] == 39
