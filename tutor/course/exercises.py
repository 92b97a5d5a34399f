"""Exercises made from a trace: what an answer amounts to, and hints from a nudge to the arithmetic."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tutor.course import answers
from tutor.course.answers import Answer, accepts, matches, readings, shown, too_coarse
from tutor.course.cells import choose_cells, is_whole
from tutor.course.mistakes import MistakeError, Slip, slips
from tutor.course.places import cell_label, cell_labels, find_node
from tutor.course.schema import Ask, Choice, Fill, Text
from tutor.engine.explanation import Cell, Explanation, figure
from tutor.engine.trace import Node, Trace

Index = tuple[int, ...]

_EMPTY = Text("Type your answer first, then enter.", "先输入答案，再按 enter。")
_UNREADABLE = Text(
    "That is not a number. Type one such as 1.27, −0.4 or 8.8/6.93.",
    "这不是一个数。请输入像 1.27、−0.4、8.8/6.93 这样的数。",
)
_COARSE = Text("Near, but too coarse: give two digits that count.", "接近了，但太粗：请给两位有效数字。")
_SIGN = Text("The size is right, the sign is not.", "大小对了，正负号反了。")
_WRONG = Text("Not yet. Ask for a hint, or go through the arithmetic again.", "还不对。可以看提示，或者再算一遍。")


@dataclass(frozen=True)
class Verdict:
    """What an answer amounts to. `mistake` names the slip; `readable` is false where no number was given."""

    right: bool
    mistake: str | None
    explain: Text
    expected: float
    readable: bool = True


@dataclass(frozen=True)
class Hint:
    """A hint: words, perhaps a formula (LaTeX), perhaps cells to light up. Cell names in the words are foreign text."""

    text: Text
    formula: str | None = None
    cells: tuple[Cell, ...] = ()


class Exercise:
    """Cells of one node for the learner to compute. `cells` are their indices; the same seed gives the same cells."""

    def __init__(self, fill: Fill, trace: Trace, seed: int = 0, strict: bool = False) -> None:
        self.fill, self.trace, self.seed = fill, trace, seed
        self.found: Node = find_node(trace, fill.exercise.fill)
        self.slips: tuple[Slip, ...] = tuple(
            slip for name in fill.exercise.mistakes for slip in _slips(trace, self.found, name, strict)
        )
        chance = random.Random(f"{seed}|{self.found.name}|{self.found.shape}")
        self.cells: tuple[Index, ...] = choose_cells(self.found, self.slips, fill.exercise.cells, chance)
        value = self.found.value
        finite = value[np.isfinite(value)]
        self.whole = is_whole(self.found)
        noise = answers.NOISE if value.dtype.itemsize < 8 else answers.NOISE_IN_PROGRAMS
        self.noise = noise * max(float(np.abs(finite).max(initial=0.0)), 1e-3)

    @property
    def node(self) -> str:
        """The name of the node whose cells are asked for."""
        return self.found.name

    def expected(self, index: Sequence[int]) -> float:
        """The number that belongs in a cell."""
        return self.found.at(tuple(index))

    def label(self, index: Sequence[int]) -> str:
        """The cell by the labels of its axes (foreign text)."""
        return cell_label(self.found, tuple(index))

    def grade(self, index: Sequence[int], text: str) -> Verdict:
        """The verdict on what was typed for a cell, naming the mistake where it is one of those listed."""
        at = tuple(index)
        expected = self.expected(at)
        typed = readings(text)
        if not typed:
            return Verdict(False, None, _UNREADABLE if text.strip() else _EMPTY, expected, readable=False)
        if any(accepts(expected, answer, self.noise, self.whole) for answer in typed):
            return Verdict(True, None, Text(f"Right: {shown(expected)}.", f"正确：{shown(expected)}。"), expected)
        return next(filter(None, (self._wrong(at, expected, answer) for answer in typed)), None) or Verdict(
            False, None, _WRONG, expected
        )

    def _wrong(self, at: Index, expected: float, answer: Answer) -> Verdict | None:
        matching = [slip for slip in self.slips if matches(float(slip.value[at]), answer, self.noise, self.whole)]
        if matching:
            nearest = min(matching, key=lambda slip: abs(float(slip.value[at]) - answer.value))
            return Verdict(False, nearest.mistake.name, self._explain(nearest, matching), expected)
        if too_coarse(expected, answer):
            return Verdict(False, "too_coarse", _COARSE, expected)
        if answer.digits >= 2 or answer.computed or abs(expected) >= 1:
            if accepts(-expected, answer, self.noise, self.whole):
                return Verdict(False, "sign", _SIGN, expected)
        return self._other_cell(at, expected, answer)

    def _explain(self, slip: Slip, matching: Sequence[Slip]) -> Text:
        text = slip.mistake.text
        # Two slips may give the same number in this cell; the learner knows which one it was.
        other = next((one for one in matching if one.mistake.name != slip.mistake.name), None)
        if other is not None:
            text = Text(f"{text.en} Or: {other.mistake.text.en}", f"{text.zh}或者是：{other.mistake.text.zh}")
        if slip.source == self.found.name:
            return text
        source = slip.source.rpartition(".")[2]
        return Text(
            f"{text.en} (It happened in {source}; the rest follows.)",
            f"{text.zh}（错在 {source} 那一步，后面都跟着变了。）",
        )

    def _other_cell(self, at: Index, expected: float, answer: Answer) -> Verdict | None:
        # With fewer digits too many cells would match by chance.
        if answer.digits < 2 and not answer.computed:
            return None
        for other in _neighbours(at, self.found.shape):
            if matches(self.found.at(other), answer, self.noise, self.whole):
                name = self.label(other)
                text = Text(f"That is the number of another cell: {name}.", f"这是另一格的数：{name}。")
                return Verdict(False, "other_cell", text, expected)
        return None

    def hints(self, index: Sequence[int] | None = None) -> tuple[Hint, ...]:
        """All hints for a cell: those written for the lesson, then the formula, the cells and the arithmetic."""
        why = self.trace.explain(self.node, tuple(index) if index is not None else self.cells[0])
        written = tuple(Hint(text) for text in self.fill.hints)
        formula = Hint(Text("The formula:", "公式："), self.fill.formula or why.formula)
        return (*written, formula, _which_cells(self.trace, why), *_arithmetic(why))

    def hint(self, number: int, index: Sequence[int] | None = None) -> Hint | None:
        """Hint `number` from 0 for a cell (the first where none is given); None past the last."""
        found = self.hints(index)
        return found[number] if number < len(found) else None


def make(fill: Fill, trace: Trace, seed: int = 0, strict: bool = False) -> Exercise:
    """The exercise of a lesson's step on this trace. Raises TraceError where it has no such node.

    A mistake that cannot be made here is left out, since a what-if may have taken the mask or the residual away;
    `strict` raises MistakeError instead.
    """
    return Exercise(fill, trace, seed, strict)


def _slips(trace: Trace, node: Node, name: str, strict: bool) -> tuple[Slip, ...]:
    try:
        return slips(trace, node, name)
    except MistakeError:
        if strict:
            raise
        return ()


def _neighbours(at: Index, shape: Index) -> list[Index]:
    found = []
    if len(at) >= 2 and at[-1] < shape[-2] and at[-2] < shape[-1]:
        found.append((*at[:-2], at[-1], at[-2]))  # row and column taken for one another
    for axis in range(len(at)):
        for step in (-1, 1):
            if 0 <= at[axis] + step < shape[axis]:
                found.append((*at[:axis], at[axis] + step, *at[axis + 1 :]))
    return [other for other in found if other != at]


def _which_cells(trace: Trace, why: Explanation) -> Hint:
    cells = tuple(dict.fromkeys(why.cells))
    if not cells:
        return Hint(
            Text(
                "It follows from where the cell stands, not from other numbers.", "它由所在的位置决定，不由别的数得来。"
            )
        )
    names = cell_labels(trace, cells[:4])
    en, zh = ", ".join(names), "、".join(names)
    if len(cells) > len(names):
        en, zh = f"{en} and {len(cells) - len(names)} more", f"{zh}，另有 {len(cells) - len(names)} 个"
    return Hint(Text(f"It is made from {en}.", f"它由这些数得来：{zh}。"), cells=cells)


def _arithmetic(why: Explanation) -> tuple[Hint, ...]:
    text = unsolved(why)
    return (Hint(Text("With the numbers:", "代入数字："), text, tuple(dict.fromkeys(why.cells))),) if text else ()


def unsolved(why: Explanation) -> str:
    """The formula with the numbers in it, up to but not with the result; empty where that is the result itself."""
    ending = f" = {figure(why.result)}"
    if why.kind in ("copy", "look_up", "leaf", "changed", "mask") or not why.substituted.endswith(ending):
        return ""
    return why.substituted.removesuffix(ending)


@dataclass(frozen=True)
class Question:
    """A question with its choices in a shuffled order, the same for the same seed."""

    ask: Ask
    choices: tuple[Choice, ...]

    def answer(self, number: int) -> Verdict:
        """The verdict on choice `number`, from 0 in the order shown."""
        chosen = self.choices[number]
        return Verdict(chosen.right, None, chosen.why, float(self.right))

    @property
    def right(self) -> int:
        """The number of the right choice in the order shown."""
        return next(number for number, choice in enumerate(self.choices) if choice.right)

    def hint(self, number: int) -> Hint | None:
        """Hint `number` from 0; None past the last."""
        return Hint(self.ask.hints[number]) if number < len(self.ask.hints) else None


def question(ask: Ask, seed: int = 0) -> Question:
    """The question with its choices shuffled, so that the right one does not always stand first."""
    order = list(ask.choices)
    random.Random(f"{seed}|{ask.ask.en}").shuffle(order)
    return Question(ask, tuple(order))
