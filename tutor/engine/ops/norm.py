"""Layer norm and RMS norm over the features of one position."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tutor.engine.backend import namespace
from tutor.engine.explanation import Explanation, Index, Norm, Term
from tutor.engine.ops.base import Operation, cell, region

if TYPE_CHECKING:
    from tutor.engine.trace import Node


class LayerNorm(Operation):
    """(x - mean) / deviation over one token's features, times a scale, plus a shift (Ba et al. 2016, equation 4)."""

    name = "layer_norm"
    formula = r"y = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} \odot \gamma + \beta"
    centred = True

    def forward(self, x: Any, scale: Any = None, shift: Any = None, *, epsilon: float = 1e-5) -> Any:
        xp = namespace(x)
        y = x - xp.mean(x, axis=-1, keepdims=True) if self.centred else x
        variance = xp.mean(y * y, axis=-1, keepdims=True)  # [..., 1]
        y = y / xp.sqrt(variance + epsilon)
        if scale is not None:
            y *= scale
        if shift is not None:
            y += shift
        return y

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        x, *trained = operands
        row = [float(value) for value in x.value[index[:-1]]]
        mean = math.fsum(row) / len(row) if self.centred else 0.0
        variance = math.fsum((value - mean) ** 2 for value in row) / len(row)
        deviation = math.sqrt(variance + node.params.get("epsilon", 1e-5))
        trained_cells = [cell(weight, index[-1:]) for weight in trained]
        facts = {"x": row[index[-1]], "deviation": deviation, "variance": variance, "count": len(row)}
        facts |= {"mean": mean} if self.centred else {}
        facts |= {key: found.value for key, found in zip(("scale", "shift"), trained_cells, strict=False)}

        def terms():
            scale, shift = trained_cells[:1], trained_cells[1:]
            factor = (scale[0].value if scale else 1.0) / deviation
            parts = [Term(row[index[-1]] * factor, (cell(x, index), *scale), 1 / deviation)]
            if self.centred:
                parts.append(Term(-mean * factor, tuple(scale), -mean / deviation))
            return (*parts, *(Term(found.value, (found,)) for found in shift))

        regions = {x.name: region(index, whole=-1)} | {weight.name: index[-1:] for weight in trained}
        return Norm(node.name, index, node.at(index), node.formula, terms, regions, facts)


class RMSNorm(LayerNorm):
    """x / root mean square over one token's features, times a scale (Zhang and Sennrich 2019, equation 4)."""

    name = "rms_norm"
    formula = r"y = \frac{x}{\sqrt{\frac{1}{d} \sum_i x_i^2 + \epsilon}} \odot \gamma"
    centred = False
