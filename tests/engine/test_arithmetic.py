"""The arithmetic that is shown, worked out as it is written, gives the number it is said to give."""

import random
import re

import pytest

from tests.engine import small
from tutor.engine.explanation import Addition, Cell, Explanation, figure, product
from tutor.engine.recorder import Recorder
from tutor.engine.trace import Trace
from tutor.engine.transformer import run


def worked_out(latex: str) -> float:
    """The value of the left side of `3 \\cdot (-0.5) + 2 = 0.5`."""
    text = latex.partition(" = ")[0]
    text = re.sub(r"\\ldots \(([^()]*)\)", r"(\1)", text)
    text = re.sub(r"([0-9.]+) \\cdot 10\^\{(-?[0-9]+)\}", r"\1e\2", text)
    text = re.sub(r"\\sqrt\{([^{}]*)\}", r"(\1)**0.5", text)
    text = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"(\1)/(\2)", text)
    text = text.replace(r"\cdot", "*")
    assert re.fullmatch(r"[-+*/(). 0-9e]*", text), latex
    return float(eval(text))


def test_sums_are_written_with_their_factors_and_signs():
    a, b = Cell("a", (0,), 3.0), Cell("b", (0,), -2.0)
    why = Explanation("c", (0,), 0.0, "", lambda: (product(a, coefficient=-1.0), product(a, b), product(b)))
    assert why.substituted == r"-3 + 3 \cdot (-2) + (-2) = 0"
    why = Explanation("c", (0,), 0.0, "", lambda: (product(a, coefficient=0.25), product(b, coefficient=-0.5)))
    assert why.substituted == r"0.25 \cdot 3 - 0.5 \cdot (-2) = 0"


def test_an_operand_that_is_used_twice_is_named_once():
    a, b = Cell("a", (0,), 3.0), Cell("b", (0,), -2.0)
    why = Addition("c", (0,), 5.0, "", lambda: (product(b, b), product(a), product(b, coefficient=0.5)))
    assert why.cells == (b, a) and why.evaluate() == 6.0


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_every_sum_on_the_way_there_and_back(smoothing):
    config = small.config()
    record = Recorder(small.weights(config, 3, 0.5))
    run(record, config, small.SOURCE, small.TARGET, None, (6, 3, 2), smoothing)
    trace = Trace.of(record)
    trace.optimiser_step("logits.weight", clip=0.1, weight_decay=0.1)
    chance, checked = random.Random(0), set()
    for name in (*trace.names, *trace.gradient_names):
        node = trace[name]
        cells = list(small.indices(node))
        for index in chance.sample(cells, min(4, len(cells))):
            why = trace.explain(name, index)
            if why.kind != "sum":
                continue
            checked.add(node.op)
            close = 1e-3 * max([abs(term.value) for term in why.terms], default=0.0)
            assert worked_out(why.substituted) == pytest.approx(float(figure_of(why.result)), rel=2e-3, abs=close), (
                f"{name}{index}: {why.substituted}"
            )
    assert {"linear", "mean_loss", "cross_entropy", "cross_entropy_backward", "running_mean", "descend"} <= checked


def figure_of(value: float) -> str:
    return re.sub(r" \\cdot 10\^\{(-?[0-9]+)\}", r"e\1", figure(value))
