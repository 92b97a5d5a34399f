"""Functions of one number, applied to every cell: the activations, the logarithm, and the chain rule through them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tutor.engine.backend import erf, namespace, where_array
from tutor.engine.explanation import Explanation, Function, Index, Term, factor, figure
from tutor.engine.ops.base import Operation, Recipe, cell

if TYPE_CHECKING:
    from tutor.engine.recorder import Recorder
    from tutor.engine.trace import Node


class OfOneNumber(Operation):
    """A function of one number, applied to every cell."""

    def value_terms(self, x: float) -> tuple[float, ...]:
        """The summands of f(x) in float64: two where f is x/2 + …, so that rounding is measured against them."""
        raise NotImplementedError

    def text(self, x: str) -> str:
        """f of the number `x` as LaTeX."""
        raise NotImplementedError

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        operand = cell(operands[0], index)

        def terms():
            return tuple(Term(value, (operand,)) for value in self.value_terms(operand.value))

        facts = {"arithmetic": self.text(figure(operand.value)), "x": operand.value}
        return Function(node.name, index, node.at(index), node.formula, terms, {operand.node: index}, facts)


class Activation(OfOneNumber):
    """One that training walks back through, by its slope."""

    def slope(self, x: Any) -> Any:
        """f'(x) for an array."""
        raise NotImplementedError

    def chain(self, g: Any, x: Any) -> Any:
        """g f'(x) for arrays."""
        return g * self.slope(x)

    def slope_of(self, x: float) -> float:
        """f'(x) for one number, in float64."""
        raise NotImplementedError

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        (x,) = node.operands
        return (lambda name: record(name, slope, gradient, x, axes=x.axis_keys, activation=self.name),)


class ReLU(Activation):
    """max(0, x)."""

    name = "relu"
    formula = r"\mathrm{ReLU}(x) = \max(0, x)"

    def forward(self, x: Any) -> Any:
        return namespace(x).maximum(x, where_array(x, 0.0))

    def slope(self, x: Any) -> Any:
        return namespace(x).where(x > 0, where_array(x, 1.0), where_array(x, 0.0))

    def chain(self, g: Any, x: Any) -> Any:
        return namespace(x).where(x > 0, g, where_array(g, 0.0))

    def slope_of(self, x: float) -> float:
        return 1.0 if x > 0 else 0.0

    def value_terms(self, x: float) -> tuple[float, ...]:
        return (x if x > 0 else 0.0,)

    def text(self, x: str) -> str:
        return rf"\max(0, {x})"


class GELU(Activation):
    """x Φ(x), Φ the normal distribution function (Hendrycks and Gimpel 2016)."""

    name = "gelu"
    formula = r"\mathrm{GELU}(x) = \frac{x}{2} (1 + \mathrm{erf} \frac{x}{\sqrt{2}})"

    def forward(self, x: Any) -> Any:
        return 0.5 * x * (1 + erf(x * math.sqrt(0.5)))

    def slope(self, x: Any) -> Any:
        density = namespace(x).exp(-0.5 * x * x) * (1 / math.sqrt(2 * math.pi))
        return 0.5 * (1 + erf(x * math.sqrt(0.5))) + x * density  # Φ(x) + x φ(x)

    def slope_of(self, x: float) -> float:
        density = math.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
        return 0.5 * (1 + math.erf(x * math.sqrt(0.5))) + x * density

    def value_terms(self, x: float) -> tuple[float, ...]:
        return x / 2, x / 2 * math.erf(x * math.sqrt(0.5))

    def text(self, x: str) -> str:
        return rf"\frac{{{x}}}{{2}} (1 + \mathrm{{erf}} \frac{{{x}}}{{\sqrt{{2}}}})"


class TanhGELU(Activation):
    """The tanh approximation of GELU that GPT-2 uses."""

    name = "gelu_tanh"
    formula = r"\frac{x}{2} (1 + \tanh(\sqrt{\frac{2}{\pi}} (x + 0.044715 x^3)))"

    def forward(self, x: Any) -> Any:
        inner = math.sqrt(2 / math.pi) * (x + 0.044715 * (x * x * x))
        return 0.5 * x * (1 + namespace(x).tanh(inner))

    def slope(self, x: Any) -> Any:
        root = math.sqrt(2 / math.pi)
        t = namespace(x).tanh(root * (x + 0.044715 * (x * x * x)))
        return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * root * (1 + 3 * 0.044715 * x * x)

    def slope_of(self, x: float) -> float:
        root = math.sqrt(2 / math.pi)
        t = math.tanh(root * (x + 0.044715 * x**3))
        return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * root * (1 + 3 * 0.044715 * x * x)

    def value_terms(self, x: float) -> tuple[float, ...]:
        return x / 2, x / 2 * math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))

    def text(self, x: str) -> str:
        return rf"\frac{{{x}}}{{2}} (1 + \tanh(0.7979 ({x} + 0.044715 \cdot ({x})^3)))"


class SiLU(Activation):
    """x times the logistic function of x (Elfwing et al. 2017)."""

    name = "silu"
    formula = r"\mathrm{SiLU}(x) = \frac{x}{1 + e^{-x}}"

    def forward(self, x: Any) -> Any:
        xp = namespace(x)
        e = xp.exp(-xp.abs(x))  # never overflows
        return x * xp.where(x >= 0, 1 / (1 + e), e / (1 + e))

    def slope(self, x: Any) -> Any:
        xp = namespace(x)
        e = xp.exp(-xp.abs(x))
        share = xp.where(x >= 0, 1 / (1 + e), e / (1 + e))
        return share * (1 + x * (1 - share))

    def slope_of(self, x: float) -> float:
        e = math.exp(-abs(x))
        share = 1 / (1 + e) if x >= 0 else e / (1 + e)
        return share * (1 + x * (1 - share))

    def value_terms(self, x: float) -> tuple[float, ...]:
        e = math.exp(-abs(x))
        return (x / (1 + e) if x >= 0 else x * e / (1 + e),)

    def text(self, x: str) -> str:
        return rf"\frac{{{x}}}{{1 + e^{{-({x})}}}}"


class Tanh(Activation):
    """The hyperbolic tangent."""

    name = "tanh"
    formula = r"\tanh(x)"

    def forward(self, x: Any) -> Any:
        return namespace(x).tanh(x)

    def slope(self, x: Any) -> Any:
        t = namespace(x).tanh(x)
        return 1 - t * t

    def slope_of(self, x: float) -> float:
        return 1 - math.tanh(x) ** 2

    def value_terms(self, x: float) -> tuple[float, ...]:
        return (math.tanh(x),)

    def text(self, x: str) -> str:
        return rf"\tanh({x})"


class Logarithm(Activation):
    """The natural logarithm; -∞ at 0. Logarithms of probabilities add where probabilities multiply."""

    name = "log"
    formula = r"Y = \ln X"

    def forward(self, x: Any) -> Any:
        return namespace(x).log(x)

    def slope(self, x: Any) -> Any:
        return 1 / x

    def slope_of(self, x: float) -> float:
        return 1 / x

    def value_terms(self, x: float) -> tuple[float, ...]:
        return (math.log(x) if x > 0 else -math.inf if x == 0 else math.nan,)

    def text(self, x: str) -> str:
        return rf"\ln {x}"


class Slope(Operation):
    """The chain rule through a function of one number: the gradient times f'(x)."""

    name = "slope"
    formula = r"\frac{\partial L}{\partial x} = \frac{\partial L}{\partial y} \cdot f'(x)"

    def forward(self, g: Any, x: Any, *, activation: str) -> Any:
        return ACTIVATIONS[activation].chain(g, x)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        g, x = (cell(operand, index) for operand in operands)
        steepness = ACTIVATIONS[node.params["activation"]].slope_of(x.value)

        def terms():
            return (Term(g.value * steepness, (g, x)),)

        facts = {"arithmetic": rf"{factor(g.value)} \cdot {factor(steepness)}", "x": x.value, "slope": steepness}
        return Function(node.name, index, node.at(index), node.formula, terms, {g.node: index, x.node: index}, facts)


relu, gelu, gelu_tanh, silu, tanh = ReLU(), GELU(), TanhGELU(), SiLU(), Tanh()
log, slope = Logarithm(), Slope()
ACTIVATIONS: dict[str, Activation] = {function.name: function for function in (relu, gelu, gelu_tanh, silu, tanh, log)}
