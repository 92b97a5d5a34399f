"""What is said of nodes put in the wrong order."""

from collections.abc import Sequence

from tutor.display.language import _
from tutor.display.titles import long_title, short_title


def titles_of(names: Sequence[str]) -> list[str]:
    """A title for each node: short, where that tells them apart and all lie in one sub-layer."""
    short = [short_title(name) for name in names]
    places = {name.rpartition(".")[0] for name in names if name.rpartition(".")[0].count(".") > 1}
    alike = len(places) > 1 or len(set(short)) < len(short)
    return [long_title(name) for name in names] if alike else short


def wrong_way_round(early: str, late: str, path: Sequence[str]) -> str:
    """Which of two nodes needs the other, and by what way."""
    first, second = titles_of((early, late))
    said = _("{0} cannot come before {1}: it is made from it.").format(first, second)
    if len(path) <= 2:
        return said
    return said + " " + " → ".join(short_title(name) for name in path)
