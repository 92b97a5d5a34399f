"""Matrices and Markdown as plain lines."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tutor.plain.markdown import flattened, wrapped
from tutor.plain.matrix import Sheet, sheet_lines

words = st.text(min_size=0, max_size=20)


def sheet(rows, columns, **keywords):
    values = np.arange(len(rows) * len(columns), dtype=float).reshape(len(rows), len(columns)) / 7
    return Sheet(values, rows, columns, **keywords)


def test_columns_stand_under_their_labels_whatever_their_width():
    lines = sheet_lines(sheet(["我", "am", "👍"], ["学生", "a", "I"], chosen=(1, 2)), 80)
    ends = [cell_len(line.rstrip("] ")) for line in lines]
    assert len(set(ends)) == 1
    assert "[0.71]" in lines[2]


def test_blanks_are_question_marks():
    lines = sheet_lines(sheet(["a", "b"], ["c", "d"], blanks=[(0, 1)], chosen=(0, 1)), 80)
    assert "[?]" in lines[1] and "?" not in lines[2]


def test_what_does_not_fit_is_counted():
    many = [str(number) for number in range(500)]
    lines = sheet_lines(sheet(many, many, chosen=(400, 321)), 60, most_rows=10)
    assert "of 500" in lines[-1] and "rows" in lines[-1] and "columns" in lines[-1]
    assert any("[" in line for line in lines[:-1])
    assert len(lines) == 12


def test_two_parts_are_printed_whole():
    lines = sheet_lines(sheet(["r"], [f"c{number}" for number in range(12)]), 60)
    assert "of 12" not in lines[-1] and sum("r " in line for line in lines) == 2


@given(
    st.lists(words, min_size=1, max_size=6),
    st.lists(words, min_size=1, max_size=40),
    st.integers(40, 120),
    st.data(),
)
def test_no_line_is_too_wide_and_nothing_foreign_gets_through(rows, columns, width, data):
    chosen = data.draw(st.tuples(st.integers(0, len(rows) - 1), st.integers(0, len(columns) - 1)))
    for line in sheet_lines(sheet(rows, columns, chosen=chosen), width)[:-1]:
        assert cell_len(line) <= width
        assert line.isprintable() or not any(character < " " or "\x7f" <= character < "\xa0" for character in line)


def test_markdown_loses_its_marks_and_nothing_else():
    text = "This is **bold**, *thin* and `code [MASK]`.\n\n- one\n- two\n  1. three\n\nLast $\\frac{a}{b}$ [/] here."
    assert list(flattened(text, 80)) == [
        "This is bold, thin and code [MASK].",
        "- one",
        "- two",
        "  1. three",
        "",
        "Last a / b [/] here.",
    ]


def test_chinese_breaks_between_characters_but_not_before_a_full_stop():
    lines = wrapped("这是一段很长的中文,没有空格。" * 3, 20)
    assert all(cell_len(line) <= 22 for line in lines)
    assert not any(line[0] in ",。" for line in lines)


@given(st.text(max_size=300), st.integers(10, 100))
def test_wrapping_keeps_every_character(text, width):
    def bare(string):
        return "".join(string.split(" "))

    assert bare("".join(wrapped(text, width))) == bare(text)


@pytest.mark.parametrize("text", ["", "   ", "\n", "# ", "$", "$$", "- ", "[a](b)", "<b>x</b>", "![x](y)"])
def test_odd_markdown_is_no_error(text):
    list(flattened(text, 40))
