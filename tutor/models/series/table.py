"""A table of numbers in a CSV file, read with care: whatever is wrong is said with its line and its column."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tutor.models.errors import ModelError
from tutor.models.series.generated import Table

LARGEST_FILE = 5_000_000  # bytes
MOST_ROWS = 50_000
MOST_COLUMNS = 64
LEAST_ROWS = 2
DELIMITERS = (";", "\t", ",")
TIMES = ("time", "date", "datetime", "timestamp", "hour", "时间", "日期", "时刻")
CLASSES = ("activity", "class", "label", "活动", "类别")
LONGEST_NAME = 40


def read_table(path: Path) -> Table:
    """The table in a file. A first row that is no number names the columns; `#` begins a remark.

    A column called time (or date, …) labels the rows, one called activity (or class, …) says what is right for each.
    Raises ModelError with line and column.
    """
    rows = list(_rows(path))
    names: list[str] = []
    if rows and any(_number(cell) is None for cell in rows[0][1]):
        names = [cell.strip()[:LONGEST_NAME] for cell in rows.pop(0)[1]]
    if not rows:
        raise ModelError("{path}: there is no row of numbers in it", path=path)
    if len(rows) < LEAST_ROWS:
        raise ModelError("{path}: one row of numbers is no series: at least two are needed", path=path)
    width = len(rows[0][1])
    names = names or [str(column + 1) for column in range(width)]
    for line, cells in rows:
        if len(cells) != len(names):
            raise ModelError(
                "{path}:{line}: {found} columns, but the first row has {expected}",
                path=path,
                line=line,
                found=len(cells),
                expected=len(names),
            )
    if width > MOST_COLUMNS:
        raise ModelError("{path}: {count} columns; at most {most} are read", path=path, count=width, most=MOST_COLUMNS)
    labels = {kind: _column(names, known) for kind, known in (("time", TIMES), ("class", CLASSES))}
    measured = [column for column in range(width) if column not in labels.values()]
    if not measured:
        raise ModelError("{path}: no column of numbers is in it", path=path)
    numbers = [[_checked(path, line, names[column], cells[column]) for column in measured] for line, cells in rows]
    return Table(
        np.array(numbers, np.float32),
        tuple(names[column] for column in measured),
        _labels(rows, labels["time"]) or tuple(str(number + 1) for number in range(len(rows))),
        _labels(rows, labels["class"]),
    )


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """The rows with their lines' numbers, without empty lines and remarks. Raises ModelError."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ModelError("{path}: larger than {most:,} bytes: give a part of it", path=path, most=LARGEST_FILE)
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ModelError("{path}: there is no such file", path=path) from None
    except UnicodeDecodeError:
        raise ModelError("{path}: not UTF-8 text: is it a CSV file?", path=path) from None
    except (OSError, ValueError) as error:
        raise ModelError("{path}: cannot be read ({reason})", path=path, reason=error) from None
    lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip() and not line.startswith("#")]
    if len(lines) > MOST_ROWS + 1:
        raise ModelError("{path}: more than {most:,} rows: give a part of it", path=path, most=MOST_ROWS)
    delimiter = next((one for one in DELIMITERS if lines and one in lines[0][1]), ",")
    found = []
    for number, line in lines:
        try:
            cells = next(csv.reader([line], delimiter=delimiter, strict=True))
        except csv.Error as error:
            raise ModelError(
                "{path}:{line}: no row of a table: {reason}", path=path, line=number, reason=error
            ) from None
        if delimiter == ";":  # where commas are decimal points
            cells = [cell.replace(",", ".") for cell in cells]
        found.append((number, cells))
    return found


def _column(names: Sequence[str], known: Sequence[str]) -> int | None:
    return next((column for column, name in enumerate(names) if name.casefold() in known), None)


def _labels(rows: Sequence[tuple[int, list[str]]], column: int | None) -> tuple[str, ...]:
    return () if column is None else tuple(cells[column].strip()[:LONGEST_NAME] for _line, cells in rows)


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _checked(path: Path, line: int, column: str, cell: str) -> float:
    number = _number(cell)
    if number is None or not math.isfinite(number) or abs(number) > 1e30:
        place = {"path": path, "line": line, "column": column}
        if not cell.strip():
            raise ModelError("{path}:{line}: column {column} is empty: every cell needs a number", **place)
        raise ModelError("{path}:{line}: column {column}: {cell!r} is no number", cell=cell[:LONGEST_NAME], **place)
    return number
