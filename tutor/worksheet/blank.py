"""A template of a hand-size program: what is given is printed, every computed matrix is empty, and the key is full."""

from __future__ import annotations

import numpy as np

from tutor.worksheet.blocks import Block, Formula, Heading
from tutor.worksheet.equations import equation
from tutor.worksheet.grids import Look, grid_of
from tutor.worksheet.sections import Sections


def blank_blocks(sections: Sections) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
    """The blocks of the template and those of its key. The lesson must have a program."""
    program = sections.lesson.program
    assert program is not None
    trace = sections.source.trace()
    sheet: list[Block] = [grid_of(trace[name], Look(), sections.meaning(trace[name])) for name in program.matrices]
    key: list[Block] = []
    for number, step in enumerate(program.steps, 1):
        node = trace[step.name]
        meaning = sections.meaning(node)
        head: list[Block] = [Heading(number, meaning or step.name), Formula(equation(step))]
        boxes = dict.fromkeys((tuple(map(int, index)) for index in np.ndindex(*node.shape)), 0)
        sheet += [*head, grid_of(node, Look(boxes))]
        key += [*head, grid_of(node, Look())]
    return tuple(sheet), tuple(key)
