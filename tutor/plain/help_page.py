"""A page of help laid out in terminal cells: a Chinese character takes two, and needs no space to break a line at."""

from __future__ import annotations

from collections.abc import Iterable

import click
from rich.cells import cell_len

from tutor.display.language import _, sentences
from tutor.display.wrapping import breaks

AS_IT_STANDS = "\b\n"  # begins a paragraph whose lines are kept


class HelpPage(click.HelpFormatter):
    """Click's page of help, measured in cells."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        start = sentences(_("Usage:"), prog) + " " if prefix is None else f"{prefix}{prog} "
        self._write_beside(start, args, cell_len(start))

    def write_heading(self, heading: str) -> None:
        self.write(" " * self.current_indent + _("{0}:").format(heading) + "\n")

    def write_text(self, text: str) -> None:
        indent = " " * self.current_indent
        paragraphs = [
            indent + ("\n" + indent).join(_lines(paragraph, self.width - self.current_indent))
            for paragraph in text.split("\n\n")
        ]
        self.write("\n\n".join(paragraphs) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        rows = list(rows)
        first_column = min(max(cell_len(term) for term, _said in rows), col_max) + col_spacing
        for term, said in rows:
            room = first_column - cell_len(term)
            start = " " * self.current_indent + term
            if room < col_spacing:
                self.write(start + "\n")
                start, room = " " * self.current_indent, first_column
            self._write_beside(start + " " * room, said, self.current_indent + first_column)

    def _write_beside(self, start: str, text: str, column: int) -> None:
        """The text beside what begins its first line; the lines after that begin in the column, too."""
        lines = _lines(text, max(self.width - column, 10))
        self.write((start + ("\n" + " " * column).join(lines)).rstrip() + "\n")


def _lines(paragraph: str, width: int) -> list[str]:
    """The lines of a paragraph, none wider than `width` cells where it may be broken at all."""
    if paragraph.startswith(AS_IT_STANDS):
        return paragraph.removeprefix(AS_IT_STANDS).split("\n")
    text = " ".join(paragraph.split())
    cuts = [0, *breaks(text, width), len(text)]
    return [text[start:end].strip() for start, end in zip(cuts, cuts[1:], strict=False)]
