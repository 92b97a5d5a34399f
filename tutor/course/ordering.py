"""Putting nodes in order: any order is right in which none comes before a node that it is made from."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from tutor.course.exercises import Hint
from tutor.course.places import find_node
from tutor.course.quiz import QuizError, title_of
from tutor.course.schema import Order, Text
from tutor.engine.message import Message
from tutor.engine.trace import Node, Trace


@dataclass(frozen=True)
class Misplaced:
    """The first pair that is the wrong way round: `early` stands before `late` and is made from it by way of `path`.

    `path` leads from `late` to `early`, both included; `kept` is how many stand rightly before the pair.
    """

    early: str
    late: str
    path: tuple[str, ...]
    kept: int


class Ordering:
    """The nodes as they are offered, which is no right order; the same for the same seed.

    Raises TraceError for unknown nodes, QuizError where every order is right or a node comes twice.
    """

    def __init__(self, step: Order, trace: Trace, seed: int = 0) -> None:
        self.step = step
        nodes = [find_node(trace, pattern) for pattern in step.order]
        names = [node.name for node in nodes]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise QuizError(Message("{node} is named twice", node=twice))
        self._paths = {node.name: _paths_to(node, names) for node in nodes}
        if not any(self._paths.values()):
            raise QuizError(Message("none of {nodes} is made from another: any order is right", nodes=", ".join(names)))
        order = [names.index(name) for name in names]
        chance = random.Random(f"{seed}|{names}")
        self.names: tuple[str, ...] = tuple(names)
        while self.misplaced(order) is None:  # there is a wrong order, since one is made from another
            chance.shuffle(order)
            self.names = tuple(names[place] for place in order)
            order = list(range(len(names)))
        self.right: tuple[int, ...] = tuple(sorted(range(len(names)), key=lambda p: _depth(self, p)))

    def misplaced(self, placed: Sequence[int]) -> Misplaced | None:
        """The first pair the wrong way round, of nodes by their places among those offered; None where all is right."""
        order = [self.names[place] for place in placed]
        for kept, early in enumerate(order):
            for late in order[kept + 1 :]:
                if late in self._paths[early]:
                    return Misplaced(early, late, self._paths[early][late], kept)
        return None

    def hint(self, number: int) -> Hint | None:
        """Hint `number` from 0: those written, then which node comes first."""
        written = tuple(map(Hint, self.step.hints))
        first = title_of(self.names[self.right[0]])
        own = Hint(Text(f"{first} needs none of the others.", f"{first} 不需要其他任何一个。"))
        hints = (*written, own)
        return hints[number] if number < len(hints) else None


def _depth(ordering: Ordering, place: int) -> int:
    """How many of the nodes offered the one at `place` is made from: fewer for each that comes before it."""
    return len(ordering._paths[ordering.names[place]])


def _paths_to(node: Node, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """For each of the named nodes that `node` is made from, the way from there to `node`: the shortest."""
    found: dict[str, tuple[str, ...]] = {}
    seen = {node.name}
    level: list[tuple[Node, tuple[str, ...]]] = [(node, (node.name,))]
    while level:
        following = []
        for one, path in level:
            for operand in one.operands:
                if operand.name not in seen:
                    seen.add(operand.name)
                    way = (operand.name, *path)
                    following.append((operand, way))
                    if operand.name in names:
                        found[operand.name] = way
        level = following
    return found
