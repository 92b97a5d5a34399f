"""A YAML tree to the types of the lesson format, with every problem's line, field and remedy gathered on the way."""

from __future__ import annotations

import functools
import math
import re
import types
from collections.abc import Callable
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from tutor.course import schema
from tutor.course.errors import LessonError
from tutor.course.reading_words import READS_AS, missing_remedy, nearest, number_remedy, shape, what
from tutor.course.yaml_tree import Mapping, Scalar, Sequence, Tree

MISSING: Any = object()
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_DECIMAL = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\Z")
_INFINITE = {".inf": math.inf, "+.inf": math.inf, "-.inf": -math.inf}
_MAXIMUM_DIGITS = 30


@functools.cache
def fields_of(kind: type) -> dict[str, tuple[str, Any, bool]]:
    """Fields of a struct as files name them: name in the file -> (attribute, type, required)."""
    hints = get_type_hints(kind, include_extras=True)
    return {
        field.encode_name: (field.name, hints[field.name], field.required)
        for field in msgspec.structs.fields(kind)
        if field.name not in schema.NOT_IN_FILES
    }


class Reader:
    """Reads trees as types. `problems` holds what was wrong, `lines` the line of every field by its path."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[LessonError] = []
        self.lines: dict[str, int] = {}
        self.special: dict[Any, Callable[[Tree, str], Any]] = {
            str: self.text,
            int: self.integer,
            float: self.number,
            bool: self.boolean,
            schema.Place: self.place,
            schema.Setting: self.setting,
            schema.Values: self.values,
            schema.Step: self.step,
            schema.ProgramStep: self.program_step,
            schema.Goal: self.goal,
        }

    def problem(self, tree: Tree, path: str, message: str, remedy: str = "") -> Any:
        self.problems.append(LessonError(self.file, tree.line, path, message, remedy))
        return MISSING

    def read(self, tree: Tree, kind: Any, path: str) -> Any:
        """The value of `tree` as `kind`, or MISSING once a problem is noted."""
        self.lines[path] = tree.line
        if kind in self.special:
            return self.special[kind](tree, path)
        origin, arguments = get_origin(kind), get_args(kind)
        if origin is Annotated:
            value = self.read(tree, arguments[0], path)
            return self.within(tree, value, arguments[1], path)
        if origin in (Union, types.UnionType):  # only `kind | None` is left: the other unions are special
            return self.read(tree, next(a for a in arguments if a is not type(None)), path)
        if origin is Literal:
            return self.one_of(tree, arguments, path)
        if origin is tuple:
            return self.sequence(tree, arguments[0], path)
        if origin is dict:
            return self.dictionary(tree, arguments[0], arguments[1], path)
        return self.struct(tree, kind, path)

    # -- values -------------------------------------------------------------------------------------------------

    def text(self, tree: Tree, path: str) -> Any:
        if not isinstance(tree, Scalar):
            return self.problem(tree, path, f"should be text, not {what(tree)}", "If it is text, put it in quotes")
        if tree.kind == "null":
            return self.problem(tree, path, "is empty", "Write some text, in quotes if it is the word itself")
        if tree.kind != "str":
            reads = READS_AS.get(tree.kind, tree.kind)
            return self.problem(
                tree, path, f"should be text, but {tree.value} reads as {reads}", f"Put it in quotes: '{tree.value}'"
            )
        if not tree.value.strip():
            return self.problem(tree, path, "is empty", "Write some text")
        return tree.value

    def integer(self, tree: Tree, path: str) -> Any:
        if not isinstance(tree, Scalar) or not tree.plain:
            return self.problem(
                tree, path, f"should be a whole number, not {what(tree)}", "Write digits without quotes"
            )
        if not _INTEGER.match(tree.value) or len(tree.value) > _MAXIMUM_DIGITS:
            return self.problem(tree, path, f"should be a whole number, not {tree.value}", number_remedy(tree))
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
        return self.problem(tree, path, f"should be a number, not {shown}", number_remedy(tree))

    def boolean(self, tree: Tree, path: str) -> Any:
        if isinstance(tree, Scalar) and tree.plain and tree.value in ("true", "false"):
            return tree.value == "true"
        return self.problem(tree, path, f"should be true or false, not {what(tree)}", "Write true or false, unquoted")

    def place(self, tree: Tree, path: str) -> Any:
        if isinstance(tree, Scalar) and tree.value in ("first", "last", "largest"):
            return tree.value
        if isinstance(tree, Scalar) and tree.kind == "int" and _INTEGER.match(tree.value) and "-" not in tree.value:
            return int(tree.value)
        return self.problem(tree, path, "should be a number from 0, first, last or largest", "Count from 0")

    def one_of(self, tree: Tree, words: tuple[str, ...], path: str) -> Any:
        if isinstance(tree, Scalar) and tree.value in words:
            return tree.value
        guess = nearest(tree.value, words) if isinstance(tree, Scalar) else ""
        remedy = f"Did you mean {guess}?" if guess else f"Write {words[0]}"
        return self.problem(tree, path, f"should be one of {', '.join(words)}, not {what(tree)}", remedy)

    def setting(self, tree: Tree, path: str) -> Any:
        if isinstance(tree, Sequence):
            return self.sequence(tree, str, path)
        if not isinstance(tree, Scalar):
            return self.problem(
                tree, path, "should be one value", "Write true, false, a number, text, or a list of text"
            )
        if tree.kind == "bool":
            return self.boolean(tree, path)
        if tree.kind in ("int", "float"):
            return self.number(tree, path)
        return self.text(tree, path)

    def values(self, tree: Tree, path: str) -> Any:
        """Numbers, or rows of them, all of the same length."""
        if not isinstance(tree, Sequence) or not tree.items:
            return self.problem(tree, path, "should be a list of numbers or of rows", "For example [[1, 0], [0, 1]]")
        nested = isinstance(tree.items[0], Sequence)
        rows = []
        for n, item in enumerate(tree.items):
            here = f"{path}[{n}]"
            rows.append(self.values(item, here) if nested else self.number(item, here))
            if nested and rows[-1] is not MISSING and rows[0] is not MISSING and shape(rows[-1]) != shape(rows[0]):
                return self.problem(
                    item,
                    here,
                    f"holds {shape(rows[-1])} where the first row holds {shape(rows[0])}",
                    "Give every row the same length",
                )
        return MISSING if any(row is MISSING for row in rows) else tuple(rows)

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

    # -- collections --------------------------------------------------------------------------------------------

    def sequence(self, tree: Tree, kind: Any, path: str) -> Any:
        if not isinstance(tree, Sequence):
            return self.problem(
                tree, path, f"should be a list, not {what(tree)}", "Write [a, b] or lines that start with -"
            )
        items = [self.read(item, kind, f"{path}[{n}]") for n, item in enumerate(tree.items)]
        return MISSING if any(item is MISSING for item in items) else tuple(items)

    def keys(self, tree: Mapping, path: str) -> dict[str, tuple[Scalar, Tree]]:
        """Fields by name; a name that is not text or that comes twice is a problem."""
        found: dict[str, tuple[Scalar, Tree]] = {}
        for key, value in tree.pairs:
            here = f"{path}.{key.value}" if path else key.value
            if key.kind != "str":
                reads = READS_AS.get(key.kind, key.kind)
                self.problem(key, here, f"the name {key.value} reads as {reads}", f"Put it in quotes: '{key.value}'")
            elif key.value in found:
                first = found[key.value][0].line
                self.problem(key, here, f"is given twice (first on line {first})", "Take one of them out")
            else:
                found[key.value] = (key, value)
        return found

    def mapping(self, tree: Tree, path: str, example: str) -> Mapping | None:
        if isinstance(tree, Mapping):
            return tree
        self.problem(tree, path, f"should be a mapping, not {what(tree)}", f"Write {example}")
        return None

    def dictionary(self, tree: Tree, key_kind: Any, kind: Any, path: str) -> Any:
        if (mapping := self.mapping(tree, path, "name: value")) is None:
            return MISSING
        result, before = {}, len(self.problems)
        for name, (key, value) in self.keys(mapping, path).items():
            here = f"{path}.{name}"
            if get_origin(key_kind) is Annotated:
                self.within(key, name, get_args(key_kind)[1], here)
            result[name] = self.read(value, kind, here)
        return result if len(self.problems) == before else MISSING

    def struct(self, tree: Tree, kind: type, path: str) -> Any:
        fields = fields_of(kind)
        required = [name for name, (_, _, needed) in fields.items() if needed]
        if (mapping := self.mapping(tree, path, ", ".join(f"{name}: …" for name in required))) is None:
            return MISSING
        values, before = {}, len(self.problems)
        given = self.keys(mapping, path)
        for name, (key, value) in given.items():
            here = f"{path}.{name}" if path else name
            if name in fields:
                attribute, field_kind, _ = fields[name]
                values[attribute] = self.read(value, field_kind, here)
                self.lines[here] = key.line
            else:
                comma = kind is schema.Text and isinstance(value, Scalar) and value.kind == "null"
                self.unknown(key, here, [field for field in fields if field not in given], comma)
        for name in required:
            if name not in given:
                slip = f"{path}.{name}" if path else name
                self.problem(tree, slip, "is missing", missing_remedy(name, fields[name][1]))
        return kind(**values) if len(self.problems) == before else MISSING

    def unknown(self, key: Scalar, path: str, known: list[str], after_comma: bool) -> None:
        guess = nearest(key.value, known)
        if after_comma:
            # {en: yes, and no, zh: …}: YAML takes what follows the comma for a field of its own.
            remedy = "Text that holds a comma goes in quotes inside { }"
        else:
            remedy = f"Did you mean {guess}?" if guess else f"Fields that may stand here: {', '.join(known)}"
        self.problem(key, path, "is not a field of the lesson format", remedy)

    # -- parts that are told apart by their fields ----------------------------------------------------------------

    def step(self, tree: Tree, path: str) -> Any:
        if (mapping := self.mapping(tree, path, "show: …, exercise: …, ask: …, try: … or audit: …")) is None:
            return MISSING
        names = [key.value for key, _ in mapping.pairs]
        kinds = [name for name in schema.STEP_KINDS if name in names]
        if not kinds:
            guess = next((g for name in names if (g := nearest(name, schema.STEP_KINDS))), "")
            return self.problem(
                tree,
                path,
                "is not a step: it has none of show, exercise, ask, try and audit",
                f"Did you mean {guess}?" if guess else "Start it with `- show: NODE`",
            )
        step = self.struct(tree, schema.STEP_KINDS[kinds[0]], path)
        if isinstance(step, schema.Try) and step.goal.kind == "config" and step.show is None:
            remedy = "Name the matrix that the switch changes: show: NODE"
            return self.problem(tree, f"{path}.show", "is missing", remedy)
        return step

    def goal(self, tree: Tree, path: str) -> Any:
        kinds = ", ".join(schema.GOAL_KINDS)
        goal = self.struct(tree, schema.Goal, path)
        if goal is MISSING:
            return MISSING
        given = [kind for kind in schema.GOAL_KINDS if getattr(goal, kind) is not None]
        if len(given) != 1:
            problem = f"asks for {' and '.join(given)} at once" if given else "asks for nothing"
            return self.problem(tree, path, problem, f"Give exactly one of {kinds}")
        if goal.settings and given == ["config"]:
            return self.problem(tree, f"{path}.settings", "has no meaning beside config", "Leave it out")
        return goal

    def program_step(self, tree: Tree, path: str) -> Any:
        """`name: {operation: [operands], parameter: value}`"""
        example = "name: {operation: [operand, …]}"
        if (outer := self.mapping(tree, path, example)) is None:
            return MISSING
        if len(outer.pairs) != 1:
            return self.problem(tree, path, f"names {len(outer.pairs)} matrices", f"One step is one matrix: {example}")
        (key, body), before = outer.pairs[0], len(self.problems)
        name = self.within(key, self.text(key, path), get_args(schema.Name)[1], path)
        inside = f"{path}.{key.value}"
        self.lines[inside] = key.line
        if (mapping := self.mapping(body, inside, "{operation: [operand, …]}")) is None or name is MISSING:
            return MISSING
        optional = {"axes": tuple[schema.Name, ...], "labels": dict[str, tuple[str, ...]], "formula": str}
        values: dict[str, Any] = {"name": name, "parameters": {}}
        for field, (_, value) in self.keys(mapping, inside).items():
            here = f"{inside}.{field}"
            if field in optional:
                values[field] = self.read(value, optional[field], here)
            elif "operation" not in values:
                values["operation"] = field
                operands = Sequence(value.line) if isinstance(value, Scalar) else value
                if isinstance(value, Scalar) and isinstance(operands, Sequence):
                    operands.items.append(value)
                values["operands"] = self.read(operands, tuple[str, ...], here)
            else:
                values["parameters"][field] = self.read(value, schema.Setting, here)
        if "operation" not in values:
            return self.problem(body, inside, "names no operation", f"Write {example}")
        return schema.ProgramStep(**values) if len(self.problems) == before else MISSING
