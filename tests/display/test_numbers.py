import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tutor.display.numbers import cell, choose_format, number

any_float = st.floats(allow_nan=True, allow_infinity=True, width=64)


@given(arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 5)), elements=any_float), st.booleans())
def test_a_cell_fits_and_never_hides_a_number(values: np.ndarray, signed: bool) -> None:
    form = choose_format(values, signed=signed)
    for value in values.flat:
        text = form(value)
        assert len(text) <= max(form.width, 7 + signed)
        if value == 0:
            assert text == "0"
        elif math.isfinite(value):
            plain = text.replace("~0", "").strip("+-0.")
            assert plain or "~" in text


@given(arrays(np.float32, 12, elements=st.floats(-100, 100, width=32)))
def test_everyday_numbers_keep_their_column(values: np.ndarray) -> None:
    form = choose_format(values)
    assert all(len(form(value)) <= form.width <= 8 for value in values)


@given(any_float)
def test_prose_never_hides_a_number(value: float) -> None:
    text = number(value)
    if math.isfinite(value) and value != 0:
        assert text.strip("+-0.,")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.8234, 0.11, -0.4, 1.2749], ["0.82", "0.11", "-0.40", "1.27"]),
        ([1, 0, -3], ["1", "0", "-3"]),
        ([5.0, 6.0, 0.0, 7.0], ["5", "6", "0", "7"]),
        ([0.5, -np.inf, np.nan, np.inf], ["0.50", "-∞", "nan", "∞"]),
        ([0.6, 0.4, 0.0, 1e-9], ["0.60", "0.40", "0", "~0"]),
        ([0.6, -1e-9, -0.0], ["0.60", "~0", "0"]),
        ([0.021, -0.034, 0.008], ["0.021", "-0.034", "0.008"]),
        ([1.5e-7, -2e-8], ["1.50e-7", "-2.00e-8"]),
        ([123.456, 7.5], ["123.46", "7.50"]),
        ([12345.6, 7.25], ["12345.6", "7.2"]),
        ([3.2e9, 1.0], ["3.20e9", "1.00e0"]),
    ],
)
def test_a_matrix_has_one_format(values: list[float], expected: list[str]) -> None:
    form = choose_format(np.array(values, dtype=np.float64))
    assert [form(value) for value in values] == expected


def test_a_difference_shows_its_sign() -> None:
    values = np.array([0.25, -0.5, 0.0])
    form = choose_format(values, signed=True)
    assert [form(value) for value in values] == ["+0.25", "-0.50", "0"]
    assert form.width == 5


def test_integers_booleans_and_single_cells() -> None:
    assert [choose_format(np.array([True, False]))(value) for value in (True, False)] == ["1", "0"]
    assert cell(28000) == "28000"
    assert cell(0.25) == "0.25"
    assert choose_format(np.zeros((0, 3))).width == 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.2690, "1.27"),
        (0.03124, "0.0312"),
        (1.23e-7, "1.23e-7"),
        (1e-7, "1e-7"),
        (28000, "28,000"),
        (-np.inf, "-∞"),
        (0.0, "0"),
        (0.5, "0.500"),
        (48, "48"),
        (123.456, "123"),
    ],
)
def test_prose(value: float, expected: str) -> None:
    assert number(value) == expected
