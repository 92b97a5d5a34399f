"""What heads attend to, as nodes: each share against the weights themselves, and every cell explained."""

import numpy as np
import pytest

from tests.engine import small
from tests.engine.test_backends import library
from tutor.engine.sharing import PLACES
from tutor.engine.trace import TraceError

ROWS = {"itself": 1, "before": 1, "after": 0, "first": 2, "largest": 1}


def traced(name="GPT-2", **keywords):
    return small.trace(small.config(**({"encoder_layers": 2, "decoder_layers": 2} | small.CONFIGS[name])), **keywords)


def by_hand(weights, place):
    n = len(weights)
    key = {"itself": lambda i: i, "before": lambda i: i - 1, "after": lambda i: i + 1, "first": lambda i: 0}
    rows = range(ROWS[place], n - (place == "after"))
    found = [weights[i].max() if place == "largest" else weights[i, key[place](i)] for i in rows]
    return np.mean(found) if found else 0.0


@pytest.mark.parametrize("name", ["GPT-2", "BERT", "2017"])
@pytest.mark.parametrize("place", PLACES)
def test_a_share_is_the_mean_of_those_weights(name, place):
    trace = traced(name)
    for stack in {name.partition(".")[0] for name in trace.find("*coder.0.self_attention.weights")}:
        node = trace.share(f"share.{stack}.{place}")
        assert node.axes == ("layer", "head") and node.shape == (2, 2)
        assert node.labels == (("1", "2"), ("1", "2"))
        for layer in range(2):
            weights = trace[f"{stack}.{layer}.self_attention.weights"].value
            np.testing.assert_allclose(node.value[layer], [by_hand(head, place) for head in weights], atol=1e-6)


@pytest.mark.parametrize("place", PLACES)
def test_every_cell_is_explained(place):
    trace = traced()
    name = trace.share(f"share.decoder.{place}").name
    for index in small.indices(trace[name]):
        why = trace.explain(name, index)
        assert why.evaluate() == pytest.approx(trace[name].at(index), abs=1e-6) and why.facts["rows"] == len(why.terms)
    assert all(cell.node.endswith("self_attention.weights") for cell in trace.explain(name, (1, 0)).cells)


def test_a_sentence_of_one_token_has_no_neighbours():
    trace = traced(ids=(4,))
    for place in PLACES:
        assert not trace.share(f"share.decoder.{place}").value.any()


def test_a_wrong_name_is_told_with_the_nearest():
    with pytest.raises(TraceError, match=r"share\.decoder\.before"):
        traced().share("share.decoder.befor")


@pytest.mark.parametrize("backend", ["strict", "torch"])
def test_other_arrays_give_the_same(backend):
    ours, theirs = traced(), traced(backend=library(backend))
    for place in PLACES:
        name = f"share.decoder.{place}"
        np.testing.assert_allclose(theirs.share(name).value, ours.share(name).value, atol=1e-6)
