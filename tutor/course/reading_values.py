"""Single values of a lesson file: text, numbers, places, each with what may be wrong about it."""

from __future__ import annotations

import math
import re
from typing import Any

import msgspec

from tutor.course.errors import LessonError
from tutor.course.reading_words import READS_AS, number_remedy, quoted, what
from tutor.course.spelling import nearest
from tutor.course.yaml_tree import Scalar, Tree
from tutor.engine.message import Message

MISSING: Any = object()
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_DECIMAL = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\Z")
_INFINITE = {".inf": math.inf, "+.inf": math.inf, "-.inf": -math.inf}
_MAXIMUM_DIGITS = 30


class ValueReader:
    """Reads scalars. `problems` holds what was wrong, `lines` the line of every field by its path."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[LessonError] = []
        self.lines: dict[str, int] = {}

    def problem(self, tree: Tree, path: str, message: str, remedy: str = "") -> Any:
        self.problems.append(LessonError(self.file, tree.line, path, message, remedy))
        return MISSING

    def text(self, tree: Tree, path: str) -> Any:
        if not isinstance(tree, Scalar):
            return self.problem(
                tree,
                path,
                Message("should be text, not {found}", found=what(tree)),
                Message("If it is text, put it in quotes"),
            )
        if tree.kind == "null":
            return self.problem(
                tree, path, Message("is empty"), Message("Write some text, in quotes if it is the word itself")
            )
        if tree.kind != "str":
            reads = READS_AS.get(tree.kind, tree.kind)
            return self.problem(
                tree,
                path,
                Message("should be text, but {found} reads as {reads}", found=tree.value, reads=reads),
                quoted(tree),
            )
        if not tree.value.strip():
            return self.problem(tree, path, Message("is empty"), Message("Write some text"))
        return tree.value

    def integer(self, tree: Tree, path: str) -> Any:
        if not isinstance(tree, Scalar) or not tree.plain:
            return self.problem(
                tree,
                path,
                Message("should be a whole number, not {found}", found=what(tree)),
                Message("Write digits without quotes"),
            )
        if not _INTEGER.match(tree.value) or len(tree.value) > _MAXIMUM_DIGITS:
            return self.problem(
                tree, path, Message("should be a whole number, not {found}", found=tree.value), number_remedy(tree)
            )
        return int(tree.value)

    def number(self, tree: Tree, path: str) -> Any:
        if isinstance(tree, Scalar) and tree.plain and len(tree.value) <= _MAXIMUM_DIGITS:
            if _INTEGER.match(tree.value):
                return int(tree.value)
            if tree.value.lower() in _INFINITE:
                return _INFINITE[tree.value.lower()]
            # `012` and `1:30` are numbers in YAML 1.1, and not the ones they look like.
            if _DECIMAL.match(tree.value) and tree.kind != "int":
                return float(tree.value)
        shown = tree.value if isinstance(tree, Scalar) and tree.plain else what(tree)
        return self.problem(tree, path, Message("should be a number, not {found}", found=shown), number_remedy(tree))

    def boolean(self, tree: Tree, path: str) -> Any:
        if isinstance(tree, Scalar) and tree.plain and tree.value in ("true", "false"):
            return tree.value == "true"
        return self.problem(
            tree,
            path,
            Message("should be true or false, not {found}", found=what(tree)),
            Message("Write true or false, unquoted"),
        )

    def place(self, tree: Tree, path: str) -> Any:
        if isinstance(tree, Scalar) and tree.value in ("first", "last", "largest"):
            return tree.value
        if isinstance(tree, Scalar) and tree.kind == "int" and _INTEGER.match(tree.value) and "-" not in tree.value:
            return int(tree.value)
        return self.problem(tree, path, "should be a number from 0, first, last or largest", "Count from 0")

    def spot(self, tree: Tree, path: str) -> Any:
        if isinstance(tree, Scalar) and tree.value in ("first", "last", "self"):
            return tree.value
        if isinstance(tree, Scalar) and tree.kind == "int" and _INTEGER.match(tree.value) and "-" not in tree.value:
            return int(tree.value)
        return self.problem(tree, path, "should be a number from 0, first, last or self", "Count from 0")

    def one_of(self, tree: Tree, words: tuple[str, ...], path: str) -> Any:
        if isinstance(tree, Scalar) and tree.value in words:
            return tree.value
        guess = nearest(tree.value, words) if isinstance(tree, Scalar) else ""
        remedy = (
            Message("Did you mean {guess}?", guess=guess) if guess else Message("Write {example}", example=words[0])
        )
        message = Message("should be one of {words}, not {found}", words=", ".join(words), found=what(tree))
        return self.problem(tree, path, message, remedy)

    def within(self, tree: Tree, value: Any, limits: Any, path: str) -> Any:
        """`value`, when inside the limits its type states."""
        if value is MISSING or not isinstance(limits, msgspec.Meta):
            return value
        if limits.pattern is not None and not re.search(limits.pattern, value):
            return self.problem(tree, path, f"cannot be {value!r}", f"Use {limits.description}")
        if limits.ge is not None and value < limits.ge or limits.le is not None and value > limits.le:
            wanted = f"{limits.ge}" if limits.ge == limits.le else f"from {limits.ge} to {limits.le}"
            return self.problem(tree, path, f"should be {wanted}, not {value}")
        if limits.min_length is not None and len(value) < limits.min_length:
            return self.problem(tree, path, f"should hold at least {limits.min_length}, not {len(value)}")
        if limits.max_length is not None and len(value) > limits.max_length:
            return self.problem(tree, path, f"should hold at most {limits.max_length}, not {len(value)}")
        return value
