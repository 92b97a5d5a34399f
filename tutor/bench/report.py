"""Runs the measurements that were asked for and prints each as it is done."""

import json
import os
import platform
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from importlib import import_module

import click
import numpy as np

from tutor.bench.figure import Figure
from tutor.display.language import N_, _, listed
from tutor.plain.streams import working

MEASUREMENTS: dict[str, tuple[str, str]] = {
    "startup": ("tutor.bench.startup", N_("process start to the first interactive frame")),
    "keystroke": ("tutor.bench.keystroke", N_("a key in the sentence bar to the repainted matrix")),
    "matrix": ("tutor.bench.matrix", N_("a 512×768 matrix on screen, and scrolling it")),
    "trace": ("tutor.bench.full_trace", N_("a full trace at GPT-2 small's shape")),
    "first_trace": ("tutor.bench.first_trace", N_("import, and process start to a first trace")),
    "growth": ("tutor.bench.growth", N_("the time of a full trace from 8 to 1,024 tokens")),
    "retrace": ("tutor.bench.retrace", N_("a full trace after one more token was typed")),
    "memory": ("tutor.bench.memory", N_("peak memory of a 1,024-token trace")),
    "training": ("tutor.bench.training_step", N_("a step of training at four sizes")),
    "gradients": ("tutor.bench.gradients", N_("gradients of every parameter against PyTorch's autograd")),
    "generation": ("tutor.bench.generation", N_("generation with the key-value cache")),
}


def list_lines() -> Iterator[str]:
    """The measurements there are."""
    longest = max(map(len, MEASUREMENTS))
    for name, (_module, what) in MEASUREMENTS.items():
        yield f"{name:<{longest}}  {_(what)}"


def chosen(names: Iterable[str]) -> list[str]:
    """The measurements asked for, all where none is. Raises click.UsageError for one that does not exist."""
    for name in names:
        if name not in MEASUREMENTS:
            raise click.UsageError(_("no measurement {0!r}; there are {1}").format(name, listed(MEASUREMENTS)))
    return [name for name in MEASUREMENTS if name in names] or list(MEASUREMENTS)


def report_lines(names: Iterable[str], repeat: int, as_json: bool) -> Iterator[str]:
    """A few lines a figure, or all of them as one JSON document."""
    machine = (
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, NumPy {np.__version__}"
    )
    if not as_json:
        yield f"{machine}; medians of {repeat} runs taken in turn"
    figures = []
    for name in names:
        for figure in _measured(name, repeat):
            figures.append(figure)
            if not as_json:
                yield from figure_lines(figure)
    if as_json:
        rows = [asdict(figure) | {"ratio": figure.ratio, "held": figure.held} for figure in figures]
        yield json.dumps({"machine": machine, "repeat": repeat, "figures": rows}, indent=1, ensure_ascii=False)


def _measured(name: str, repeat: int) -> Iterator[Figure]:
    """The figures of one measurement, each with a sign of life while it is taken."""
    measure: Callable[[int], Iterator[Figure]] = import_module(MEASUREMENTS[name][0]).measure
    figures = measure(repeat)
    while True:
        with working(name):
            figure = next(figures, None)
        if figure is None:
            return
        yield figure


def _short(value: float | None) -> str:
    """Three digits, and never an exponent."""
    return "?" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def figure_lines(figure: Figure) -> Iterator[str]:
    """A figure as lines of text."""
    yield ""
    yield figure.name
    if figure.ours is None:
        yield f"  not measured: {figure.note}"
        return
    verdict = {True: "  held", False: "  NOT HELD", None: ""}[figure.held]
    if figure.ratio is not None:
        bar = f" (bar {figure.bar:g}×)" if figure.bar else ""
        yield f"  {_short(figure.ours)} {figure.unit} against {_short(figure.theirs)} {figure.unit}, {figure.against}"
        yield f"  {figure.ratio:.2g}×{bar}{verdict}"
    else:
        bar = f" (bar {figure.bar:g} {figure.unit})" if figure.bar else ""
        yield f"  {_short(figure.ours)} {figure.unit}{bar}{verdict}"
    if figure.limit:
        yield f"  limit: {figure.limit}"
    if figure.note:
        yield f"  note: {figure.note}"
