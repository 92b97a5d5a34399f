"""The steps of a lesson as blocks of a sheet and of its key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from tutor.course.audit import AuditError
from tutor.course.drills import QUIZZED, QuizError
from tutor.course.exercises import Exercise, make, question, unsolved
from tutor.course.mistakes import MistakeError
from tutor.course.places import PlaceError, cell_at, find_node
from tutor.course.schema import Ask, Audit, Explain, Fill, Lesson, Order, Step, Try
from tutor.display.kinds import KINDS
from tutor.display.language import _, listed
from tutor.display.messages import said
from tutor.display.numbers import number
from tutor.display.prose import cell_name
from tutor.display.titles import short_title
from tutor.engine.config import ConfigError
from tutor.engine.explanation import Explanation
from tutor.engine.ops import OperationError
from tutor.engine.trace import Node, TraceError
from tutor.models.errors import ModelError
from tutor.plain.source import Source
from tutor.worksheet.audit import audit_blocks
from tutor.worksheet.blocks import (
    Answer,
    Answers,
    Block,
    Choices,
    Formula,
    Grid,
    Heading,
    Mark,
    Note,
    Words,
    WritingLines,
)
from tutor.worksheet.equations import equation
from tutor.worksheet.grids import Index, Look, grid_of, needed
from tutor.worksheet.quizzes import explain_blocks, order_blocks, quiz_blocks

# What another sentence or another model than the lesson's own can bring about: the step's words still stand.
UNFIT = (AuditError, ConfigError, MistakeError, ModelError, OperationError, PlaceError, QuizError, TraceError)
WRONG_DIGITS = 4
COPIES = ("identity", "mask")  # operations that leave most numbers where they were

Config = dict[str, Any]


@dataclass
class Sections:
    """Turns steps into blocks. A cell that some exercise asks for is a box wherever its matrix is printed."""

    lesson: Lesson
    source: Source
    language: str
    seed: int = 0
    cells: int | None = None  # in every exercise, in place of the lesson's own number
    exercises: dict[int, Exercise] = field(default_factory=dict)
    problems: dict[int, str] = field(default_factory=dict)
    printed: dict[tuple[str, Index, str], tuple[int, Grid]] = field(default_factory=dict)  # and in which step first

    @property
    def equations(self) -> dict[str, str]:
        """The equations of a hand-size program by the names of its matrices; none of a model."""
        program = self.lesson.program
        return {step.name: equation(step) for step in program.steps} if program else {}

    def blocks(self) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
        """The blocks of the sheet, and those of its key."""
        self._make_exercises()
        sheet: list[Block] = []
        key: list[Block] = []
        for place, step in enumerate(self.lesson.steps):
            try:
                asked, answered = self._step(place, step)
            except UNFIT as error:
                asked, answered = [*self._words(step), Note(said(error))], []
            heading = Heading(place + 1, self._title(step))
            sheet += [heading, *asked]
            key += [heading, *answered] if answered else []
        return tuple(sheet), tuple(key)

    def _make_exercises(self) -> None:
        for place, step in enumerate(self.lesson.steps):
            if isinstance(step, Fill):
                asked = step.exercise
                if self.cells is not None:
                    asked = msgspec.structs.replace(asked, cells=self.cells)
                    step = msgspec.structs.replace(step, exercise=asked)
                try:
                    self.exercises[place] = make(step, self.source.trace(step.config), self.seed)
                except UNFIT as error:
                    self.problems[place] = said(error)

    def _step(self, place: int, step: Step) -> tuple[list[Block], list[Block]]:
        if isinstance(step, Fill):
            return self._fill(place, step)
        if isinstance(step, Ask):
            return self._ask(place, step)
        if isinstance(step, Try):
            return self._try(place, step)
        if isinstance(step, Explain):
            asked, answered = explain_blocks(step, self.language)
            return [*self._words(step), *asked], answered
        if isinstance(step, QUIZZED | Order):
            trace = self.source.trace(step.config)
            if isinstance(step, Order):
                asked, answered = order_blocks(step, trace, self.seed)
            else:
                asked, answered = quiz_blocks(step, trace, self.language, self.seed)
            return [*self._words(step), *([Formula(step.formula)] if step.formula else []), *asked], answered
        if isinstance(step, Audit):
            asked, answered = audit_blocks(step, self.lesson, self.source.trace(), self.meaning, self.language)
            return [*self._words(step), *([Formula(step.formula)] if step.formula else []), *asked], answered
        return [*self._words(step), *self._formula(step), *self._shown(place, step)], []

    def _title(self, step: Step) -> str:
        if step.title:
            return step.title.get(self.language)
        return _(KINDS[step.kind]) if step.kind in KINDS else short_title(step.show or "")

    def _words(self, step: Step) -> list[Block]:
        return [Words(step.say.get(self.language))] if step.say else []

    def _formula(self, step: Step) -> list[Block]:
        if step.formula:
            return [Formula(step.formula)]
        if not step.show:
            return []
        node = find_node(self.source.trace(getattr(step, "config", None)), step.show)
        found = self.equations.get(node.name) or node.formula
        return [Formula(found)] if found else []

    # -- matrices -------------------------------------------------------------------------------------------------

    def _shown(self, place: int, step: Any) -> Iterator[Block]:
        """The matrix of a step, or two where it changes the config."""
        if not step.show:
            return
        before = self._plain_matrix(place, step)
        if step.config and before is not None:
            yield Note(_("Before:"))
        if before is not None:
            yield before
        if step.config:
            yield Note(_("After: {0}").format(settings(step.config)))
            yield self._matrix(place, step, dict(step.config))

    def _plain_matrix(self, place: int, step: Any) -> Block | None:
        """The matrix without the step's what-if; None where only that brings it about."""
        try:
            return self._matrix(place, step, {})
        except TraceError:
            if step.config:
                return None
            raise

    def _matrix(self, place: int, step: Any, config: Config) -> Block:
        node = find_node(self.source.trace(config), step.show)
        at = self._at(node, step)
        marks: dict[Index, Mark] = {at: "look"} if step.look_at else {}
        return self._print(place, node, Look(self._boxes(node, config), marks, at), config)

    def _at(self, node: Node, step: Any) -> Index:
        try:
            return cell_at(node, step.look_at)
        except PlaceError:
            return (0,) * len(node.shape)  # a sentence shorter than the lesson's own

    def _print(self, place: int, node: Node, look: Look, config: Config) -> Grid:
        grid = grid_of(node, look, self.meaning(node))
        key = (node.name, look.at[:-2], repr(config))
        if key not in self.printed or self.printed[key][1].note and not grid.note:
            self.printed[key] = (place, grid)
        return grid

    def meaning(self, node: Node) -> str:
        """`Z: after attention`, where the lesson says what its matrix is; empty for a model's."""
        symbols = self.lesson.program.symbols if self.lesson.program else {}
        return f"{node.name}: {symbols[node.name].get(self.language)}" if node.name in symbols else ""

    def _boxes(self, node: Node, config: Config) -> dict[Index, int]:
        """The cells of this matrix that an exercise asks for, here or where it was copied from, as nameless boxes."""
        names = {node.name, *(operand.name for operand in node.operands[:1] if node.op in COPIES)}
        return {
            cell: 0
            for exercise in self.exercises.values()
            if exercise.node in names and dict(exercise.fill.config or {}) == config
            for cell in exercise.cells
        }

    # -- exercises ------------------------------------------------------------------------------------------------

    def _fill(self, place: int, step: Fill) -> tuple[list[Block], list[Block]]:
        sheet = [*self._words(step), *self._formula(step)]
        if place in self.problems:
            return [*sheet, Note(self.problems[place])], []
        exercise = self.exercises[place]
        config = dict(step.config or {})
        if config:
            sheet.append(Note(_("What if: {0}").format(settings(config))))
        boxes = {cell: box for box, cell in enumerate(exercise.cells, 1)}
        whys = {cell: exercise.trace.explain(exercise.node, cell) for cell in exercise.cells}
        sheet += self._operands(exercise, list(whys.values()), config)
        key: list[Block] = []
        for leading in dict.fromkeys(cell[:-2] for cell in boxes):
            at = next(cell for cell in boxes if cell[:-2] == leading)
            others = self._boxes(exercise.found, config)
            sheet.append(self._print(place, exercise.found, Look({**others, **boxes}, {}, at), config))
            marks: dict[Index, Mark] = dict.fromkeys(boxes, "answer")
            key.append(grid_of(exercise.found, Look({}, marks, at), self.meaning(exercise.found)))
        return sheet, [*key, Answers(tuple(self._answer(exercise, box, cell) for cell, box in boxes.items()))]

    def _operands(self, exercise: Exercise, whys: list[Explanation], config: Config) -> Iterator[Block]:
        """The numbers that the blanks are made from, or the arithmetic where those are too many for paper."""
        earlier, too_many = [], False
        for operand in dict.fromkeys(exercise.found.operands):
            regions = [why.regions[operand.name] for why in whys if operand.name in why.regions]
            if not regions:
                continue
            at = _first(regions[0], operand)
            before = self.printed.get((operand.name, at[:-2], repr(config)))
            if before is not None and not before[1].note:
                earlier.append(_("{0} of step {1}").format(short_title(operand.name), before[0] + 1))
            elif (region := needed(operand, regions)) is None:
                too_many = True
            else:
                yield grid_of(operand, Look(self._boxes(operand, config), {}, at), self.meaning(operand), region)
        if earlier:
            yield Note(_("You need {0}.").format(listed(earlier)))
        if too_many:
            yield Note(_("The numbers it is made from are too many for paper. With the numbers put in:"))
            names = (cell_name(exercise.trace, exercise.node, cell) for cell in exercise.cells)
            pairs = enumerate(zip(names, whys, strict=True), 1)
            yield Answers(tuple(Answer(number_, name, "", unsolved(why)) for number_, (name, why) in pairs))

    def _answer(self, exercise: Exercise, box: int, cell: Index) -> Answer:
        why = exercise.trace.explain(exercise.node, cell)
        name = cell_name(exercise.trace, exercise.node, cell)
        return Answer(box, name, number(exercise.expected(cell), 4), unsolved(why), self._slips(exercise, cell))

    def _slips(self, exercise: Exercise, cell: Index) -> tuple[str, ...]:
        """What a learner may have got instead, and how."""
        found: dict[str, str] = {}
        for slip in exercise.slips:
            wrong = float(slip.value[cell])
            if np.isfinite(wrong):
                verdict = exercise.grade(cell, f"{wrong:.{WRONG_DIGITS}g}")
                if verdict.mistake == slip.mistake.name:
                    found.setdefault(number(wrong, WRONG_DIGITS), verdict.explain.get(self.language))
        return tuple(f"{wrong}: {text}" for wrong, text in found.items())

    # -- questions and things to try ------------------------------------------------------------------------------

    def _ask(self, place: int, step: Ask) -> tuple[list[Block], list[Block]]:
        asked = question(step, self.seed)
        items = tuple(choice.text.get(self.language) for choice in asked.choices)
        why = tuple(choice.why.get(self.language) for choice in asked.choices)
        formula = [Formula(step.formula)] if step.formula else []
        words = [*self._words(step), Words(step.ask.get(self.language)), *formula]
        return [*words, *self._beside(place, step), Choices(items)], [Choices(items, asked.right, why)]

    def _beside(self, place: int, step: Ask) -> Iterator[Block]:
        """The matrix beside a question, or where it stands already."""
        shown = list(self._shown(place, step))
        if len(shown) == 1 and isinstance(shown[0], Grid):
            node = find_node(self.source.trace(), step.show or "")
            key = (node.name, self._at(node, step)[:-2], repr({}))
            first, grid = self.printed[key]
            if first != place and (grid.rows, grid.columns) == (shown[0].rows, shown[0].columns):
                yield Note(_("Look at {0} of step {1}.").format(short_title(node.name), first + 1))
                return
        yield from shown

    def _try(self, place: int, step: Try) -> tuple[list[Block], list[Block]]:
        words = self._words(step)
        if step.goal.config is None:
            return [*words, Note(_("At the computer: tutor start {0}").format(self.lesson.id))], []
        config = dict(step.goal.config)
        before = self._matrix(place, step, {})
        after = self._matrix(place, step, config)
        asked = _("Which numbers will change with {0}, and how? Write it down before you look at the key.")
        return (
            [*words, *self._formula(step), before, Note(asked.format(settings(config))), WritingLines()],
            [Note(_("What if: {0}").format(settings(config))), after, Note(self._changes(step, config))],
        )

    def _changes(self, step: Try, config: Config) -> str:
        before, after = (find_node(self.source.trace(c), step.show or "") for c in ({}, config))
        if before.shape != after.shape:
            return ""
        with np.errstate(invalid="ignore"):
            changed = ~np.isclose(before.value, after.value, rtol=1e-6, atol=1e-9, equal_nan=True)
        return _("{0} of {1} numbers changed.").format(int(changed.sum()), changed.size)


def settings(config: Config) -> str:
    """`causal_mask = false`"""
    return listed(f"{key} = {str(value).lower()}" for key, value in config.items())


def _first(region: tuple[int | slice, ...], node: Node) -> Index:
    """A cell of the region: its corner."""
    corner = [place if isinstance(place, int) else 0 for place in region]
    return tuple([*corner, *([0] * (len(node.shape) - len(corner)))])
