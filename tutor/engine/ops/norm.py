"""Layer norm and RMS norm over the features of one position."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tutor.engine.backend import namespace, row_sum
from tutor.engine.explanation import Explanation, Index, Norm, Term
from tutor.engine.ops.backward import norm_backward, sum_to
from tutor.engine.ops.base import Operation, Recipe, cell, region
from tutor.engine.ops.elementwise import multiply

if TYPE_CHECKING:
    from tutor.engine.recorder import Recorder
    from tutor.engine.trace import Node


class LayerNorm(Operation):
    """(x - mean) / deviation over one token's features, times a scale, plus a shift (Ba et al. 2016, equation 4)."""

    name = "layer_norm"
    formula = r"y = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} \odot \gamma + \beta"
    centred = True

    def forward(self, x: Any, scale: Any = None, shift: Any = None, *, epsilon: float = 1e-5) -> Any:
        count = x.shape[-1]
        y = x - row_sum(x) / count if self.centred else x
        variance = row_sum(y * y) / count  # [..., 1]
        y = y / namespace(x).sqrt(variance + epsilon)
        if scale is not None:
            y *= scale
        if shift is not None:
            y += shift
        return y

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        x, *trained = node.operands
        epsilon = node.params.get("epsilon", 1e-5)

        def for_x(name: str) -> Node:
            scales, settings = trained[:1], {"epsilon": epsilon, "centred": self.centred}
            return record(name, norm_backward, gradient, x, *scales, axes=x.axis_keys, **settings)

        def for_scale(name: str) -> Node:
            unit = record(f"{name}.normalised", self, x, epsilon=epsilon)  # (x - μ) / σ
            each = record(f"{name}.each", multiply, gradient, unit)
            return record(name, sum_to, each, axes=trained[0].axis_keys, shape=trained[0].shape)

        def for_shift(name: str) -> Node:
            return record(name, sum_to, gradient, axes=trained[1].axis_keys, shape=trained[1].shape)

        return (for_x, for_scale, for_shift)[: len(node.operands)]

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


layer_norm, rms_norm = LayerNorm(), RMSNorm()
