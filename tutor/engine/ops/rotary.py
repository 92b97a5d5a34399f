"""Rotary positions: every query and key turned by an angle that grows with its position (Su et al. 2021)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from tutor.engine.backend import namespace, plain_array
from tutor.engine.explanation import Addition, Explanation, Index, Region, figure, product
from tutor.engine.ops.base import Operation, OperationError, Recipe, cell

if TYPE_CHECKING:
    from tutor.engine.recorder import Recorder
    from tutor.engine.trace import Node


class Rotate(Operation):
    """Features i and i + d/2 of position t as a point in the plane, turned by t θ_i, θ_i = base^(-2i/d).

    Su et al. 2021, equation 34, with the pairs half a row apart as in Llama. `scaling` as in TransformerConfig;
    `inverse` turns back.
    """

    name = "rotate"
    formula = (
        r"y_i = x_i \cos t \theta_i - x_{i + d/2} \sin t \theta_i"
        r" \quad y_{i + d/2} = x_{i + d/2} \cos t \theta_i + x_i \sin t \theta_i"
    )

    def forward(
        self, x: Any, *, base: float, scaling: tuple[float, ...] = (), offset: int = 0, inverse: bool = False
    ) -> Any:
        positions, width = x.shape[-2:]
        if width % 2:
            raise OperationError(f"rows of {width} numbers cannot be turned in pairs: their number must be even")
        xp = namespace(x)
        angles = np.arange(offset, offset + positions)[:, None] * rates(width, base, scaling)  # [position, d/2]
        dtype = str(x.dtype).rpartition(".")[2] if xp.isdtype(x.dtype, "real floating") else "float64"
        cosine = plain_array(x, np.cos(angles), dtype)
        sine = plain_array(x, -np.sin(angles) if inverse else np.sin(angles), dtype)
        first, second = x[..., : width // 2], x[..., width // 2 :]
        return xp.concat([first * cosine - second * sine, second * cosine + first * sine], axis=-1)

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        (x,) = node.operands
        params = node.params | {"inverse": not node.params.get("inverse", False)}
        return (lambda name: record(name, self, gradient, axes=x.axis_keys, **params),)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        (x,) = operands
        *row, feature = index
        half = x.shape[-1] // 2
        pair, position = feature % half, row[-1] + node.params.get("offset", 0)
        rate = float(rates(x.shape[-1], node.params["base"], node.params.get("scaling", ()))[pair])
        angle = rf"({position} \cdot {figure(rate)})"
        other = (*row, (feature + half) % x.shape[-1])
        minus = (feature < half) != node.params.get("inverse", False)

        def terms():
            cosine, sine = math.cos(position * rate), math.sin(position * rate)
            return (
                product(cell(x, index), coefficient=cosine, text=rf"\cos {angle}"),
                product(cell(x, other), coefficient=-sine if minus else sine, text=("-" * minus) + rf"\sin {angle}"),
            )

        regions: dict[str, Region] = {x.name: (*row, slice(pair, None, half))}
        facts = {"position": position, "rate": rate, "angle": position * rate}
        return Addition(node.name, index, node.at(index), node.formula, terms, regions, facts)


@lru_cache(maxsize=32)
def rates(width: int, base: float, scaling: tuple[float, ...] = ()) -> np.ndarray:
    """How fast each pair of features turns, radians a position, float64 [width / 2].

    With one number in `scaling` all turn that many times slower (Chen et al. 2023). With four (factor, low, high,
    positions) only the slow ones do: those that turn less than `low` times in so many positions in full, those that
    turn more than `high` times not at all, the others in part (Llama 3.1).
    """
    rate = base ** (-np.arange(0, width, 2) / width)
    if len(scaling) == 4:
        factor, low, high, positions = scaling
        turns = positions * rate / (2 * math.pi)
        share = np.clip((turns - low) / (high - low), 0, 1)  # of the rate that stays as it was
        rate = share * rate + (1 - share) * rate / factor
    elif scaling:
        rate = rate / scaling[0]
    rate.flags.writeable = False
    return rate


rotate = Rotate()
