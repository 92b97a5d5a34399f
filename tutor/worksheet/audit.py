"""A printed matrix whose slips are to be circled, and in the key the slips."""

from __future__ import annotations

from collections.abc import Callable

from tutor.course.audit import Sheet, tally
from tutor.course.schema import Audit, Lesson
from tutor.display.language import _
from tutor.engine.trace import Node, Trace
from tutor.worksheet.blocks import Block, Mark, Note
from tutor.worksheet.grids import Index, Look, grid_of

MORE_DECIMALS = 2  # of recomputed numbers, so that rounding can be told from slips


def audit_blocks(
    step: Audit, lesson: Lesson, trace: Trace, meaning: Callable[[Node], str], language: str
) -> tuple[list[Block], list[Block]]:
    """The blocks of the sheet and of the key. A covered matrix comes with what it is to be recomputed from."""
    sheet = Sheet(step, trace)
    printed = grid_of(sheet.printed, Look(decimals=sheet.decimals), meaning(sheet.printed))
    exact = Look(decimals=sheet.decimals + MORE_DECIMALS)
    recomputed = grid_of(sheet.recomputed, exact, meaning(sheet.recomputed))
    operands = [grid_of(node, Look(), meaning(node)) for node in dict.fromkeys(sheet.recomputed.operands)]
    unit = f"{10.0**-sheet.decimals:.{sheet.decimals}f}"
    asked = Note(_("Circle what is off by {0} or more. Slips found: ____").format(unit))
    marks: dict[Index, Mark] = dict.fromkeys(sorted(sheet.slips), "slip")
    slips = grid_of(sheet.printed, Look({}, marks, decimals=sheet.decimals), meaning(sheet.printed))
    key: list[Block] = [slips, recomputed, Note(sheet.count.get(language))]
    if step is lesson.steps[-1]:
        found = tally(lesson, trace)
        total, cells = sum(row[1] for row in found), sum(row[2] for row in found)
        key.append(Note(_("All the matrices audited here: {0} of {1} cells are slips.").format(total, cells)))
    return [*(operands if step.audit.covered else [recomputed]), printed, asked], key
