"""A trace written out: a table of its nodes, JSON for other programs, and an .npz file with every array."""

import fnmatch
import json
import os
import re
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.cells import cell_len

from tutor.course.places import find_node
from tutor.display.language import _, listed, sentences
from tutor.display.messages import translated
from tutor.display.prose import label
from tutor.display.safe import fit, pad, safe
from tutor.display.titles import axis_title
from tutor.engine.lens import PREFIX as LENS
from tutor.engine.trace import Node, Trace
from tutor.models.series.run import errors, said_classes
from tutor.plain.matrix import Sheet, sheet_lines
from tutor.plain.streams import counted

FORMAT = 1
LONGEST_LINE = 400  # cells of a sentence; 100,000 pasted characters are not read on a terminal
# JSON escapes only the first control characters; the rest, and marks that turn text around, would reach the terminal.
UNSAFE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def chosen_names(trace: Trace, glob: str | None) -> tuple[str, ...]:
    """The nodes that a glob names, weights included; without a glob every computed node. Raises TraceError.

    What is computed only when asked for (gradients, the logit lens) is found by its name, the lens by a glob, too.
    """
    if glob is None:
        return tuple(trace.names)
    found = tuple(trace.find(glob))
    if not found and glob.startswith(LENS):
        found = tuple(trace.lens(name).name for name in fnmatch.filter(trace.lens_names, glob))
    return found or (find_node(trace, glob).name,)


def overview_lines(trace: Trace) -> Iterator[str]:
    """What was run: the model, whether it is trained, the sentence and its answer, and what had to be cut."""
    trained = "" if trace.trained else _("(untrained: its weights are random numbers, and so are its answers)")
    yield sentences(_("model: {0}").format(safe(trace.model)), trained)
    yield _("sentence: {0}").format(shortened(trace.text))
    if trace.target:
        yield _("target: {0}").format(shortened(trace.target))
    yield from guess_lines(trace)
    yield from series_lines(trace)
    if trace.notice:
        yield _("note: {0}").format(safe(translated(trace.notice)))
    yield ""


def guess_lines(trace: Trace) -> Iterator[str]:
    """What a model that reads masks would put in their places, and whether the second sentence follows the first."""
    for guess in trace.info.get("guesses", ()):
        words = "  ".join(f"{safe(one.label)} {one.probability:.3f}" for one in guess.candidates)
        yield _("mask at position {0}: {1}").format(guess.position, words)
    if "next_sentence.probabilities" in trace and trace["segments"].value.any():
        share = float(trace["next_sentence.probabilities"].value[0, 0])
        yield _("the second sentence follows the first: {0:.3f}").format(share)


def series_lines(trace: Trace) -> Iterator[str]:
    """Of a series: how far the forecast is off, where that is known, and what is said of which stretch of steps."""
    found = errors(trace)
    if found is not None:
        text = _("forecast: off by {0:.2f} deviations in the mean; same as last: {1:.2f}; the mean: {2:.2f}")
        yield text.format(found.forecast, found.last, found.mean)
    for first, last, name in said_classes(trace):
        yield _("{0} to {1}: {2}").format(safe(first), safe(last), safe(name))


def shortened(text: str) -> str:
    """A sentence as one safe line; of a very long one its beginning."""
    return fit(safe(text[: 4 * LONGEST_LINE]), LONGEST_LINE)


def node_lines(trace: Trace, names: Sequence[str]) -> Iterator[str]:
    """One line a node: name, operation, shape with its axes, operands."""
    rows = [(_("node"), _("operation"), _("shape"), _("computed from"))]
    for name in names:
        node = trace[name]
        shape = " ".join(f"{axis}={size}" for axis, size in zip(node.axes, node.shape, strict=True))
        rows.append((safe(name), node.op, shape, " ".join(safe(operand) for operand in node.inputs)))
    widths = [max(cell_len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        yield "  ".join([pad(text, size) for text, size in zip(row, widths, strict=False)] + [row[3]]).rstrip()


def value_lines(node: Node, width: int) -> Iterator[str]:
    """The numbers of a node, one two-dimensional sheet after another."""
    values, labels = node.value, node.labels
    if values.ndim == 0:
        yield f"{float(values):g}"
        return
    if values.ndim == 1:
        values, labels = values[None, :], ((node.axes[0],), labels[0])
    for leading in np.ndindex(values.shape[:-2]):
        if leading:
            pairs = zip(node.axes, leading, labels, strict=False)
            yield listed(f"{axis_title(axis)} {label(axis_labels, place)}" for axis, place, axis_labels in pairs)
        yield from sheet_lines(Sheet(values[leading], labels[-2], labels[-1]), width)


def as_json(trace: Trace, names: Sequence[str], with_values: bool) -> Iterator[str]:
    """The trace as JSON text, piece by piece: the nodes asked for, and the weights apart."""
    head = {
        "format": FORMAT,
        "model": trace.model,
        "trained": trace.trained,
        "text": trace.text,
        "target": trace.target,
        "config": trace.config.as_dict(),
    }
    yield json_text(head)[:-1]
    groups = {
        "nodes": [name for name in names if not trace[name].is_weight],
        "weights": [name for name in (names if with_values else trace.weight_names) if trace[name].is_weight],
    }
    for key, group in groups.items():
        yield f',\n "{key}": ['
        for number, name in enumerate(group):
            yield (",\n  " if number else "\n  ") + json_text(described(trace[name], with_values))
        yield "\n ]"
    yield "\n}\n"


def described(node: Node, with_values: bool) -> dict[str, Any]:
    """A node as plain data: everything but its numbers, and those too if asked for."""
    data: dict[str, Any] = {
        "name": node.name,
        "operation": node.op,
        "operands": list(node.inputs),
        "parameters": _plain(dict(node.params)),
        "shape": list(node.shape),
        "axes": list(node.axes),
        "labels": [list(labels) for labels in node.labels],
        "formula": node.formula,
        "changed": bool(node.changed),
    }
    if with_values:
        data["values"] = _plain(node.value)
    return data


def json_text(data: Any) -> str:
    """JSON with readable Unicode, in which nothing can act on a terminal; infinities become strings."""
    text = json.dumps(_finite(data), ensure_ascii=False)
    return UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _finite(value: Any) -> Any:
    # A masked score is minus infinity, which JSON cannot write; "-inf" reads back with float().
    if isinstance(value, float):
        return value if np.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value


def write_npz(trace: Trace, path: Path) -> int:
    """Write every array of the trace, weights included, under its node's name. Returns how many. Raises OSError.

    The arrays are written one at a time, so memory stays at one array; the file appears only when it is whole.
    """
    names = (*trace.names, *trace.weight_names)
    handle, partial = tempfile.mkstemp(prefix=f".{path.name[:64]}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for name in counted(names, len(names), _("writing")):
                with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                    np.lib.format.write_array(entry, np.asarray(trace[name].value, order="C"), allow_pickle=False)
        os.chmod(partial, 0o666 & ~_umask())
        os.replace(partial, path)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
    return len(names)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
