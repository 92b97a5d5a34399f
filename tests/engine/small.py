"""Small models with seeded weights, and the check of one explained cell, for the engine's tests."""

import itertools
import math
from collections.abc import Iterator, Mapping

import numpy as np

from tutor.engine.config import TransformerConfig
from tutor.engine.explanation import Explanation, Index
from tutor.engine.recorder import Recorder
from tutor.engine.trace import Node, Trace
from tutor.engine.transformer import run, weight_shapes

SIZE = {
    "d_model": 6,
    "heads": 2,
    "d_ff": 5,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "vocabulary": 8,
    "maximum_positions": 9,
}
SOURCE, TARGET = (4, 5, 7, 4), (1, 6, 3)
PADDED = (4, 5, 7, 0, 0)

SERIES = {
    "architecture": "encoder_only",
    "series": (6, 2),
    "horizon": 3,
    "tasks": ("forecast",),
    "vocabulary": 1,
    "scale_embedding": False,
}

# Every way in which the configs differ, each at least once.
CONFIGS: dict[str, dict[str, object]] = {
    "2017": {},
    "2017 pre-norm": {"norm_position": "pre", "final_norm": True},
    "two word lists": {"target_vocabulary": 11, "encoder_layers": 2, "decoder_layers": 2},
    "tied": {"tied_embeddings": True},
    "tied without bias": {"tied_embeddings": True, "output_bias": False},
    "wide heads": {"d_k": 5},
    "no positions": {"position": "none"},
    "learned positions": {"position": "learned"},
    "embedding norm": {"embedding_norm": True, "position": "learned"},
    "segments on both sides": {"segments": 2},
    "no biases": {"attention_bias": False, "feed_forward_bias": False, "output_bias": False},
    "unscaled embedding": {"scale_embedding": False},
    "rms": {"norm": "rms", "embedding_norm": True},
    "gelu": {"activation": "gelu"},
    "gelu_tanh": {"activation": "gelu_tanh"},
    "silu": {"activation": "silu"},
    "gated": {"activation": "silu", "gated": True},
    "gated relu": {"activation": "relu", "gated": True},
    "gated gelu": {"activation": "gelu", "gated": True},
    "heads off": {"heads_off": ("encoder.0.self_attention.1", "decoder.0.cross_attention.0")},
    "no residual": {"residual": False},
    "no residual, pre-norm": {"residual": False, "norm_position": "pre"},
    "no scaling": {"scale_scores": False},
    "no causal mask": {"causal_mask": False},
    "no padding mask": {"padding_mask": False},
    "no masks": {"causal_mask": False, "padding_mask": False},
    "BERT": {
        "architecture": "encoder_only",
        "position": "learned",
        "segments": 2,
        "embedding_norm": True,
        "activation": "gelu",
        "tied_embeddings": True,
        "scale_embedding": False,
        "tasks": ("words", "next_sentence"),
        "logits_transform": True,
        "pooler": "tanh",
    },
    "classification": {
        "architecture": "encoder_only",
        "tasks": ("sequence_classification", "token_classification", "question_answering"),
        "classes": 3,
    },
    "GPT-2": {
        "architecture": "decoder_only",
        "position": "learned",
        "norm_position": "pre",
        "final_norm": True,
        "activation": "gelu_tanh",
        "tied_embeddings": True,
        "output_bias": False,
        "scale_embedding": False,
    },
    "Llama without rotation": {
        "architecture": "decoder_only",
        "position": "none",
        "norm": "rms",
        "norm_position": "pre",
        "final_norm": True,
        "activation": "silu",
        "gated": True,
        "attention_bias": False,
        "feed_forward_bias": False,
        "output_bias": False,
        "scale_embedding": False,
    },
    "decoder only, post-norm": {"architecture": "decoder_only"},
    "sines, then cosines": {"position": "sinusoidal_halves", "d_model": 10, "d_k": 3},
    "learned positions from 2 on": {"position": "learned", "position_offset": 2},
    "rotary": {"architecture": "decoder_only", "position": "rotary", "d_k": 4, "rotary_base": 100.0},
    "rotary on both sides": {"position": "rotary", "d_k": 2, "rotary_scaling": (4.0,)},
    "rotary, slow waves slower": {
        "architecture": "decoder_only",
        "position": "rotary",
        "d_k": 8,
        "rotary_scaling": (8.0, 1.0, 4.0, 16),
    },
    "shared keys and values": {"heads": 6, "key_value_heads": 2, "d_k": 2},
    "one key for all": {"architecture": "decoder_only", "heads": 3, "key_value_heads": 1, "position": "rotary"},
    "norms of queries and keys": {"query_key_norm": True},
    "window": {"architecture": "decoder_only", "window": 2},
    "window from the second layer on": {
        "architecture": "decoder_only",
        "window": 2,
        "window_from": 1,
        "decoder_layers": 3,
    },
    "bias before the heads only": {"attention_output_bias": False},
    "one table for both sides": {"shared_embeddings": True, "tied_embeddings": True},
    "T5": {
        "position": "relative",
        "relative_buckets": 6,
        "relative_distance": 8,
        "norm": "rms",
        "norm_position": "pre",
        "final_norm": True,
        "attention_bias": False,
        "feed_forward_bias": False,
        "output_bias": False,
        "scale_scores": False,
        "scale_embedding": False,
        "shared_embeddings": True,
        "tied_embeddings": True,
        "scale_logits": True,
        "d_k": 2,
    },
    "Qwen3": {
        "architecture": "decoder_only",
        "heads": 4,
        "key_value_heads": 2,
        "d_k": 4,
        "position": "rotary",
        "query_key_norm": True,
        "norm": "rms",
        "norm_position": "pre",
        "final_norm": True,
        "activation": "silu",
        "gated": True,
        "attention_bias": False,
        "feed_forward_bias": False,
        "output_bias": False,
        "scale_embedding": False,
        "tied_embeddings": True,
    },
    "ViT": {
        "architecture": "encoder_only",
        "patch": 2,
        "picture": (3, 6, 4),
        "maximum_positions": 7,
        "vocabulary": 7,
        "position": "learned",
        "norm_position": "pre",
        "final_norm": True,
        "activation": "gelu",
        "scale_embedding": False,
        "tasks": ("sequence_classification",),
        "classes": 4,
    },
    "multiple choice": {
        "architecture": "encoder_only",
        "position": "learned",
        "tasks": ("multiple_choice",),
        "pooler": "tanh",
        "choices": 2,
    },
    "multiple choice on waves": {
        "architecture": "encoder_only",
        "tasks": ("multiple_choice", "next_sentence"),
        "choices": 2,
    },
    "series by instant": SERIES | {"position": "learned"},
    "series by variable": SERIES | {"series_tokens": "variable", "position": "none"},
    "series by patch": SERIES | {"series_tokens": "patch", "series_patch": 3, "position": "learned"},
    "patches of all variables": SERIES
    | {"series_tokens": "patch", "series_patch": 2, "separate_variables": False, "final_norm": True},
    "class of every instant": SERIES | {"tasks": ("token_classification",), "horizon": 0, "classes": 3},
}


def config(**changes: object) -> TransformerConfig:
    """A small config; by default the 2017 encoder-decoder."""
    return TransformerConfig(**(SIZE | changes))


def weights(of: TransformerConfig, seed: int = 0, spread: float = 0.7, dtype: str = "float32") -> dict[str, np.ndarray]:
    """Seeded-random weights for a config."""
    random = np.random.default_rng(seed)
    found = {name: (spread * random.standard_normal(shape)).astype(dtype) for name, shape in weight_shapes(of).items()}
    if of.series:  # a deviation is above 0
        found["series.deviation"] = 1 + np.abs(found["series.deviation"])
    return found


def trace(of: TransformerConfig, ids=SOURCE, target_ids=TARGET, segment_ids=None, **keywords) -> Trace:
    """The trace of a small model. Keywords are the Recorder's, and `weights`."""
    given: Mapping[str, np.ndarray] = keywords.pop("weights", None) or weights(of)
    record = Recorder(given, **keywords)
    ids = picture(of) if of.patch else series(of) if of.series else ids[: len(ids) // 2 * 2] if of.choices else ids
    run(record, of, ids, target_ids if of.architecture == "encoder_decoder" else None, segment_ids)
    return Trace.of(record)


def picture(of: TransformerConfig, *batch: int) -> np.ndarray:
    """The pixels of a picture for a model that reads pictures."""
    return np.random.default_rng(5).standard_normal((*batch, *of.picture)).astype(np.float32)


def series(of: TransformerConfig, *batch: int) -> np.ndarray:
    """The numbers of a series for a model that reads series."""
    return (2 + np.random.default_rng(6).standard_normal((*batch, *of.series))).astype(np.float32)


# What is right for each task, of one sentence of four tokens.
CLASSES = {
    "next_sentence": [1],
    "sequence_classification": [2],
    "token_classification": [0, -1, 2, 1],
    "question_answering": [1, 3],
    "multiple_choice": [1],
}


def classes(of: TransformerConfig, sentences: int = 0) -> dict[str, np.ndarray]:
    """The right classes of a config's tasks for one sentence of four tokens, or a batch of so many."""
    found = {task: np.array(CLASSES[task]) for task in of.tasks if task in CLASSES}
    if of.choices and "next_sentence" in found:
        found["next_sentence"] = np.array([1, 0])
    if of.series and "token_classification" in found:
        found["token_classification"] = np.array([0, -1, 2, 1, 1, 0])
    if "forecast" in of.tasks:
        found["forecast"] = np.array([[2.5, 1.0], [0.5, 1.5], [3.0, 2.0]])
    return {task: np.stack([right] * sentences) for task, right in found.items()} if sentences else found


def indices(node: Node) -> Iterator[Index]:
    """Every index of a node."""
    return itertools.product(*map(range, node.shape))


KINDS = {
    "weight": "leaf",
    "input": "leaf",
    "matmul": "sum",
    "dot_products": "sum",
    "linear": "sum",
    "add": "sum",
    "add_column": "sum",
    "multiply": "sum",
    "scale": "sum",
    "keep_heads": "sum",
    "relu": "function",
    "log": "function",
    "gelu": "function",
    "gelu_tanh": "function",
    "silu": "function",
    "tanh": "function",
    "softmax": "softmax",
    "layer_norm": "norm",
    "rms_norm": "norm",
    "identity": "copy",
    "transpose": "copy",
    "split_heads": "copy",
    "join_heads": "copy",
    "repeat_heads": "copy",
    "patches": "copy",
    "prepend": "copy",
    "rotate": "sum",
    "relative_buckets": "rule",
    "relative_bias": "look_up",
    "first_row": "copy",
    "subtract": "sum",
    "divide": "function",
    "refold": "copy",
    "pick_rows": "copy",
    "row_of_each": "copy",
    "look_up": "look_up",
    "position_rows": "look_up",
    "sinusoid": "rule",
    "attention_mask": "rule",
    "mask": "mask",
    "cross_entropy": "sum",
    "mean_loss": "sum",
    "answer_scores": "sum",
}
EXACT = {"copy", "look_up", "leaf", "mask", "changed"}  # nothing is computed, so nothing may be rounded


def check_cell(of: Trace, name: str, index: Index) -> Explanation:
    """Hold everything that an explanation promises about one cell."""
    node, why = of[name], of.explain(name, index)
    place = f"{name}{list(index)} ({node.op})"
    assert (why.node, why.index) == (name, index), place
    assert why.kind == ("changed" if node.changed and why.kind == "changed" else KINDS[node.op]), place
    check_value(why, float(node.value[index]), place)
    check_operands(of, why, place)
    check_folding(why, place)
    check_braces(why.substituted, place)
    assert why.formula == node.formula, place
    return why


def check_value(why: Explanation, value: float, place: str) -> None:
    assert why.result == value, place
    again = why.evaluate()
    if math.isinf(value) or why.kind in EXACT:
        assert again == value, place
        return
    largest = max((abs(term.value) for term in why.terms if math.isfinite(term.value)), default=0.0)
    assert abs(again - value) <= 1e-5 * largest + 1e-37, f"{place}: {again} is not {value}"


def check_operands(of: Trace, why: Explanation, place: str) -> None:
    in_terms = [cell for term in why.terms for cell in term.cells]
    for cell in (*in_terms, *why.cells):
        operand = of[cell.node]
        assert len(cell.index) == len(operand.shape), place
        assert all(0 <= i < size for i, size in zip(cell.index, operand.shape, strict=True)), place
        assert cell.value == float(operand.value[cell.index]), f"{place}: {cell}"
        assert covers(why.regions[cell.node], cell.index, operand.shape), f"{place}: {cell} is not lit"
        assert cell.node in of[why.node].inputs, place
    assert set(in_terms) <= set(why.cells), f"{place}: a cell of the arithmetic cannot be walked to"
    if why.kind in ("sum", "copy", "look_up", "norm"):
        for term in why.terms:
            product = math.prod((cell.value for cell in term.cells), start=term.coefficient)
            assert math.isclose(term.value, product, rel_tol=1e-12, abs_tol=1e-300), place


def covers(region: tuple[int | slice, ...], index: Index, shape: tuple[int, ...]) -> bool:
    """Whether a region has a cell in it."""
    lit = np.zeros(shape, dtype=bool)
    lit[region] = True
    return bool(lit[index])


def check_folding(why: Explanation, place: str) -> None:
    total = math.fsum(term.value for term in why.terms)
    # Terms that cancel leave the rounding of their own size: x - mean over the deviation, where a row is one number.
    rounding = max(1e-12, 1e-14 * math.fsum(abs(term.value) for term in why.terms if math.isfinite(term.value)))
    for limit in (1, 3):
        shown, rest, count = why.folded(limit)
        assert len(shown) == min(limit, len(why.terms)) and count == len(why.terms) - len(shown), place
        folded = math.fsum(term.value for term in shown) + rest
        assert folded == total or math.isclose(folded, total, rel_tol=1e-9, abs_tol=rounding), place
        if count:
            assert min(abs(term.value) for term in shown) >= min(abs(term.value) for term in why.terms), place


def check_braces(latex: str, place: str) -> None:
    depth = 0
    for letter in latex:
        depth += (letter == "{") - (letter == "}")
        assert depth >= 0, f"{place}: {latex}"
    assert depth == 0 and latex, f"{place}: {latex}"
