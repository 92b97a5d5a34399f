"""`tutor models add`: a published model from the Hub into the cache, with a progress bar at a terminal."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.text import Text

from tutor.display.language import _
from tutor.display.safe import safe
from tutor.models.errors import ModelError
from tutor.models.hub_cache import cached, downloaded
from tutor.models.hub_download import Part, fetch
from tutor.models.registry import available

OFTEN = 0.2  # seconds between two looks at the files


def add_model(name: str, console: Console | None = None) -> bool:
    """Download the model called `name`; False where the learner stopped it. Raises ModelError."""
    console = console or Console(stderr=True, highlight=False)
    if name in {info.name for info in available()}:
        raise ModelError("{name}: comes with the tutor: tutor start --model {name}", name=name)
    parts = 0
    try:
        with _bar(name, console) as bar:
            for part in fetch(name):
                bar.begin(part)
                parts += 1
    except KeyboardInterrupt:
        again = safe(f"tutor models add {name}")
        console.print(Text(_("stopped; whole files are kept, go on with: {0}").format(again)), soft_wrap=True)
        return False
    folder = cached(name)
    there = _("{0} is downloaded, in {1}") if parts else _("{0} is already there, in {1}")
    console.print(Text(there.format(safe(name), safe(str(folder)))), soft_wrap=True)
    console.print(Text(_("try it: tutor start --model {0}").format(safe(name))), soft_wrap=True)
    return True


class Bar:
    """The bytes of all files together. They are counted on the disk: how they came there is the library's affair."""

    def __init__(self, name: str, progress: Progress) -> None:
        self._name, self._progress = name, progress
        self._before = downloaded(name)
        self._task = progress.add_task("", total=None, visible=False)

    def begin(self, part: Part) -> None:
        """A file is about to come."""
        self._progress.update(self._task, description=safe(part.file), total=part.total, visible=True)
        self.look()

    def look(self) -> None:
        """Count again."""
        self._progress.update(self._task, completed=downloaded(self._name) - self._before)


class Lines:
    """The same where no bar can be drawn: a line for every file."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def begin(self, part: Part) -> None:
        """A file is about to come."""
        size = f"{part.bytes / 1e6:,.1f} MB"
        self._console.print(Text(_("downloading {0} ({1})").format(safe(part.file), size)), soft_wrap=True)


@contextmanager
def _bar(name: str, console: Console) -> Iterator[Bar | Lines]:
    if not console.is_terminal:
        yield Lines(console)
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(24), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        bar, done = Bar(name, progress), threading.Event()
        thread = threading.Thread(target=_keep_looking, args=(bar, done), daemon=True)
        thread.start()
        try:
            yield bar
        finally:
            done.set()
            thread.join()


def _keep_looking(bar: Bar, done: threading.Event) -> None:
    while not done.wait(OFTEN):
        bar.look()
