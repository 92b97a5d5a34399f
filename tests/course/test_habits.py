"""A head's habit, on weights made to have one."""

import numpy as np
import pytest

from tests.engine import small
from tutor.course.habits import attention_blocks, habits
from tutor.engine import ops
from tutor.engine.recorder import Recorder
from tutor.engine.trace import Trace

WORDS = 8
IDS = np.array([3, 4, 5, 6, 3, 4, 5, 6])  # everything comes twice


def traced(weights: np.ndarray, causal: bool = True, name: str = "decoder.0.self_attention", ids=IDS) -> Trace:
    """A trace whose one head has these weights [query, key], as far as the mask lets it."""
    record = Recorder({})
    record.input("tokens", ids, ("position",))
    seen = np.tril(np.ones(weights.shape)) if causal else np.ones(weights.shape)
    with np.errstate(divide="ignore"):
        scores = record.input(f"{name}.scores", np.log(weights)[None], ("head", "query", "key"))
    masked = record(f"{name}.masked", ops.mask, scores, record.input("mask", seen, ("query", "key")))
    record(f"{name}.weights", ops.softmax, masked)
    return Trace.of(record)


def towards(where: np.ndarray, share: float = 0.8) -> np.ndarray:
    """Weights that give a share to some keys and the rest to all."""
    return where * share + (1 - share) / where.shape[1]


def habit(*given, name: str = "decoder.0.self_attention", **keywords):
    (found,) = habits(traced(*given, name=name, **keywords), f"{name}.weights")
    return found


@pytest.mark.parametrize(
    ("kind", "where", "causal"),
    [
        ("self", np.eye(WORDS), True),
        ("before", np.eye(WORDS, k=-1), True),
        ("after", np.eye(WORDS, k=1), False),
        ("first", np.eye(1, WORDS).repeat(WORDS, 0), True),
        ("same", np.eye(WORDS, k=-4), True),
        ("copy", np.eye(WORDS, k=-3), True),
        ("one", np.eye(1, WORDS, 2).repeat(WORDS, 0), True),
        ("spread", np.zeros((WORDS, WORDS)), True),
        ("spread", np.zeros((WORDS, WORDS)), False),
    ],
)
def test_each_habit_is_found(kind, where, causal):
    found = habit(towards(where), causal)
    assert found.kind == kind
    if kind == "one":
        assert found.key == 2
    if kind != "spread":
        assert found.share > 0.6 > found.even


def test_the_share_is_the_mean_over_the_queries_that_have_the_place():
    weights = towards(np.eye(WORDS, k=-1))
    node = traced(weights)["decoder.0.self_attention.weights"]
    found = habit(weights)
    rows = range(1, WORDS)  # the first query sees itself alone, which is no choice
    assert found.share == pytest.approx(np.mean([node.value[0, row, row - 1] for row in rows]))
    assert found.even == pytest.approx(np.mean([1 / (row + 1) for row in rows]))


def test_what_is_neither_even_nor_in_one_place_is_mixed():
    random = np.random.default_rng(1)
    weights = np.zeros((WORDS, WORDS))
    for row in weights:
        row[random.permutation(WORDS)[:3]] = 1
    assert habit(weights + 1e-6, False, ids=np.arange(WORDS)).kind in ("mixed", "spread")


def test_one_token_alone_has_no_habit():
    assert habit(np.ones((1, 1)), ids=np.array([3])).kind == "mixed"


def test_a_masked_query_is_not_asked():
    """A row of zeros, where nothing may be looked at."""
    record = Recorder({})
    record.input("tokens", IDS[:3], ("position",))
    scores = record.input("s", np.log(towards(np.eye(3)))[None], ("head", "query", "key"))
    mask = record.input("mask", np.array([[1, 1, 0], [1, 1, 0], [0, 0, 0]]), ("query", "key"))
    name = "encoder.0.self_attention.weights"
    record(name, ops.softmax, record("masked", ops.mask, scores, mask))
    (found,) = habits(Trace.of(record), name)
    assert found.kind == "self" and found.share > 0.8


def test_across_two_sentences_places_are_those_of_the_other():
    weights = towards(np.eye(1, WORDS, WORDS - 1).repeat(WORDS, 0))
    assert habit(weights, False, name="decoder.0.cross_attention").kind == "last"
    assert habit(towards(np.eye(WORDS)), False, name="decoder.0.cross_attention").kind != "self"


def test_the_blocks_of_a_model():
    trace = small.trace(small.config(encoder_layers=2, decoder_layers=2))
    assert [(block.stack, block.kind, len(block.names)) for block in attention_blocks(trace)] == [
        ("encoder", "self_attention", 2),
        ("decoder", "self_attention", 2),
        ("decoder", "cross_attention", 2),
    ]
    for block in attention_blocks(trace):
        for name in block.names:
            assert len(habits(trace, name)) == trace[name].shape[0]
