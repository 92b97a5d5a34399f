"""A head of any width, on queries and keys drawn at random: what d_k does to the rows of a softmax.

Every token has a query and a key of WIDTHS[-1] numbers, drawn with mean 0 and variance 1 from the seed, its place and
its text; a head of width d_k takes the first d_k of them. All nodes are recorded when asked for (Vaswani et al. 2017,
section 3.2.1 and its footnote 4):

- `width.64.query`, `.key`, `.scores`, `.scaled`;
- `width.64.undivided.weights` (of the scores), `width.64.divided.weights` (of the scaled), and of each row
  `.entropy`, the sum of `.surprise` -p ln p, and `.slope`, the sum of `.own_slope` p (1 - p): how much the softmax
  still gives way to a nudge of what goes into it. Both are largest in an even row: ln n and 1 - 1/n;
- `width.undivided.entropy`, `.slope` and `width.divided.…`: the means over the rows, for every width.
"""

from __future__ import annotations

import difflib
import fnmatch
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tutor.engine.backend import namespace, plain_array, where_array
from tutor.engine.explanation import Addition, Copy, Explanation, Index, product
from tutor.engine.message import Message
from tutor.engine.node import Node, TraceError
from tutor.engine.ops.activations import OfOneNumber
from tutor.engine.ops.base import Operation, cell
from tutor.engine.ops.elementwise import scale
from tutor.engine.ops.linear import dot_products
from tutor.engine.ops.softmax import softmax

if TYPE_CHECKING:
    from tutor.engine.recorder import Recorder

PREFIX = "width."
WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
SIDES = ("undivided", "divided")
MEASURES = ("entropy", "slope")
PARTS = ("weights", "surprise", "entropy", "own_slope", "slope")
FORMULAS = {
    "undivided": r"A = \mathrm{softmax}(Q K^\top)",
    "divided": r"A = \mathrm{softmax}(\frac{Q K^\top}{\sqrt{d_k}})",
    "entropy": r"H_i = - \sum_j p_{ij} \ln p_{ij}",
    "slope": r"\sum_j p_{ij} (1 - p_{ij})",
}


class FirstColumns(Operation):
    """The first columns of a matrix: a narrower head has the same first numbers."""

    name = "first_columns"
    formula = r"Q_{ij} = G_{ij} \quad j \le d_k"

    def forward(self, x: Any, *, count: int) -> Any:
        return x[..., :count]

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        (x,) = operands
        return Copy(node.name, index, node.at(index), node.formula, lambda: (product(cell(x, index)),), {x.name: index})


class Surprise(OfOneNumber):
    """-p ln p, which is 0 where p is 0: a share times the surprise at it (Shannon 1948, section 6)."""

    name = "surprise"
    formula = r"-p \ln p"

    def forward(self, p: Any) -> Any:
        xp = namespace(p)
        return -p * xp.log(xp.where(p > 0, p, where_array(p, 1.0)))

    def value_terms(self, p: float) -> tuple[float, ...]:
        return (-p * math.log(p) if p > 0 else 0.0,)

    def text(self, p: str) -> str:
        return rf"-{p} \cdot \ln {p}"


class OwnSlope(OfOneNumber):
    """p (1 - p): how fast a softmax's share grows with its own score, the diagonal of its Jacobian."""

    name = "own_slope"
    formula = r"\frac{\partial p_i}{\partial z_i} = p_i (1 - p_i)"

    def forward(self, p: Any) -> Any:
        return p * (1 - p)

    def value_terms(self, p: float) -> tuple[float, ...]:
        return (p * (1 - p),)

    def text(self, p: str) -> str:
        return rf"{p} \cdot (1 - {p})"


class RowSum(Operation):
    """The sum of every row."""

    name = "row_sum"
    formula = r"\sum_j x_{ij}"

    def forward(self, x: Any) -> Any:
        return namespace(x).sum(x, axis=-1)

    def axes(self, operands: Sequence[Node], params: dict[str, Any]) -> tuple[str, ...]:
        return operands[0].axis_keys[:-1]

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        (x,) = operands

        def terms():
            return tuple(product(cell(x, (*index, j))) for j in range(x.shape[-1]))

        return Explanation(node.name, index, node.at(index), node.formula, terms, {x.name: (*index, slice(None))})


class MeanOfEach(Operation):
    """The mean of each of several vectors, one below the other."""

    name = "mean_of_each"
    formula = r"m_d = \frac{1}{n} \sum_i x^{(d)}_i"

    def forward(self, *vectors: Any) -> Any:
        xp = namespace(vectors[0])
        return xp.stack([xp.mean(x) for x in vectors])

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        x = operands[index[0]]
        count = x.shape[0]

        def terms():
            text = rf"\frac{{1}}{{{count}}}"
            return tuple(product(cell(x, (i,)), coefficient=1 / count, text=text) for i in range(count))

        return Addition(node.name, index, node.at(index), node.formula, terms, {x.name: (slice(None),)})


first_columns, surprise, own_slope, row_sum = FirstColumns(), Surprise(), OwnSlope(), RowSum()
mean_of_each = MeanOfEach()


def drawn(tokens: Sequence[str], seed: int) -> np.ndarray:
    """A query and a key for every token, [2, token, WIDTHS[-1]]; another word changes its own two rows alone."""
    widest = WIDTHS[-1]
    rows = [
        np.random.default_rng([seed, place, *token.encode("utf-8", "surrogatepass")]).standard_normal(2 * widest)
        for place, token in enumerate(tokens)
    ]
    return np.reshape(rows, (-1, 2, widest)).swapaxes(0, 1).astype(np.float32)


class Widths:
    """The nodes of heads of all WIDTHS on the tokens of a trace, recorded width by width."""

    def __init__(self, record: Recorder, tokens: Node, seed: int = 0) -> None:
        self.record, self.seed, self._tokens = record, seed, tokens

    @property
    def nodes(self) -> dict[str, Node]:
        """Those that were asked for so far, and what they were made from."""
        return self.record.nodes

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that can be asked for."""
        of_one = ("query", "key", "scores", "scaled", *(f"{side}.{part}" for side in SIDES for part in PARTS))
        single = [f"{PREFIX}{width}.{name}" for width in WIDTHS for name in of_one]
        return (*single, *(f"{PREFIX}{side}.{measure}" for side in SIDES for measure in MEASURES))

    def find(self, pattern: str) -> Node:
        """The node with that name, or the first that matches the glob. Raises TraceError."""
        name = next(iter(fnmatch.filter(self.names, pattern)), None)
        if name is None:
            near = difflib.get_close_matches(pattern, self.names, 3)
            raise TraceError(Message("no node called {name}; nearest: {near}", name=pattern, near=", ".join(near)))
        if name not in self.nodes:
            width = name.split(".")[1]
            for one in WIDTHS if width in SIDES else (int(width),):
                self._record(one)
            if width in SIDES:
                self._record_means()
        return self.nodes[name]

    def _record(self, width: int) -> None:
        here, nodes = f"{PREFIX}{width}", self.nodes
        if f"{here}.query" in nodes:
            return
        query, key = (
            self.record(f"{here}.{name}", first_columns, whole, count=width)
            for name, whole in zip(("query", "key"), self._drawn(), strict=True)
        )
        scores = self.record(f"{here}.scores", dot_products, query, key)
        scaled = self.record(f"{here}.scaled", scale, scores, root_of=width, inverse=True)
        for side, into in zip(SIDES, (scores, scaled), strict=True):
            weights = self.record(f"{here}.{side}.weights", softmax, into, formula=FORMULAS[side])
            for cells, total, operation in (("surprise", "entropy", surprise), ("own_slope", "slope", own_slope)):
                each = self.record(f"{here}.{side}.{cells}", operation, weights)
                self.record(f"{here}.{side}.{total}", row_sum, each, formula=FORMULAS[total])

    def _drawn(self) -> tuple[Node, Node]:
        names, nodes = (f"{PREFIX}query", f"{PREFIX}key"), self.nodes
        if names[0] not in nodes:
            _position, _at, source = self._tokens.axis_keys[0].partition("@")
            for name, axis, numbers in zip(names, names, drawn(self._tokens.labels[0], self.seed), strict=True):
                array = plain_array(self._tokens.array, numbers, "float32")
                self.record.input(name, array, (f"{axis.removeprefix(PREFIX)}@{source}", "feature"))
        return nodes[names[0]], nodes[names[1]]

    def _record_means(self) -> None:
        for side in SIDES:
            for measure in MEASURES:
                vectors = [self.nodes[f"{PREFIX}{width}.{side}.{measure}"] for width in WIDTHS]
                name = f"{PREFIX}{side}.{measure}"
                self.record(name, mean_of_each, *vectors, axes=(f"d_k@{PREFIX}",))


LABELS = {f"d_k@{PREFIX}": tuple(map(str, WIDTHS))}
