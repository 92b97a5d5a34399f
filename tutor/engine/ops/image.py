"""A picture as a sentence: cut into patches, with a row for the whole in front (Dosovitskiy et al. 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tutor.engine.backend import namespace
from tutor.engine.explanation import Copy, Explanation, Index, product
from tutor.engine.ops.backward import sum_to
from tutor.engine.ops.base import Operation, OperationError, Recipe, cell
from tutor.engine.ops.shape import Move

if TYPE_CHECKING:
    from tutor.engine.recorder import Recorder
    from tutor.engine.trace import Node


class Patches(Move):
    """Squares of `size` × `size` pixels, row by row, each flattened: channel by channel, line by line."""

    name = "patches"
    formula = r"P_{n, \; (c, y, x)} = I_{c, \; s r + y, \; s k + x} \quad n = (r, k)"

    def forward(self, pixels: Any, *, size: int) -> Any:
        *batch, channels, height, width = pixels.shape
        if height % size or width % size:
            raise OperationError(f"a picture of {height}×{width} pixels cannot be cut into squares of {size}×{size}")
        xp = namespace(pixels)
        rows, columns, b = height // size, width // size, len(batch)
        cut = xp.reshape(pixels, (*batch, channels, rows, size, columns, size))
        order = (*range(b), b + 1, b + 3, b, b + 2, b + 4)  # [..., row, column, channel, y, x]
        return xp.reshape(xp.permute_dims(cut, order), (*batch, rows * columns, channels * size * size))

    def axes(self, operands: Sequence[Node], params: dict[str, Any]) -> tuple[str, ...]:
        return ("position", "feature")

    def inverse(self, operand: Node) -> tuple[Operation, dict[str, Any]]:
        channels, height, width = operand.shape[-3:]
        return picture, {"channels": channels, "height": height, "width": width}

    def source(self, node: Node, index: Index, operand: Node) -> Index:
        patch, feature = index
        size, columns = node.params["size"], operand.shape[-1] // node.params["size"]
        channel, inside = divmod(feature, size * size)
        return (channel, patch // columns * size + inside // size, patch % columns * size + inside % size)


class Picture(Move):
    """The patches put together to a picture again."""

    name = "picture"
    formula = r"I_{c, \; s r + y, \; s k + x} = P_{n, \; (c, y, x)} \quad n = (r, k)"

    def forward(self, rows: Any, *, channels: int, height: int, width: int) -> Any:
        xp = namespace(rows)
        *batch, patches, features = rows.shape
        size = _side(height, width, patches)
        b = len(batch)
        cut = xp.reshape(rows, (*batch, height // size, width // size, channels, size, size))
        order = (*range(b), b + 2, b, b + 3, b + 1, b + 4)
        return xp.reshape(xp.permute_dims(cut, order), (*batch, channels, height, width))

    def source(self, node: Node, index: Index, operand: Node) -> Index:
        channel, y, x = index
        height, width = node.shape[-2:]
        size = _side(height, width, operand.shape[-2])
        patch = y // size * (width // size) + x // size
        return (patch, channel * size * size + y % size * size + x % size)


def _side(height: int, width: int, patches: int) -> int:
    """How many pixels the side of a patch has."""
    return round((height * width / patches) ** 0.5)


class Prepend(Operation):
    """One row put in front of all others."""

    name = "prepend"
    formula = r"Y = [c; X]"

    def forward(self, row: Any, x: Any) -> Any:
        xp = namespace(x)
        first = xp.broadcast_to(xp.astype(row, x.dtype), (*x.shape[:-2], 1, x.shape[-1]))
        return xp.concat([first, x], axis=-2)  # [..., 1 + position, feature]

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        row, x = node.operands

        def for_row(name: str) -> Node:
            first = record(f"{name}.rows", rows_from, gradient, axes=gradient.axis_keys, start=0, stop=1)
            return record(name, sum_to, first, axes=row.axis_keys, shape=row.shape)

        return (for_row, lambda name: record(name, rows_from, gradient, axes=x.axis_keys, start=1))

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        row, x = operands
        position, feature = index
        source, at = (x, (position - 1, feature)) if position else (row, (feature,))

        def terms():
            return (product(cell(source, at)),)

        return Copy(node.name, index, node.at(index), node.formula, terms, {source.name: at})


class RowsFrom(Move):
    """Some rows of a matrix, from `start` up to but not with `stop`."""

    name = "rows_from"
    formula = r"Y_i = X_{s + i}"

    def forward(self, x: Any, *, start: int, stop: int | None = None) -> Any:
        return x[..., start:stop, :]

    def source(self, node: Node, index: Index, operand: Node) -> Index:
        return (index[0] + node.params["start"], index[1])


patches, picture, prepend, rows_from = Patches(), Picture(), Prepend(), RowsFrom()
