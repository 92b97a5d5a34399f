"""How good a trained model is on sentences it has not seen: the figures of its card."""

from __future__ import annotations

import importlib
import importlib.util
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tutor.engine.heads import UNASKED
from tutor.engine.recorder import Recorder
from tutor.engine.training import evaluate
from tutor.engine.transformer import run
from tutor.models.corpus import Corpus, Pair
from tutor.models.model import Model
from tutor.models.series.corpus import SeriesCorpus, series_figures

BEAMS = 4
GUESSES = 5


def figures(model: Model, held_out: Sequence[Pair], corpus: Corpus) -> dict[str, float]:
    """The loss (nats a token) and, by architecture, BLEU of the answers or how many next tokens were said right.

    `corpus` is `held_out` in the model's ids. BLEU needs the package sacrebleu and is left out without it.
    """
    found = {"validation_loss": round(evaluate(model.weights, model.config, corpus.once()), 4)}
    if isinstance(corpus, SeriesCorpus):
        return found | series_figures(model, corpus)
    if model.config.architecture == "encoder_decoder":
        return found | bleu(model, held_out)
    if model.config.architecture == "decoder_only":
        found["perplexity"] = round(math.exp(found["validation_loss"]), 1)
        found["next_token_accuracy"] = round(accuracy(model, corpus), 3)
    if model.config.architecture == "encoder_only":
        found |= masked_figures(model, corpus)
    return found


def bleu(model: Model, pairs: Sequence[Pair]) -> dict[str, float]:
    """BLEU (Papineni et al. 2002) of greedy decoding and of beam search, Chinese cut into characters by sacrebleu."""
    if not pairs or importlib.util.find_spec("sacrebleu") is None:
        return {}
    sacrebleu: Any = importlib.import_module("sacrebleu")
    right = [[target for _source, target in pairs]]

    def score(**settings: Any) -> float:
        answers = [model.generate(source, **settings).text for source, _target in pairs]
        return round(float(sacrebleu.corpus_bleu(answers, right, tokenize="zh").score), 1)

    return {"bleu_greedy": score(), f"bleu_beam_{BEAMS}": score(strategy="beam", beams=BEAMS)}


def masked_figures(model: Model, corpus: Corpus) -> dict[str, float]:
    """How many of the words asked for are the model's first guess, how many among its first five; and of the second
    sentences, for how many it says rightly whether they follow.
    """
    shares: dict[str, list[np.ndarray]] = {}

    def count(name: str, right: np.ndarray) -> None:
        shares.setdefault(name, []).append(right)

    for batch in corpus.once():
        record = Recorder(model.weights, bound=math.inf)
        run(record, model.config, batch.ids, None, batch.segment_ids)
        assert batch.targets is not None
        asked = batch.targets != model.config.pad_id
        logits = record.nodes["logits"].value[asked]  # [asked, vocabulary]
        own = np.take_along_axis(logits, batch.targets[asked][:, None], axis=-1)
        better = np.count_nonzero(logits > own, axis=-1)
        count("masked_word_accuracy", better < 1)
        count(f"masked_word_accuracy_top_{GUESSES}", better < GUESSES)
        for task, classes in (batch.task_targets or {}).items():
            said = np.argmax(record.nodes[f"{task}.logits"].value, axis=-1)
            count(f"{task}_accuracy", (said == classes)[classes != UNASKED])
    return {name: round(float(np.concatenate(parts).mean()), 3) for name, parts in shares.items()}


def accuracy(model: Model, corpus: Corpus) -> float:
    """The share of targets that the model holds most likely."""
    right = asked = 0
    for batch in corpus.once():
        record = Recorder(model.weights, keep=False)
        answer = run(record, model.config, batch.ids, batch.target_ids, batch.segment_ids)
        counts = batch.targets != model.config.pad_id
        right += int(np.count_nonzero((np.argmax(answer.value, axis=-1) == batch.targets) & counts))
        asked += int(np.count_nonzero(counts))
    return right / max(1, asked)
