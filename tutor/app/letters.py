"""The last step of every walk: from a token's number to the letters that were typed, merge by merge."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from tutor.app.tracing import Request, model_called
from tutor.app.walk import Stop
from tutor.display.language import _
from tutor.display.safe import safe
from tutor.engine.trace import Trace

MOST_MERGES = 12


def letters(trace: Trace, request: Request, stop: Stop) -> tuple[str, ...]:
    """Lines on how a token came from the sentence; empty where the stop is no token of a model."""
    if request.program is not None or stop.node not in ("tokens", "decoder.tokens"):
        return ()
    model = model_called(request.model or "translator")
    place = stop.index[0]
    if stop.node == "tokens":
        tokenizer, pieces = model.tokenizer, model.read(request.sentence).pieces
    else:
        tokenizer, place = model.target_tokenizer, place - 1
        pieces = _pieces(tokenizer, str(trace.info.get("target", "")))
    if not 0 <= place < len(pieces):
        return (_("A special token: nobody typed it, the model needs it."),)
    number = int(trace[stop.node].value[stop.index])
    if number == tokenizer.mask_id:
        return (_("typed: {0}").format(_spaced(pieces[place])), _("A mask: the model is to guess what stands here."))
    if number in tokenizer.specials.values() and number != tokenizer.unknown_id:
        return (_("A special token: nobody typed it, the model needs it."),)
    piece = pieces[place]
    if not piece.strip():
        return (_("One byte of a character that has no token of its own (UTF-8)."),) if not piece else ()
    return (_("typed: {0}").format(_spaced(piece)), *_merges(tokenizer, piece.strip()))


@lru_cache(maxsize=8)
def _pieces(tokenizer: Any, text: str) -> tuple[str, ...]:
    return tuple(tokenizer.encode(text).pieces)


def _spaced(text: str) -> str:
    return " ".join(_shown(letter) for letter in text)


def _shown(text: str) -> str:
    return safe(text.replace(" ", "␣"))


def _merges(tokenizer: Any, text: str) -> list[str]:
    steps = [step for step in tokenizer.merge_steps(text) if step.pair is not None][:MOST_MERGES]
    lines = [
        _("merge {0}: {1} + {2} → {3}").format(
            number, *(_shown(part) for part in step.pair), _shown(step.pieces[step.position])
        )
        for number, step in enumerate(steps, 1)
    ]
    return lines
