"""From a key in the sentence bar to the matrix drawn anew, in the app itself without a terminal behind it."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from textual import events

from tutor.app.app import TutorApp
from tutor.app.screens.trace import TraceScreen
from tutor.app.widgets.matrix import MatrixView
from tutor.bench.figure import Figure
from tutor.bench.own_process import printed_by
from tutor.course.progress import Progress
from tutor.models.registry import available, load_model

SENTENCE = "the river froze last night and the cat sat on the mat in the sun all day"
MOST_TOKENS = 32
BAR = 50  # ms
PATIENCE = 20.0
SETTLED = 0.4


def measure(repeat: int) -> Iterator[Figure]:
    """One figure a shipped model that reads text, on one thread as `tutor start` has it."""
    for model in available():
        if model.architecture == "series":
            continue
        seconds, tokens = map(float, printed_by("tutor.bench.keystroke.print_figure", model.name, repeat).split())
        name = f"keystroke to repainted matrix, {model.name}, {tokens:.0f} tokens"
        note = "without the terminal's own drawing"
        yield Figure(name, "ms", seconds * 1e3, bar=BAR, limit="one frame is 17 ms at 60 a second", note=note)


def print_figure(model: str, repeat: int) -> None:
    """Measure in this process and print the median and the number of tokens."""
    print(*asyncio.run(_one_model(model, repeat)))


async def _one_model(model: str, repeat: int) -> tuple[float, int]:
    """The median over `repeat` keys, and the length of the sentence they make."""
    with tempfile.TemporaryDirectory() as folder:
        app = TutorApp(model=model, progress=Progress(Path(folder) / "progress.sqlite"))
        async with app.run_test(size=(120, 36)):
            sentence = _fitting(model)
            app.explore(sentence)
            screen = await _traced(app, sentence)
            await asyncio.sleep(SETTLED)  # the screen gives the keys to a pane once it is drawn
            screen.action_sentence()
            await asyncio.sleep(SETTLED)
            app.post_message(events.Key("end", None))
            await asyncio.sleep(SETTLED)
            times = [await _one_key(app, screen, sentence, number) for number in range(repeat + 1)]
            trace = screen.snapshot.trace
            assert trace is not None
    return statistics.median(times[1:]), trace["tokens"].shape[0]


def _fitting(model: str) -> str:
    """As much of the sentence as leaves room for one more token and the end token."""
    tokenizer = load_model(model).tokenizer
    sizes = range(len(SENTENCE), 0, -1)
    return next(SENTENCE[:size] for size in sizes if len(tokenizer.encode(SENTENCE[:size]).ids) <= MOST_TOKENS - 2)


async def _one_key(app: TutorApp, screen: TraceScreen, sentence: str, number: int) -> float:
    """Press a letter, wait for the matrix, take the letter away again; the press alone is timed."""
    letter = "abcdefghij"[number % 10]
    drawn = asyncio.Event()
    started = time.perf_counter()
    app.post_message(events.Key(letter, letter))
    await _traced(app, sentence + letter)
    screen.query_one(MatrixView).call_after_refresh(drawn.set)
    await drawn.wait()
    seconds = time.perf_counter() - started
    app.post_message(events.Key("backspace", None))
    await _traced(app, sentence)
    await asyncio.sleep(0.05)
    return seconds


async def _traced(app: TutorApp, sentence: str) -> TraceScreen:
    """The trace screen once it shows the trace of `sentence`."""
    deadline = time.perf_counter() + PATIENCE
    while time.perf_counter() < deadline:
        screen = app.screen
        if isinstance(screen, TraceScreen) and screen.snapshot.result and screen.snapshot.trace is not None:
            if screen.snapshot.result.request.sentence == sentence:
                return screen
        await asyncio.sleep(0.0005)
    raise RuntimeError(f"no trace of {sentence!r} within {PATIENCE:.0f} s")
