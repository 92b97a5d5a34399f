"""A model that no lesson was written for: what home and the opened lesson say of it."""

import pytest
from safetensors.numpy import save_file
from textual.widgets import OptionList

from tests.models.test_hub import put
from tests.models.test_published import settings, tensors
from tutor.app.home_text import about_model
from tutor.app.model_info import info_of
from tutor.models import hub_cache


def said(driver):
    return [notification.message for notification in driver.app._notifications]


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_lesson_says_at_once_what_this_model_has_not(tutor, language):
    async with tutor(lesson="cross-attention", model="speaker", lang=language) as driver:
        (line,) = said(driver)
        assert "speaker" in line and ("built otherwise" in line if language == "en" else "结构不同" in line)
        assert "[" not in line


async def test_a_lesson_on_its_own_model_says_nothing(tutor):
    async with tutor(lesson="the-loss") as driver:
        assert said(driver) == []


async def test_an_encoders_matrix_is_found_in_a_decoder(tutor):
    async with tutor(lesson="scores-and-scaling", model="speaker") as driver:
        assert said(driver) == []
        assert driver.here.node == "decoder.0.self_attention.scores"


def test_home_names_a_published_model(tmp_path):
    settings(tmp_path)
    save_file(tensors(), tmp_path / "model.safetensors")
    info = info_of(str(tmp_path))
    assert info.name == tmp_path.name and info.trained
    assert tmp_path.name in about_model(info, "en", wide=True).plain
    assert info_of("no-such-model") is None


async def test_a_downloaded_model_can_be_chosen(tutor, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    remote = tmp_path / "remote"
    remote.mkdir()
    settings(remote)
    save_file(tensors(), remote / "model.safetensors")
    for file in ("config.json", "model.safetensors"):
        put("some-people/tiny-llama", remote / file)
        put("some-people/unknown", remote / file)
    settings(hub_cache.cached("some-people/unknown"), model_type="mamba")
    async with tutor() as driver:
        await driver.press("f3")
        options = driver.app.screen.query_one(OptionList)
        names = [options.get_option_at_index(place).id for place in range(options.option_count)]
        assert names[-1] == "some-people/tiny-llama" and "some-people/unknown" not in names
        await driver.press("end", "enter")
        assert driver.app.chosen_model == "some-people/tiny-llama"
