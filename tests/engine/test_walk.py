"""Asking again and again where a number came from leads home: to a row of an embedding table, a weight, a token."""

import numpy as np
import pytest

from tests.engine import small


def walk(trace, name, index, choose=lambda cells: 0):
    """The cells met on the way from one cell to a leaf, `choose` picking the operand at every stop."""
    path = [(name, index)]
    while cells := trace.explain(name, index).cells:
        cell = cells[choose(cells)]
        name, index = cell.node, cell.index
        path.append((name, index))
        assert len(path) < 200, path
    return path


@pytest.mark.parametrize("name", [name for name, changes in small.CONFIGS.items() if "architecture" not in changes])
def test_from_cross_attention_to_an_embedding_row(name):
    config = small.config(**({"decoder_layers": 3, "encoder_layers": 2} | small.CONFIGS[name]))
    trace = small.trace(config)
    for node in trace.find("decoder.*.cross_attention.weights"):
        for index in small.indices(trace[node]):
            path = walk(trace, node, index)
            end, row = path[-1]
            assert end.endswith("embedding.token.table"), path
            assert len(path) < (40 if config.residual else 100), path  # the residual is the short way home
            side = "decoder.tokens" if path[-2][0].startswith("decoder") else "tokens"
            assert row[0] in trace[side].value, path


def test_from_a_forbidden_cell_to_the_token_that_forbids_it():
    trace = small.trace(small.config(), small.PADDED)
    path = walk(trace, "decoder.0.cross_attention.weights", (1, 2, 4))
    assert [name for name, _ in path] == [
        "decoder.0.cross_attention.weights",
        "decoder.0.cross_attention.masked",
        "decoder.cross_mask",
        "tokens",
    ]
    assert path[-1][1] == (4,) and trace["tokens"].value[4] == 0


@pytest.mark.parametrize("name", small.CONFIGS)
def test_every_walk_ends_whatever_is_chosen(name):
    trace = small.trace(small.config(**small.CONFIGS[name]), small.PADDED)
    random = np.random.default_rng(0)
    answers = [node for node in trace.names if node.endswith(("probabilities", "forecast"))]
    ends = set()
    for number in range(60):
        node = answers[number % len(answers)]
        start = tuple(int(random.integers(size)) for size in trace[node].shape)
        end = walk(trace, node, start, lambda cells: int(random.integers(len(cells))))[-1][0]
        assert trace[end].op in ("weight", "input", "sinusoid", "relative_buckets")
        ends.add(end)
    assert any(trace[end].is_weight for end in ends)


def test_a_weight_can_be_reached_and_opened():
    trace = small.trace(small.config())
    cells = trace.explain("encoder.0.self_attention.query_projection", (1, 2)).cells
    weight = next(cell for cell in cells if cell.node == "encoder.0.self_attention.query.weight")
    bias = cells[-1]
    assert bias.node == "encoder.0.self_attention.query.bias"
    why = trace.explain(weight.node, weight.index)
    assert why.kind == "leaf" and why.facts["weight"] and why.result == weight.value
    assert trace.explain(bias.node, bias.index).result == bias.value
    assert trace.explain("tokens", (2,)).facts == {"weight": False}
