"""The steps of a hand-size program as equations between its matrices."""

from __future__ import annotations

import re
from collections.abc import Callable

from tutor.course.schema import ProgramStep


def equation(step: ProgramStep) -> str:
    """`Z = X · A`: the step's own formula, else one made of the names of its matrices; LaTeX."""
    if step.formula:
        return step.formula
    operands = [symbol(name) for name in step.operands]
    write = _WRITTEN.get(step.operation)
    if write is None:
        settings = [rf"\mathrm{{{name}}} = {value}" for name, value in step.parameters.items() if _plain(value)]
        right = rf"\mathrm{{{step.operation.replace('_', ' ')}}}({', '.join([*operands, *settings])})"
    else:
        right = write(operands, step)
    return f"{symbol(step.name)} = {right}"


def symbol(name: str) -> str:
    """A matrix's name as LaTeX: W1 is W with an index, a longer name is a word."""
    if match := re.fullmatch(r"([A-Za-z])_?(\d+)", name):
        return f"{match[1]}_{{{match[2]}}}"
    return name if len(name) == 1 else rf"\mathrm{{{name.replace('_', ' ')}}}"


def _plain(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


Writer = Callable[[list[str], ProgramStep], str]
_WRITTEN: dict[str, Writer] = {
    "matmul": lambda names, step: rf"{names[0]} \cdot {names[1]}",
    "dot_products": lambda names, step: rf"{names[0]} \cdot {names[1]}^\top",
    "linear": lambda names, step: rf"{names[0]} \cdot {names[1]}" + "".join(f" + {name}" for name in names[2:]),
    "add": lambda names, step: " + ".join(names),
    "add_column": lambda names, step: f"{names[0]} + {names[1]}",
    "multiply": lambda names, step: r" \odot ".join(names),
    "transpose": lambda names, step: rf"{names[0]}^\top",
    "relu": lambda names, step: rf"\max(0, {names[0]})",
}
