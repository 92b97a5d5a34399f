"""A large matrix on screen: ours against Textual's DataTable, the same numbers, in the same run."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator

import numpy as np
from rich.segment import Segment
from textual.app import App
from textual.geometry import Size
from textual.pilot import Pilot
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import DataTable

from tutor.app.widgets.matrix import MatrixView
from tutor.bench.figure import Figure

SHAPE = (512, 768)
SCREEN = (120, 36)
BAR = 1 / 20
# What a scroll is: columns to the right in cells, rows down, how often. A DataTable takes seconds for a page.
COLUMN = 7
SCROLLS = {"row": (0, 1, 20), "page": (0, 30, 5), "column": (COLUMN, 0, 20)}

Costs = dict[str, float]
Build = Callable[[Pilot], Awaitable[ScrollView]]


def measure(repeat: int, shape: tuple[int, int] = SHAPE) -> Iterator[Figure]:
    """Ready and scroll at 512×768, in processor time. The DataTable is built once: it takes many seconds."""
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    rounds = max(1, repeat)
    ours = _median([asyncio.run(_costs(_matrix(values))) for _round in range(rounds)])
    floor = _median([asyncio.run(_costs(_empty(shape))) for _round in range(rounds)])
    theirs = asyncio.run(_costs(_data_table(values)))
    for name in ours:
        yield Figure(
            f"matrix {shape[0]}×{shape[1]} {name}",
            "ms",
            ours[name] * 1e3,
            theirs[name] * 1e3,
            "Textual DataTable",
            BAR,
            limit=f"Textual repainting a pane with nothing to compute: {floor[name] * 1e3:.1f} ms",
        )


def _median(runs: list[Costs]) -> Costs:
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def _matrix(values: np.ndarray) -> Build:
    async def build(pilot: Pilot) -> ScrollView:
        view = MatrixView()
        await pilot.app.mount(view)
        view.set_matrix(values, row_axis="position", column_axis="feature")
        return view

    return build


def _data_table(values: np.ndarray) -> Build:
    async def build(pilot: Pilot) -> ScrollView:
        table: DataTable[str] = DataTable()
        await pilot.app.mount(table)
        table.add_columns(*map(str, range(values.shape[1])))
        table.add_rows([f"{value:.2f}" for value in row] for row in values)
        return table

    return build


class _Empty(ScrollView):
    """A pane whose lines cost nothing: what is left is Textual."""

    def render_line(self, y: int) -> Strip:
        return Strip([Segment(" " * self.size.width, self.rich_style)], self.size.width)


def _empty(shape: tuple[int, int]) -> Build:
    async def build(pilot: Pilot) -> ScrollView:
        pane = _Empty()
        await pilot.app.mount(pane)
        pane.virtual_size = Size(shape[1] * COLUMN, shape[0])
        return pane

    return build


async def _costs(build: Build) -> Costs:
    """Seconds of processor time until it stands on screen, and for one scroll of each kind."""
    app: App[None] = App()
    async with app.run_test(size=SCREEN) as pilot:
        await pilot.pause()
        started = time.process_time()
        view = await build(pilot)
        await pilot.pause()
        costs = {"ready": time.process_time() - started}
        for name, (right, down, times) in SCROLLS.items():
            x, y = view.scroll_offset
            taken = []
            for step in range(1, times + 1):
                started = time.process_time()
                view.scroll_to(x + step * right, y + step * down, animate=False)
                await pilot.pause()
                taken.append(time.process_time() - started)
            costs[f"scroll a {name}"] = statistics.median(taken)
    return costs
