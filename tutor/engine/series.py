"""A series of numbers as a sentence, and its next steps as the answer.

A series is a table: a row a time step, a column a variable. Its tokens are the choice (`config.series_tokens`):

- `instant`: all variables at one time step, as in the first Transformers for series;
- `variable`: the whole history of one variable (iTransformer, Liu et al. 2023, section 3.1);
- `patch`: some time steps of one variable, which see those of their own variable only (PatchTST, Nie et al. 2022,
  section 3.1). There every variable runs by itself; here they stand in one sentence, apart by the mask, which is the
  same and can be switched off.

The blocks are those of every other model.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tutor.engine import ops
from tutor.engine.config import TransformerConfig
from tutor.engine.embedding import positions, summed
from tutor.engine.layers import STORED, Shapes, linear, linear_shapes
from tutor.engine.ops import OperationError
from tutor.engine.recorder import Recorder
from tutor.engine.trace import Node


def series_input(record: Recorder, config: TransformerConfig, numbers: Any) -> tuple[Node, Node]:
    """The series [..., step, variable] and the number of every token as nodes. Raises OperationError."""
    table = _table(numbers, "series", config.series)
    count = config.series_token_count
    places = np.broadcast_to(np.arange(count), (*table.shape[:-2], count))
    tokens = record.input("series.tokens", np.ascontiguousarray(places), (f"position@{config.stacks[0]}",))
    return record.input("series", table, ("step@past", "variable")), tokens


def embed_series(record: Recorder, config: TransformerConfig, series: Node, tokens: Node) -> Node:
    """The series as vectors [..., position, feature]: normalised, cut into tokens, each through one linear map."""
    here = tokens.axis_keys[-1]
    x = normalised(record, "series", series)  # [step, variable]
    if config.series_tokens != "instant":
        x = record("series.histories", ops.transpose, x, axes=("variable", "step@past"))
    if config.series_tokens == "patch":
        x = record("series.patches", ops.refold, x, axes=(here, "step@patch"), rows=config.series_token_count)
    x = linear(record, "embedding.value", x, "embedding.token", axes=(here, "feature"))  # x_t = s_t W + b
    dtype = str(x.array.dtype).rpartition(".")[2]
    return summed(record, config, "embedding", [x, *positions(record, config, "embedding", tokens, dtype)])


def normalised(record: Recorder, name: str, x: Node) -> Node:
    """(x - mean) / deviation for every variable, by the mean and the deviation that are kept with the weights."""
    mean, deviation = (record.weight(weight, ("variable",)) for weight in STORED)
    centred = record(f"{name}.centred", ops.subtract, x, mean, axes=x.axis_keys)
    return record(f"{name}.normalised", ops.divide, centred, deviation, axes=x.axis_keys)


def forecast(record: Recorder, config: TransformerConfig, x: Node) -> tuple[Node, Node]:
    """The next steps [..., step, variable] as they are normalised, and in the units of the series.

    A linear map of what belongs to one variable: its token, or its patches side by side; of instants, of all of them.
    """
    together = config.series_tokens == "instant"
    rows, row = (1, "all") if together else (config.series[1], "variable")
    if rows != x.shape[-2]:
        x = record("forecast.rows", ops.refold, x, axes=(row, "feature"), rows=rows)
    ahead = ("step@future", "variable")
    if together:
        y = linear(record, "forecast.each", x, axes=(row, "output"))  # [1, step · variable]
        y = record("forecast.normalised", ops.refold, y, axes=ahead, rows=config.horizon)
    else:
        y = linear(record, "forecast.each", x, axes=("variable", "step@future"))  # [variable, step]
        y = record("forecast.normalised", ops.transpose, y, axes=ahead)
    if record.training:
        return y, y
    mean, deviation = (record.weight(weight, ("variable",)) for weight in STORED)
    scaled = record("forecast.scaled", ops.multiply, y, deviation, axes=ahead)
    return y, record("forecast", ops.add, scaled, mean, axes=ahead)


def forecast_loss(record: Recorder, config: TransformerConfig, found: Node, targets: Any, name: str) -> Node:
    """The mean of the squared errors, in deviations of each variable; `targets` [..., step, variable] in its units."""
    right = _table(targets, "forecast.targets", (config.horizon, config.series[1]))
    given = record.input("forecast.targets", right, found.axis_keys)
    errors = record("forecast.errors", ops.subtract, found, normalised(record, "forecast.targets", given))
    squares = record("forecast.losses", ops.multiply, errors, errors)
    return record(name, ops.mean_loss, squares, errors)


def _table(numbers: Any, name: str, shape: tuple[int, ...]) -> np.ndarray:
    table = np.asarray(numbers)
    if table.shape[-2:] != shape or table.dtype.kind not in "biuf":
        wanted, found = ("×".join(map(str, one)) for one in (shape, table.shape))
        raise OperationError(f"{name}: a table of {wanted} numbers is wanted, not one of {found}")
    if not np.isfinite(table).all():
        raise OperationError(f"{name}: a number that is none, or infinite, has no place in a series")
    return table if table.dtype in (np.float32, np.float64) else table.astype(np.float32)


def forecast_shapes(c: TransformerConfig) -> Shapes:
    """The shapes of what `forecast` uses."""
    tokens = {"instant": c.series[0], "variable": 1, "patch": c.series_block}[c.series_tokens]
    out = c.horizon * (c.series[1] if c.series_tokens == "instant" else 1)
    return linear_shapes("forecast.each", tokens * c.d_model, out, True)
