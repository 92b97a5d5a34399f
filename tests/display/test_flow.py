"""Words set off in a question or an answer."""

import pytest

from tutor.display.flow import emphasis, markdown


@pytest.mark.parametrize(
    ("source", "plain", "strong"),
    [
        ("The **logits** come first, then **softmax**.", "The logits come first, then softmax.", ["logits", "softmax"]),
        ("用**温度（temperature）**来除", "用温度（temperature）来除", ["温度（temperature）"]),
        ("2 ** 3 and x**2", "2 ** 3 and x**2", []),
        ("e^(z) * 2 [bold]_a_", "e^(z) * 2 [bold]_a_", []),
        ("", "", []),
    ],
)
def test_only_words_between_two_pairs_of_stars_are_set_off(source, plain, strong):
    text = emphasis(source, "italic")
    assert text.plain == plain and text.style == "italic"
    assert [text.plain[span.start : span.end] for span in text.spans if span.style == "bold"] == strong


def test_a_foreign_text_is_made_safe():
    assert "\x1b" not in emphasis("a \x1b[31m **b**").plain


def test_a_small_table_between_fences_keeps_its_columns():
    shown = markdown("Three places:\n\n```\nself   n × n\ncross  m × n\n```\n\nCount.", 40).plain.split("\n")
    assert shown == ["Three places:", "", "self   n × n", "cross  m × n", "", "Count."]
