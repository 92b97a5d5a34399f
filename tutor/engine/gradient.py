"""Backward: the recorded graph walked from the loss to the weights, itself recorded operation by operation.

Because every gradient is a node like any other, "why" works on it: the chain rule with its numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tutor.engine.ops.elementwise import add

if TYPE_CHECKING:
    from tutor.engine.recorder import Recorder
    from tutor.engine.trace import Node

PREFIX = "gradient."
SUM_OF_PARTS = r"\frac{\partial L}{\partial x} = \sum_k \frac{\partial L}{\partial y_k} \frac{\partial y_k}{\partial x}"


def backward(
    record: Recorder, loss: Node, wanted: Iterable[str] | None = None, use_up: bool = False
) -> dict[str, Node]:
    """d loss / d node for every node and weight the loss depends on, by the node's name.

    `loss` is one number. With `wanted` only what leads to those names is computed (training asks for the weights).
    What the learner put in by hand is a constant: nothing flows through it to what stood there before. With `use_up`
    the graph is taken apart on the way, so that its memory, still warm, serves the gradients.
    """
    names = None if wanted is None else set(wanted)
    order = _ancestors(loss)
    users = _count_users(order, names)
    parts: dict[Node, list[Node]] = {loss: [_one(record, loss)]}
    found: dict[str, Node] = {}
    while order:
        node = order.pop()
        if node not in parts:
            continue
        gradient = _total(record, node, parts.pop(node))
        if names is None or node.name in names:
            found[node.name] = gradient
        if node.operation is not None and node.original is None:
            recipes = node.operation.backward(record, node, gradient)
            for operand, recipe in zip(node.operands, recipes, strict=True):
                if recipe is None or operand not in users:
                    continue
                arrived = parts.setdefault(operand, [])
                alone = users[operand] == 1
                arrived.append(recipe(f"{PREFIX}{operand.name}" + ("" if alone else f".part{len(arrived) + 1}")))
        if use_up:
            node.operands = ()
    return found


def _ancestors(loss: Node) -> list[Node]:
    """Every node the loss depends on, operands before results."""
    order: list[Node] = []
    seen: set[Node] = set()
    stack: list[tuple[Node, bool]] = [(loss, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            if node.original is None:
                stack += [(operand, False) for operand in reversed(node.operands) if operand not in seen]
    return order


def _count_users(order: list[Node], wanted: set[str] | None) -> dict[Node, int]:
    """The nodes through which gradients flow, and how many operations take each of them as an operand.

    Gradients flow through what numbers (not ids) lead to, as far as these are wanted.
    """
    users: dict[Node, int] = {}
    for node in order:
        through = [operand for operand in node.operands if operand in users] if node.original is None else []
        own = node.operation is None or node.original is not None
        if wanted is not None:
            flows = bool(through) or node.name in wanted
        else:
            flows = bool(through) or (own and _is_real(node.array))
        if flows:
            users[node] = 0
            for operand in through:
                users[operand] += 1
    return users


def _is_real(array: Any) -> bool:
    return "float" in str(array.dtype)


def _one(record: Recorder, loss: Node) -> Node:
    return record.input(f"{PREFIX}{loss.name}", loss.array * 0 + 1, loss.axis_keys)


def _total(record: Recorder, node: Node, parts: list[Node]) -> Node:
    if len(parts) == 1:
        return parts[0]
    return record(f"{PREFIX}{node.name}", add, *parts, axes=node.axis_keys, formula=SUM_OF_PARTS)
