"""Reading back what was written: the tags and texts of an HTML page, the tokens of a Markdown page."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tutor.worksheet.blocks import Grid, GridCell, Worksheet

VOID = {"meta", "br", "hr"}


class Page(HTMLParser):
    """`tags` holds every (name, attributes); `cells` the text of every table cell. Fails on tags that do not match."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.cells: list[tuple[str, str]] = []  # class, text
        self.text = ""
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("td", "th"):
            self.cells.append((f"{tag} {dict(attrs).get('class') or ''}".strip(), ""))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data
        if "td" in self.open or "th" in self.open:
            kind, text = self.cells[-1]
            self.cells[-1] = (kind, text + data)

    def of_class(self, kind: str) -> list[str]:
        """The texts of the cells of a kind, such as `td box`."""
        return [text for found, text in self.cells if found == kind]


def tokens(markdown: str) -> Iterator[Token]:
    """All tokens of a Markdown page, inline ones included, with HTML and tables on."""
    for token in MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(markdown):
        yield token
        yield from token.children or ()


def foreign(text: str) -> Worksheet:
    """A worksheet that says `text` wherever foreign text can stand."""
    grid = Grid(text, (text,), (text, "b"), ((GridCell(text), GridCell(text, 1)),), text)
    return Worksheet(text, text, "en", ((text, text),), (grid,), (grid,))
