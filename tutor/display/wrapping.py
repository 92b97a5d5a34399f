"""Where a line of prose may be broken: English between words, Chinese between characters, no full stop torn off."""

from __future__ import annotations

import re

from rich.cells import cell_len
from rich.text import Text

WIDE = "\u2e80-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uffee"
_CLOSING = r"，。；：？！、）》」』”’…,.;:?!)\]"
_OPENING = r"（《「『“‘(\["
# What may not be torn apart: a wide character with what opens before it and closes after it, or a word.
_UNIT = re.compile(rf"[{_OPENING}]*(?:[{WIDE}]|[^\s{WIDE}]+)[{_CLOSING}]*|\s+")


def breaks(text: str, width: int, indent: int = 0) -> list[int]:
    """Where lines of at most `width` cells begin, the first aside; lines after the first start `indent` cells in."""
    cuts, column = [], 0
    for unit in _UNIT.finditer(text):
        size = cell_len(unit.group())
        if column and column + cell_len(unit.group().rstrip()) > width and not unit.group().isspace():
            cuts.append(unit.start())
            column = indent
        column += size
    return cuts


def wrapped(text: Text, width: int, indent: int = 0) -> Text:
    """The text broken into lines of at most `width` cells; lines after the first start `indent` cells in."""
    cuts = breaks(text.plain, width, indent)
    lines = list(text.divide(cuts)) if cuts else [text]
    for line in lines:
        line.rstrip()
    return Text("\n" + " " * indent, end="").join(lines)
