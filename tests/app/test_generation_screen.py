"""The generation screen: what it shows is what the model's steps hold, and everything follows the keys."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from rich.cells import cell_len
from textual.widgets import OptionList

from tests.app.conftest import NARROW, WIDE
from tests.models.test_generate import of_one_stack
from tutor.app import generation_state
from tutor.app.generation_present import answer_heading, step_heading
from tutor.app.generation_state import Wish, all_settings, generate, provenance
from tutor.app.screens.generation import GenerationScreen
from tutor.app.screens.trace import TraceScreen
from tutor.app.tracing import compute, model_called
from tutor.app.widgets.dial import Dial
from tutor.app.widgets.search_tree import SearchTree
from tutor.display.language import set_language
from tutor.engine.choosing import Decoding, chances_of

SENTENCE = "马无夜草不肥"
ANSWER = "人无横财不富"

pytestmark = pytest.mark.usefixtures("drawn_when_looked_at")


@pytest.fixture
def opened(tutor):
    """`async with opened(size=…, **settings) as driver`: the generation screen over the free trace screen."""
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def run(*, size=NARROW, lang="en", sentence=SENTENCE, model="proverbs", **settings):
        async with tutor(size=size, lang=lang, model=model, explore=sentence) as driver:
            driver.returned = []
            screen = GenerationScreen(model, sentence, settings, lang)
            driver.app.push_screen(screen, driver.returned.append)
            await driver.settle()
            yield driver

    return run


def screen(driver) -> GenerationScreen:
    return next(one for one in reversed(driver.app.screen_stack) if isinstance(one, GenerationScreen))


def listed(driver):
    """The candidates' lines as words."""
    options = screen(driver).query_one(OptionList)
    return [options.get_option_at_index(at).prompt.plain.split() for at in range(options.option_count)]


@pytest.mark.parametrize(("size", "lang"), [(NARROW, "en"), (WIDE, "zh")], ids=["80x24-en", "120x36-zh"])
async def test_every_number_is_of_the_models_steps(opened, size, lang):
    found = model_called("proverbs").generate(SENTENCE, strategy="beam", beams=3)
    async with opened(size=size, lang=lang, strategy="beam", beams=3) as driver:
        for step in found.steps:
            lines = listed(driver)
            assert len(lines) == len(step.candidates)
            for line, one in zip(lines, step.candidates, strict=True):
                assert one.label in line
                assert f"{one.logit:.3f}" in line and f"{one.total:.3f}" in line and f"{one.score:.3f}" in line
                assert ("▸" in line, "✓" in line) == (one.fate == "kept", one.fate == "ended")
            work = step.work
            said = driver.said("#cache")
            for count in (
                work.positions,
                work.positions_reused,
                work.rows,
                work.rows_reused,
                work.rows + work.rows_reused,
            ):
                assert f"{count}" in said
            assert f"{step.number + 1}/{len(found.steps)}" in driver.text()
            await driver.press("n")
        assert ANSWER in driver.text()
        assert all(len(line.rstrip()) <= size[0] for line in driver.lines())


async def test_forward_and_back_through_the_tree(opened):
    async with opened(strategy="beam", beams=2) as driver:
        first = driver.screen and screen(driver).query_one(SearchTree).lines
        await driver.press("right", "right")
        later = screen(driver).query_one(SearchTree).lines
        assert screen(driver).state.number == 2 and max(map(len, later)) > max(map(len, first))
        await driver.press("p", "left", "left")
        assert screen(driver).state.number == 0 and screen(driver).query_one(SearchTree).lines == first
        await driver.press("end")
        assert screen(driver).state.number == len(screen(driver).state.steps) - 1
        assert any("✓" in line for line in screen(driver).query_one(SearchTree).lines)
        await driver.press("home")
        assert screen(driver).state.number == 0


async def test_the_strategy_brings_its_settings(opened):
    async with opened() as driver:
        shown = lambda: [dial.id for dial in screen(driver).query(Dial) if dial.display]  # noqa: E731
        assert shown() == ["dial-strategy"]
        await driver.press("s", "right")
        assert shown() == ["dial-strategy", "dial-beams", "dial-length_penalty"]
        await driver.press("tab", "left")
        assert screen(driver).state.found.settings.beams == 3 and len(screen(driver).state.step.candidates) == 6
        await driver.press("shift+tab", "right")
        assert shown() == ["dial-strategy", "dial-temperature", "dial-top_k", "dial-top_p", "dial-seed"]
        assert screen(driver).state.found.settings.strategy == "sample"


async def test_the_chances_follow_the_temperature_before_the_model_has_run(opened, monkeypatch):
    async with opened(size=WIDE, strategy="sample", temperature=1.0) as driver:
        step = screen(driver).state.step
        monkeypatch.setattr(screen(driver), "_run", lambda: None)
        await driver.press("t", "right", "right", "right")
        settings = Decoding(strategy="sample", temperature=1.3)
        chances = chances_of(step.probabilities[0], settings)
        assert screen(driver).state.step is step
        for line, one in zip(listed(driver), step.candidates, strict=False):
            _logit, share, chance, *_others = [float(word) for word in line if word.strip("-0123456789.e") == ""]
            assert share == pytest.approx(one.probability, abs=1e-4)
            assert chance == pytest.approx(chances[one.token], abs=1e-4)
        count, share, chance = screen(driver).state.rest
        assert share + sum(one.probability for one in step.candidates) == pytest.approx(1, abs=1e-5)
        assert chance + sum(chances[one.token] for one in step.candidates) == pytest.approx(1)
        assert count == len(step.probabilities[0]) - len(step.candidates)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_what_is_cut_off_leaves_so_many_tokens_to_be_drawn(opened, size):
    async with opened(size=size, strategy="sample", temperature=2.0) as driver:
        assert screen(driver).state.left is None and "left in all" not in driver.text()
        await driver.press("s", "tab", "tab", "tab", *["left"] * 4)
        state = screen(driver).state
        row = chances_of(state.step.probabilities[0], Decoding(**state.wish.settings))
        assert state.wish.settings["top_p"] < 1 and state.left == (row > 0).sum() < len(row)
        assert f"{state.left:,} left in all" in driver.text()
        assert "…" not in next(line for line in driver.lines() if "chance" in line)


async def test_a_dragged_setting_ends_in_the_run_of_the_last_value(opened):
    async with opened(strategy="sample") as driver:
        await driver.press("t", *["right"] * 4, "left")
        state = screen(driver).state
        assert state.found.settings.temperature == pytest.approx(1.3)
        assert (
            state.found.steps == model_called("proverbs").generate(SENTENCE, strategy="sample", temperature=1.3).steps
        )


async def test_a_stale_generation_is_dropped(opened):
    async with opened() as driver:
        before = screen(driver).state
        other = Wish("proverbs", "天行健", all_settings({}))
        screen(driver)._busy = other
        screen(driver).post_message(GenerationScreen.Written(generate(other)))
        await driver.settle()
        assert screen(driver).state.found.prompt == SENTENCE and len(screen(driver).state.ran) == len(before.ran) + 1


async def test_it_returns_what_was_run(opened):
    async with opened(beams=2) as driver:
        await driver.press("s", "right", "escape", "escape")
        (ran,) = driver.returned
        assert [one["strategy"] for one in ran] == ["greedy", "beam"] and ran[1]["beams"] == 2
        assert isinstance(driver.app.screen, TraceScreen)


async def test_it_begins_with_the_models_own_length_penalty(tutor, monkeypatch):
    model = model_called("proverbs")
    monkeypatch.setattr(model, "card", replace(model.card, length_penalty=2.0))
    async with tutor(model="proverbs", explore=SENTENCE) as driver:
        await driver.press("G")
        await driver.settle()
        assert screen(driver).state.wish.settings["length_penalty"] == 2.0
        assert screen(driver).query_one("#dial-length_penalty", Dial).value == 2.0


async def test_enter_opens_the_trace_in_which_the_number_stands(opened):
    async with opened(strategy="beam", beams=2) as driver:
        await driver.press("n", "n", "down")
        state = screen(driver).state
        await driver.press("enter")
        assert isinstance(driver.app.screen, TraceScreen)
        assert driver.here.node == "probabilities"
        assert driver.trace["probabilities"].at(driver.here.index) == pytest.approx(
            state.candidate.probability, rel=1e-4
        )
        await driver.press("escape")
        assert driver.app.screen is screen(driver) and screen(driver).state == state
        await driver.press("escape")
        assert isinstance(driver.app.screen, TraceScreen) and driver.here.node != "probabilities"


@pytest.mark.parametrize(("name", "sentence"), [("translator", "She likes cats"), ("speaker", "I want to")])
def test_every_candidate_has_its_trace(name, sentence):
    """Also of a decoder alone, and where the text typed anew would be cut into other tokens."""
    found = model_called(name).generate(sentence, strategy="sample", temperature=2.0, seed=3, maximum=4, with_all=True)
    for step in found.steps:
        for one in step.candidates[::4]:
            request, stop = provenance(found, step, one, "numpy")
            assert request.sentence.startswith(sentence) and (name == "translator" or request.sentence[9] == " ")
            trace = compute(request).trace
            assert trace["probabilities"].at(stop.index) == pytest.approx(one.probability, rel=1e-3, abs=1e-7)


async def test_what_cannot_be_written_is_said(opened):
    async with opened() as driver:
        await driver.press("slash")
        screen(driver).query_one("#bar #sentence").value = ""
        await driver.settle()
        assert driver.said("#notice") == "the sentence is empty: type a few words"
        assert screen(driver).state.found.prompt == SENTENCE
        screen(driver).query_one("#bar #sentence").value = SENTENCE * 30
        await driver.settle()
        assert driver.said("#notice") == "the sentence is 181 tokens long; proverbs reads the first 64"


def test_a_model_that_only_reads_says_so(monkeypatch):
    reader = of_one_stack("encoder_only", decoder_layers=0)
    monkeypatch.setattr(generation_state, "model_called", lambda name: reader)
    result = generate(Wish("proverbs", SENTENCE, all_settings({})))
    assert result.found is None and "reads and does not write" in result.error


async def test_another_language_keeps_the_step(opened):
    async with opened(size=WIDE, strategy="beam") as driver:
        await driver.press("n", "n", "down", "f2")
        await driver.pilot.pause()
        state = screen(driver).state
        assert (state.number, state.place) == (2, 1)
        assert "束搜索" in driver.text() and "候选" in " ".join(driver.hints)
        assert listed(driver)[0][-1] == "留下"


async def test_a_foreign_sentence_is_no_markup(opened):
    async with opened(sentence="[bold]马[/x]") as driver:
        assert "[bold]马[/x]" in driver.text()
        await driver.press("n", "s", "right", "n")


def test_settings_between_two_of_a_dials_values_have_their_place():
    from tutor.app.dials import SETTINGS

    by_name = {setting.name: setting for setting in SETTINGS}
    assert 0.35 in by_name["temperature"].with_value(0.35)
    values = by_name["top_k"].with_value(17)
    assert values[-1] == 0 and list(values[:-1]) == sorted(values[:-1]) and 17 in values
    assert np.allclose(by_name["top_p"].values[-1], 1)


@pytest.mark.parametrize("width", [80, 120])
def test_a_long_answer_leaves_room_for_its_score(width):
    found = model_called("translator").generate("I like 你好 😀 [MASK] cats")
    heading = answer_heading(found, width)
    assert cell_len(heading) <= width - 2 and "score " in heading and "probability" in heading and "\x1b" not in heading
    assert heading.startswith("▸ 我") and ("…" in heading) == (cell_len(answer_heading(found, 500)) > width - 2)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_heading_of_a_step_shows_the_end_of_what_it_follows(lang):
    prefix = "我明天想和我的朋友一起去电影院" * 4
    set_language(lang)
    heading = step_heading(SimpleNamespace(number=3, steps=range(9)), [prefix], 80)
    assert cell_len(heading) in (77, 78) and "4/9" in heading and "…" in heading and "起去电影院" in heading
