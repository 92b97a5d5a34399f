"""The glossary: what every term, symbol and matrix means in a few sentences, in English and Chinese.

- term: {en: attention weights, zh: 注意力权重}
  symbol: A
  say: {en: …, zh: …}                       # Markdown, short
  nodes: ['*.weights']                      # the matrices it explains
  lesson: query-key-value                   # where it is taught
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from pathlib import Path

import msgspec

from tutor.course.errors import LessonError, reason_of
from tutor.course.reading import MISSING, Reader
from tutor.course.schema import Identifier, Part, Text
from tutor.course.yaml_tree import MAXIMUM_BYTES, Sequence, parse
from tutor.engine.message import Message

__all__ = ["Entry", "Glossary", "load_glossary", "parse_glossary"]


class Entry(Part, frozen=True):
    """One term. `nodes` are globs of the nodes it explains, `lesson` the id of the lesson that teaches it."""

    term: Text
    say: Text
    symbol: str | None = None
    nodes: tuple[str, ...] = ()
    lesson: Identifier | None = None

    def names(self) -> tuple[str, ...]:
        """All that it is called, in both languages."""
        return tuple(name.casefold() for name in (self.term.en, self.term.zh, self.symbol) if name)


class Glossary(msgspec.Struct, frozen=True):
    """All entries, in the order of the file, which is the order of the course."""

    entries: tuple[Entry, ...]

    def find(self, name: str) -> Entry | None:
        """The entry for a term, a symbol or a node's name; of several that fit a node, the one most its own."""
        for entry in self.entries:
            if entry.symbol == name or name.casefold() in (entry.term.en.casefold(), entry.term.zh.casefold()):
                return entry
        fitting = [
            (_distance(entry, pattern, name), place)
            for place, entry in enumerate(self.entries)
            for pattern in entry.nodes
            if fnmatchcase(name, pattern)
        ]
        return self.entries[min(fitting)[1]] if fitting else None

    def search(self, words: str) -> tuple[Entry, ...]:
        """The entries in which every word occurs, in either language: those whose name begins so first."""
        wanted = words.casefold().split()
        ranked = [(_rank(entry, wanted), place) for place, entry in enumerate(self.entries)]
        return tuple(self.entries[place] for rank, place in sorted(ranked) if rank < _ABSENT)


def _distance(entry: Entry, pattern: str, node: str) -> tuple[int, ...]:
    """How far an entry is from being about this node: `decoder*` fits all of a stack, `*.scores` one matrix."""
    last = node.rpartition(".")[2]
    stem = last[: max(3, len(last) - 2)]
    words = entry.term.en.lower().split()
    akin = any(word.startswith(stem) or (len(word) > 3 and last.startswith(word)) for word in words)
    many = last == entry.term.en + "s"  # `tokens`, `scores`, `heads`
    return pattern.endswith("*"), not akin, not many, len(entry.nodes), -pattern.count("."), len(words), -len(pattern)


_ABSENT = 9


def _rank(entry: Entry, wanted: list[str]) -> int:
    names = entry.names()
    if not wanted:
        return 0
    if any(name.startswith(wanted[0]) for name in names) and all(
        any(word in name for name in names) for word in wanted
    ):
        return 0 if " ".join(wanted) in names else 1
    if all(any(word in name for name in names) for word in wanted):
        return 2
    everything = " ".join((*names, entry.say.en, entry.say.zh)).casefold()
    return 3 if all(word in everything for word in wanted) else _ABSENT


def glossary_file() -> Path:
    """Where the glossary lies."""
    return Path(str(resources.files("tutor"))) / "course" / "glossary.yaml"


@cache
def load_glossary(path: Path | None = None) -> Glossary:
    """The glossary of the course, or of another file. LessonError says all that is wrong with it."""
    path = path or glossary_file()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LessonError(
            str(path), 1, "", Message("cannot be read: {reason}", reason=reason_of(error)), Message("Check the path")
        ) from None
    if len(data) > MAXIMUM_BYTES:
        raise LessonError(str(path), 1, "", f"is larger than {MAXIMUM_BYTES:,} bytes", "Shorten it")
    try:
        return parse_glossary(data.decode("utf-8"), str(path))
    except UnicodeDecodeError:
        raise LessonError(str(path), 1, "", Message("is not UTF-8 text"), Message("Save it as UTF-8")) from None


def parse_glossary(text: str, file: str = "glossary") -> Glossary:
    """The glossary that `text` holds. LessonError says all that is wrong with it."""
    reader = Reader(file)
    tree = parse(text, file)
    if not isinstance(tree, Sequence):
        raise LessonError(file, tree.line, "", "should be a list of terms", "Start each with `- term: {en: …, zh: …}`")
    entries = reader.read(tree, tuple[Entry, ...], "")
    if reader.problems:
        raise LessonError.gathered(reader.problems)
    assert entries is not MISSING
    return Glossary(entries)
