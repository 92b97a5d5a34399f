"""Questions that are made from the trace: choices to tick, and in the key which is right and why."""

from __future__ import annotations

import re

from tutor.course.drills import Quiz, quizzes
from tutor.course.ordering import Ordering
from tutor.course.quiz import Option
from tutor.course.schema import Explain, Order, Step
from tutor.course.schema_parts import GRADES
from tutor.display import grades
from tutor.display.formula import linear
from tutor.display.language import _
from tutor.display.numbers import number
from tutor.display.ordering import titles_of
from tutor.engine.trace import Trace
from tutor.worksheet.blocks import Block, Choices, Grid, GridCell, Note, Words, WritingLines

LETTERS = "ABCDEF"
_MARKS = re.compile(r"[\\`*_~#|$]")


def quiz_blocks(step: Step, trace: Trace, language: str, seed: int) -> tuple[list[Block], list[Block]]:
    """The blocks of the sheet and of the key. Raises QuizError and TraceError for what this trace does not have."""
    sheet: list[Block] = []
    key: list[Block] = []
    for place, quiz in enumerate(quizzes(step, trace, seed)):
        items = tuple(_item(choice, language) for choice in quiz.choices)
        why = tuple(literal(choice.why.get(language)) for choice in quiz.choices)
        sheet += [Note(quiz.ask.get(language)), *_numbers(quiz, place), Choices(items)]
        key.append(Choices(items, quiz.right, why))
    return sheet, key


def order_blocks(step: Order, trace: Trace, seed: int) -> tuple[list[Block], list[Block]]:
    """The nodes with their letters, a line to write the order on, and in the key one right order."""
    ordering = Ordering(step, trace, seed)
    items = tuple(literal(title) for title in titles_of(ordering.names))
    right = "  ".join(LETTERS[place] for place in ordering.right)
    return [Choices(items), Note(_("Write the letters in order:")), WritingLines(1)], [Note(right)]


def explain_blocks(step: Explain, language: str) -> tuple[list[Block], list[Block]]:
    """Room to write, and in the key what an answer of each grade says, and what is often said but wrong."""
    key: list[Block] = []
    for grade, heading in zip(GRADES, grades.HEADINGS, strict=True):
        points = "\n".join(f"- {point.get(language)}" for point in getattr(step.points, grade))
        key += [Note(_(heading)), Words(points)]
    wrong = "\n".join(f"- {one.says.get(language)} {one.why.get(language)}" for one in step.wrong)
    key += [Note(_("Often said, but wrong")), Words(wrong)]
    return [Words(step.explain.get(language)), WritingLines(4)], key


def _item(choice: Option, language: str) -> str:
    return literal(linear(choice.formula) if choice.formula else choice.text.get(language))


def _numbers(quiz: Quiz, place: int) -> list[Block]:
    if quiz.sheet is None:
        return []
    cells = tuple(tuple(GridCell(number(float(value), 3)) for value in row) for row in quiz.sheet)
    rows, columns = (tuple(str(n + 1) for n in range(size)) for size in quiz.sheet.shape)
    return [Grid(str(place + 1), rows, columns, cells)]


def literal(text: str) -> str:
    """Text of which Markdown takes nothing for a sign of its own."""
    return _MARKS.sub(lambda sign: "\\" + sign.group(), text)
