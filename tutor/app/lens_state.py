"""What the logit lens shows: the likeliest words after every layer at one position, or after one layer everywhere."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tutor.engine.trace import Trace

CANDIDATES = 8  # of a row; a wide screen shows as many


@dataclass(frozen=True)
class Candidate:
    """A token and its probability."""

    token: int
    probability: float


@dataclass(frozen=True)
class Row:
    """The likeliest tokens of one row, the best first, and where the watched token stands among all (1: first)."""

    candidates: tuple[Candidate, ...]
    watched: int  # a token
    rank: int
    probability: float  # of the watched token


@dataclass(frozen=True)
class View:
    """What is looked at: all layers at one position, or all positions after one layer. Layer 0 is the embedding."""

    layer: int
    position: int
    by_layer: bool = True

    def moved(self, rows: int, columns: int, layers: int, positions: int) -> View:
        """Up and down, left and right, inside what there is."""
        layer, position = (rows, columns) if self.by_layer else (columns, rows)
        return replace(
            self,
            layer=max(0, min(self.layer + layer, layers - 1)),
            position=max(0, min(self.position + position, positions - 1)),
        )

    @property
    def row(self) -> int:
        """The chosen row."""
        return self.layer if self.by_layer else self.position

    @property
    def key(self) -> tuple[bool, int]:
        """What the rows depend on."""
        return self.by_layer, self.position if self.by_layer else self.layer


class Reading:
    """Reads rows off a trace, in a worker. Raises TraceError where the model has no head that chooses words."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.outputs = trace.lens("lens.at.0.layers").inputs  # of every layer, the embedding first
        final = trace["probabilities"]
        self.tokens, self.words = final.labels  # of the positions, and of the vocabulary
        self.ids = self._ids(final.axis_keys[0])
        self.is_masked = final.axis_keys[0] == "position@encoder"

    def _ids(self, axis: str) -> np.ndarray | None:
        """The token ids on the positions, where they are the vocabulary's."""
        name = "decoder.tokens" if "decoder.tokens" in self.trace else "tokens"
        return self.trace[name].value if name in self.trace else None

    @property
    def layers(self) -> int:
        """How many layers there are to read, the embedding counted."""
        return len(self.outputs)

    @property
    def masks(self) -> list[int]:
        """The positions at which a word is hidden."""
        return [guess.position for guess in self.trace.info.get("guesses", ())]

    def start(self) -> View:
        """The last layer, at the first hidden word, else at the last position."""
        return View(self.layers - 1, next(iter(self.masks), len(self.tokens) - 1))

    def follows(self, position: int) -> int | None:
        """The token that does come after a position; None at the end, and where a model reads both ways."""
        if self.is_masked or self.ids is None or position + 1 >= len(self.ids):
            return None
        return int(self.ids[position + 1])

    def node(self, view: View) -> str:
        """The name of the probabilities [row, vocabulary] that a view shows; after the last layer the model's own."""
        if view.by_layer:
            return f"lens.at.{view.position}.probabilities"
        return "probabilities" if view.layer == self.layers - 1 else self._names[view.layer]

    @property
    def _names(self) -> list[str]:
        names = (name for name in self.trace.lens_names if name.endswith(".probabilities"))
        return [name for name in names if not name.startswith("lens.at.")]

    def rows(self, view: View) -> tuple[Row, ...]:
        """The rows of a view: what is watched is the model's own answer, or the token that did come next."""
        name = self.node(view)
        shares = (self.trace[name] if name in self.trace else self.trace.lens(name)).value
        best = _best(shares)
        rows = []
        for at, row in enumerate(shares):
            watched = int(best[-1, 0]) if view.by_layer else self.follows(at)
            watched = int(best[at, 0]) if watched is None else watched
            found = tuple(Candidate(int(token), float(row[token])) for token in best[at])
            rows.append(Row(found, watched, 1 + int((row > row[watched]).sum()), float(row[watched])))
        return tuple(rows)


def _best(shares: np.ndarray) -> np.ndarray:
    """The likeliest tokens of every row, the best first, [row, candidate]."""
    count = min(CANDIDATES, shares.shape[-1])
    some = np.argpartition(-shares, count - 1, axis=-1)[:, :count]
    order = np.argsort(-np.take_along_axis(shares, some, -1), axis=-1, kind="stable")
    return np.take_along_axis(some, order, -1)
