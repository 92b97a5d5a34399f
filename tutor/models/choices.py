"""A question with several answers to choose from: each pair of question and answer through the body by itself.

Radford et al. 2018, figure 1. Typed as `question | answer | answer`, for a model whose tasks include `multiple_choice`.
The pairs stand one after the other in one sentence, apart by the mask, and positions begin anew with each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tutor.engine.backend import load_backend
from tutor.engine.recorder import Change, Recorder
from tutor.engine.trace import Trace
from tutor.engine.transformer import run
from tutor.models.errors import ModelError
from tutor.models.framing import SEPARATOR, frame

if TYPE_CHECKING:
    from tutor.models.model import Model

TASK = "multiple_choice"


def answers_in(text: str) -> list[str]:
    """The question and the answers that a text holds; fewer than three parts are no choice."""
    return [part.strip() for part in SEPARATOR.split(text) if part.strip()]


def trace_choices(
    model: Model,
    text: str,
    target: str | None,
    change: Mapping[str, Change] | None,
    switches: Mapping[str, Any] | None,
    backend_name: str,
) -> Trace:
    """The trace of all pairs. `target` is the right answer, as it is typed. Raises ModelError."""
    question, *answers = answers_in(text)
    now = model.switched_to(switches)
    config = now.config.changed(choices=len(answers))
    pairs = [frame(config, model.tokenizer, question, answer) for answer in answers]
    width = max(len(pair.ids) for pair in pairs)
    if width > config.maximum_positions:
        raise ModelError(
            "question and answer have {count} tokens together; {model} reads {longest}",
            count=width,
            model=model.name,
            longest=config.maximum_positions,
        )
    right = None
    if target is not None:
        if target.strip() not in answers:
            raise ModelError("the target must be one of the answers: {answers}", answers=", ".join(answers))
        right = {TASK: [answers.index(target.strip())]}
    ids = [number for pair in pairs for number in (*pair.ids, *[config.pad_id] * (width - len(pair.ids)))]
    segments = [number for pair in pairs for number in (*pair.segments, *[0] * (width - len(pair.segments)))]
    backend = load_backend(backend_name)
    record = Recorder(model.weights_on(backend, now.weights), backend, change)
    run(record, config, ids, None, segments, task_targets=right)
    labels = model.labels_of(ids) | {"choice": answers, f"class@{TASK}": (question,)}
    about = {"text": text, "target": target or "", "model": model.name, "config": config}
    return Trace.of(record, labels, **about, trained=model.trained and not now.new, notice=now.notice or backend.notice)
