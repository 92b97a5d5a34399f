"""Prose in lines: a little Markdown, wrapped so that Chinese breaks between characters and English between words."""

from __future__ import annotations

import re
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.cells import cell_len
from rich.text import Text

from tutor.display.safe import safe
from tutor.display.wrapping import WIDE, wrapped

__all__ = ["emphasis", "markdown", "wrapped"]

_STYLES = {"strong_open": "bold", "em_open": "italic"}


def markdown(source: str, width: int) -> Text:
    """Markdown (paragraphs, lists, bold, italic, code) of a foreign text as wrapped lines, one blank between blocks."""
    blocks: list[Text] = []
    bullets: list[str] = []
    for token in _parser().parse("\n".join(safe(line) for line in source.split("\n"))):
        if token.type == "list_item_open":
            bullets.append(f"{token.info}{token.markup} " if token.info else "• ")
        elif token.type == "inline":
            bullet = bullets.pop() if bullets else ""
            body = Text(bullet, end="").append_text(_inline(token.children or []))
            blocks.append(wrapped(body, width, cell_len(bullet)))
        elif token.type in ("fence", "code_block"):
            blocks.append(Text(token.content.rstrip("\n"), end=""))
    return Text("\n\n", end="").join(blocks)


def emphasis(source: str, style: str = "", strong: str = "bold") -> Text:
    """One paragraph of a foreign text in which only **words set off like this** are marked up."""
    text = Text(style=style, end="")
    for place, piece in enumerate(re.split(r"\*\*(?=\S)(.+?)(?<=\S)\*\*", safe(source))):
        text.append(piece, style=strong if place % 2 else "")
    return text


def _inline(tokens: list[Token]) -> Text:
    text, styles = Text(end=""), []
    for token in tokens:
        if token.type in _STYLES:
            styles.append(_STYLES[token.type])
        elif token.type.endswith("_close") and styles:
            styles.pop()
        elif token.type == "softbreak":
            # In Chinese the end of a source line is no space.
            text.append("" if text.plain and re.match(rf"[{WIDE}]", text.plain[-1]) else " ")
        elif token.content:
            text.append(token.content, style=" ".join([*styles, *(["bold"] if token.type == "code_inline" else [])]))
    return text


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    return MarkdownIt("zero").enable(["emphasis", "backticks", "fence", "list", "newline", "escape"])
