"""Lists, mappings and structs of a lesson file: a YAML tree read as a type."""

from __future__ import annotations

import functools
import operator
import types
from collections.abc import Callable
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from tutor.course import schema
from tutor.course.reading_values import MISSING, ValueReader
from tutor.course.reading_words import READS_AS, missing_remedy, quoted, shape, what
from tutor.course.spelling import nearest
from tutor.course.yaml_tree import Mapping, Scalar, Sequence, Tree
from tutor.engine.message import Message


@functools.cache
def fields_of(kind: type) -> dict[str, tuple[str, Any, bool]]:
    """Fields of a struct as files name them: name in the file -> (attribute, type, required)."""
    hints = get_type_hints(kind, include_extras=True)
    return {
        field.encode_name: (field.name, hints[field.name], field.required)
        for field in msgspec.structs.fields(kind)
        if field.name not in schema.NOT_IN_FILES
    }


class CollectionReader(ValueReader):
    """Reads trees as types."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.special: dict[Any, Callable[[Tree, str], Any]] = {
            str: self.text,
            int: self.integer,
            float: self.number,
            bool: self.boolean,
            schema.Place: self.place,
            schema.Spot: self.spot,
            schema.Number: self.number,
            schema.Setting: self.setting,
            schema.Values: self.values,
        }

    def read(self, tree: Tree, kind: Any, path: str) -> Any:
        """The value of `tree` as `kind`, or MISSING once a problem is noted."""
        self.lines[path] = tree.line
        if kind in self.special:
            return self.special[kind](tree, path)
        origin, arguments = get_origin(kind), get_args(kind)
        if origin is Annotated:
            value = self.read(tree, arguments[0], path)
            return self.within(tree, value, arguments[1], path)
        if origin in (Union, types.UnionType):  # `kind | None`: an optional field that is given
            given = (argument for argument in arguments if argument is not type(None))
            return self.read(tree, functools.reduce(operator.or_, given), path)
        if origin is Literal:
            return self.one_of(tree, arguments, path)
        if origin is tuple:
            return self.sequence(tree, arguments[0], path)
        if origin is dict:
            return self.dictionary(tree, arguments[0], arguments[1], path)
        return self.struct(tree, kind, path)

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

    def sequence(self, tree: Tree, kind: Any, path: str) -> Any:
        if not isinstance(tree, Sequence):
            return self.problem(
                tree,
                path,
                Message("should be a list, not {found}", found=what(tree)),
                Message("Write [a, b] or lines that start with -"),
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
                self.problem(
                    key, here, Message("the name {found} reads as {reads}", found=key.value, reads=reads), quoted(key)
                )
            elif key.value in found:
                first = found[key.value][0].line
                self.problem(
                    key,
                    here,
                    Message("is given twice (first on line {line})", line=first),
                    Message("Take one of them out"),
                )
            else:
                found[key.value] = (key, value)
        return found

    def mapping(self, tree: Tree, path: str, example: str) -> Mapping | None:
        if isinstance(tree, Mapping):
            return tree
        self.problem(
            tree,
            path,
            Message("should be a mapping, not {found}", found=what(tree)),
            Message("Write {example}", example=example),
        )
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
                self.problem(tree, slip, Message("is missing"), missing_remedy(name, fields[name][1]))
        return kind(**values) if len(self.problems) == before else MISSING

    def unknown(self, key: Scalar, path: str, known: list[str], after_comma: bool) -> None:
        guess = nearest(key.value, known)
        if after_comma:
            # {en: yes, and no, zh: …}: YAML takes what follows the comma for a field of its own.
            remedy = Message("Text that holds a comma goes in quotes inside {braces}", braces="{ }")
        else:
            remedy = Message("Did you mean {guess}?", guess=guess)
            if not guess:
                remedy = Message("Fields that may stand here: {names}", names=", ".join(known))
        self.problem(key, path, Message("is not a field of the lesson format"), remedy)
