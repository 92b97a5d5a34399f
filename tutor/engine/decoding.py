"""From probabilities to text: the most likely token, again and again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tutor.engine.backend import Backend
from tutor.engine.config import TransformerConfig
from tutor.engine.trace import Recorder
from tutor.engine.transformer import decode, encode, run


def greedy(
    weights: Mapping[str, Any],
    config: TransformerConfig,
    ids: Sequence[int],
    maximum: int,
    backend: Backend | None = None,
) -> list[int]:
    """The most likely continuation of at most `maximum` tokens, without the start token, up to but not with the end.

    An encoder-decoder answers `ids`; a decoder-only model continues them; an encoder-only one has nothing to say.
    """
    if config.architecture == "encoder_only":
        return []
    record = Recorder(weights, backend, keep=False)
    answer: list[int] = []
    if config.architecture == "encoder_decoder":
        tokens = record.input("tokens", np.asarray(ids, dtype=np.int64), ("position@encoder",))
        memory = encode(record, config, tokens)
    while len(answer) < maximum:
        if config.architecture == "encoder_decoder":
            so_far = np.asarray([config.start_id, *answer], dtype=np.int64)
            target = record.input("decoder.tokens", so_far, ("position@decoder",))
            probabilities = decode(record, config, target, memory, tokens)
        else:
            probabilities = run(record, config, [*ids, *answer])
        best = int(np.argmax(probabilities.value[-1]))
        if best == config.end_id:
            break
        answer.append(best)
    return answer
