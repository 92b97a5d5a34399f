"""Running the model for the screen: what is asked for, what comes back. Called in a worker, touches no widget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from weakref import WeakValueDictionary

from tutor.course.places import find_node, is_at_hand
from tutor.course.programs import ProgramError, run_program
from tutor.course.schema import Program
from tutor.display.messages import said
from tutor.engine.backend import BackendError
from tutor.engine.config import ConfigError
from tutor.engine.ops import OperationError
from tutor.engine.trace import Trace, TraceError
from tutor.models.choices import TASK as CHOICE
from tutor.models.errors import ModelError
from tutor.models.registry import load_model
from tutor.models.rerun import Edit, editor, rerun


@dataclass(frozen=True)
class Request:
    """A trace that is wanted: of a sentence by a model, or of a hand-size program, with the learner's changes."""

    model: str | None = None
    program: Program | None = None
    sentence: str = ""
    target: str = ""
    # The same as tokens, where the text typed anew might be cut into others: a generation may choose any.
    ids: tuple[int, ...] = ()
    target_ids: tuple[int, ...] = ()
    pad_to: int | None = None
    backend: str = "numpy"
    config: Mapping[str, Any] = field(default_factory=dict)
    edits: Mapping[str, tuple[Edit, ...]] = field(default_factory=dict)
    width_seed: int = 0  # what the heads of any width, on random numbers, are drawn from
    # The answer to the sentence before this one: it stands in while the learner types, since writing a new answer
    # takes the model many times as long as one trace.
    old_answer: str = ""

    @property
    def is_what_if(self) -> bool:
        """Whether anything differs from the plain model."""
        return bool(self.config or self.edits)


@dataclass(frozen=True)
class Result:
    """What came back: the trace, the plain one to compare with where this is a what-if, or why there is none."""

    request: Request
    trace: Trace | None = None
    before: Trace | None = None
    error: str = ""


FAILURES = (BackendError, ConfigError, ModelError, OperationError, ProgramError, TraceError)


_kept: dict[str, Any] = {}
_named: WeakValueDictionary[str, Any] = WeakValueDictionary()  # those of folders, by the name on their cards
_loading: set[str] = set()  # what some worker is reading from disk at this moment


def keep_model(model: Any) -> None:
    """Let a model that lies in no folder be asked for by its name: one in training, as it is now. Only the last is."""
    _kept.clear()
    _kept[model.name] = model


def model_called(name: str) -> Any:
    """The model: one that was kept, or a shipped one or a folder's, loaded once."""
    return _kept.get(name) or _loaded(name)


def is_loading(name: str) -> bool:
    """Whether this model's weights are being read from disk now; large ones take seconds."""
    return name in _loading


@lru_cache(maxsize=4)
def _loaded(name: str) -> Any:
    _loading.add(name)
    try:
        model = load_model(name)
    except ModelError:
        if name in _named:
            return _named[name]
        raise
    finally:
        _loading.discard(name)
    _named[model.name] = model
    return model


def compute(request: Request, after: Trace | None = None) -> Result:
    """Run what is asked for. Errors that the learner can mend come back as words, of a what-if beside the plain trace.

    What the trace `after`, of the sentence before this one, knows is not computed again where it need not be. A trace
    to be compared with a what-if is computed as that one is, or roundings would pass for differences.
    """
    plain: Trace | None = None
    try:
        known = None if request.is_what_if else after
        plain = _program(request, {}) if request.program else _model(request, {}, {}, after=known)
        if not request.is_what_if:
            return Result(request, plain)
        changes = {name: editor(edits) for name, edits in request.edits.items()}
        if request.program:
            return Result(request, _program(request, changes), plain)
        # The answer written by the plain model is kept, so that before and after speak of the same words.
        return Result(request, _model(request, changes, request.config, plain), plain)
    except FAILURES as error:
        return Result(request, plain, error=said(error))


def prepared(result: Result, names: Iterable[str]) -> Result:
    """The same with these gradients and optimiser's steps computed, as far as the model has them."""
    for trace in filter(None, (result.trace, result.before)):
        trace.width_seed = result.request.width_seed
        for name in names:
            if not is_at_hand(trace, name):
                with suppress(TraceError):  # whoever shows it will say why it is not there
                    find_node(trace, name)
    return result


def _program(request: Request, changes: dict[str, Any]) -> Trace:
    assert request.program is not None
    return run_program(request.program, change=changes)


def _model(
    request: Request,
    changes: dict[str, Any],
    config: Mapping[str, Any],
    like: Trace | None = None,
    after: Trace | None = None,
) -> Trace:
    model = model_called(request.model or "translator")
    words: dict[str, Any] = {"change": changes or None, "config": dict(config) or None, "backend": request.backend}
    if model.config.series or CHOICE in (config.get("tasks") or ()):
        return model.trace(request.sentence, **words)
    if like is not None:
        return rerun(model, like, config, changes, request.backend)
    if request.ids:
        return model.trace_ids(request.ids, target_ids=request.target_ids or None, **words)
    target = request.target or request.old_answer or None
    if model.config.architecture != "encoder_decoder":
        target = None  # of a lesson that was written for another model
    return model.trace(request.sentence, target=target, pad_to=request.pad_to, after=after, **words)
