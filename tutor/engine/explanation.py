"""One cell explained: the operand cells it was made from and the arithmetic that made it, in float64.

An explanation is data. What it says in words is up to the screen; what it computes is here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

Index = tuple[int, ...]
Region = tuple[int | slice, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of one node, as an operand: where to go next."""

    node: str
    index: Index
    value: float


@dataclass(frozen=True, slots=True)
class Term:
    """One part of the arithmetic: `coefficient` times the product of `cells`, or a function of them; float64."""

    value: float
    cells: tuple[Cell, ...] = ()
    coefficient: float = 1.0
    coefficient_text: str = ""  # LaTeX, such as \frac{1}{\sqrt{48}}


def product(*cells: Cell, coefficient: float = 1.0, text: str = "") -> Term:
    """The term coefficient · cell · cell · …"""
    return Term(math.prod((cell.value for cell in cells), start=coefficient), cells, coefficient, text)


def figure(x: float) -> str:
    """A number as LaTeX with four significant digits; whole numbers whole."""
    if math.isnan(x):
        return r"\mathrm{nan}"
    if math.isinf(x):
        return r"\infty" if x > 0 else r"-\infty"
    if x == int(x) and abs(x) < 1e9:  # a model's weights are counted to the last one
        return str(int(x))
    text = f"{x:.4g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}"
    return text


def factor(x: float) -> str:
    """A number inside a product or after a plus sign: in parentheses where it is negative."""
    return f"({figure(x)})" if x < 0 else figure(x)


@dataclass(frozen=True)
class Explanation:
    """How one cell of a node came to be.

    `terms` are all its parts in the operands' order, `regions` the operand cells it used (node name -> index with
    slices), `facts` the numbers met on the way (a row's mean, a softmax's total, a position). `evaluate` computes
    the cell anew from `terms` alone.
    """

    kind: ClassVar[str] = "sum"

    node: str
    index: Index
    result: float
    formula: str = ""
    make_terms: Callable[[], tuple[Term, ...]] = field(default=tuple, repr=False)
    regions: Mapping[str, Region] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """Every part of the arithmetic; built when asked for, since a row of a big vocabulary has 50,000."""
        return self.make_terms()

    def evaluate(self) -> float:
        """The cell computed again from `terms`, in float64."""
        return math.fsum(term.value for term in self.terms)

    def folded(self, limit: int) -> tuple[tuple[Term, ...], float, int]:
        """The `limit` largest terms in their own order, the sum of the others, and how many others there are."""
        if len(self.terms) <= limit:
            return self.terms, 0.0, 0
        order = sorted(range(len(self.terms)), key=lambda i: -abs(self.terms[i].value))
        kept = set(order[:limit])
        rest = math.fsum(term.value for i, term in enumerate(self.terms) if i not in kept)
        return tuple(self.terms[i] for i in sorted(kept)), rest, len(self.terms) - limit

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The operand cells to walk to, the largest term's first; within a term in the operands' order."""
        ordered = sorted(self.terms, key=lambda term: -abs(term.value))
        return tuple(dict.fromkeys(cell for term in ordered for cell in term.cells))

    @property
    def count(self) -> int:
        """How many terms there are."""
        return len(self.terms)

    def leading_terms(self, count: int) -> tuple[Term, ...]:
        """The terms that the first `count` of `cells` belong to, where it is quicker without the others; else all."""
        return self.terms

    def leading_cells(self, count: int) -> tuple[Cell, ...]:
        """The first `count` of `cells`."""
        return self.cells[:count]

    @property
    def substituted(self) -> str:
        """The formula with this cell's numbers in it, as LaTeX."""
        return f"{self._arithmetic()} = {figure(self.result)}"

    def _arithmetic(self) -> str:
        shown, rest, count = self.folded(4)
        parts = [_term_text(term) for term in shown]
        if count:
            parts.append(rf"\ldots ({figure(rest)})")
        first, *others = parts or ["0"]
        return first + "".join(f" - {part[1:]}" if part.startswith("-") else f" + {part}" for part in others)


def _term_text(term: Term) -> str:
    """The term's factors; with a minus in front where it is to be taken away."""
    parts = [factor(cell.value) for cell in term.cells]
    if term.coefficient_text:
        parts.insert(0, term.coefficient_text)
    elif parts and abs(term.coefficient) != 1:
        parts.insert(0, figure(abs(term.coefficient)))
    sign = "-" if term.coefficient < 0 and parts and not term.coefficient_text else ""
    return sign + r" \cdot ".join(parts) if parts else factor(term.value)


class Copy(Explanation):
    """The same number as one cell of the operand: a reshape, a head split, a concatenation, an identity."""

    kind = "copy"


class LookUp(Copy):
    """The cell of a table's row, chosen by a token (or a position, or a segment)."""

    kind = "look_up"

    @property
    def cells(self) -> tuple[Cell, ...]:
        chooser = self.facts.get("chosen_by")
        return super().cells + ((chooser,) if chooser else ())


class Leaf(Explanation):
    """A number that was not computed: a weight, or what the learner typed."""

    kind = "leaf"

    def evaluate(self) -> float:
        return self.result

    @property
    def substituted(self) -> str:
        return figure(self.result)


class Changed(Leaf):
    """A number the learner put there; `facts` keeps the one that stood there before, under `original`."""

    kind = "changed"

    @property
    def substituted(self) -> str:
        return rf"{figure(self.facts['original'])} \to {figure(self.result)}"


class Addition(Explanation):
    """A sum of few operands, which are walked in the order written rather than by size."""

    kind = "sum"

    @property
    def cells(self) -> tuple[Cell, ...]:
        return tuple(dict.fromkeys(cell for term in self.terms for cell in term.cells))


class Softmax(Explanation):
    """e to the power of (this score minus the row's largest), over the row's sum of such; the terms are the row's.

    A row of a big vocabulary has 50,000 terms, so `facts["powers"]` are their values (an array) and
    `facts["term"]` makes one of them by its place: for a screen that shows a few.
    """

    kind = "softmax"

    def evaluate(self) -> float:
        total = math.fsum(term.value for term in self.terms)
        return self.terms[self.facts["chosen"]].value / total if total else 0.0

    @property
    def cells(self) -> tuple[Cell, ...]:
        chosen = self.terms[self.facts["chosen"]].cells
        return tuple(dict.fromkeys(chosen + super().cells))

    @property
    def count(self) -> int:
        return len(self.facts["powers"])

    def leading_terms(self, count: int) -> tuple[Term, ...]:
        powers, chosen = self.facts["powers"], self.facts["chosen"]
        count = min(count, len(powers))
        # Of equal ones the first come first, as in `cells`: so no term as large as the last one kept is left out.
        least = np.partition(powers, -count)[-count]
        large = np.flatnonzero(powers >= least)
        order = large[np.argsort(-powers[large], kind="stable")][:count].tolist()
        places = dict.fromkeys([chosen, *order])
        return tuple(self.facts["term"](place) for place in list(places)[:count])

    def leading_cells(self, count: int) -> tuple[Cell, ...]:
        return tuple(term.cells[0] for term in self.leading_terms(count))

    @property
    def substituted(self) -> str:
        if not self.facts["total"]:
            return r"\frac{0}{0} \to 0"  # nothing may be looked at: zeros by agreement, since 0/0 is no number
        return super().substituted

    def _arithmetic(self) -> str:
        facts = self.facts
        power = rf"e^{{{figure(facts['score'])} - {factor(facts['maximum'])}}}"
        return rf"\frac{{{power}}}{{{figure(facts['total'])}}}"


class Norm(Explanation):
    """(x - mean) / deviation, scaled and shifted; written as three terms, so that no digit hides in a difference."""

    kind = "norm"

    @property
    def cells(self) -> tuple[Cell, ...]:
        return tuple(dict.fromkeys(cell for term in self.terms for cell in term.cells))

    def _arithmetic(self) -> str:
        facts = self.facts
        above = rf"{figure(facts['x'])} - {factor(facts['mean'])}" if "mean" in facts else figure(facts["x"])
        text = rf"\frac{{{above}}}{{{figure(facts['deviation'])}}}"
        if "scale" in facts:
            text += rf" \cdot {factor(facts['scale'])}"
        return text + (rf" + {factor(facts['shift'])}" if "shift" in facts else "")


class Function(Explanation):
    """A function of one operand cell. `facts['arithmetic']` is its LaTeX with the number in it."""

    kind = "function"

    def _arithmetic(self) -> str:
        return str(self.facts["arithmetic"])


class Rule(Function):
    """A number that follows from where it stands (a position wave, a mask), not from other numbers."""

    kind = "rule"

    @property
    def cells(self) -> tuple[Cell, ...]:
        return self.facts.get("operands", ())


class Mask(Explanation):
    """The score as it was where looking is allowed, minus infinity where it is not."""

    kind = "mask"

    def evaluate(self) -> float:
        return self.terms[0].value

    @property
    def cells(self) -> tuple[Cell, ...]:
        return tuple(cell for term in self.terms for cell in term.cells)

    @property
    def substituted(self) -> str:
        return figure(self.result) if self.facts["allowed"] else rf"{figure(self.facts['score'])} \to -\infty"
