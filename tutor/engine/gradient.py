"""Backward: the recorded graph walked from the loss to the weights, itself recorded operation by operation.

Because every gradient is a node like any other, "why" works on it: the chain rule with its numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tutor.engine.ops.elementwise import add

if TYPE_CHECKING:
    from tutor.engine.trace import Node, Recorder

PREFIX = "gradient."
SUM_OF_PARTS = r"\frac{\partial L}{\partial x} = \sum_k \frac{\partial L}{\partial y_k} \frac{\partial y_k}{\partial x}"


def backward(record: Recorder, loss: Node, wanted: Iterable[str] | None = None) -> dict[str, Node]:
    """d loss / d node for every node and weight the loss depends on, by the node's name.

    `loss` is one number. With `wanted` only what leads to those names is computed (training asks for the weights).
    What the learner put in by hand is a constant: nothing flows through it to what stood there before.
    """
    order = _ancestors(loss)
    needed = _needed(order, None if wanted is None else set(wanted))
    users = _count_users(order, needed)
    parts: dict[int, list[Node]] = {id(loss): [_one(record, loss)]}
    found: dict[str, Node] = {}
    for node in reversed(order):
        if id(node) not in needed or id(node) not in parts:
            continue
        gradient = found[node.name] = _total(record, node, parts.pop(id(node)))
        if node.operation is None or node.original is not None:
            continue
        for operand, recipe in zip(node.operands, node.operation.backward(record, node, gradient), strict=True):
            if recipe is None or id(operand) not in needed:
                continue
            arrived = parts.setdefault(id(operand), [])
            alone = users[id(operand)] == 1
            arrived.append(recipe(f"{PREFIX}{operand.name}" + ("" if alone else f".part{len(arrived) + 1}")))
    return found


def _ancestors(loss: Node) -> list[Node]:
    """Every node the loss depends on, operands before results."""
    order: list[Node] = []
    seen: set[int] = set()
    stack: list[tuple[Node, bool]] = [(loss, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            if node.original is None:
                stack.extend((operand, False) for operand in reversed(node.operands))
    return order


def _needed(order: list[Node], wanted: set[str] | None) -> set[int]:
    """The nodes through which gradients flow: those that numbers (not ids) lead to, as far as they are wanted."""
    needed: set[int] = set()
    for node in order:
        own = node.is_weight or node.original is not None or (node.operation is None and _is_real(node.array))
        if own and (wanted is None or node.name in wanted):
            needed.add(id(node))
        elif any(id(operand) in needed for operand in node.operands) or (wanted is not None and node.name in wanted):
            needed.add(id(node))
    return needed


def _count_users(order: list[Node], needed: set[int]) -> dict[int, int]:
    users: dict[int, int] = {}
    for node in order:
        if id(node) in needed and node.original is None:
            for operand in node.operands:
                users[id(operand)] = users.get(id(operand), 0) + 1
    return users


def _is_real(array: Any) -> bool:
    return "float" in str(array.dtype)


def _one(record: Recorder, loss: Node) -> Node:
    return record.input(f"{PREFIX}{loss.name}", loss.array * 0 + 1, loss.axis_keys)


def _total(record: Recorder, node: Node, parts: list[Node]) -> Node:
    if len(parts) == 1:
        return parts[0]
    return record(f"{PREFIX}{node.name}", add, *parts, axes=node.axis_keys, formula=SUM_OF_PARTS)
