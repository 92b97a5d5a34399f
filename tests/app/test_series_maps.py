"""Series on screen: a table in place of a sentence, what a token is as a what-if, three maps side by side."""

import numpy as np
import pytest
from rich.cells import cell_len

from tests.app.conftest import LANGUAGES, SIZES
from tutor.app.screens.series_maps import KINDS, SeriesMapsScreen
from tutor.app.screens.trace import TraceScreen
from tutor.app.widgets.attention_map import AttentionMap

pytestmark = pytest.mark.usefixtures("drawn_when_looked_at")
WEIGHTS = "encoder.{}.self_attention.weights"


async def test_a_series_is_typed_in_the_sentence_bar(tutor, tmp_path):
    async with tutor(model="forecaster", explore="day") as driver:
        await driver.go("series", (0, 0))
        assert "Mon 06h" in driver.text()
        await driver.type("day @25")
        assert driver.trace["series"].labels[0][0] == "Tue 00h"
        path = tmp_path / "mine.csv"
        path.write_text("\n".join(f"{n},{n * n % 7}" for n in range(30)), encoding="utf-8")
        await driver.type(str(path))
        assert driver.trace["series"].shape == (24, 2) and "other variables" in driver.said("#notice")
        path.write_text("1,2\n3,x\n", encoding="utf-8")
        await driver.type(f"{path} ")
        assert "column 2: 'x' is no number" in driver.said("#notice").replace("\n", " ")
        assert driver.trace["series"].shape == (24, 2)  # the last good one stays
        assert driver.app.sentence == ""  # what was typed is not offered to the next lesson as a sentence


async def test_what_a_token_is_can_be_switched(tutor):
    async with tutor(model="forecaster", explore="day") as driver:
        await driver.go(WEIGHTS.format(0), (0, 0, 0))
        await driver.press("w", "enter")
        assert driver.snapshot.request.config == {"series_tokens": "instant"}
        assert driver.trace[WEIGHTS.format(0)].shape[-1] == 24
        await driver.press("d", "d")  # of another shape there is no difference, and nothing breaks
        assert driver.app._exception is None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", SIZES)
async def test_three_maps_side_by_side(tutor, size, language):
    async with tutor(size=size, model="forecaster", explore="day", lang=language) as driver:
        await driver.press("M")
        assert isinstance(driver.app.screen, SeriesMapsScreen)
        titles = [str(driver.app.screen.query_one(f"#{kind}", AttentionMap).border_title) for kind in KINDS]
        assert [title.split()[-1] for title in titles] == ["3×3", "24×24", "12×12"]
        lines = driver.lines()
        assert all(cell_len(line.rstrip()) <= size[0] for line in lines) and "→" in driver.text()
        await driver.press("escape")
        assert isinstance(driver.app.screen, TraceScreen)


async def test_a_map_is_opened_at_its_largest_weight(tutor):
    async with tutor(model="forecaster", explore="day") as driver:
        await driver.press("M", "right", "right", "down", "]", "enter")
        here, node = driver.here, driver.trace[WEIGHTS.format(1)]
        assert here.node == WEIGHTS.format(1) and here.index[0] == 1 and node.shape[-1] == 12
        weights = node.value[1].copy()
        np.fill_diagonal(weights, -1)
        assert node.value[here.index] == weights.max()
        assert driver.snapshot.request.config == {"series_tokens": "patch"}
        await driver.press("M", "left", "left", "enter")  # back to how the model itself reads it
        assert driver.snapshot.request.config == {} and driver.trace[here.node].shape[-1] == 3


async def test_a_model_of_words_has_no_such_maps(tutor):
    async with tutor(model="proverbs", explore="马无夜草不肥") as driver:
        await driver.press("M")
        assert isinstance(driver.app.screen, TraceScreen)
