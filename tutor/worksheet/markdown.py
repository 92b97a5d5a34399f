"""A worksheet as Markdown: tables as GitHub draws them, formulas as `$…$`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tutor.display.formula import linear
from tutor.display.language import _
from tutor.display.latex import LatexError, read
from tutor.display.safe import safe
from tutor.worksheet.blocks import (
    Answer,
    Answers,
    Block,
    Choices,
    Formula,
    Grid,
    GridCell,
    Heading,
    Note,
    Widths,
    Words,
    Worksheet,
    WritingLines,
    parts,
)

LETTERS = "ABCDEF"
PAGE = Widths(character=1, padding=3, box=8, room=100)  # characters
BOX = "\\_\\_\\_\\_"
LINE = "\\_" * 60
_ANYWHERE = re.compile(r"[\\`*_\[\]<>|~$&!@]|:(?=/)|(?<=www)\.", re.IGNORECASE)
_AT_THE_BEGINNING = re.compile(r"^(?:[#+=-]|(\d{1,9})([.)]))")


def sheet_markdown(sheet: Worksheet, with_key: bool = False) -> str:
    """The sheet, and after it the key if that is wanted."""
    head = [f"# {plain(sheet.title)}", plain(sheet.summary), *_facts(sheet)]
    head.append(f"{plain(_('Name'))} {LINE[:48]} {plain(_('Date'))} {LINE[:24]}")
    key = ["---", key_markdown(sheet)] if with_key else []
    return _joined([*head, *_blocks(sheet.sheet), *key])


def key_markdown(sheet: Worksheet) -> str:
    """The key alone."""
    return _joined([f"# {plain(_('Key: {0}').format(sheet.title))}", *_facts(sheet), *_blocks(sheet.key)])


def _joined(paragraphs: Iterable[str]) -> str:
    return "\n\n".join(paragraph.strip("\n") for paragraph in paragraphs if paragraph.strip()) + "\n"


def _facts(sheet: Worksheet) -> list[str]:
    return ["  \n".join(f"**{plain(name)}** {plain(value)}" for name, value in sheet.facts)]


def _blocks(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Heading(number, text):
            yield f"## {number}. {plain(text)}"
        case Words(markdown):
            yield words(markdown)
        case Note(text):
            yield plain(text)
        case Formula(latex):
            yield formula(latex)
        case Grid():
            yield from _grid(block)
        case Choices():
            yield _choices(block)
        case Answers(items):
            yield "\n".join(line for item in items for line in _answer(item))
        case WritingLines(count):
            yield "\n\n".join([LINE] * count)


def _grid(grid: Grid) -> Iterator[str]:
    yield f"**{plain(grid.title)}**"
    for part in parts(grid, PAGE):
        lines = [_row("", map(plain, part.columns)), _row(":--", ("--:" for _column in part.columns))]
        rows = zip(part.rows, part.cells, strict=True)
        yield "\n".join([*lines, *(_row(plain(label), map(_cell, cells)) for label, cells in rows)])
        if part.note:
            yield plain(part.note)


def _row(first: str, others: Iterable[str]) -> str:
    return f"| {' | '.join([first, *others])} |"


def _cell(cell: GridCell) -> str:
    if cell.blank is not None:
        return f"({cell.blank}) {BOX}" if cell.blank else BOX
    text = plain(cell.text)
    return f"**{text}**" if cell.mark in ("answer", "slip") else f"*{text}*" if cell.mark == "look" else text


def _choices(block: Choices) -> str:
    lines = []
    for place, text in enumerate(block.items):
        sign = "[ ]" if block.right is None else "✓" if place == block.right else "✗"
        lines.append(f"- {sign} {LETTERS[place]}. {_continued(words(text))}")
        if block.why:
            lines.append(f"  {_continued(words(block.why[place]))}")
    return "\n".join(lines)


def _continued(text: str) -> str:
    """Words inside a list's item."""
    return text.replace("\n", "\n  ")


def _answer(answer: Answer) -> Iterator[str]:
    arithmetic = f" = {formula(answer.arithmetic)}" if answer.arithmetic else ""
    value = f"**{plain(answer.value)}**" if answer.value else BOX
    yield f"- ({answer.blank}) {plain(answer.cell)}{arithmetic} = {value}"
    for slip in answer.slips:
        yield f"  - ✗ {plain(slip)}"


def formula(latex: str) -> str:
    """`$…$`; a formula that cannot be read whole is a line of text instead."""
    try:
        complete = read(latex).complete
    except (LatexError, RecursionError):
        complete = False
    if not complete or "$" in latex:
        return plain(linear(latex))
    return f"${' '.join(safe(' '.join(latex.split())).split())}$"


def plain(text: str) -> str:
    """Foreign text: every sign that Markdown, or what GitHub makes of it, could take for its own is escaped."""
    text = _ANYWHERE.sub(lambda sign: "\\" + sign.group(), " ".join(safe(text).split()))
    return _AT_THE_BEGINNING.sub(lambda sign: f"{sign[1] or ''}\\{sign[2] or sign[0]}", text)


def words(markdown: str) -> str:
    """A lesson's Markdown as it is, without what would load something or be taken for HTML."""
    lines = (safe(line) for line in markdown.strip().split("\n"))
    return re.sub(r"!?\[|[<>&]", lambda sign: "".join("\\" + one for one in sign.group()), "\n".join(lines))
