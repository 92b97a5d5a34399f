"""The terminal's side of the command line: encodings that cannot crash, and a sign of life on long work."""

import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from io import TextIOWrapper
from typing import TypeVar

Item = TypeVar("Item")
PATIENCE = 1.0  # seconds of silence before a progress bar appears
BAR_WIDTH = 24


def prepare_streams() -> None:
    """Make the standard streams safe for any text: what the terminal cannot show becomes a stand-in, never an error."""
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape")


def repaired_arguments(arguments: list[str]) -> list[str]:
    """The command line's arguments as UTF-8 text, whatever the locale decoded them with."""
    if sys.getfilesystemencoding().lower().replace("-", "") == "utf8":
        return arguments
    return [os.fsencode(argument).decode("utf-8", "surrogateescape") for argument in arguments]


def is_interactive() -> bool:
    """Whether a person at a terminal that can place its cursor sits at both ends."""
    streams = (sys.stdin, sys.stdout)
    return os.environ.get("TERM", "") not in ("", "dumb") and all(s is not None and s.isatty() for s in streams)


def use_one_thread(surroundings: MutableMapping[str, str] = os.environ) -> None:
    """Let NumPy compute on one thread, unless the learner has set another number. Call it before NumPy is imported.

    The matrices of a sentence are small: threads that wait for one another in a spin cost more than they bring, and
    ten times more on a machine that has other work, which shows at every key press.
    """
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        surroundings.setdefault(name, "1")


@contextmanager
def working(message: str) -> Iterator[None]:
    """Show `message` and the seconds passed on the error stream while the body runs, once it has run for a second."""
    if not _can_redraw():
        yield
        return
    done = threading.Event()
    thread = threading.Thread(target=_count_seconds, args=(message, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def counted(items: Iterable[Item], total: int, message: str) -> Iterator[Item]:
    """Pass `items` on, with a progress bar on the error stream once that has taken a second."""
    started, drawn = time.monotonic(), False
    for number, item in enumerate(items):
        if _can_redraw() and time.monotonic() - started > PATIENCE:
            filled = BAR_WIDTH * number // max(total, 1)
            _redraw(f"{message} [{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {number}/{total}")
            drawn = True
        yield item
    if drawn:
        _redraw("")


def _count_seconds(message: str, done: threading.Event) -> None:
    started, drawn = time.monotonic(), False
    while not done.wait(PATIENCE if not drawn else 0.5):
        seconds = int(time.monotonic() - started)
        place = seconds % BAR_WIDTH
        _redraw(f"{message} [{'.' * place}#{'.' * (BAR_WIDTH - 1 - place)}] {seconds} s")
        drawn = True
    if drawn:
        _redraw("")


def _can_redraw() -> bool:
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM", "") not in ("", "dumb")


def _redraw(line: str) -> None:
    sys.stderr.write(f"\r{line}\x1b[K")
    sys.stderr.flush()
