"""A model that no lesson was written for: what home and the opened lesson say of it."""

import pytest
from safetensors.numpy import save_file

from tests.models.test_published import settings, tensors
from tutor.app.dialogs.model import info_of
from tutor.app.home_text import about_model


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
