"""Several models that answer as one, many sentences at a time, and how likely they find an answer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tutor.engine.cache import NextTokens
from tutor.engine.config import TransformerConfig
from tutor.engine.decoding import Hypothesis, best_continuations, fates_of
from tutor.engine.recorder import Recorder
from tutor.engine.transformer import run

Weights = Mapping[str, Any]


def beam_each(
    models: Sequence[Weights], config: TransformerConfig, sentences: np.ndarray, beams: int, maximum: int
) -> list[list[Hypothesis]]:
    """The hypotheses that came to an end, of each sentence [sentence, position], padded, as they were found.

    `models` are the weights of one or more encoder-decoders of that config. A token's probability is the mean of theirs
    (an ensemble: Sutskever et al. 2014, section 3.6). Of one model these are the hypotheses that `decode_steps` finds.
    """
    following = [NextTokens(weights, config, np.repeat(sentences, beams, axis=0)) for weights in models]
    ended: list[list[Hypothesis]] = [[] for _sentence in sentences]
    running = [[Hypothesis()] for _sentence in sentences]
    probabilities = _mean([one.first() for one in following])  # [sentence · beam, vocabulary]
    for number in range(maximum):
        parents, tokens = list(range(len(probabilities))), [config.pad_id] * len(probabilities)  # where none goes on
        for sentence, before in enumerate(running):
            first = sentence * beams
            found = _gone_on(probabilities[first : first + len(before)], before, config.end_id, beams, ended[sentence])
            running[sentence] = [hypothesis for _parent, hypothesis in found]
            for row, (parent, hypothesis) in enumerate(found, first):
                parents[row], tokens[row] = first + parent, hypothesis.ids[-1]
        if number + 1 == maximum or not any(running):
            break
        probabilities = _mean([one.following_each(tokens, parents) for one in following])
    return ended


def _gone_on(
    rows: np.ndarray, before: Sequence[Hypothesis], end_id: int, beams: int, ended: list[Hypothesis]
) -> list[tuple[int, Hypothesis]]:
    """The hypotheses of one sentence a token later, each with the place of the one it goes on from.

    `rows` are the probabilities after each, [hypothesis, vocabulary]. Those that come to an end join `ended`.
    """
    if not before:
        return []
    found = []
    pairs = best_continuations(rows, before, 2 * beams)
    fates = fates_of([token for _parent, token in pairs], (end_id,), beams, beams - len(ended))
    for (parent, token), fate in zip(pairs, fates, strict=True):
        ids, chance = before[parent].ids, float(rows[parent, token])
        total = before[parent].log_probability + (math.log(chance) if chance > 0 else -math.inf)
        if fate == "ended":
            ended.append(Hypothesis(ids, total, ended=True))
        elif fate == "kept":
            found.append((parent, Hypothesis((*ids, token), total)))
    return found


def log_probability_each(
    models: Sequence[Weights], config: TransformerConfig, sentences: np.ndarray, answers: np.ndarray
) -> np.ndarray:
    """The log-probability [sentence] of each answer [sentence, position], end token included, padded, as one model."""
    start = np.full((len(answers), 1), config.start_id)
    before = np.concatenate([start, answers[:, :-1]], axis=1)  # each token is asked of those before it
    rows = _mean([run(Recorder(weights, keep=False), config, sentences, before).value for weights in models])
    chances = np.take_along_axis(rows, answers[:, :, None], axis=-1)[:, :, 0]  # [sentence, position]
    with np.errstate(divide="ignore"):
        logs = np.log(chances, dtype=np.float64)
    return np.where(answers == config.pad_id, 0.0, logs).sum(axis=-1)


def _mean(probabilities: Sequence[np.ndarray]) -> np.ndarray:
    """Of what each model says, float32 and in the shape of one."""
    return sum(probabilities[1:], start=probabilities[0]) / len(probabilities)
