"""A lesson's Markdown as plain lines: marks taken off, paragraphs wrapped to the width of the terminal in cells."""

from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.cells import cell_len

from tutor.display.formula import linear
from tutor.display.safe import safe

# Kept off the beginning of a line in Chinese text.
CLOSING = frozenset("，。、；：！？）】》」』”’….,;:!?)]}")


def flattened(text: str, width: int) -> Iterator[str]:
    """The lines of a Markdown text, none wider than `width` where its words allow it."""
    first, prefix, depth, counters = True, "", 0, []
    for token in MarkdownIt().parse(text):
        if token.type in ("bullet_list_open", "ordered_list_open"):
            counters.append(int(token.attrGet("start") or 1) if token.type.startswith("ordered") else 0)
            depth += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            counters.pop()
            depth -= 1
            prefix = ""
        elif token.type == "list_item_open":
            prefix = f"{counters[-1]}. " if counters[-1] else "- "
            counters[-1] += counters[-1] > 0
        elif token.type in ("inline", "fence", "code_block"):
            if not first and not depth:
                yield ""
            first = False
            indent = "  " * max(0, depth - 1)
            yield from _block(token, indent + prefix, indent + " " * len(prefix), width)
            prefix = " " * len(prefix) if depth else ""


def _block(token: Token, first: str, rest: str, width: int) -> Iterator[str]:
    if token.type != "inline":
        for line in token.content.rstrip("\n").split("\n"):
            yield rest + "  " + safe(line)
        return
    for number, line in enumerate(wrapped(_inline(token), width - cell_len(first))):
        yield (rest if number else first) + line


def _inline(token: Token) -> str:
    pieces = []
    for child in token.children or ():
        if child.type in ("text", "code_inline"):
            pieces.append(_formulas(child.content) if child.type == "text" else child.content)
        elif child.type in ("softbreak", "hardbreak"):
            # A line break inside Chinese text is no space.
            pieces.append("" if pieces and cell_len(pieces[-1][-1:]) == 2 else " ")
        elif child.type == "image":
            pieces.append(child.content)
    return safe("".join(pieces))


def _formulas(text: str) -> str:
    """Text in which `$…$` is written out in one line."""
    parts = text.split("$")
    if len(parts) % 2 == 0:
        return text
    return "".join(linear(part) if place % 2 else part for place, part in enumerate(parts))


def wrapped(text: str, width: int) -> list[str]:
    """Text broken into lines of at most `width` cells: at spaces, and between Chinese characters."""
    lines, line, room = [], "", max(width, 8)
    for piece in _pieces(text):
        size = cell_len(piece)
        if line and cell_len(line.rstrip(" ")) + size > room and piece[0] not in CLOSING and piece != " ":
            lines.append(line.rstrip(" "))
            line = ""
        if line or piece != " ":
            line += piece
    return [*lines, line.rstrip(" ")] if line.rstrip(" ") else lines or [""]


def _pieces(text: str) -> Iterator[str]:
    """Words, single spaces, and wide characters one by one."""
    word = ""
    for character in text:
        if character == " " or cell_len(character) == 2:
            if word:
                yield word
            word = ""
            yield character
        else:
            word += character
    if word:
        yield word
