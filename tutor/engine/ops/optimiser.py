"""The operations that one step of the optimiser is made of. They explain their cells like any other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tutor.engine.backend import namespace
from tutor.engine.explanation import Addition, Explanation, Function, Index, Term, figure, product
from tutor.engine.ops.base import Operation, cell

if TYPE_CHECKING:
    from tutor.engine.trace import Node


class RunningMean(Operation):
    """A share `keep` of the mean so far (0 before the first step), the rest of it from the new gradient."""

    name = "running_mean"
    formula = r"m = \beta_1 m_{\mathrm{old}} + (1 - \beta_1) g"
    power = 1

    def forward(self, g: Any, before: Any = None, *, keep: float) -> Any:
        new = g**self.power
        new = new * (1 - keep)
        return new if before is None else before * keep + new

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        g, *before = operands
        keep = node.params["keep"]

        def terms():
            new = product(*[cell(g, index)] * self.power, coefficient=1 - keep)
            return (*(product(cell(m, index), coefficient=keep) for m in before), new)

        used = {operand.name: index for operand in operands}
        return Addition(node.name, index, node.at(index), node.formula, terms, used)


class RunningMeanOfSquares(RunningMean):
    """The same of the gradient's squares: how large the gradient usually is."""

    name = "running_mean_of_squares"
    formula = r"v = \beta_2 v_{\mathrm{old}} + (1 - \beta_2) g^2"
    power = 2


class AdamChange(Operation):
    """Mean over root of mean square, each made up for its start at 0, times the learning rate.

    Kingma and Ba 2014, algorithm 1.
    """

    name = "adam_change"
    formula = r"\Delta = \alpha \frac{\hat{m}}{\sqrt{\hat{v}} + \epsilon}"

    def forward(self, m: Any, v: Any, *, rate: float, one: float, two: float, epsilon: float) -> Any:
        root = namespace(v).sqrt(v)
        root += epsilon * math.sqrt(two)
        return m / root * (rate * math.sqrt(two) / one)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        m, v = (cell(operand, index) for operand in operands)
        p = node.params
        mean, square = m.value / p["one"], v.value / p["two"]
        value = p["rate"] * mean / (math.sqrt(square) + p["epsilon"])

        def terms():
            return (Term(value, (m, v)),)

        below = rf"\sqrt{{{figure(square)}}} + {figure(p['epsilon'])}"
        arithmetic = rf"{figure(p['rate'])} \cdot \frac{{{figure(mean)}}}{{{below}}}"
        facts = {"arithmetic": arithmetic, "mean": mean, "square": square}
        return Function(node.name, index, node.at(index), node.formula, terms, {m.node: index, v.node: index}, facts)


class Descend(Operation):
    """The weight less its change; with `decay`, first a little nearer to 0 (Loshchilov and Hutter 2017)."""

    name = "descend"
    formula = r"w_{\mathrm{new}} = w - \Delta"

    def forward(self, w: Any, change: Any, *, decay: float = 0.0) -> Any:
        return (w * (1 - decay) if decay else w) - change

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        w, change = operands
        keep = 1 - node.params.get("decay", 0.0)

        def terms():
            return product(cell(w, index), coefficient=keep), product(cell(change, index), coefficient=-1.0)

        return Addition(node.name, index, node.at(index), node.formula, terms, {w.name: index, change.name: index})


running_mean, running_mean_of_squares = RunningMean(), RunningMeanOfSquares()
adam_change, descend = AdamChange(), Descend()
