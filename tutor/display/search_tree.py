"""A search drawn in characters: time goes to the right, who descends from whom, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len

from tutor.display.numbers import special
from tutor.display.safe import safe
from tutor.engine.decoding import Candidate, Step

LONE, FORK, MORE, LAST, PASS = "── ", "┬─ ", "├─ ", "└─ ", "│  "
MARKS = {"ended": " ✓", "lost": " ×"}


@dataclass(frozen=True)
class Part:
    """A piece of a line. `kind` is line, best, alive, lost or ended; `step` and `place` say whose it is."""

    text: str
    kind: str = "line"
    step: int = -1
    place: int = -1


@dataclass
class _Twig:
    step: int
    place: int
    candidate: Candidate
    kind: str
    children: list[_Twig] = field(default_factory=list)

    @property
    def text(self) -> str:
        return f"{safe(self.candidate.label)} {two_decimals(self.candidate.score)}{MARKS.get(self._mark, '')}"

    @property
    def _mark(self) -> str:
        return "ended" if self.candidate.fate == "ended" else self.kind if not self.children else ""


Rows = list[tuple[Part, ...]]


def search_tree(steps: Sequence[Step], number: int, most_dropped: int | None = None) -> Rows:
    """The tree as step `number` leaves it, a row for every hypothesis: ✓ where it ended, × where it died.

    Of the candidates that were dropped only those of this step are drawn, at most `most_dropped` of them; hypotheses
    that had survived and have no descendant any more stay.
    """
    layers = _grown(steps[: number + 1], most_dropped)
    _judge(layers)
    widths = [max(cell_len(twig.text) for twig in layer) for layer in layers]
    drawn: dict[int, Rows] = {}  # of each twig, what begins with it
    for layer, width in zip(reversed(layers), reversed(widths), strict=True):
        for twig in layer:
            blocks = [drawn.pop(id(child)) for child in twig.children]
            drawn[id(twig)] = _joined(twig, width, blocks)
    return [row for twig in layers[0] for row in drawn[id(twig)]] if layers else []


def outline(steps: Sequence[Step]) -> list[str]:
    """The whole search as indented lines, for text without a screen: tokens that nothing parts share a line."""
    layers = _grown(steps, most_dropped=0)
    _judge(layers)
    drawn: dict[int, list[str]] = {}  # of each twig, what begins with it
    for layer in reversed(layers):
        for twig in layer:
            drawn[id(twig)] = _outlined(twig, [drawn.pop(id(child)) for child in twig.children])
    return [line for twig in layers[0] for line in drawn[id(twig)]] if layers else []


def _outlined(twig: _Twig, blocks: list[list[str]]) -> list[str]:
    if len(blocks) == 1:
        (first, *others), *_rest = blocks
        return [f"{safe(twig.candidate.label)} {first}", *others]
    lines = [twig.text]
    for block in blocks:
        is_last = block is blocks[-1]
        lines.append((LAST if is_last else MORE) + block[0])
        lines += [(" " * len(PASS) if is_last else PASS) + line for line in block[1:]]
    return lines


def _grown(steps: Sequence[Step], most_dropped: int | None) -> list[list[_Twig]]:
    layers: list[list[_Twig]] = []
    parents: list[_Twig] = []
    for step in steps:
        is_last = step is steps[-1]
        layer, dropped = [], 0
        for place, candidate in enumerate(step.candidates):
            dropped += candidate.fate == "dropped"
            if candidate.fate == "dropped" and (not is_last or (most_dropped is not None and dropped > most_dropped)):
                continue
            twig = _Twig(step.number, place, candidate, "lost")
            layer.append(twig)
            if parents:
                parents[candidate.parent].children.append(twig)
        layers.append(layer)
        parents = [twig for twig in layer if twig.candidate.fate == "kept"]
    return layers


def _judge(layers: list[list[_Twig]]) -> None:
    """Say of each twig what became of it: alive where it, or what grew from it, goes on or ended."""
    goal = _best(layers)
    for layer in reversed(layers):
        for twig in layer:
            fate = twig.candidate.fate
            if twig is goal or any(child.kind == "best" for child in twig.children):
                twig.kind = "best"
            elif fate == "ended":
                twig.kind = "ended"
            elif any(child.kind != "lost" for child in twig.children) or (fate == "kept" and layer is layers[-1]):
                twig.kind = "alive"


def _best(layers: list[list[_Twig]]) -> _Twig | None:
    """The end of the hypothesis with the highest score so far."""
    ends = [twig for layer in layers for twig in layer if twig.candidate.fate == "ended"]
    ends += [twig for layer in layers[-1:] for twig in layer if twig.candidate.fate == "kept"]
    return max(ends, key=lambda twig: twig.candidate.score, default=None)


def _joined(twig: _Twig, width: int, blocks: list[Rows]) -> Rows:
    text = twig.text
    rows: Rows = []
    for block in blocks:
        is_first, is_last = block is blocks[0], block is blocks[-1]
        start = (LONE if is_last else FORK) if is_first else (LAST if is_last else MORE)
        onwards = " " * len(PASS) if is_last else PASS
        for row in block:
            turn = Part(" " * (width + 1) + (start if row is block[0] else onwards))
            rows.append((turn, *row))
    own = Part(text, twig.kind, twig.step, twig.place)
    if not rows:
        return [(own,)]
    gap = width - cell_len(text)
    rows[0] = (own, Part(" " + "─" * gap + rows[0][0].text[width + 1 :]), *rows[0][1:])
    return rows


def two_decimals(value: float) -> str:
    """A score: -0.16, or -∞ of what is impossible."""
    return f"{value:.2f}" if abs(value) < float("inf") else special(value)
