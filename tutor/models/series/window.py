"""Which rows of which table a model reads, from what a learner types for a sentence.

`day` and `walk` are the shipped examples (昼夜, 行走: in Chinese), `some/file.csv` is a table of one's own, and `@25`
behind either says at which row to begin.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tutor.engine.config import FORECAST, TransformerConfig
from tutor.models.errors import Message, ModelError
from tutor.models.series import chinese
from tutor.models.series.generated import EXAMPLES, Table
from tutor.models.series.table import read_table

if TYPE_CHECKING:
    from tutor.models.model import Model

FOLDER = Path(__file__).parent
PLACE = re.compile(r"^(?P<name>.*?)\s*[@＠]\s*(?P<row>\d{1,9})\s*$", re.DOTALL)
MOST_VARIABLES = 8  # of a table of one's own, where any number will do
SMALLEST_DEVIATION = 1e-6


@dataclass(frozen=True)
class Window:
    """The rows that a model reads, and what is known of the rows after them."""

    text: str  # as it may be typed again
    numbers: np.ndarray  # [step, variable]
    variables: tuple[str, ...]
    times: tuple[str, ...]
    classes: tuple[str, ...] = ()  # what is right for each step, where the table says so, in the model's own names
    future: np.ndarray | None = None  # the steps to be forecast, where the table has them
    later: tuple[str, ...] = ()  # their labels
    mean: np.ndarray | None = None  # of the whole table, where the model's own say nothing about these variables
    deviation: np.ndarray | None = None
    notice: str = ""
    words: chinese.Words = field(default_factory=dict)  # another language's for columns, times and classes


def read_window(model: Model, config: TransformerConfig, text: str) -> Window:
    """The window that a text asks for. A text that is no series stands for the model's example; a notice says so.

    Raises ModelError for a file that cannot be used, or a row at which no window begins.
    """
    example = str(model.card.series.get("example", ""))
    found = PLACE.match(text)
    name, row = (found["name"].strip(), int(found["row"])) if found else (text.strip(), None)
    notice: str = ""
    table = _table(name)
    if _shipped(name) in EXAMPLES and not _has_columns(config, table) and _shipped(name) != _bare(example):
        table = None  # another model's example
    if table is None:
        if not example or text.strip() == example:
            raise ModelError("{model} reads series: give a CSV file", model=model.name)
        notice = Message(
            "{model} cannot read that, so {example} stands in: type the path of a CSV file, or {names}",
            model=model.name,
            example=example,
            names=", ".join(name for name in EXAMPLES if _has_columns(config, _table(name))),
        )
        return replace(read_window(model, config, example), notice=notice)
    table, own, notice = fitting(model, config, table)
    steps, ahead = config.series[0], config.horizon if FORECAST in config.tasks else 0
    if FORECAST not in config.tasks and config.series_tokens == "instant":
        steps = min(steps, len(table.numbers))
    last = len(table.numbers) - steps
    if last < 0:
        raise ModelError(
            "{name}: {model} reads {steps} rows, and there are {count}",
            name=name,
            model=model.name,
            steps=steps,
            count=len(table.numbers),
        )
    if row is not None and not 1 <= row <= last + 1:
        raise ModelError("{name}: a window begins at row 1 to {last}, not {row}", name=name, last=last + 1, row=row)
    if row is not None:
        start = row - 1
    else:  # the example's usual window, the end of any other table
        start = min(_usual(example) - 1, last) if _shipped(name) in EXAMPLES else max(0, last - ahead)
    stop, later = start + steps, start + steps + ahead
    known = ahead and later <= len(table.numbers)
    after = table.times[stop:later] if known else tuple(f"+{step + 1}" for step in range(ahead))
    whole = table.numbers.astype(np.float64)
    words = chinese.words_for(name, (*table.times[start:stop], *after))
    return Window(
        text=text,
        numbers=table.numbers[start:stop],
        variables=chinese.said(table.variables, words),
        times=chinese.said(table.times[start:stop], words),
        classes=table.classes[start:stop],
        future=table.numbers[stop:later] if known else None,
        later=chinese.said(after, words),
        mean=whole.mean(axis=0) if own else None,
        deviation=np.maximum(whole.std(axis=0), SMALLEST_DEVIATION) if own else None,
        notice=notice,
        words=words,
    )


def _has_columns(config: TransformerConfig, table: Table | None) -> bool:
    """Whether there are as many variables as the model needs: where tokens are instants, all of them."""
    return table is not None and (config.series_tokens != "instant" or len(table.variables) >= config.series[1])


def _bare(example: str) -> str:
    """The example's name without the row that its window begins at."""
    found = PLACE.match(example)
    return found["name"].strip() if found else example


def _usual(example: str) -> int:
    found = PLACE.match(example)
    return int(found["row"]) if found else 1


def _shipped(name: str) -> str:
    return chinese.EXAMPLES.get(name, name.casefold())


def _table(name: str) -> Table | None:
    """The table called so; None for a text that names none."""
    shipped = _shipped(name)
    if shipped in EXAMPLES:
        return _kept(FOLDER / f"{shipped}.csv", 0)
    path = Path(name).expanduser() if name.startswith("~") else Path(name)
    try:
        changed = path.stat().st_mtime_ns if name and path.is_file() else None
    except (OSError, ValueError):  # a name no file system can hold
        return None
    if changed is not None:
        return _kept(path, changed)
    if path.suffix.casefold() in (".csv", ".tsv", ".txt"):
        return read_table(path)  # says that it is not there
    return None


@lru_cache(maxsize=8)
def _kept(path: Path, _changed: int) -> Table:
    return read_table(path)


def fitting(model: Model, config: TransformerConfig, table: Table) -> tuple[Table, bool, str]:
    """The columns that the model reads, whether they are others than it learned from, and what to say of the rest.

    Columns named as the model's are taken by their names, whatever stands beside them. Others are taken in order:
    where tokens are variables or their patches any number will do, else there must be as many as the model has.
    """
    wanted: Sequence[str] = model.card.series.get("variables", ())
    places = {name.casefold(): column for column, name in enumerate(table.variables)}
    if wanted and all(name.casefold() in places for name in wanted):
        chosen = [places[name.casefold()] for name in wanted]
        return _picked(table, chosen), False, _left_out(table, chosen)
    count = config.series[1]
    free = config.series_tokens != "instant"
    if not _has_columns(config, table):
        raise ModelError(
            "{model} reads {count} columns ({names}), and there are {found}; its example is {example}",
            model=model.name,
            count=count,
            names=", ".join(wanted),
            found=len(table.variables),
            example=model.card.series.get("example", ""),
        )
    chosen = list(range(min(len(table.variables), MOST_VARIABLES if free else count)))
    said = Message(
        "other variables than {model} learned from: normalised by their own mean and deviation", model=model.name
    )
    more = _left_out(table, chosen)
    return _picked(table, chosen), True, Message("{first}; {second}", first=said, second=more) if more else said


def _picked(table: Table, columns: Sequence[int]) -> Table:
    return replace(
        table, numbers=table.numbers[:, list(columns)], variables=tuple(table.variables[column] for column in columns)
    )


def _left_out(table: Table, chosen: Sequence[int]) -> str:
    others = [name for column, name in enumerate(table.variables) if column not in chosen]
    return Message("not read: {names}", names=", ".join(others)) if others else ""
