"""Walking a number home, without a screen."""

import pytest

from tutor.app.walk import Stop, Walk, fitted, next_cell, operands
from tutor.models.registry import load_model


@pytest.fixture(scope="module")
def trace():
    return load_model("proverbs").trace("马无夜草不肥", target="人无横财不富")


def test_moving_within_a_node_is_no_new_stop():
    walk = Walk((Stop("a", (0, 0)),)).moved((0, 1))
    assert walk.stops == (Stop("a", (0, 1)),)


def test_back_and_forward_again_and_a_new_stop_forgets_what_lay_ahead():
    walk = Walk((Stop("a", (0,)),)).to(Stop("b", (1,))).to(Stop("c", (2,)))
    assert walk.back().here.node == "b"
    assert walk.back().forward().here.node == "c"
    assert walk.back().back().back().here.node == "a"
    assert [stop.node for stop in walk.back().to(Stop("d", (0,))).stops] == ["a", "b", "d"]


def test_the_same_stop_twice_is_one_stop():
    walk = Walk((Stop("a", (0,)),))
    assert walk.to(Stop("a", (0,))) is walk


def test_an_index_of_another_sentence_is_pushed_inside(trace):
    assert fitted(trace, Stop("encoder.0.self_attention.scores", (7, 99, 99))).index == (0, 6, 6)
    assert fitted(trace, Stop("tokens", (1, 2, 3))).index == (1,)


def test_a_walk_on_a_trace_without_its_node_is_gone(trace):
    assert Walk((Stop("no.such.node", (0,)),)).kept(trace) is None
    assert Walk((Stop("tokens", (99,)),)).kept(trace).here.index == (6,)


def test_enter_alone_leads_from_cross_attention_to_an_embedding_row_and_on_to_a_weight(trace):
    walk = Walk((Stop("decoder.0.cross_attention.weights", (0, 3, 2)),))
    seen = []
    for _step in range(60):
        cell = next_cell(trace, walk)
        if cell is None:
            break
        why = trace.explain(walk.here.node, walk.here.index)
        assert why.evaluate() == pytest.approx(why.result, abs=1e-5 * max(1.0, abs(why.result)))
        walk = walk.to(Stop(cell.node, cell.index))
        seen.append(cell.node)
    assert any(name.endswith("embedding.token.table") for name in seen)
    weights = [name for name in seen if name.endswith(".weight")]
    assert weights, "after the embedding row, Enter goes on to the weights that were passed by"
    assert all(not operands(trace, Stop(name, (0, 0))) for name in weights)


def test_a_leaf_that_was_not_walked_to_leads_nowhere(trace):
    walk = Walk((Stop("encoder.0.self_attention.norm", (0, 0)),)).to(Stop("decoder.tokens", (0,)))
    assert next_cell(trace, walk) is None, "the norm's weights have nothing to do with a token of another step"
    walk = walk.back().to(Stop("encoder.0.self_attention.norm.scale", (0,)))
    assert next_cell(trace, walk).node == "encoder.0.self_attention.norm.shift"
