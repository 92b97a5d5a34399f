"""The arithmetic of one cell in words and lines: formula, the numbers put in, the terms, and where to go next."""

import math
import re
from collections.abc import Iterator, Sequence

import click

from tutor.display.formula import render
from tutor.display.language import _, listed
from tutor.display.prose import cell_name, label, sentence
from tutor.display.safe import safe
from tutor.display.titles import axis_title
from tutor.engine.explanation import Explanation, Term
from tutor.engine.trace import Node, Trace
from tutor.plain.markdown import wrapped

SHOWN_TERMS = 8
SHOWN_CELLS = 8


def address(trace: Trace, name: str, index: Sequence[int]) -> str:
    """`node 0,3,0 (head 1, query student, key I)`: what to type, counted from 0, and what it means."""
    node = trace[name]
    parts = zip(node.axes, index, node.labels, strict=True)
    words = listed(f"{axis_title(axis)} {label(labels, place)}" for axis, place, labels in parts)
    return f"{safe(name)} {','.join(map(str, index))} ({words})"


def explanation_lines(trace: Trace, why: Explanation, width: int) -> Iterator[str]:
    """Everything there is to say about one cell, as lines; the ways on are numbered from 1."""
    yield f"{address(trace, why.node, why.index)} = {exact(why.result)}"
    yield from wrapped(sentence(trace, why), width)
    if why.kind == "leaf":
        yield _("The walk ends here.")
        return
    for latex in (why.formula, why.substituted):
        if latex:
            yield ""
            yield from ("  " + line for line in render(latex, width - 2))
    yield from term_lines(trace, why)
    yield ""
    yield _("recomputed from its terms: {0}").format(exact(why.evaluate()))
    if why.cells:
        yield _("where to go next:")
        for place, cell in enumerate(why.cells[:SHOWN_CELLS], 1):
            yield f"  {place}  {address(trace, cell.node, cell.index)} = {exact(cell.value)}"
        if len(why.cells) > SHOWN_CELLS:
            yield _("  and {0} more").format(len(why.cells) - SHOWN_CELLS)


def term_lines(trace: Trace, why: Explanation) -> Iterator[str]:
    """The largest terms of a sum, then the sum of the others."""
    shown, rest, count = why.folded(SHOWN_TERMS)
    if len(shown) + count < 2:
        return
    yield ""
    yield _("terms, largest first:")
    for term in sorted(shown, key=lambda term: -abs(term.value)):
        yield f"  {exact(term.value):>12}  = {term_text(trace, why, term)}"
    if count:
        yield f"  {exact(rest):>12}  = " + _("the sum of the other {0} terms").format(count)


def term_text(trace: Trace, why: Explanation, term: Term) -> str:
    """One term as its factors with their numbers; an exponential or another function as what went into it."""
    factors = [f"{exact(cell.value)} {cell_name(trace, cell.node, cell.index)}" for cell in term.cells]
    if why.kind == "softmax":
        return f"e^({factors[0]} - {exact(why.facts['maximum'])})"
    multiplied = math.prod((cell.value for cell in term.cells), start=term.coefficient)
    if not math.isclose(multiplied, term.value, rel_tol=1e-6, abs_tol=1e-12):
        return _("from {0}").format(listed(factors))
    if term.coefficient != 1:
        factors.insert(0, exact(term.coefficient))
    return " × ".join(factors) or exact(term.value)


def exact(value: float) -> str:
    """A number in six digits: enough to check the arithmetic by hand."""
    return f"{float(value):.6g}".replace("inf", "∞")


def parsed_index(node: Node, text: str, start: tuple[int, ...] = ()) -> tuple[int, ...]:
    """The cell that text such as `0,1,3` or `0,student,I` names. Raises click.UsageError that says what would do.

    With `start`, a cell of the node, the last two axes are enough: the others stay where it is.
    """
    parts = [part.strip() for part in re.split("[,，]", text)] if text.strip() else []
    first = len(node.axes) - 2 if len(start) == len(node.axes) > len(parts) == 2 else 0
    if len(parts) != len(node.axes) - first:
        wanted = ",".join(map(axis_title, node.axes))
        raise click.UsageError(_("{0}: give one place for each of {1}").format(safe(node.name), wanted))
    axes = zip(parts, node.axes[first:], node.shape[first:], node.labels[first:], strict=True)
    return (*start[:first], *(_place(part, axis, size, labels) for part, axis, size, labels in axes))


def _place(part: str, axis: str, size: int, labels: Sequence[str]) -> int:
    if re.fullmatch(r"[-+]?[0-9]{1,9}", part):
        place = int(part)
        if not -size <= place < size:
            raise click.UsageError(_("{0} goes from 0 to {1}, not {2}").format(axis_title(axis), size - 1, place))
        return place % size
    found = [place for place, label in enumerate(labels) if label == part]
    found = found or [place for place, label in enumerate(labels) if _bare(label) == _bare(part)]
    if len(found) == 1:
        return found[0]
    if found:
        places, on = listed(str(place) for place in found), axis_title(axis)
        raise click.UsageError(_("'{0}' stands at {1} on {2}: give the number").format(safe(part), places, on))
    sample = ", ".join(safe(label) for label in labels[:6]) + (", …" if len(labels) > 6 else "")
    raise click.UsageError(_("no '{0}' on {1}, which has {2}").format(safe(part), axis_title(axis), sample))


def _bare(label: str) -> str:
    # Tokenizers mark a word's beginning with one of these, which nobody types.
    return label.strip("▁Ġ·␣ ").casefold()
