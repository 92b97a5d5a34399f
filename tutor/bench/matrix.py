"""A large matrix on screen: ours against Textual's DataTable, the same numbers, in the same run."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import numpy as np
from textual.app import App
from textual.pilot import Pilot
from textual.scroll_view import ScrollView
from textual.widgets import DataTable

from tutor.app.widgets.matrix import MatrixView
from tutor.bench.figure import Figure

SHAPE = (512, 768)
SCREEN = (120, 36)
SCROLLS = 24
BAR = 1 / 20


@dataclass(frozen=True)
class Cost:
    """Seconds of processor time until the matrix stands on screen, and for one scroll of a column and a row."""

    ready: float
    scroll: float


def measure(repeat: int, shape: tuple[int, int] = SHAPE) -> Iterator[Figure]:
    """Ready and scroll at 512×768. The DataTable is built once, since that takes many seconds."""
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    runs = [cost_of_matrix(values) for _round in range(max(1, repeat))]
    ours = Cost(statistics.median(run.ready for run in runs), statistics.median(run.scroll for run in runs))
    theirs = cost_of_data_table(values)
    size = f"{shape[0]}×{shape[1]}"
    against = "Textual DataTable"
    note = "processor time, drawing included"
    yield Figure(f"matrix {size} ready", "ms", ours.ready * 1e3, theirs.ready * 1e3, against, BAR, note=note)
    yield Figure(f"matrix {size} scroll", "ms", ours.scroll * 1e3, theirs.scroll * 1e3, against, BAR, note=note)


def cost_of_matrix(values: np.ndarray) -> Cost:
    """What our widget takes for these values."""

    async def build(pilot: Pilot) -> ScrollView:
        view = MatrixView()
        await pilot.app.mount(view)
        view.set_matrix(values, row_axis="position", column_axis="feature")
        return view

    return asyncio.run(_cost(build, lambda view: view.table.column_width))


def cost_of_data_table(values: np.ndarray) -> Cost:
    """What a DataTable takes for the same values, printed to two decimals."""

    async def build(pilot: Pilot) -> ScrollView:
        table: DataTable[str] = DataTable()
        await pilot.app.mount(table)
        table.add_columns(*map(str, range(values.shape[1])))
        table.add_rows([f"{value:.2f}" for value in row] for row in values)
        return table

    return asyncio.run(_cost(build, lambda table: 7))


async def _cost(build: Callable[[Pilot], Awaitable[ScrollView]], column_width: Callable[[ScrollView], int]) -> Cost:
    app: App[None] = App()
    async with app.run_test(size=SCREEN) as pilot:
        await pilot.pause()
        started = time.process_time()
        view = await build(pilot)
        await pilot.pause()
        ready = time.process_time() - started
        scrolls = []
        for step in range(1, SCROLLS + 1):
            started = time.process_time()
            view.scroll_to(step * column_width(view), step, animate=False)
            await pilot.pause()
            scrolls.append(time.process_time() - started)
    return Cost(ready, statistics.median(scrolls))
