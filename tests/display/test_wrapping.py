"""Lines of prose: none too wide, none begins with a full stop, and no character is lost."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tutor.display.wrapping import breaks

CHINESE = "从你敲下的字母到下一个词的概率，每一站停一次。Transformer 的每个数（都）能走回来！"


def lines(text: str, width: int) -> list[str]:
    cuts = [0, *breaks(text, width), len(text)]
    return [text[start:stop].rstrip() for start, stop in zip(cuts, cuts[1:], strict=False)]


def test_chinese_breaks_between_characters_and_never_before_a_full_stop():
    for width in range(20, 80):
        broken = lines(CHINESE, width)
        assert max(map(cell_len, broken)) <= width
        assert not any(line[:1] in "，。！）" for line in broken)


def test_english_breaks_between_words():
    assert lines("the cat sat on the mat", 7) == ["the cat", "sat on", "the mat"]
    assert lines("incomprehensibilities", 5) == ["incomprehensibilities"]


@given(st.text(alphabet="ab 。，马 （）\n.", max_size=60), st.integers(1, 30))
def test_no_character_is_lost(text, width):
    assert [*"".join(lines(text, width)).replace(" ", "")] == [c for c in text if c != " "] or "\n" in text


def test_a_bracket_stays_with_what_it_encloses():
    assert lines("一二三 [默认：四]", 8) == ["一二三", "[默认：", "四]"]
