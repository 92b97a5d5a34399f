"""Finding a token on the axes of a matrix, be they four words or fifty thousand. Pure functions, no widget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from tutor.app.planes import COUNTED_FROM_0, Plane

CONTINUES = "+"  # stands in a label before what goes on with the word before
EXACT, CONTINUED, ANY_CASE, NUMBER, BEGINS, INSIDE = range(6)


@dataclass(frozen=True)
class Found:
    """A row (`axis` 0) or a column (1) of the matrix, and how well it fits: `EXACT`, the best, to `INSIDE`."""

    axis: int
    index: int
    label: str
    fit: int


@lru_cache(maxsize=4)
def _small(labels: tuple[str, ...]) -> list[str]:
    """The labels as they are compared: without case, and without the sign that they continue a word."""
    return [_bare(label).casefold() for label in labels]


def _bare(label: str) -> str:
    return label.removeprefix(CONTINUES) if len(label) > 1 else label


@dataclass(frozen=True)
class Finder:
    """Finds in the labels of a sheet's rows and columns."""

    plane: Plane

    @cached_property
    def axes(self) -> tuple[tuple[int, str, tuple[str, ...]], ...]:
        """The axes that can be searched: their number, name and labels. A single row is none."""
        names, labels = self.plane.axes, self.plane.labels
        both = [(at, name, tuple(of)) for at, (name, of) in enumerate(zip(names, labels, strict=True))]
        return tuple(one for one in both if not (one[0] == 0 and self.plane.is_vector))

    def find(self, text: str, count: int = 50) -> tuple[Found, ...]:
        """What fits the text best: a token as written, then without minding case, an id or a place, its beginning.

        `#17` is the id 17 (of a word of a sentence: its place, counted from 1), whatever tokens are called.
        """
        text = text.strip() or text
        if not text:
            return ()
        found = [one for axis in self.axes for one in self._on_axis(*axis, text)]
        return tuple(sorted(found, key=lambda one: one.fit)[:count])

    def near(self, text: str, count: int = 50) -> tuple[Found, ...]:
        """What begins most like the text, where nothing fits it."""
        text = text.strip().removeprefix("#")
        for length in range(len(text) - 1, 0, -1):
            if found := self.find(text[:length], count):
                return found
        return ()

    @staticmethod
    def _on_axis(axis: int, name: str, labels: Sequence[str], text: str) -> Iterator[Found]:
        whole = tuple(labels)
        number = text.removeprefix("#")
        if number.isdecimal() and number.isascii():
            place = int(number) - (name not in COUNTED_FROM_0)
            if 0 <= place < len(whole):
                yield Found(axis, place, whole[place], EXACT if text.startswith("#") else NUMBER)
        if text.startswith("#") and len(text) > 1 and number.isdecimal():
            return
        small, wanted = _small(whole), _bare(text).casefold()
        for place, label in enumerate(small):
            if wanted not in label:
                continue
            if label == wanted:
                as_written = whole[place] == text
                continued = _bare(whole[place]) == _bare(text)
                yield Found(axis, place, whole[place], EXACT if as_written else CONTINUED if continued else ANY_CASE)
            else:
                yield Found(axis, place, whole[place], BEGINS if label.startswith(wanted) else INSIDE)
