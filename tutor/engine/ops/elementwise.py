"""Cell by cell: sum, product, scaling and the activations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tutor.engine.backend import erf, namespace, where_array
from tutor.engine.explanation import Addition, Explanation, Function, Index, Term, factor, figure, product
from tutor.engine.ops.backward import reduced, sum_to
from tutor.engine.ops.base import Operation, OperationError, Recipe, aligned, cell
from tutor.engine.ops.shape import transpose

if TYPE_CHECKING:
    from tutor.engine.trace import Node, Recorder


class Add(Operation):
    """The sum of two or more arrays of one shape, or that broadcast to one."""

    name = "add"
    formula = r"C = A + B"

    def forward(self, first: Any, *others: Any) -> Any:
        total = first
        for other in others:
            total = total + other
        return total

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        def recipe(operand: Node) -> Recipe:
            return lambda name: reduced(record, gradient, operand, name)

        return tuple(recipe(operand) for operand in node.operands)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        places = [aligned(operand, index) for operand in operands]

        def terms():
            return tuple(product(cell(operand, at)) for operand, at in zip(operands, places, strict=True))

        regions = {operand.name: at for operand, at in zip(operands, places, strict=True)}
        return Addition(node.name, index, node.at(index), node.formula, terms, regions)


class AddColumn(Operation):
    """A bias down the rows: number i of the bias is added to every cell of row i (features as columns)."""

    name = "add_column"
    formula = r"C_{ij} = A_{ij} + b_i"

    def forward(self, matrix: Any, bias: Any) -> Any:
        if bias.shape[-1] != matrix.shape[-2]:
            raise OperationError(f"a bias of {bias.shape[-1]} numbers does not fit a matrix of {matrix.shape[-2]} rows")
        return matrix + namespace(bias).reshape(bias, (-1, 1))  # [row, column] + [row, 1]

    def axes(self, operands: Sequence[Node], params: dict[str, Any]) -> tuple[str, ...]:
        return operands[0].axis_keys

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        matrix, bias = node.operands

        def for_bias(name: str) -> Node:
            turned = record(f"{name}.turned", transpose, gradient)
            return record(name, sum_to, turned, axes=bias.axis_keys, shape=bias.shape)

        return (lambda name: reduced(record, gradient, matrix, name), for_bias)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        matrix, bias = operands
        at = (index[-2],)

        def terms():
            return product(cell(matrix, index)), product(cell(bias, at))

        return Addition(node.name, index, node.at(index), node.formula, terms, {matrix.name: index, bias.name: at})


class Multiply(Operation):
    """The product of two arrays, cell by cell."""

    name = "multiply"
    formula = r"C = A \odot B"

    def forward(self, a: Any, b: Any) -> Any:
        return a * b

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        def recipe(operand: Node, other: Node) -> Recipe:
            def record_it(name: str) -> Node:
                if gradient.shape == operand.shape:
                    return record(name, self, gradient, other, axes=operand.axis_keys)
                return reduced(record, record(f"{name}.each", self, gradient, other), operand, name)

            return record_it

        a, b = node.operands
        return recipe(a, b), recipe(b, a)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        places = [aligned(operand, index) for operand in operands]

        def terms():
            return (product(*(cell(operand, at) for operand, at in zip(operands, places, strict=True))),)

        regions = {operand.name: at for operand, at in zip(operands, places, strict=True)}
        return Addition(node.name, index, node.at(index), node.formula, terms, regions)


class Scale(Operation):
    """Every cell times one number. `root_of` and `inverse` say where the number comes from: 1/√d_k, √d_model."""

    name = "scale"
    formula = r"C = c A"

    def forward(self, x: Any, *, by: float | None = None, root_of: int | None = None, inverse: bool = False) -> Any:
        return x * coefficient(by, root_of, inverse)

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        (operand,) = node.operands
        return (lambda name: record(name, self, gradient, axes=operand.axis_keys, **node.params),)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        by, root_of, inverse = (node.params.get(key) for key in ("by", "root_of", "inverse"))
        value = coefficient(by, root_of, bool(inverse))

        def terms():
            return (product(cell(operands[0], index), coefficient=value, text=coefficient_text(by, root_of, inverse)),)

        facts = {"coefficient": value, "root_of": root_of, "inverse": inverse}
        kind = Scaled if root_of and inverse else Addition
        return kind(node.name, index, node.at(index), node.formula, terms, {operands[0].name: index}, facts)


class Scaled(Addition):
    """A division by a square root, written as the fraction it is."""

    def _arithmetic(self) -> str:
        x, root = self.terms[0].cells[0].value, self.facts["root_of"]
        return rf"\frac{{{figure(x)}}}{{\sqrt{{{root}}}}} = \frac{{{figure(x)}}}{{{figure(math.sqrt(root))}}}"


def coefficient(by: float | None, root_of: int | None, inverse: bool | None) -> float:
    """The number that `Scale` multiplies with."""
    value = math.sqrt(root_of) if root_of is not None else 1.0 if by is None else by
    return 1 / value if inverse else value


def coefficient_text(by: float | None, root_of: int | None, inverse: bool | None) -> str:
    """The same number as LaTeX."""
    text = rf"\sqrt{{{root_of}}}" if root_of is not None else factor(1.0 if by is None else by)
    return rf"\frac{{1}}{{{text}}}" if inverse else text


class KeepHeads(Operation):
    """Each head times 1 (kept) or 0 (switched off by the learner)."""

    name = "keep_heads"
    formula = r"\mathrm{head}_i \cdot \mathrm{keep}_i"

    def forward(self, heads: Any, *, keep: Sequence[int]) -> Any:
        xp = namespace(heads)
        return heads * xp.reshape(where_array(heads, list(keep)), (-1, 1, 1))  # [head, query, feature] · [head, 1, 1]

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        (operand,) = node.operands
        return (lambda name: record(name, self, gradient, axes=operand.axis_keys, **node.params),)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        keep = node.params["keep"][index[-3]]

        def terms():
            return (product(cell(operands[0], index), coefficient=float(keep), text=str(keep)),)

        return Addition(node.name, index, node.at(index), node.formula, terms, {operands[0].name: index})


class Activation(Operation):
    """A function of one number, applied to every cell."""

    def slope(self, x: Any) -> Any:
        """f'(x) for an array."""
        raise NotImplementedError

    def chain(self, g: Any, x: Any) -> Any:
        """g f'(x) for arrays."""
        return g * self.slope(x)

    def slope_of(self, x: float) -> float:
        """f'(x) for one number, in float64."""
        raise NotImplementedError

    def value_terms(self, x: float) -> tuple[float, ...]:
        """The summands of f(x) in float64: two where f is x/2 + …, so that rounding is measured against them."""
        raise NotImplementedError

    def text(self, x: str) -> str:
        """f of the number `x` as LaTeX."""
        raise NotImplementedError

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        (x,) = node.operands
        return (lambda name: record(name, slope, gradient, x, axes=x.axis_keys, activation=self.name),)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        operand = cell(operands[0], index)

        def terms():
            return tuple(Term(value, (operand,)) for value in self.value_terms(operand.value))

        facts = {"arithmetic": self.text(figure(operand.value)), "x": operand.value}
        return Function(node.name, index, node.at(index), node.formula, terms, {operand.node: index}, facts)


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


add, add_column, multiply, scale, keep_heads = Add(), AddColumn(), Multiply(), Scale(), KeepHeads()
relu, gelu, gelu_tanh, silu, tanh = ReLU(), GELU(), TanhGELU(), SiLU(), Tanh()
log, slope = Logarithm(), Slope()
ACTIVATIONS: dict[str, Activation] = {function.name: function for function in (relu, gelu, gelu_tanh, silu, tanh, log)}
