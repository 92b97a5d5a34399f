"""What an operation is: forward, backward, formula, and the arithmetic of one cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from tutor.engine.explanation import Cell, Explanation, Index, Region

if TYPE_CHECKING:
    from tutor.engine.recorder import Recorder
    from tutor.engine.trace import Node

Recipe = Callable[[str], "Node"] | None


class OperationError(ValueError):
    """Operands that an operation cannot take; the message gives their shapes."""


class Operation:
    """One mathematical operation, defined once for every reader of the trace.

    `forward` computes on whole arrays of any Array API library, with any batch axes in front. `explain` gives the
    arithmetic of one cell of an unbatched trace.
    """

    name: ClassVar[str]
    formula: ClassVar[str]  # LaTeX, in general symbols; `formulas.py` has the Transformer's own

    def forward(self, *operands: Any, **params: Any) -> Any:
        """The result's array for the operands' arrays."""
        raise NotImplementedError

    def axes(self, operands: Sequence[Node], params: dict[str, Any]) -> tuple[str, ...]:
        """The names of the result's axes, where the caller gives none: those of the largest operand."""
        return max([node.axis_keys for node in operands], key=len)

    def backward(self, record: Recorder, node: Node, gradient: Node) -> tuple[Recipe, ...]:
        """For each operand of `node`, what records its gradient under a given name, from the node's own gradient.

        None for an operand that has no gradient (token ids, a mask), which is all that an operation without one says.
        """
        return tuple(None for _operand in node.operands)

    def explain(self, node: Node, index: Index, operands: Sequence[Node]) -> Explanation:
        """How `node[index]` came out of its operands' cells."""
        raise NotImplementedError


def cell(node: Node, index: Index) -> Cell:
    """The operand cell at `index`, in float64."""
    return Cell(node.name, index, float(node.value[index]))


def aligned(node: Node, index: Index) -> Index:
    """Where the number at `index` of the result stands in a broadcast operand (NumPy's rule, from the right)."""
    own = index[len(index) - len(node.shape) :]
    return tuple(0 if size == 1 else i for i, size in zip(own, node.shape, strict=True))


def region(index: Index, *, whole: int) -> Region:
    """`index` with its axis `whole` taken in full."""
    out: list[int | slice] = list(index)
    out[whole] = slice(None)
    return tuple(out)


def regions(*parts: tuple[Node, Region]) -> dict[str, Region]:
    """The cells used of each operand, by its name; of one that stands twice (X Xᵀ), the smallest block with both."""
    found: dict[str, Region] = {}
    for node, cells in parts:
        found[node.name] = tuple(map(_cover, found.get(node.name, cells), cells))
    return found


def _cover(a: int | slice, b: int | slice) -> int | slice:
    if isinstance(a, slice) or isinstance(b, slice):
        return a if a == b else slice(None)
    return a if a == b else slice(min(a, b), max(a, b) + 1)
