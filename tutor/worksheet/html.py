"""A worksheet as one HTML file: no script, nothing from the network, black on white, for A4 and Letter alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from html import escape
from importlib import resources
from typing import Any

from markdown_it import MarkdownIt

from tutor.display.language import _
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
from tutor.worksheet.mathml import mathml

LETTERS = "ABCDEF"
PAGE = Widths(character=1.72, padding=3.0, box=17.2, room=178)  # millimetres, of both papers' narrower (A4)
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def sheet_html(sheet: Worksheet, with_key: bool = False) -> str:
    """The sheet, and after it on a page of its own the key if that is wanted."""
    bodies = [_sheet(sheet)] + ([_key(sheet)] if with_key else [])
    return _document(sheet, sheet.title, bodies)


def key_html(sheet: Worksheet) -> str:
    """The key alone."""
    return _document(sheet, _("Key: {0}").format(sheet.title), [_key(sheet)])


def _document(sheet: Worksheet, title: str, bodies: Sequence[str]) -> str:
    return "\n".join(
        (
            "<!DOCTYPE html>",
            f'<html lang="{"zh-Hans" if sheet.language == "zh" else "en"}">',
            '<head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width">',
            f"<title>{_text(title)}</title>",
            f"<style>\n{_style()}</style></head>",
            "<body>",
            *bodies,
            "</body></html>\n",
        )
    )


@cache
def _style() -> str:
    return resources.files("tutor.worksheet").joinpath("sheet.css").read_text(encoding="utf-8")


def _sheet(sheet: Worksheet) -> str:
    facts = "".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd> " for name, value in sheet.facts)
    head = (
        f"<h1>{_text(sheet.title)}</h1>\n"
        f'<p class="summary">{_text(sheet.summary)}</p>\n'
        f'<dl class="facts">{facts}</dl>\n'
        f'<div class="name">{_text(_("Name"))} <span></span>{_text(_("Date"))} <span></span></div>'
    )
    return f"<main>\n{head}\n{_blocks(sheet.sheet)}\n</main>"


def _key(sheet: Worksheet) -> str:
    facts = "".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd> " for name, value in sheet.facts)
    title = _text(_("Key: {0}").format(sheet.title))
    return f'<section class="key">\n<h1>{title}</h1>\n<dl class="facts">{facts}</dl>\n{_blocks(sheet.key)}\n</section>'


def _blocks(blocks: Iterable[Block]) -> str:
    return "\n".join(piece for block in blocks for piece in _block(block))


def _block(block: Block) -> Iterator[str]:
    match block:
        case Heading(number, text):
            yield f"<h2>{number}. {_text(text)}</h2>"
        case Words(markdown):
            yield words(markdown)
        case Note(text):
            yield f'<p class="note">{_text(text)}</p>'
        case Formula(latex):
            yield f'<div class="formula">{mathml(latex)}</div>'
        case Grid():
            yield from _grid(block)
        case Choices():
            yield _choices(block)
        case Answers(items):
            yield '<ul class="answers">' + "".join(map(_answer, items)) + "</ul>"
        case WritingLines(count):
            yield '<div class="lines">' + '<div class="line"></div>' * count + "</div>"


def _grid(grid: Grid) -> Iterator[str]:
    title = f'<p class="title">{_text(grid.title)}</p>'
    pieces = parts(grid, PAGE)
    wide = " wide" if len(pieces) > 1 else ""
    for part in pieces:
        columns = "".join(f"<th>{_text(label)}</th>" for label in part.columns)
        rows = (
            f"<tr><th>{_text(label)}</th>{''.join(map(_cell, cells))}</tr>"
            for label, cells in zip(part.rows, part.cells, strict=True)
        )
        note = f'<p class="left-out">{_text(part.note)}</p>' if part.note else ""
        table = f"<table><thead><tr><th></th>{columns}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        yield f'<div class="grid{wide}">{title}{table}{note}</div>'
        title = ""


def _cell(cell: GridCell) -> str:
    if cell.blank is not None:
        return f'<td class="box">{f"<sup>{cell.blank}</sup>" if cell.blank else ""}</td>'
    kind = f' class="{cell.mark}"' if cell.mark else ""
    return f"<td{kind}>{_text(cell.text)}</td>"


def _choices(block: Choices) -> str:
    items = []
    for place, text in enumerate(block.items):
        sign = "☐" if block.right is None else "✓" if place == block.right else "✗"
        right = " right" if place == block.right else ""
        why = f'<div class="why">{words(block.why[place])}</div>' if block.why else ""
        items.append(
            f'<li><span class="letter{right}">{sign} {LETTERS[place]}</span>'
            f'<div><div class="choice{right}">{words(text)}</div>{why}</div></li>'
        )
    return f'<ul class="choices">{"".join(items)}</ul>'


def _answer(answer: Answer) -> str:
    arithmetic = f" = {mathml(answer.arithmetic)}" if answer.arithmetic else ""
    value = f"<b>{_text(answer.value)}</b>" if answer.value else '<span class="space"></span>'
    slips = "".join(f"<li>✗ {_text(slip)}</li>" for slip in answer.slips)
    slips = f'<ul class="slips">{slips}</ul>' if slips else ""
    return f"<li>({answer.blank}) {_text(answer.cell)}{arithmetic} = {value}{slips}</li>"


def _text(text: str) -> str:
    """Foreign text: nothing in it is markup."""
    return escape(safe(text))


def words(markdown: str) -> str:
    """A lesson's Markdown as HTML: its own HTML, links and pictures are text, and `$…$` is a formula."""
    return _markdown().render(markdown).strip()


@cache
def _markdown() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False}).disable(["link", "image", "autolink", "reference"])
    reader.add_render_rule("text", _rendered_text)
    reader.add_render_rule("code_inline", _rendered_code)
    reader.add_render_rule("fence", _rendered_fence)
    reader.add_render_rule("softbreak", _rendered_break)
    return reader


def _rendered_text(_self: Any, tokens: Any, place: int, *_: Any) -> str:
    pieces = tokens[place].content.split("$")
    if len(pieces) % 2 == 0:
        return _text(tokens[place].content)
    return "".join(mathml(piece, large=False) if odd % 2 else _text(piece) for odd, piece in enumerate(pieces))


def _rendered_fence(_self: Any, tokens: Any, place: int, *_: Any) -> str:
    lines = tokens[place].content.rstrip("\n").split("\n")
    return f"<pre>{chr(10).join(map(_text, lines))}</pre>\n"


def _rendered_code(_self: Any, tokens: Any, place: int, *_: Any) -> str:
    return f"<code>{_text(tokens[place].content)}</code>"


def _rendered_break(_self: Any, tokens: Any, place: int, *_: Any) -> str:
    """A line break; inside Chinese text it is no space."""
    before = tokens[place - 1].content if place else ""
    return "" if before and ord(before[-1]) > 0x2E80 else "\n"
