"""Matching matrices with formulas: the numbers are shown without a name, and the formula that gave them is to be found.

A wrong formula is told by what it would have given: the numbers of its own node.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np

from tutor.course.answers import shown
from tutor.course.exercises import Hint
from tutor.course.places import cell_at, find_node
from tutor.course.quiz import Option, Quiz, QuizError, same, title_of
from tutor.course.recompute import numbers
from tutor.course.schema import Match, Text
from tutor.engine.message import Message
from tutor.engine.trace import Node, Trace

ROWS, COLUMNS = 3, 4  # of a matrix that are shown: what fits beside the question
_SOFTMAX = Text("Of a softmax every row adds up to 1", "softmax 的每一行合计为 1")


def match_quizzes(step: Match, trace: Trace, seed: int = 0) -> tuple[Quiz, ...]:
    """A question for each matrix. Raises TraceError, PlaceError, or QuizError where two cannot be told apart."""
    nodes = [find_node(trace, pattern) for pattern in step.match]
    for place, node in enumerate(nodes):
        if node.operation is None:
            raise QuizError(Message("{node} is given, not computed", node=node.name))
        if len(node.shape) < 2:
            raise QuizError(Message("{node} has no rows and columns", node=node.name))
        for other in nodes[:place]:
            if other.formula == node.formula:
                raise QuizError(Message("{a} and {b} have one formula", a=other.name, b=node.name))
            if _alike(node, other):
                raise QuizError(Message("{a} and {b} hold the same numbers", a=other.name, b=node.name))
    sheets = {node.name: sheet(node, step) for node in nodes}
    chance = random.Random(f"{seed}|{[node.name for node in nodes]}")
    asked, offered = list(nodes), list(nodes)
    chance.shuffle(asked)
    chance.shuffle(offered)
    return tuple(_quiz(step, node, offered, sheets, place, len(nodes)) for place, node in enumerate(asked))


def sheet(node: Node, step: Match) -> np.ndarray:
    """The first rows and columns of a matrix, of the head that the step names."""
    at = cell_at(node, {axis: place for axis, place in step.at.items() if axis in node.axes[:-2]})
    return numbers(node)[at[:-2]][:ROWS, :COLUMNS]


def _alike(a: Node, b: Node) -> bool:
    return a.shape == b.shape and np.array_equal(numbers(a), numbers(b), equal_nan=True)


def _quiz(step: Match, node: Node, offered: list[Node], sheets: dict[str, np.ndarray], place: int, count: int) -> Quiz:
    own = sheets[node.name]
    choices = []
    for other in offered:
        if other is node:
            right = Text(f"It is {title_of(node.name)}.", f"它是 {title_of(node.name)}。")
            choices.append(Option(same(title_of(node.name)), right, True, formula=_formula(node)))
        else:
            why = _would_give(node, other, own, sheets[other.name])
            choices.append(Option(same(title_of(other.name)), why, formula=_formula(other), mistake=other.name))
    ask = Text(
        f"Matrix {place + 1} of {count}: which formula gave these numbers?",
        f"第 {place + 1} 个矩阵，共 {count} 个：哪个公式给出这些数？",
    )
    hints = (*map(Hint, step.hints), *_hints(own, node))
    return Quiz(ask, tuple(choices), node.name, step.show or "", hints, sheet=own)


def _formula(node: Node) -> str:
    return node.formula or rf"\mathrm{{{node.op}}}"


def _would_give(node: Node, other: Node, own: np.ndarray, given: np.ndarray) -> Text:
    """What the formula of `other` gives, and what of the numbers on show does not fit it."""
    name = title_of(other.name)
    rows = (" ".join(shown(float(x)) for x in values[0]) for values in (given, own))
    first, here = rows
    en = f"That formula gives {name}, whose first row begins {first}; this one begins {here}."
    zh = f"那个公式给出 {name}，它的第一行开头是 {first}；这里的开头是 {here}。"
    value = numbers(node)
    finite = value[np.isfinite(value)]
    if other.op == "softmax" and not np.allclose(value.sum(axis=-1), 1, atol=1e-3):
        en, zh = f"{_SOFTMAX.en}, and these do not. {en}", f"{_SOFTMAX.zh}，这里不是。{zh}"
    elif other.op == "relu" and float(finite.min(initial=0.0)) < 0:
        en, zh = f"ReLU leaves nothing negative. {en}", f"ReLU 之后没有负数。{zh}"
    elif other.op == "mask" and np.isfinite(value).all() and not np.isfinite(numbers(other)).all():
        en, zh = f"A mask puts −∞ where one may not look. {en}", f"掩码会在不许看的地方放 −∞。{zh}"
    return Text(en, zh)


def _hints(own: np.ndarray, node: Node) -> Iterator[Hint]:
    value = numbers(node)
    sums = value.sum(axis=-1)
    if np.allclose(sums, 1, atol=1e-3) and float(value.min()) >= 0:
        yield Hint(Text("Every row adds up to 1.", "每一行合计为 1。"))
    else:
        low, high = shown(float(value.min())), shown(float(value.max()))
        yield Hint(Text(f"Its numbers go from {low} to {high}.", f"它的数从 {low} 到 {high}。"))
    sizes = " × ".join(map(str, node.shape))
    yield Hint(Text(f"The whole of it is {sizes}.", f"它整个是 {sizes}。"))
