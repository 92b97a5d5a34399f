"""Foreign text made safe for a terminal, and cut or padded to a width in terminal cells.

A sentence, a lesson or a token of someone's vocabulary may hold anything. After `safe` it holds no control
character, no bidirectional override and no half of a surrogate pair: each of these is shown by a visible stand-in.
"""

import re
import unicodedata
from typing import Literal

from rich.cells import cell_len, split_graphemes
from rich.style import Style
from rich.text import Text

Align = Literal["left", "right", "center"]

ELLIPSIS = "…"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
DOTTED_CIRCLE = "\N{DOTTED CIRCLE}"
ZERO_WIDTH_JOINER = "\N{ZERO WIDTH JOINER}"
ZERO_WIDTH_NON_JOINER = "\N{ZERO WIDTH NON-JOINER}"
LONGEST_RUN_OF_MARKS = 16

_STAND_INS = {code: chr(0x2400 + code) for code in range(0x20)}
_STAND_INS |= {code: REPLACEMENT for code in range(0x80, 0xA0)}
_STAND_INS |= {
    0x09: "⇥",
    0x0A: "⏎",
    0x7F: "\N{SYMBOL FOR DELETE}",
    0x85: "⏎",
    0x2028: "⏎",
    0x2029: "⏎",
    0x2800: " ",
}
# Blank or invisible, though Unicode does not call them format characters.
_INVISIBLE = frozenset({0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0})
# All the characters that `safe` has to think about; text without one is returned as it is.
_SUSPECT = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u0300-\u036f\u0483-\u0489\u0591-\u061c\u064b-\u065f\u0670\u06d6-\u06ed\u070f-\u074a"
    "\u07a6-\u07b0\u07eb-\u07fd\u0816-\u109d\u115f\u1160\u135d-\u135f\u1712-\u180f\u18a9\u1920-\u1dff\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u20d0-\u20f0\u2800\u2cef-\u2cf1\u2d7f\u2de0-\u2dff\u302a-\u302f\u3099\u309a\u3164"
    "\ua66f-\uabed\ud800-\udfff\ufb1e\ufdd0-\ufdef\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\uffa0\ufff0-\uffff"
    "\U00010000-\U0010ffff]"
)


def safe(text: str) -> str:
    """The text with every control, override, invisible or broken character replaced by a visible stand-in."""
    if not _SUSPECT.search(text):
        return text
    pieces: list[str] = []
    marks = 0
    for index, character in enumerate(text):
        category = unicodedata.category(character)
        if category in ("Mn", "Me", "Mc") and ord(character) not in _INVISIBLE:
            marks += 1
            pieces.append(_mark(character, pieces, marks))
            continue
        marks = 0
        if category == "Cf" and _joins(text, index):
            pieces.append(character)
        else:
            pieces.append(_stand_in(character, category))
    return "".join(pieces)


def _mark(character: str, before: list[str], run: int) -> str:
    """A combining mark stays on its letter; one without a letter would sit on the neighbouring cell's."""
    if run > LONGEST_RUN_OF_MARKS:
        return "" if run > LONGEST_RUN_OF_MARKS + 1 else ELLIPSIS
    return DOTTED_CIRCLE + character if not before else character


def _stand_in(character: str, category: str) -> str:
    code = ord(character)
    if code in _STAND_INS:
        return _STAND_INS[code]
    if category == "Cs" or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
        return REPLACEMENT
    if category in ("Cf", "Cc", "Zl", "Zp") or code in _INVISIBLE:
        return f"⟨U+{code:04X}⟩"
    return character


def _joins(text: str, index: int) -> bool:
    """Whether a joiner (or an emoji's tag) does its proper work: inside an emoji family or a joining script."""
    character, code = text[index], ord(text[index])
    before = text[index - 1] if index else ""
    if 0xE0020 <= code <= 0xE007F:  # tags spell the region of a flag: England, Scotland, Wales
        flag = text[max(0, index - 7) : index].rfind("\N{WAVING BLACK FLAG}")
        return flag >= 0 and all(0xE0020 <= ord(tag) <= 0xE007E for tag in text[max(0, index - 7) + flag + 1 : index])
    if character not in (ZERO_WIDTH_JOINER, ZERO_WIDTH_NON_JOINER) or index + 1 >= len(text) or not before:
        return False
    after = text[index + 1]
    if 0x0600 <= ord(before) <= 0x0FFF:
        return 0x0600 <= ord(after) <= 0x0FFF and unicodedata.category(after)[0] == "L"
    return character == ZERO_WIDTH_JOINER and _is_emoji_part(before) and unicodedata.category(after) == "So"


def _is_emoji_part(character: str) -> bool:
    return unicodedata.category(character) in ("So", "Sk") or character == "\N{VARIATION SELECTOR-16}"


def safe_text(text: str, style: str | Style = "") -> Text:
    """Foreign text as a Rich `Text`: never read as markup, never a command to the terminal."""
    return Text(safe(text), style=style, end="")


def fit(text: str, cells: int) -> str:
    """The text, cut with … where it is wider than so many terminal cells. Never cuts a character in two."""
    if cells <= 0:
        return ""
    if cell_len(text) <= cells:
        return text
    # A character is at least one cell or leans on one that is, so the rest of a very long text is not measured.
    spans, _total = split_graphemes(text[: (cells + 2) * (LONGEST_RUN_OF_MARKS + 2)])
    used, end = 0, 0
    for _start, stop, width in spans:
        if used + width > cells - 1:
            break
        used, end = used + width, stop
    cut = text[:end] + ELLIPSIS
    while end and cell_len(cut) > cells:  # a measurement that depends on the neighbour
        end -= 1
        cut = text[:end] + ELLIPSIS
    return cut


def fit_end(text: str, cells: int) -> str:
    """The end of the text, with … before it where all of it is wider than so many terminal cells."""
    if cells <= 0:
        return ""
    if cell_len(text) <= cells:
        return text
    tail = text[-(cells + 2) * (LONGEST_RUN_OF_MARKS + 2) :]
    spans, _total = split_graphemes(tail)
    used, begin = 0, len(tail)
    for start, _stop, width in reversed(spans):
        if used + width > cells - 1:
            break
        used, begin = used + width, start
    return ELLIPSIS + tail[begin:]


def pad(text: str, cells: int, align: Align = "left") -> str:
    """The text in exactly so many terminal cells: cut with … or filled with spaces."""
    text = fit(text, cells)
    space = max(0, cells - cell_len(text))
    if align == "right":
        return " " * space + text
    if align == "center":
        return " " * (space // 2) + text + " " * (space - space // 2)
    return text + " " * space


def label(text: str, cells: int, align: Align = "left") -> str:
    """A foreign label in exactly so many terminal cells."""
    # Only the beginning can be seen, and a pasted label can be very long.
    return pad(safe(text[: (cells + 2) * (LONGEST_RUN_OF_MARKS + 2)]), cells, align)
