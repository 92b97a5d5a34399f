"""A node computed again with another array in place of a node before it: what a mistake upstream leads to."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tutor.engine.trace import Node

DEPTH = 4
_SUMS = ("matmul", "dot_products", "linear")


def numbers(node: Node) -> np.ndarray:
    """The node's value in float64, or as it is where it holds ids."""
    value = node.value
    return value.astype(np.float64) if value.dtype.kind == "f" else value


def upstream(node: Node, depth: int = DEPTH) -> Iterator[Node]:
    """`node` and the computed nodes before it, nearest first, within the same sub-layer."""
    place = node.name.rpartition(".")[0]
    seen, level = {node.name}, [node]
    for _ in range(depth + 1):
        yield from level
        found = [operand for one in level for operand in one.operands]
        level = []
        for operand in found:
            if operand.operation and operand.name not in seen and operand.name.rpartition(".")[0] == place:
                seen.add(operand.name)
                level.append(operand)


def forward(node: Node, replaced: dict[str, np.ndarray]) -> np.ndarray:
    """The node's operation on its operands, those in `replaced` replaced, in float64."""
    assert node.operation is not None
    arrays = [replaced[operand.name] if operand.name in replaced else numbers(operand) for operand in node.operands]
    if node.op in _SUMS:
        # A learner who has no number for a pair leaves the pair out of the sum; elsewhere no number gives no number.
        arrays = [np.where(np.isnan(array), 0.0, array) for array in arrays]
    return np.asarray(node.operation.forward(*arrays, **node.params))


def propagated(target: Node, source: Node, value: np.ndarray) -> np.ndarray:
    """`target` where `source` was `value`; NaN where no number would come out."""
    if source is target:
        return value
    replaced = {source.name: value}
    unaffected: set[str] = set()
    between = {node.name for node in upstream(target)}

    def visit(node: Node) -> bool:
        if node.name in replaced:
            return True
        if node.name in unaffected or node.name not in between:
            return False
        # No generator here: every operand must be visited, not only up to the first that changes.
        if not any([visit(operand) for operand in node.operands]) or node.changed:
            unaffected.add(node.name)
            return False
        replaced[node.name] = forward(node, replaced)
        return True

    visit(target)
    return replaced.get(target.name, numbers(target))
