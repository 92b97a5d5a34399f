"""The candidates of a step as lines of text, in columns that fill the width there is. Pure functions, no widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content

from tutor.app.generation_state import GenerationState
from tutor.display.bars import bar
from tutor.display.language import N_, _
from tutor.display.numbers import number, special
from tutor.display.safe import pad, safe
from tutor.engine.decoding import Candidate

FATES = {"kept": N_("kept"), "ended": N_("ended"), "dropped": ""}
NUMBER, SHARE, LEAST_BAR, MOST_BAR = 9, 8, 3, 30
FATE = 8
TOKEN, PATH = 14, 22


@dataclass(frozen=True)
class Line:
    """A line, and the candidate's place in its step; None for all others together."""

    content: Content
    place: int | None


def candidate_lines(state: GenerationState, prefixes: Sequence[str], width: int) -> tuple[str, tuple[Line, ...]]:
    """The line of headings and the lines. `prefixes` are the texts of the hypotheses that the step goes on from."""
    step, settings = state.step, state.wish.settings
    if step is None or state.found is None:
        return "", ()
    beams, samples = state.found.settings.strategy == "beam", state.chances is not None
    path = PATH if beams else TOKEN
    numbers = 3 if beams else 2  # logit, total and, where hypotheses of several lengths compete, score
    taken = path + numbers * NUMBER + (SHARE + 1) * (2 if samples else 1) + FATE + 2
    long = max(LEAST_BAR, min(MOST_BAR, (width - taken) // (2 if samples else 1)))
    heads = [pad(_("hypothesis") if beams else _("token"), path), pad(_("logit"), NUMBER, "right")]
    heads += [pad(_("probability"), SHARE + 1 + long, "center")]
    if samples:
        changed = _changed(settings)
        said = changed if cell_len(changed) <= SHARE + 1 + long else _("chance")  # the dials say the rest
        heads.append(pad(said, SHARE + 1 + long, "center"))
    heads.append(pad(_("Σ log p"), NUMBER, "right"))
    if beams:
        heads.append(pad(_("score"), NUMBER, "right"))
    lines = []
    for place, candidate in enumerate(step.candidates):
        first = _path(prefixes[candidate.parent], candidate, path) if beams else _token(candidate, path)
        chance = float(state.chances[candidate.token]) if state.chances is not None else None
        scores = [candidate.total, *([candidate.score] if beams else [])]
        lines.append(_line(first, candidate, chance, scores, long, place))
    count, share, chance_left = state.rest
    if samples and count:
        first = Content(pad(_("{0} others").format(f"{count:,}"), path))
        cells = [pad("", NUMBER), _share(share, long), _share(chance_left, long)]
        if state.left is not None:
            cells.append("  " + _("{0} left in all").format(f"{state.left:,}"))
        lines.append(Line(Content.assemble(first, *cells).stylize("dim"), None))
    return "".join(heads), tuple(lines)


def _changed(settings) -> str:
    """What stands between the model's probabilities and the chances."""
    parts = [f"T {settings['temperature']:.2f}"]
    if settings["top_k"]:
        parts.append(f"top-{settings['top_k']}")
    if settings["top_p"] < 1:
        parts.append(f"top-p {settings['top_p']:.2f}")
    return _("chance") + " " + " ".join(parts)


def _line(
    first: Content, candidate: Candidate, chance: float | None, scores: list[float], long: int, place: int
) -> Line:
    cells = [pad(_figure(candidate.logit), NUMBER, "right"), _share(candidate.probability, long)]
    if chance is not None:
        cells.append(_share(chance, long))
    cells += [pad(_figure(score), NUMBER, "right") for score in scores]
    fate = _(FATES[candidate.fate]) if FATES[candidate.fate] else ""
    mark = {"kept": "▸ ", "ended": "✓ ", "dropped": ""}[candidate.fate]
    line = Content.assemble(first, *cells, "  ", mark + fate)
    if candidate.fate == "dropped":
        line = line.stylize("dim")
    return Line(line, place)


def _share(value: float, long: int) -> str:
    text = "0" if value == 0 else f"{value:.4f}" if value >= 0.0001 else number(value, 2)
    return pad(text, SHARE, "right") + " " + bar(value, long)


def _figure(value: float) -> str:
    return f"{value:.3f}" if abs(value) < float("inf") else special(value)


def _token(candidate: Candidate, cells: int) -> Content:
    return Content.styled(pad(safe(candidate.label), cells), "bold" if candidate.fate != "dropped" else "")


def _path(prefix: str, candidate: Candidate, cells: int) -> Content:
    """The end of what was said so far, and the token."""
    token = safe(candidate.label)
    before = safe(prefix)
    room = cells - min(cell_len(token), cells - 4) - 3
    while cell_len(before) > room:
        before = "…" + before[2:] if before.startswith("…") else "…" + before[1:]
    gap = " " if before else ""
    token = pad(token, cells - cell_len(before) - len(gap))
    return Content.assemble(before + gap, (token, "bold" if candidate.fate != "dropped" else ""))
