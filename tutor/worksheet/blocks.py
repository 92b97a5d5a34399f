"""What a worksheet is made of, before it is HTML or Markdown. Text is plain, but for a lesson's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rich.cells import cell_len

Mark = Literal["", "answer", "look", "slip"]


@dataclass(frozen=True)
class GridCell:
    """One number as text. Where it is a box to write into, `blank` is the box's number from 1, or 0 for one without."""

    text: str = ""
    blank: int | None = None
    mark: Mark = ""


@dataclass(frozen=True)
class Grid:
    """A matrix with its labels."""

    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[GridCell, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Words:
    """A lesson's own words, Markdown."""

    markdown: str


@dataclass(frozen=True)
class Note:
    """Our words, plain."""

    text: str


@dataclass(frozen=True)
class Formula:
    """LaTeX."""

    latex: str


@dataclass(frozen=True)
class Heading:
    """Where a step begins, with its number."""

    number: int
    text: str


@dataclass(frozen=True)
class Choices:
    """Answers to choose from, Markdown, in the order of their letters; in a key, which is right and why."""

    items: tuple[str, ...]
    right: int | None = None
    why: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """A blank's number, the cell's name, what belongs there, and the arithmetic as LaTeX."""

    blank: int
    cell: str
    value: str
    arithmetic: str = ""
    slips: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answers:
    """Answers in the order of their blanks; without values they are lines to write on."""

    items: tuple[Answer, ...]


@dataclass(frozen=True)
class WritingLines:
    """Room for a sentence or two."""

    count: int = 2


Block = Grid | Words | Note | Formula | Heading | Choices | Answers | WritingLines


@dataclass(frozen=True)
class Worksheet:
    """A sheet and its key. `facts` are pairs of a name and a value for the head: the sentence, the model."""

    title: str
    summary: str
    language: str
    facts: tuple[tuple[str, str], ...]
    sheet: tuple[Block, ...]
    key: tuple[Block, ...]


@dataclass(frozen=True)
class Widths:
    """How wide things are, in the unit of the page: a character, what a cell adds, a box to write in, the room."""

    character: float
    padding: float
    box: float
    room: float


def parts(grid: Grid, widths: Widths) -> list[Grid]:
    """A matrix too wide for the page as several, each with the rows' labels; its note comes with the last."""
    room = widths.room - (max(map(cell_len, grid.rows), default=0) * widths.character + widths.padding)
    columns = [_column_width(grid, place, widths) for place in range(len(grid.columns))]
    count = len(_greedy(columns, room))
    even = _even(len(columns), count)
    slices = even if all(sum(columns[piece]) <= room for piece in even) else _greedy(columns, room)
    found = [_columns(grid, piece) for piece in slices]
    return [*(replace(one, note="") for one in found[:-1]), found[-1]]


def _greedy(columns: Sequence[float], room: float) -> list[slice]:
    """As many columns as there is room for, again and again; at least one at a time."""
    starts, left = [0], room
    for place, width in enumerate(columns):
        if width > left and place > starts[-1]:
            starts.append(place)
            left = room
        left -= width
    return [slice(a, b) for a, b in zip(starts, [*starts[1:], len(columns)], strict=True)]


def _even(size: int, count: int) -> list[slice]:
    """Parts of about one size, so that no column stands alone."""
    bounds = [round(size * part / count) for part in range(count + 1)]
    return [slice(a, b) for a, b in zip(bounds, bounds[1:], strict=False)]


def _column_width(grid: Grid, place: int, widths: Widths) -> float:
    column = [row[place] for row in grid.cells]
    text = max(map(cell_len, (grid.columns[place], *(cell.text for cell in column))), default=0)
    width = text * widths.character + widths.padding
    return max(width, widths.box) if any(cell.blank is not None for cell in column) else width


def _columns(grid: Grid, piece: slice) -> Grid:
    return replace(grid, columns=grid.columns[piece], cells=tuple(row[piece] for row in grid.cells))
