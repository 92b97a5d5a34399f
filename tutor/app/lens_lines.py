"""The rows of the logit lens as lines of text, in columns that fill the width there is. Pure functions, no widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from tutor.app.lens_state import Reading, Row, View
from tutor.display.language import _
from tutor.display.safe import fit, label, pad, safe

RANK, NUMBER = 8, 4
LEAST, MOST = 14, 20  # cells of a candidate: mark, token, number, gap
FEWEST = 3
WATCHED = "•"


@dataclass(frozen=True)
class Part:
    """A piece of a line; `share` is a candidate's probability, None for what is none."""

    text: str
    share: float | None = None
    watched: bool = False


Line = tuple[Part, ...]


def heading(reading: Reading, view: View, width: int) -> str:
    """What stands in the columns."""
    first = _("layer") if view.by_layer else _("position")
    parts = [pad(first, _side(view)), pad(_rank_head(reading, view), _rank_width(reading, view), "right"), "  "]
    return fit("".join([*parts, _("likeliest first")]), width)


def lines(reading: Reading, view: View, rows: Sequence[Row], width: int) -> list[Line]:
    """A line for every row."""
    room = width - _side(view) - _rank_width(reading, view) - 2
    count = max(FEWEST, room // LEAST)
    cells = min(MOST, room // min(count, len(rows[0].candidates) if rows else count))
    return [_line(reading, view, at, row, count, cells) for at, row in enumerate(rows)]


def _line(reading: Reading, view: View, at: int, row: Row, count: int, cells: int) -> Line:
    parts = [Part(row_label(reading, view, at)), Part(_rank(reading, view, at, row)), Part("  ")]
    for one in row.candidates[:count]:
        watched = one.token == row.watched and _watches(reading, view, at)
        token = label(reading.words[one.token], cells - NUMBER - 3)
        text = f"{WATCHED if watched else ' '}{token} {share(one.probability)}"
        parts += [Part(text, one.probability, watched), Part(" ")]
    return tuple(parts)


def share(probability: float) -> str:
    """A probability in four cells."""
    return f"{probability:.2f}" if probability < 0.995 else "1.00"


def row_label(reading: Reading, view: View, at: int) -> str:
    """The layer, or the position and its token."""
    if view.by_layer:
        return pad(_("embed") if at == 0 else str(at), _side(view))
    return label(f"{at + 1} {reading.tokens[at]}", _side(view) - 1) + " "


def _side(view: View) -> int:
    return 7 if view.by_layer else 14


def _watches(reading: Reading, view: View, at: int) -> bool:
    return view.by_layer or reading.follows(at) is not None


def _rank_width(reading: Reading, view: View) -> int:
    if view.by_layer:
        return RANK
    return 0 if reading.is_masked else RANK + 8


def _rank_head(reading: Reading, view: View) -> str:
    return _("rank •") if view.by_layer else "" if reading.is_masked else _("then came •")


def _rank(reading: Reading, view: View, at: int, row: Row) -> str:
    if not _watches(reading, view, at):
        return " " * _rank_width(reading, view)
    rank = f"#{row.rank}"
    if view.by_layer:
        return pad(rank, RANK, "right")
    word = fit(safe(reading.words[row.watched]), RANK + 7 - cell_len(rank))
    return pad(f"{word} {rank}", RANK + 8, "right")


def tokens_around(reading: Reading, position: int, width: int) -> list[tuple[str, bool]]:
    """The sentence's tokens in one line, as many of them around a position as fit, and which is the one."""
    tokens = [fit(safe(token[:40]), 16) for token in reading.tokens]
    first, last, used = position, position + 1, cell_len(tokens[position])
    while True:
        before = cell_len(tokens[first - 1]) + 1 if first else width
        after = cell_len(tokens[last]) + 1 if last < len(tokens) else width
        if used + min(before, after) > width - 4:
            break
        # What came before is what the answer was made from, so it is shown first.
        if before <= after + 8 and used + before <= width - 4:
            first, used = first - 1, used + before
        elif used + after <= width - 4:
            last, used = last + 1, used + after
        else:
            break
    shown = [(tokens[at], at == position) for at in range(first, last)]
    return [*([("…", False)] if first else []), *shown, *([("…", False)] if last < len(tokens) else [])]
