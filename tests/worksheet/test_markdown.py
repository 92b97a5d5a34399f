"""The Markdown reads as tables, words and formulas, and no foreign text is markup."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.worksheet.pages import foreign, tokens
from tutor.course.lesson_file import load_lesson
from tutor.display.safe import safe
from tutor.worksheet.make import Wanted, make_worksheet
from tutor.worksheet.markdown import formula, key_markdown, plain, sheet_markdown, words


@pytest.fixture(scope="module")
def masks():
    return make_worksheet(load_lesson("masks"), "en", Wanted())


def test_the_sheet_has_tables_boxes_and_formulas(masks):
    text = sheet_markdown(masks)
    kinds = [token.type for token in tokens(text)]
    assert kinds.count("table_open") > 5 and not {"html_block", "html_inline", "link_open", "image"} & set(kinds)
    assert "| (1) \\_\\_\\_\\_ |" in text and r"$A = \mathrm{softmax}(\frac{Q K^\top}{\sqrt{d_k}})$" in text


def test_the_key_follows_the_sheet_or_stands_alone(masks):
    assert sheet_markdown(masks, True) == f"{sheet_markdown(masks)}\n---\n\n{key_markdown(masks)}"
    assert "(1) \\_" not in key_markdown(masks)


def test_a_lesson_loads_nothing():
    kinds = {token.type for token in tokens(words("[x](http://a) ![y](http://b) <b>no</b> **yes**"))}
    assert "strong_open" in kinds and not {"link_open", "image", "html_inline"} & kinds


def test_a_formula_that_cannot_be_read_is_text():
    assert formula(r"\frac{1}{2}") == r"$\frac{1}{2}$"
    assert "$" not in formula(r"\frac{1}{").replace("\\$", "")


@pytest.mark.parametrize(
    "text", ["# a", "1. a", "- a", "+ a", "> a", "www.a.org", "http://a.org", "@a", "    a", "==="]
)
def test_text_that_looks_like_markdown_is_text(text):
    kinds = {token.type for token in tokens(plain(text))}
    assert kinds <= {"paragraph_open", "inline", "text", "text_special", "paragraph_close"}


@given(st.text(max_size=40))
@example("|a|`b`*c*_d_~e~$f$<g>&amp;[h](i)!@\\|")
@example("\\")
def test_foreign_text_is_never_markup(text):
    shown = " ".join(safe(text).split())
    rows: list[str] = []
    for token in tokens(sheet_markdown(foreign(text), True)):
        assert token.type not in {"html_block", "html_inline", "link_open", "image", "code_inline", "s_open", "em_open"}
        if token.type == "inline":
            rows.append("".join(child.content for child in token.children or ()))
    # The matrix of the sheet and that of the key: a label above, one before the row, and the cell.
    assert rows.count(shown) >= 6
