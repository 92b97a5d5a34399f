"""What is typed as a number, and when it is near enough."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tutor.course.answers import accepts, readings, shown, too_coarse


def right(expected: float, text: str) -> bool:
    return any(accepts(expected, answer) for answer in readings(text))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "1.27",
            "1.2698",
            "1.3",
            " 1.270 ",
            "+1.27",
            "=1.27",
            "1,27",
            "１．２７",
            "１，２７",
            "1。27",
            "127%",
            "1.27e0",
        ),
        *(
            "8.8/6.93",
            "8.80 / 6.93",
            "8.8÷6.93",
            "8.8／6.93",
            "８．８/６．９３",
            "8.7976/√48",
            "8.7976/sqrt(48)",
            "(4.4+4.4)/6.93",
        ),
    ],
)
def test_sensible_ways_to_write_a_number(text):
    assert right(1.2698, text)
    if "+" not in text.removeprefix("+") and "=" not in text:
        assert right(-1.2698, "−" + text.strip().removeprefix("+")), "with a true minus sign"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("exp(1.2)", 3.320117),
        ("e^1.2", 3.320117),
        ("e^-1.2", 0.301194),
        ("e^1.2 / (e^1.2 + e^0)", 0.768525),
        ("EXP(1)/2", 1.359141),
        ("ln 0.5", -0.693147),
        ("ln(0.5) + log(0.25)", -2.079442),
        ("-ln(0.5)", 0.693147),
        ("ln0.5*2", -1.386294),
        ("0.5^2", 0.25),
        ("-2^2", -4.0),
        ("(5+3)/6", 1.333333),
        ("-2.4/((5+3)/6)^0.6", -2.019527),
        ("√4^2", 4.0),
        ("2^3^2", 512.0),
        ("sin(2/10000^(2/6))", 0.092699),
        ("cos 2", -0.416147),
        ("tanh(0.3 + 0.2)", 0.462117),
    ],
)
def test_arithmetic_is_computed(text, value):
    (answer,) = readings(text)
    assert answer.computed and answer.value == pytest.approx(value, rel=1e-5)


@pytest.mark.parametrize("text", ["ln(0)", "ln -1", "(-2)^0.5", "exp(999)", "9^9^9", "0^-1", "exp", "e^", "2e^", "^2"])
def test_arithmetic_without_a_result_is_no_number(text):
    assert readings(text) == ()


@pytest.mark.parametrize("text", ["1.2", "1.26", "1", "1.28", "-1.27", "12.7", "8.8*6.93", "0", "1.2698.", "1.3.0"])
def test_what_is_not_near_enough(text):
    assert not right(1.2698, text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "abc", "1.2.3", "1/0", "(((", "1+", "/", "√-1", "sqrt(-1)", "nan", "1e999", "x" * 5000, "1" * 121,
     "__import__('os')", "9**9**9", "\x1b[31m1", "[b]1[/b]", "e", "%", "\ud800", "1 2"],
)  # fmt: skip
def test_what_is_no_number(text):
    assert readings(text) == ()


def test_infinity_and_zero():
    for text in ("-inf", "−∞", "-∞", "负无穷", "-infinity"):
        assert right(-math.inf, text) and not right(math.inf, text) and not right(-1e9, text)
    assert right(0.0, "0") and right(0.0, "-0") and right(1e-9, "0.00")
    assert not right(0.4, "0") and not right(-math.inf, "0")


def test_a_comma_may_separate_thousands():
    assert right(1234.5, "1,234.5") and right(1234, "1,234") and right(1.234, "1,234")


def test_one_digit_is_too_coarse_unless_it_is_the_number():
    (answer,) = readings("0.3")
    assert not accepts(0.3124, answer) and too_coarse(0.3124, answer)
    assert accepts(0.3001, answer) and right(7.0, "7") and not right(7.4, "7")


@given(st.text(max_size=60))
def test_reading_never_fails(text):
    for answer in readings(text):
        assert not math.isnan(answer.value)


numbers = st.floats(-1e6, 1e6).filter(lambda x: abs(x) > 1e-3)


@given(numbers, st.integers(2, 6))
def test_the_number_rounded_to_two_digits_or_more_is_right(expected, digits):
    text = f"{expected:#.{digits}g}"
    assert right(expected, text)
    assert right(expected, text.replace("-", "−"))
    if "e" not in text:
        assert right(expected, text.translate(str.maketrans("0123456789.-", "０１２３４５６７８９．－")))
        assert right(expected, text.replace(".", ","))


@given(numbers, st.floats(0.06, 10))
def test_a_number_that_is_off_by_more_than_rounding_is_wrong(expected, off):
    # Two digits round by at most 5 %.
    assert not right(expected, f"{expected * (1 + off):.6f}")
    assert not right(expected, f"{-expected:.6f}")


@given(numbers, numbers)
def test_a_fraction_is_the_number_it_makes(top, bottom):
    assume(1e-3 < abs(top / bottom) < 1e6)
    (answer,) = readings(f"{top:.9f}/{bottom:.9f}")
    assert answer.value == pytest.approx(top / bottom, rel=1e-4)


def test_numbers_in_sentences():
    assert [shown(x) for x in (1.26984, -0.5, 0.0, -0.0, 11.0, 1e-7, 123456.7, 123456.0, -1e3, -math.inf)] == [
        *("1.27", "−0.5", "0", "0", "11", "1e−7", "123500", "123456", "−1000", "−∞"),
    ]


@pytest.mark.parametrize("text", ["148416", "148,416", "148416.0", "4*192^2+5*192", "1.48e5"])
def test_whole_numbers_are_taken_to_the_nearest(text):
    assert any(accepts(148416, answer, whole=True) for answer in readings(text))


@pytest.mark.parametrize("text", ["148608", "148415", "148000", "4*192^2+4*192"])
def test_whole_numbers_near_by_are_others(text):
    assert not any(accepts(148416, answer, whole=True) for answer in readings(text))
    assert any(accepts(148416, answer) for answer in readings(text)), "as a measured number it would do"
