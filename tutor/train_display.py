"""What `tutor train` shows: a bar with the figures of the last step at a terminal, plain lines anywhere else."""

from __future__ import annotations

import math
import shlex
import signal
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from tutor.display.language import _
from tutor.display.messages import translated
from tutor.display.safe import safe, safe_text
from tutor.models.recipe import find_recipe, read_recipe
from tutor.models.training_run import Report, TrainingRun

PATIENCE = 30.0  # seconds from one plain line to the next, where nothing else is to be said
STEPS_TIMED = 50  # over so many the speed is taken
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def train_model(
    name: str,
    data: Path | None,
    output: Path | None,
    resume: bool,
    steps: int | None,
    backend: str,
    seed: int | None,
    begin: Sequence[str] = (),
) -> bool:
    """Follow the recipe called `name`; False where the learner stopped it. Raises ModelError, BackendError."""
    recipe = read_recipe(find_recipe(name))
    folder = output or Path(f"{recipe.folder.resolve().name}-trained")
    given = {key: value for key, value in (("steps", steps), ("seed", seed)) if value is not None}
    run = TrainingRun(recipe, data, folder, backend, resume, begin, **given)
    return show_training(run, command_to_go_on(name, data, folder, backend), Console(highlight=False))


def show_training(run: TrainingRun, go_on: str, console: Console) -> bool:
    """Train to the end and write the model; False where the learner stopped it. `go_on` is the command for that."""
    if run.notice:
        console.print(Text(safe(translated(run.notice))), soft_wrap=True)
    with stop_asked() as stop, _display(run, console) as display:
        for report in run.reports():
            display.show(report)
            if stop.is_set() and run.state.step < run.settings.steps:
                break
    if run.state.step < run.settings.steps:
        run.save()
        console.print(Text(_("stopped at step {0} of {1} and saved").format(run.state.step, run.settings.steps)))
        console.print(Text(_("go on with: {0}").format(safe(go_on))), soft_wrap=True)
        return False
    model = run.finish()
    figures = ", ".join(f"{name} {value:g}" for name, value in model.card.measured.items())
    console.print(Text(_("written to {0}: {1}").format(safe(str(run.folder)), figures)), soft_wrap=True)
    console.print(Text(_("try it: tutor start --model {0}").format(safe(shlex.quote(str(run.folder))))), soft_wrap=True)
    return True


@contextmanager
def stop_asked() -> Iterator[threading.Event]:
    """An event that Ctrl+C sets, so that a step is never cut in two. The second Ctrl+C ends the program at once."""
    stop = threading.Event()

    def ask(number: int, frame: Any) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    if threading.current_thread() is not threading.main_thread():  # only the main thread may set handlers
        yield stop
        return
    before = [signal.signal(one, ask) for one in SIGNALS]
    try:
        yield stop
    finally:
        for one, handler in zip(SIGNALS, before, strict=True):
            signal.signal(one, handler)


class Speed:
    """Tokens a second over the last steps."""

    def __init__(self) -> None:
        self._times: deque[tuple[float, int]] = deque([(time.monotonic(), 0)], maxlen=STEPS_TIMED)

    def after(self, tokens: int) -> float:
        """The speed after a step that predicted so many tokens."""
        self._times.append((time.monotonic(), tokens))
        passed = self._times[-1][0] - self._times[0][0]
        return sum(count for _time, count in list(self._times)[1:]) / max(passed, 1e-9)


class PlainLines:
    """A line for every validation, and for every half minute without one."""

    def __init__(self, run: TrainingRun, console: Console) -> None:
        self._run, self._console = run, console
        self._speed, self._said = Speed(), time.monotonic()

    def show(self, report: Report) -> None:
        """Say it, or not."""
        progress, speed = report.progress, self._speed.after(report.progress.tokens)
        if not report.saved and time.monotonic() - self._said < PATIENCE:
            return
        self._said = time.monotonic()
        parts = [_("step {0}/{1}").format(progress.step, self._run.settings.steps), *figures_of(report, speed)]
        self._console.print(Text("  ".join(parts)), soft_wrap=True)
        for line in sample_lines(report):
            self._console.print(line, soft_wrap=True)


class BarAndFigures(Progress):
    """A bar over a line of figures, so that both fit a narrow terminal."""

    figures = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        """The two lines."""
        yield self.make_tasks_table(self.tasks)
        yield Text(self.figures, no_wrap=True, overflow="ellipsis")


class Bar:
    """A bar that is redrawn in place; samples scroll by above it."""

    def __init__(self, run: TrainingRun, progress: BarAndFigures) -> None:
        self._progress, self._speed = progress, Speed()
        self._validation: float | None = None
        total = run.settings.steps
        self._task = progress.add_task(safe(run.model.name), total=total, completed=run.state.step)

    def show(self, report: Report) -> None:
        """Move the bar on."""
        self._validation = report.validation if report.validation is not None else self._validation
        shown = Report(report.progress, self._validation)
        self._progress.figures = "  ".join(figures_of(shown, self._speed.after(report.progress.tokens)))
        self._progress.update(self._task, completed=report.progress.step)
        lines = sample_lines(report)
        if lines:
            self._progress.console.print(Text(_("step {0}").format(report.progress.step), style="bold"))
        for line in lines:
            self._progress.console.print(line)


@contextmanager
def _display(run: TrainingRun, console: Console) -> Iterator[PlainLines | Bar]:
    if not console.is_terminal or console.is_dumb_terminal:
        yield PlainLines(run, console)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with BarAndFigures(*columns, console=console, expand=True) as progress:
        yield Bar(run, progress)


def figures_of(report: Report, speed: float) -> list[str]:
    """Loss, validation loss, speed and learning rate of a step, in few letters."""
    progress = report.progress
    parts = [_("loss {0}").format(f"{progress.loss:.3f}")]
    if report.validation is not None:
        parts.append(_("validation {0}").format(f"{report.validation:.3f}"))
    parts.append(_("{0} tokens/s").format(_rounded(speed)))
    parts.append(_("rate {0}").format(f"{progress.learning_rate:.2g}"))
    return parts


def sample_lines(report: Report) -> list[Text]:
    """What the model answers by now."""
    return [Text("  ").append_text(safe_text(f"{text} → {answer}")) for text, answer in report.samples]


def _rounded(number: float) -> str:
    digits = max(0, int(math.log10(max(number, 1))) - 1)
    return f"{int(round(number, -digits)):,}"


def command_to_go_on(recipe: str, data: Path | None, output: Path, backend: str) -> str:
    """The command line that goes on with a stopped training."""
    parts = ["tutor", "train", recipe, "--output", str(output), "--resume"]
    if data is not None:
        parts += ["--data", str(data)]
    if backend != "numpy":
        parts += ["--backend", backend]
    return shlex.join(parts)
