"""The slider over d_k as lines of text: the widths with what was measured, and a row's weights as bars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.cells import cell_len
from rich.text import Text

from tutor.app.width_state import Slider
from tutor.course.widths import percent
from tutor.display.bars import bar
from tutor.display.language import _
from tutor.display.numbers import number
from tutor.display.safe import fit, label, pad, safe
from tutor.engine.widths import MEASURES, SIDES, WIDTHS

COLUMN = 5
LABEL, SHARE = 10, 5
UNSEEN = "·"


def heading(side: str, width: int) -> str:
    """What is under the softmax on a side."""
    return _("not divided: softmax(QKᵀ)") if side == SIDES[0] else _("divided: softmax(QKᵀ/√{0})").format(width)


def names() -> dict[tuple[str, str], str]:
    """What stands before a line of the strip."""
    return {
        ("undivided", "entropy"): _("entropy, not divided"),
        ("divided", "entropy"): _("entropy, divided"),
        ("undivided", "slope"): _("slope, not divided"),
        ("divided", "slope"): _("slope, divided"),
    }


def strip(slider: Slider, width: int) -> Text:
    """Every d_k, and below it in percent of an even row what the rows have there, as far as it was looked at."""
    said = names()
    side = max(cell_len(name) for name in said.values())
    column = max(COLUMN, min(9, (width - side) // len(WIDTHS)))
    text = Text(no_wrap=True, end="")
    text.append(pad("d_k", side, "right"))
    for one in WIDTHS:
        _cell(text, str(one), column, one == slider.view.width, "bold" if one in slider.view.seen else "dim")
    for measure in MEASURES:
        for of in SIDES:
            text.append("\n" + pad(said[of, measure], side, "right"), "bold" if of == slider.view.side else "")
            for one, share in zip(WIDTHS, slider.shares(of, measure), strict=True):
                shown = UNSEEN if share is None else f"{100 * share:.0f}%"
                _cell(text, shown, column, one == slider.view.width, "dim" if share is None else "")
    return text


def _cell(text: Text, shown: str, column: int, here: bool, style: str) -> None:
    """Right-aligned; where the slider stands, the whole column is marked."""
    text.append(" ").append(pad(shown, column - 1, "right"), f"{style} reverse".strip() if here else style)


def bars(slider: Slider, side: str, width: int, height: int) -> Text:
    """The weights of the row, a line a token; where there are too many, those that get most on either side."""
    row = slider.row_of(side)
    places = _shown([slider.row_of(of) for of in SIDES], height)
    long = max(1, width - LABEL - SHARE - 2)
    lines = [
        f"{label(slider.tokens[place], LABEL)} {bar(float(row[place]), long)} {float(row[place]):.2f}"
        for place in places
    ]
    left = len(row) - len(places)
    if left:
        rest = 1 - float(row[list(places)].sum())
        lines.append(fit(_("{0} others: {1} together").format(left, f"{max(0.0, rest):.2f}"), width))
    return Text("\n".join(lines), no_wrap=True, end="")


def _shown(rows: Sequence[np.ndarray], height: int) -> list[int]:
    count = len(rows[0])
    if count <= height:
        return list(range(count))
    largest = np.argsort(-np.maximum(*rows), kind="stable")[: max(1, height - 1)]
    return sorted(largest.tolist())


def row_said(slider: Slider, side: str) -> str:
    """The entropy and the slope of the row."""
    values = (number(slider.measured(side, measure), 3) for measure in MEASURES)
    return _("entropy {0} · slope {1}").format(*values)


def figures(slider: Slider) -> str:
    """The width, its root, and how far the scores reach."""
    view = slider.view
    spans = [number(end, 3) for name in ("scores", "scaled") for end in slider.span(name)]
    return _("row of “{0}” · √{1} = {2} · scores from {3} to {4}, divided {5} to {6}").format(
        fit(safe(slider.tokens[view.row]), LABEL), view.width, number(view.width**0.5, 4), *spans
    )


def task(slider: Slider, language: str) -> str:
    """What is asked for, or the verdict on what was marked; else what the percents mean."""
    view, goal = slider.view, slider.goal
    if view.verdict is not None:
        return ("✓ " if view.good else "✗ ") + view.verdict.get(language)
    if goal is not None and not view.found:
        asked = _("Find the d_k from which on “{0}” is below {1}. → widens the head; m says: here it is.")
        return asked.format(names()[goal.side, goal.measure], percent(goal.below))
    most = (number(slider.even(measure), 3) for measure in MEASURES)
    return _("100 % is what a row has that is shared out evenly among {0}: entropy {1}, slope {2}.").format(
        len(slider.tokens), *most
    )
