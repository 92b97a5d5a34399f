"""The words of the loader's complaints: what was found, and what to write instead."""

from __future__ import annotations

import re
from typing import Any

from tutor.course import schema
from tutor.course.yaml_tree import Mapping, Scalar, Tree
from tutor.engine.message import Message

READS_AS = {
    "bool": Message("true or false"),
    "int": Message("a number"),
    "float": Message("a number"),
    "null": Message("nothing"),
    "timestamp": Message("a date"),
    "merge": "a merge",
    "value": "a default value",
}


def what(tree: Tree) -> str:
    """The tree in a few words."""
    if isinstance(tree, Scalar):
        if tree.kind == "null":
            return Message("nothing")
        return tree.value[:40] if tree.plain else f"{tree.value[:40]!r}"
    return Message("a mapping") if isinstance(tree, Mapping) else Message("a list")


def number_remedy(tree: Tree) -> str:
    """How to write the number that was meant."""
    if isinstance(tree, Scalar) and tree.plain and re.match(r"[-+]?0[0-9]", tree.value):
        return Message("Write it without the leading zero (YAML reads it in base 8)")
    if isinstance(tree, Scalar) and tree.plain and ":" in tree.value:
        return "YAML reads it in base 60; write it with a point"
    return Message("Write plain digits, unquoted") if isinstance(tree, Scalar) else ""


def quoted(tree: Scalar) -> str:
    """How to write the text that was meant."""
    return Message("Put it in quotes: '{found}'", found=tree.value)


def missing_remedy(name: str, kind: Any) -> str:
    """What to add for a field that is missing."""
    if kind is schema.Text:
        return Message("Add {name}", name=f"{name}: {{en: …, zh: …}}")
    if name in ("en", "zh"):
        return Message("Every text is given in English (en) and in Chinese (zh)")
    return Message("Add {name}", name=f"{name}: …")


def shape(rows: Any) -> str:
    """The sizes of nested rows, such as 3×5."""
    sizes = []
    while isinstance(rows, tuple):
        sizes.append(str(len(rows)))
        rows = rows[0] if rows else None
    return "×".join(sizes) or "one number"
