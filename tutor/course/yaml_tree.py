"""YAML to a tree of scalars, mappings and sequences that know their lines. Aliases, tags and depth are refused here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from tutor.course.errors import LessonError
from tutor.engine.message import Message

MAXIMUM_BYTES = 1_000_000
MAXIMUM_DEPTH = 40
MAXIMUM_NODES = 50_000

# libyaml where PyYAML was built with it: ten times faster.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVERS = yaml.SafeLoader.yaml_implicit_resolvers
_TAG = "tag:yaml.org,2002:"


class Scalar:
    """A single value as it was typed; `kind` is what YAML 1.1 makes of it: str, int, float, bool, null, timestamp, …"""

    __slots__ = ("value", "kind", "plain", "line")

    def __init__(self, value: str, kind: str, plain: bool, line: int) -> None:
        self.value, self.kind, self.plain, self.line = value, kind, plain, line


class Mapping:
    """Fields in their order."""

    __slots__ = ("pairs", "line")

    def __init__(self, line: int) -> None:
        self.pairs: list[tuple[Scalar, Tree]] = []
        self.line = line


class Sequence:
    """Items in their order."""

    __slots__ = ("items", "line")

    def __init__(self, line: int) -> None:
        self.items: list[Tree] = []
        self.line = line


Tree = Scalar | Mapping | Sequence


def parse(text: str, file: str) -> Tree:
    """The tree of the one document in `text`. LessonError when it is not YAML or holds what lessons may not."""
    if len(text) > MAXIMUM_BYTES:
        raise LessonError(file, 1, "", f"is longer than {MAXIMUM_BYTES:,} characters", "Split it into several lessons")
    try:
        # A byte order mark is an editor's, not the author's; lone surrogates cannot be written in UTF-8.
        stream = text.removeprefix("\ufeff").encode("utf-8")
    except UnicodeEncodeError:
        raise LessonError(file, 1, "", "holds half a character (a lone surrogate)", "Save it as UTF-8") from None
    try:
        return _Composer(yaml.parse(stream, Loader=LOADER), file).document()
    except yaml.YAMLError as error:
        raise _not_yaml(error, file, text) from None


def kind_of(value: str) -> str:
    """What YAML 1.1 makes of a plain `value`."""
    for tag, pattern in _RESOLVERS.get(value[:1], []):
        if pattern.match(value):
            return tag.removeprefix(_TAG)
    return "str"


class _Composer:
    def __init__(self, events: Iterator[Any], file: str) -> None:
        self.events, self.file, self.nodes = events, file, 0

    def document(self) -> Tree:
        next(self.events)  # start of the stream
        if isinstance(next(self.events), yaml.StreamEndEvent):
            raise LessonError(
                self.file, 1, "", Message("is empty"), Message("`tutor lessons new ID` writes a lesson to start from")
            )
        tree = self.node(next(self.events), 0)
        next(self.events)  # end of the document
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            line = after.start_mark.line + 1
            raise LessonError(self.file, line, "", "holds a second document (---)", "One file holds one lesson")
        return tree

    def node(self, event: Any, depth: int) -> Tree:
        line = event.start_mark.line + 1
        self.nodes += 1
        if self.nodes > MAXIMUM_NODES:
            raise LessonError(self.file, line, "", f"holds more than {MAXIMUM_NODES:,} values", "Split the lesson")
        if depth > MAXIMUM_DEPTH:
            raise LessonError(self.file, line, "", f"is nested deeper than {MAXIMUM_DEPTH} levels", "Flatten it")
        if isinstance(event, yaml.AliasEvent):
            raise LessonError(
                self.file,
                line,
                "",
                f"uses an alias (*{event.anchor})",
                "Write the value out; if it is text, put it in quotes",
            )
        if isinstance(event, yaml.ScalarEvent):
            return self.scalar(event, line)
        tag = (event.tag or "").removeprefix(_TAG)
        if isinstance(event, yaml.SequenceStartEvent):
            self.refuse_tag(tag, "seq", line)
            return self.sequence(line, depth)
        self.refuse_tag(tag, "map", line)
        return self.mapping(line, depth)

    def refuse_tag(self, tag: str, allowed: str, line: int) -> None:
        if tag not in ("", "!", allowed):
            raise LessonError(self.file, line, "", f"has a tag ({tag})", "Take the tag out: lessons hold plain values")

    def scalar(self, event: Any, line: int) -> Scalar:
        tag = (event.tag or "").removeprefix(_TAG)
        self.refuse_tag(tag, "str", line)
        plain = event.implicit[0] and not tag
        return Scalar(event.value, kind_of(event.value) if plain else "str", plain, line)

    def sequence(self, line: int, depth: int) -> Sequence:
        result = Sequence(line)
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            result.items.append(self.node(event, depth + 1))
        return result

    def mapping(self, line: int, depth: int) -> Mapping:
        result = Mapping(line)
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.node(event, depth + 1)
            if not isinstance(key, Scalar):
                raise LessonError(
                    self.file, key.line, "", "a field's name is a list or a mapping", "Quote text with { or ["
                )
            result.pairs.append((key, self.node(next(self.events), depth + 1)))
        return result


def _not_yaml(error: yaml.YAMLError, file: str, text: str) -> LessonError:
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        problem = getattr(error, "problem", None) or "unreadable"
        context = getattr(error, "context", None)
        message = Message("is not YAML: {reason}", reason=problem + (f" ({context})" if context else ""))
        return LessonError(file, mark.line + 1, "", message, _remedy(text, mark.line))
    position = getattr(error, "position", None)
    line = 1
    if isinstance(position, int):
        # libyaml counts bytes.
        line += text.encode("utf-8", "replace")[:position].count(b"\n")
    reason = getattr(error, "reason", None) or str(error)
    return LessonError(file, line, "", f"is not YAML: {reason}", "Take control characters out and save it as UTF-8")


def _remedy(text: str, line: int) -> str:
    lines = text.splitlines()
    here = lines[line] if line < len(lines) else ""
    if "\t" in here[: len(here) - len(here.lstrip())]:
        return Message("Indent with spaces, not tabs")
    if "\\" in here:
        return Message("Put LaTeX in single quotes, not double quotes")
    marks = "': ', '#', '[', '{', '*', '&'"
    return Message("Check the indentation, and put text that holds any of {marks} in quotes", marks=marks)
