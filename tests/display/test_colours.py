import numpy as np
import pytest
from rich.color import ColorSystem

from tutor.display.colours import LEVELS, contrast, depth_of, luminance, scale_for
from tutor.display.no_colour import no_colour

BRIGHT_CYAN = 14
BACKGROUNDS = {True: ["#121212", "#000000", "#1e1e2e", "#272822"], False: ["#ffffff", "#e8e8e8", "#f5f0e0"]}


def themes():
    return [(dark, background) for dark, all_of in BACKGROUNDS.items() for background in all_of]


@pytest.mark.parametrize(("dark", "background"), themes())
@pytest.mark.parametrize("kind", ["diverging", "sequential"])
def test_numbers_stay_legible_and_lightness_keeps_the_order(dark, background, kind) -> None:
    scale = scale_for(np.array([-1.0, 1.0]), dark=dark, background=background, kind=kind)
    for side in (-1, 1):
        shades = [background]
        for level in range(1, LEVELS + 1):
            style = scale.styles[LEVELS + side * level]
            shade, text = style.bgcolor.name, style.color.name
            assert contrast(shade, text) >= 4.5
            shades.append(shade)
        lights = [luminance(shade) for shade in shades]
        assert lights == sorted(lights, reverse=not dark)
        assert len(set(shades)) == LEVELS + 1


def test_both_sides_are_as_light_at_the_same_distance() -> None:
    scale = scale_for(np.array([-2.0, 2.0]))
    for level in range(1, LEVELS + 1):
        low, high = (scale.styles[LEVELS + side * level].bgcolor.name for side in (-1, 1))
        assert contrast(low, high) < 1.25
        red_low, red_high = int(low[1:3], 16), int(high[1:3], 16)
        blue_low, blue_high = int(low[5:], 16), int(high[5:], 16)
        assert red_low <= red_high and blue_low >= blue_high


def test_levels() -> None:
    scale = scale_for(np.array([-2.0, 0.0, 1.0, np.nan, -np.inf]))
    assert (scale.kind, scale.limit) == ("diverging", 2.0)
    assert scale.level(-2) == -LEVELS and scale.level(0) == 0 and 0 < scale.level(1) < LEVELS
    assert scale.level(np.nan) == scale.level(-np.inf) == 0
    assert scale.level(np.inf) == scale.level(99) == LEVELS
    assert scale_for(np.array([0.1, 0.9])).kind == "sequential"
    assert scale_for(np.zeros((0, 4))).level(3.0) == 0


def test_little_colour() -> None:
    sixteen = scale_for(np.array([-1.0, 1.0]), depth="16")
    assert {style.bgcolor for style in sixteen.styles} == {None}
    named = sixteen.style(-1.0).color.downgrade(ColorSystem.STANDARD)
    assert named.number == BRIGHT_CYAN and sixteen.style(1.0).bold
    assert all(not style for style in scale_for(np.array([-1.0, 1.0]), depth="none").styles)
    assert [depth_of(system) for system in ("truecolor", "256", "standard", None)] == ["full", "full", "16", "none"]


def test_no_colour(monkeypatch) -> None:
    assert no_colour({"NO_COLOR": "1"}) and no_colour({"TERM": "dumb"})
    assert not no_colour({"NO_COLOR": ""}) and not no_colour({"TERM": "xterm"})
    monkeypatch.setattr("tutor.display.no_colour._AT_START", False)
    monkeypatch.setenv("NO_COLOR", "1")
    assert no_colour()
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert not no_colour()
