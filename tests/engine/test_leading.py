"""The first operands of a cell without all the others: what a screen shows of a row of 50,000."""

import numpy as np
import pytest

from tests.engine import small
from tutor.engine import ops
from tutor.engine.recorder import Recorder
from tutor.engine.trace import Trace


def softmax_of(row) -> Trace:
    record = Recorder({})
    record("y", ops.softmax, record.input("x", np.array([row], dtype=np.float32), ("row", "column")))
    return Trace.of(record)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("count", [1, 2, 5, 39, 40, 99])
def test_the_leading_cells_are_the_first_of_all_cells(seed, count):
    row = np.random.default_rng(seed).integers(-3, 3, 40)  # many are equal
    trace = softmax_of(row)
    for chosen in (0, 7, 39):
        why = trace.explain("y", (0, chosen))
        assert why.leading_cells(count) == why.cells[:count]
        assert {term.cells[0] for term in why.leading_terms(count)} == set(why.cells[:count])
        assert set(why.leading_terms(count)) <= set(why.terms) and why.count == len(why.terms) == 40


@pytest.mark.parametrize("name", ["2017", "BERT", "GPT-2"])
def test_of_every_node(name):
    trace = small.trace(small.config(**small.CONFIGS[name]))
    for node in trace.names:
        index = tuple(size - 1 for size in trace[node].shape)
        why = trace.explain(node, index)
        assert why.leading_cells(3) == why.cells[:3] and why.count == len(why.terms)
        wanted = set(why.cells[:3])
        assert wanted <= {cell for term in why.leading_terms(3) for cell in term.cells} | set(why.cells)


def test_hidden_scores_lead_nowhere_first():
    why = softmax_of([0.0, -np.inf, 2.0, -np.inf]).explain("y", (0, 1))
    assert why.leading_cells(4) == why.cells and why.facts["total"] == pytest.approx(1 + np.exp(-2))


def test_fifty_thousand_terms_are_not_made_for_a_few(monkeypatch):
    made = []
    trace = softmax_of(np.random.default_rng(0).standard_normal(50_000))
    why = trace.explain("y", (0, 17))
    term = why.facts["term"]
    monkeypatch.setitem(why.facts, "term", lambda place: made.append(place) or term(place))
    assert why.leading_cells(24)[0].index == (0, 17) and len(made) <= 24
