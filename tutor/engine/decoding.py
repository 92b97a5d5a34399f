"""From probabilities to text: the most likely token, again and again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tutor.engine.backend import Backend
from tutor.engine.config import TransformerConfig
from tutor.engine.trace import Recorder
from tutor.engine.transformer import decode, encode, run, token_input


def greedy(
    weights: Mapping[str, Any],
    config: TransformerConfig,
    ids: Sequence[int],
    maximum: int,
    backend: Backend | None = None,
) -> list[int]:
    """The most likely continuation of at most `maximum` tokens, without the start token, up to but not with the end.

    An encoder-decoder answers `ids`; a decoder-only model continues them; an encoder-only one has nothing to say.
    A model with learned positions also ends where it has no more of them.
    """
    if config.architecture == "encoder_only":
        return []
    if config.position == "learned":
        before = 1 if config.architecture == "encoder_decoder" else len(ids)
        maximum = min(maximum, config.maximum_positions - before + 1)
    record = Recorder(weights, backend, keep=False)
    answer: list[int] = []
    if config.architecture == "encoder_decoder":
        tokens = token_input(record, "tokens", ids, "encoder", config.vocabulary)
        memory = encode(record, config, tokens)
    while len(answer) < maximum:
        if config.architecture == "encoder_decoder":
            so_far = [config.start_id, *answer]
            target = token_input(record, "decoder.tokens", so_far, "decoder", config.output_vocabulary)
            probabilities = decode(record, config, target, memory, tokens)
        else:
            probabilities = run(record, config, [*ids, *answer])
        best = int(np.argmax(probabilities.value[-1]))
        if best == config.end_id:
            break
        answer.append(best)
    return answer
