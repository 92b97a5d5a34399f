"""Temperature, top-k and top-p: which tokens stay, and how likely each becomes."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.engine.choosing import Decoding, DecodingError, best_places, chances_of, draw

SHARES = np.array([0.1, 0.4, 0.05, 0.2, 0.25], dtype=np.float32)


def chances(**settings):
    return chances_of(SHARES, Decoding("sample", **settings))


def test_untouched_chances_are_the_probabilities():
    np.testing.assert_allclose(chances(), SHARES, atol=1e-7)
    np.testing.assert_allclose(chances_of(SHARES, Decoding("beam")), SHARES)
    np.testing.assert_array_equal(chances_of(SHARES, Decoding("greedy")), [0, 1, 0, 0, 0])


def test_temperature_is_the_softmax_of_the_divided_logits():
    logits = np.log(SHARES.astype(np.float64))
    for temperature in (0.1, 0.5, 2.0, 30.0):
        powers = np.exp(logits / temperature)
        np.testing.assert_allclose(chances(temperature=temperature), powers / powers.sum(), rtol=1e-6)
    np.testing.assert_allclose(chances(temperature=1e9), 0.2, atol=1e-6)
    for coldest in (0, 1e-300, 1e-5):
        np.testing.assert_array_equal(chances(temperature=coldest), [0, 1, 0, 0, 0])


@pytest.mark.parametrize(
    ("settings", "support"),
    [
        ({"top_k": 1}, {1}),
        ({"top_k": 3}, {1, 3, 4}),
        ({"top_k": 5}, {0, 1, 2, 3, 4}),
        ({"top_k": 99}, {0, 1, 2, 3, 4}),
        ({"top_p": 0.3}, {1}),
        ({"top_p": 0.5}, {1, 4}),
        ({"top_p": 0.7}, {1, 3, 4}),
        ({"top_p": 0.99}, {0, 1, 2, 3, 4}),
        ({"top_k": 3, "top_p": 0.6}, {1, 4}),  # of the three that are left these two have 0.65 / 0.85
        ({"top_p": 0.5, "temperature": 0.4}, {1}),  # the temperature comes first
    ],
)
def test_supports(settings, support):
    found = chances(**settings)
    assert set(np.flatnonzero(found)) == support
    kept = sorted(support)
    powers = SHARES[kept].astype(np.float64) ** (1 / settings.get("temperature", 1.0))
    np.testing.assert_allclose(found[kept], powers / powers.sum(), rtol=1e-6)


def test_of_equal_tokens_the_first_ones_stay():
    even = np.full(6, 1 / 6)
    assert set(np.flatnonzero(chances_of(even, Decoding("sample", top_k=2)))) == {0, 1}
    assert set(np.flatnonzero(chances_of(even, Decoding("sample", top_p=0.4)))) == {0, 1, 2}
    assert best_places(np.array([1.0, 3.0, 3.0, 2.0, 3.0]), 2) == [1, 2]
    assert best_places(np.array([1.0, 3.0]), 9) == [1, 0]


@given(
    st.lists(st.floats(0, 1, width=32), min_size=1, max_size=30).filter(lambda row: sum(row) > 1e-3),
    st.floats(0, 50),
    st.integers(0, 40),
    st.floats(0, 1, exclude_min=True),
    st.floats(0, 1, exclude_max=True),
)
def test_chances_sum_to_one_and_only_what_has_a_chance_is_drawn(row, temperature, top_k, top_p, number):
    row = np.array(row) / sum(row)
    found = chances_of(row, Decoding("sample", temperature=temperature, top_k=top_k, top_p=top_p))
    assert found.sum() == pytest.approx(1) and (found >= 0).all()
    assert found[draw(found, number)] > 0
    assert found[np.argmax(row)] > 0
    if top_k:
        assert np.count_nonzero(found) <= top_k


def test_a_number_falls_on_the_token_whose_stretch_it_is_in():
    found = np.array([0.0, 0.25, 0.0, 0.75, 0.0])
    assert [draw(found, number) for number in (0.0, 0.2499, 0.25, 0.5, math.nextafter(1, 0))] == [1, 1, 3, 3, 3]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"strategy": "best"}, "strategy: must be one of greedy, beam, sample, not 'best'"),
        ({"beams": 0}, "beams: must be a whole number of at least 1, not 0"),
        ({"beams": 2.5}, "beams: must be a whole number"),
        ({"beams": True}, "beams: must be a whole number"),
        ({"beams": 10**6}, "beams: must be at most 256"),
        ({"top_k": -1}, "top_k: must be a whole number of at least 0"),
        ({"seed": -1}, "seed: must be"),
        ({"temperature": -0.1}, "temperature: must be a number of at least 0, not -0.1"),
        ({"temperature": math.nan}, "temperature: must be a number"),
        ({"temperature": math.inf}, "temperature: must be a number"),
        ({"temperature": "hot"}, "temperature: must be a number of at least 0, not 'hot'"),
        ({"length_penalty": -1}, "length_penalty: must be"),
        ({"top_p": 0}, "top_p: must be a number above 0 and at most 1, not 0"),
        ({"top_p": 1.1}, "top_p: must be"),
        ({"top_p": None}, "top_p: must be"),
    ],
)
def test_settings_that_cannot_be(settings, said):
    with pytest.raises(DecodingError, match=f"^{said}"):
        Decoding(**settings)


def test_numbers_of_numpy_are_numbers():
    assert Decoding(beams=np.int64(3), temperature=np.float32(0.5), top_p=np.float64(0.9)).beams == 3
