"""Predicting before the matrix is shown: which is largest, which of two is larger, which sign.

A wrong prediction is held against what would make it right: the mistakes listed, the matrix one step before, another
head, the column in place of the row.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tutor.course.answers import shown
from tutor.course.exercises import Hint
from tutor.course.mistakes import MistakeError, Slip, slips
from tutor.course.places import cell_at, cell_label, find_node
from tutor.course.quiz import Option, Quiz, QuizError, same, shuffled, title_of
from tutor.course.recompute import numbers
from tutor.course.schema import Predict, Text
from tutor.course.shapes import axis_name
from tutor.engine.explanation import Index
from tutor.engine.message import Message
from tutor.engine.trace import Node, Trace

_NEAR = 1e-6  # of the largest number: two that differ by less are one and the same
_NOTHING = Text(" ", " ")
_THINGS = {"key": ("key", "key"), "vocabulary": ("token", "词元"), "position": ("position", "位置")}


def predict_quiz(step: Predict, trace: Trace, seed: int = 0) -> Quiz:
    """The question. Raises TraceError, PlaceError or QuizError where it cannot be asked of this trace."""
    node = find_node(trace, step.show)
    if not node.shape:
        raise QuizError(Message("{node} is a single number", node=node.name))
    if node.operation is None:
        raise QuizError(Message("{node} is given, not computed", node=node.name))
    return {"largest": _largest, "sign": _sign, "larger": _larger}[step.predict.kind](step, trace, node, seed)


def slips_at(step: Predict, trace: Trace, node: Node) -> Iterator[Slip]:
    """The listed mistakes as far as they can be made here."""
    for name in step.mistakes:
        try:
            yield from slips(trace, node, name)
        except MistakeError:
            continue  # a what-if may have taken the mask or the residual away


# -- the largest of a row ---------------------------------------------------------------------------------------------


def free_axis(step: Predict, node: Node) -> int:
    """The axis along which the largest is looked for: the last that `at` does not name. Raises QuizError."""
    left = [place for place, axis in enumerate(node.axes) if axis not in step.predict.at]
    if not left:
        raise QuizError(Message("every axis of {node} has its place: nothing is left to predict", node=node.name))
    return left[-1]


def _largest(step: Predict, trace: Trace, node: Node, seed: int) -> Quiz:
    along = free_axis(step, node)
    start = list(cell_at(node, step.predict.at))
    start[along] = 0
    row = _row(numbers(node), start, along)
    labels = _labels(node, along)
    best, right = float(row.max()), best_of(row)
    if len(right) == len(row):
        raise QuizError(Message("all numbers of this row of {node} are equal", node=node.name))

    def option(place: int, why: Text = _NOTHING, mistake: str = "") -> Option:
        value, found = shown(float(row[place])), shown(best)
        ending = Text(
            f"Here it is {value}; the largest is {found} ({labels[right[0]]}).",
            f"这里它是 {value}；最大的是 {found}（{labels[right[0]]}）。",
        )
        words = Text(f"{why.en} {ending.en}".strip(), f"{why.zh}{ending.zh}".strip())
        return Option(same(labels[place]), words, mistake=mistake)

    second = float(np.sort(row)[-1 - len(right)])
    wrong = [option(*one) for one in _misled(step, trace, node, start, along) if one[0] not in right]
    order = [int(place) for place in np.argsort(-row, kind="stable") if place not in right]
    wrong += [option(place) for place in order]
    said = Text(
        f"It is {shown(best)}; the next largest is {shown(second)}.",
        f"它是 {shown(best)}；其次是 {shown(second)}。",
    )
    choices = shuffled(Option(same(labels[right[0]]), said, True), wrong, f"{seed}|{node.name}|{start}")
    also = {labels[place] for place in right}
    choices = tuple(one if one.text.en not in also else Option(one.text, said, True) for one in choices)
    reveal = (*start[:along], right[0], *start[along + 1 :])
    en, zh = _THINGS.get(node.axes[along], (node.axes[along], axis_name(node.axes[along])))
    zh = f" {zh} " if zh.isascii() else zh
    where, where_zh = _where(node, start, along)
    name = title_of(node.name)
    asked = Text(f"{name}{where}: which {en} has the largest number?", f"{name}{where_zh}：哪个{zh}的数最大？")
    return Quiz(
        asked, choices, node.name, node.name, tuple(_hints(step, node)), True, True, at=tuple(start), reveal_at=reveal
    )


def best_of(row: np.ndarray) -> list[int]:
    """The places of the largest number; several where they are equal."""
    finite = np.abs(row[np.isfinite(row)])
    return [int(p) for p in np.flatnonzero(row >= row.max() - _NEAR * float(finite.max(initial=0.0)))]


def _misled(step: Predict, trace: Trace, node: Node, start: list[int], along: int) -> Iterator[tuple[int, Text, str]]:
    """Other computations in whose result another cell is the largest: that cell, what it is, the mistake's name."""
    value = numbers(node)
    for slip in slips_at(step, trace, node):
        row = _row(slip.value, start, along)
        if not np.isnan(row).all():
            yield int(np.nanargmax(row)), slip.mistake.text, slip.mistake.name
    for operand in node.operands:
        if operand.shape == node.shape and operand.value.dtype.kind == "f":
            name = title_of(operand.name)
            yield (
                int(np.argmax(_row(numbers(operand), start, along))),
                Text(f"In {name}, one step before, it is the largest.", f"在前一步的 {name} 里，它最大。"),
                "one_step_before",
            )
    rows = len(node.shape) - 2
    if rows >= 0 and along == rows + 1 and node.shape[rows] == node.shape[along]:
        if node.labels[rows] == node.labels[along] and node.axes[along] == "key":
            own = Text("A token need not look at itself most.", "词元不一定最看自己。")
            yield start[rows], own, "itself"
        column = list(start)
        column[along], column[rows] = start[rows], 0
        down = Text("That is the largest of the column, not of the row.", "那是这一列里最大的，不是这一行里的。")
        yield int(np.argmax(_row(value, column, rows))), down, "column_for_row"
    if node.axes[:1] == ("head",):
        for head in range(node.shape[0]):
            if head != start[0]:
                found = int(np.argmax(_row(value, [head, *start[1:]], along)))
                yield found, Text(f"That is so in head {head + 1}.", f"第 {head + 1} 个头里是这样。"), "other_head"
    row = _row(value, start, along)
    size = np.where(np.isfinite(row), np.abs(row), -1.0)
    yield int(np.argmax(size)), Text("Its size is the largest, but it is negative.", "它离 0 最远，却是负数。"), "size"


# -- the sign ---------------------------------------------------------------------------------------------------------


def _sign(step: Predict, trace: Trace, node: Node, seed: int) -> Quiz:
    at = cell_at(node, step.predict.at)
    value = node.at(at)
    signs = {1: Text("positive", "正"), -1: Text("negative", "负"), 0: Text("zero", "零")}
    because = _halves(trace, node, at)
    slip_of = {
        int(np.sign(slip.value[at])): slip for slip in slips_at(step, trace, node) if slip.value[at] == slip.value[at]
    }
    choices = []
    for sign, text in signs.items():
        right = sign == int(np.sign(value))
        slip = None if right else slip_of.get(sign)
        why = Text(f"{slip.mistake.text.en} {because.en}", f"{slip.mistake.text.zh}{because.zh}") if slip else because
        choices.append(Option(text, why, right, mistake=slip.mistake.name if slip else ""))
    label = cell_label(node, at)
    asked = Text(f"{label}: which sign does it have?", f"{label}：它是正是负？")
    return Quiz(asked, tuple(choices), node.name, node.name, tuple(_hints(step, node)), True, True, at=at, reveal_at=at)


def _halves(trace: Trace, node: Node, at: Index) -> Text:
    """What the positive and the negative parts of a sum come to."""
    why, value = trace.explain(node.name, at), shown(node.at(at))
    if why.kind != "sum" or len(why.terms) < 2:
        return Text(f"It is {value}.", f"它是 {value}。")
    plus = shown(sum(term.value for term in why.terms if term.value > 0))
    minus = shown(sum(term.value for term in why.terms if term.value < 0))
    return Text(
        f"The positive parts add up to {plus}, the negative ones to {minus}: together {value}.",
        f"正的部分合计 {plus}，负的部分合计 {minus}，加起来是 {value}。",
    )


# -- the larger of two ------------------------------------------------------------------------------------------------


def _larger(step: Predict, trace: Trace, node: Node, seed: int) -> Quiz:
    cells = cell_at(node, step.predict.at), cell_at(node, step.predict.than)
    if cells[0] == cells[1]:
        raise QuizError(Message("{cell} is asked to be larger than itself", cell=cell_label(node, cells[0])))
    outcome = outcome_of(numbers(node), cells)
    names = [cell_label(node, cell) for cell in cells]
    a, b = (shown(node.at(cell)) for cell in cells)
    facts = Text(f"{names[0]} = {a}, {names[1]} = {b}.", f"{names[0]} = {a}，{names[1]} = {b}。")
    misled: dict[int, tuple[Text, str]] = {}
    for slip in slips_at(step, trace, node):
        misled.setdefault(outcome_of(slip.value, cells), (slip.mistake.text, slip.mistake.name))
    for operand in node.operands:
        if operand.shape == node.shape:
            before = [shown(operand.at(cell)) for cell in cells]
            name = title_of(operand.name)
            why = Text(
                f"In {name}, one step before, it is so: {before[0]} and {before[1]}.",
                f"在前一步的 {name} 里是这样：{before[0]} 和 {before[1]}。",
            )
            misled.setdefault(outcome_of(numbers(operand), cells), (why, "one_step_before"))
    texts = [same(names[0]), same(names[1]), Text("both are equal", "两个相等")]
    choices = []
    for place, text in enumerate(texts):
        if place == outcome or place not in misled:
            choices.append(Option(text, facts, place == outcome))
        else:
            why, mistake = misled[place]
            choices.append(Option(text, Text(f"{why.en} {facts.en}", f"{why.zh}{facts.zh}"), mistake=mistake))
    asked = Text("Which of the two is larger?", "两个数里哪个大？")
    hints = tuple(_hints(step, node))
    return Quiz(asked, tuple(choices), node.name, node.name, hints, True, True, at=cells[0], reveal_at=cells[0])


def outcome_of(value: np.ndarray, cells: tuple[Index, Index]) -> int:
    """0 where the first cell holds the larger number, 1 where the second does, 2 where they are equal."""
    a, b = float(value[cells[0]]), float(value[cells[1]])
    if a == b or abs(a - b) <= _NEAR * max(abs(a), abs(b)):
        return 2
    return 0 if a > b else 1


# -- words ------------------------------------------------------------------------------------------------------------


def _row(value: np.ndarray, start: list[int], along: int) -> np.ndarray:
    return value[tuple(slice(None) if place == along else at for place, at in enumerate(start))]


def _labels(node: Node, along: int) -> list[str]:
    """The labels of an axis; those that come twice with their number."""
    labels = [str(label) for label in node.labels[along]]
    twice = {label for label in labels if labels.count(label) > 1} if len(labels) < 1000 else set()
    return [f"{label} ({place + 1})" if label in twice else label for place, label in enumerate(labels)]


def _where(node: Node, start: list[int], along: int) -> tuple[str, str]:
    """`, head 1, query cats` in both languages."""
    places = [(axis, labels[at]) for axis, labels, at in zip(node.axes, node.labels, start, strict=True)]
    others = [pair for place, pair in enumerate(places) if place != along]
    en = "".join(f", {axis} {label}" for axis, label in others)
    return en, "".join(f"，{axis_name(axis)} {label}" for axis, label in others)


def _hints(step: Predict, node: Node) -> Iterator[Hint]:
    yield from map(Hint, step.hints)
    names = [title_of(operand.name) for operand in node.operands if operand.shape]
    if names:
        words = Text(f"It is computed from {', '.join(names)}.", f"它由 {'、'.join(names)} 算出。")
        yield Hint(words, step.formula or node.formula or None)
