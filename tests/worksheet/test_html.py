"""The HTML stands alone: no script, nothing from the network, and no foreign text is markup."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.worksheet.pages import Page, foreign
from tutor.course.lesson_file import load_lesson
from tutor.display.safe import safe
from tutor.worksheet.html import key_html, sheet_html, words
from tutor.worksheet.make import Wanted, make_worksheet

HARMLESS = {
    "html", "head", "meta", "title", "style", "body", "main", "section", "div", "span", "p", "h1", "h2", "dl", "dt",
    "dd", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "sup", "b", "strong", "em", "code", "pre",
    "br", "hr", "blockquote", "h3", "h4", "h5", "h6",
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "msub", "msup", "msubsup", "munder",
    "mover", "munderover", "mtable", "mtr", "mtd",
}  # fmt: skip
LOADING = {"src", "href", "srcset", "data", "action", "background", "poster", "style"}


def checked(html: str) -> Page:
    page = Page(html)
    for tag, attributes in page.tags:
        assert tag in HARMLESS, tag
        assert not LOADING & set(attributes) and not any(name.startswith("on") for name in attributes)
    return page


@pytest.fixture(scope="module")
def masks():
    return make_worksheet(load_lesson("masks"), "en", Wanted())


def test_the_sheet_stands_alone(masks):
    page = checked(sheet_html(masks))
    assert "http" not in page.text and "url(" not in sheet_html(masks) and "@import" not in sheet_html(masks)
    assert "default-src 'none'" in sheet_html(masks)
    assert "math" in {tag for tag, _attributes in page.tags}
    assert {"1", "2", "3"} <= set(page.of_class("td box"))


def test_the_key_is_a_page_of_its_own_or_the_last_of_the_sheet(masks):
    sheet, both, key = checked(sheet_html(masks)), checked(sheet_html(masks, True)), checked(key_html(masks))
    assert [one.tags.count(("section", {"class": "key"})) for one in (sheet, both, key)] == [0, 1, 1]
    assert not sheet.of_class("td answer") and key.of_class("td answer") == both.of_class("td answer") != []
    assert "break-before: page" in sheet_html(masks, True)


def test_a_sheet_says_its_language():
    sheet = make_worksheet(load_lesson("masks"), "zh", Wanted())
    assert '<html lang="zh-Hans">' in sheet_html(sheet) and "掩码" in sheet_html(sheet)


def test_a_lessons_words_keep_their_marks_and_lose_what_would_load():
    said = words("**bold** *slanted* `a<b`\n\n- one\n\n[x](http://a) ![y](http://b) <script>1</script> $d_k$")
    assert "<strong>bold</strong>" in said and "<em>slanted</em>" in said and "<li>" in said and "<math" in said
    page = checked(said)
    assert "[x](http://a)" in page.text and "<script>1</script>" in page.text


def test_a_line_break_in_chinese_is_no_space():
    assert "一句话，分两行" in words("一句话，\n分两行")
    assert "two\nlines" in words("two\nlines")


@given(st.text(max_size=40))
@example("<script>alert(1)</script>")
@example('"><img src=x onerror=alert(1)>')
@example("&lt;b&gt; ]]> --> \x00\x1b[31m\u202e\ud800")
def test_foreign_text_is_never_markup(text):
    page = checked(sheet_html(foreign(text), True))
    shown = page.of_class("td")[0]
    # A parser may make one line end of another; `safe` leaves none.
    assert shown == safe(text)
    assert page.cells.count(("th", safe(text))) >= 4


MARKS = st.sampled_from(["**", "*", "`", "<b>", "$", "[a](b)", "\n", "- ", "x", "![", "我"])


@given(st.text(max_size=40) | st.lists(MARKS, max_size=12).map("".join))
def test_a_lessons_words_are_never_html(text):
    checked(words(text))


def test_a_small_table_between_fences_keeps_its_columns():
    assert words("```\nself   n × n\ncross  <m> × n\n```") == "<pre>self   n × n\ncross  &lt;m&gt; × n</pre>"
