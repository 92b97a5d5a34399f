"""Saying and asking, line by line, on the standard streams."""

import os
import shutil
import sys
from collections.abc import Iterable

from tutor.display.safe import safe
from tutor.plain.markdown import flattened, wrapped

NARROWEST, WIDEST = 20, 100


class EndOfInput(Exception):
    """Nobody is there any more: the input ended or the learner pressed Ctrl+C."""


class Talk:
    """One conversation. What comes from a pipe is repeated, so that a log reads well."""

    def __init__(self) -> None:
        self.repeats = not sys.stdin.isatty()

    @property
    def width(self) -> int:
        """The terminal's width in cells, within reason."""
        return max(NARROWEST, min(WIDEST, shutil.get_terminal_size((80, 24)).columns))

    def lines(self, lines: Iterable[str]) -> None:
        """Print lines as they are."""
        for line in lines:
            print(line)

    def say(self, text: str) -> None:
        """Print our own words, wrapped."""
        self.lines(wrapped(text, self.width))

    def markdown(self, text: str) -> None:
        """Print a lesson's Markdown as plain text."""
        self.lines(flattened(text, self.width))

    def ask(self, prompt: str) -> str:
        """One line of input without its end. Raises EndOfInput."""
        try:
            line = input(f"{prompt}> ")
        except (EOFError, KeyboardInterrupt):
            print()
            raise EndOfInput from None
        except ValueError:  # a null byte or a closed stream
            raise EndOfInput from None
        if self.repeats:
            print(safe(line))
        return line


def is_dumb() -> bool:
    """Whether the terminal can only print lines."""
    return os.environ.get("TERM", "") in ("", "dumb")
