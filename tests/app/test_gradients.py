"""A matrix and its gradient, and the gradient put to the test."""

import pytest

from tutor.app.dialogs.nudge import WIDTH, nudge_text
from tutor.app.gradients import nudged, other_side, underlying
from tutor.app.tracing import Request, compute
from tutor.app.walk import Stop
from tutor.engine.trace import TraceError

REQUEST = Request(model="proverbs", sentence="马无夜草不肥", target="人无横财不富")


@pytest.fixture(scope="module")
def trace():
    return compute(REQUEST).trace


@pytest.mark.parametrize(
    "name",
    ["encoder.0.self_attention.weights", "decoder.0.feed_forward.hidden.weight", "encoder.embedding.token.table"],
)
def test_there_and_back(trace, name):
    gradient = other_side(trace, name)
    assert gradient != name and trace[gradient].shape == trace[name].shape
    assert other_side(trace, gradient) == name


def test_a_step_on_the_way_back_belongs_to_its_node(trace):
    trace.gradient("encoder.0.self_attention.norm")
    parts = [name for name in trace.gradient_names if name.endswith(".part2")]
    assert parts, "a number used twice gets its gradient in two parts"
    assert all(underlying(trace, name) in trace.names for name in parts)


def test_tokens_have_no_gradient(trace):
    with pytest.raises(TraceError, match="does not depend"):
        other_side(trace, "tokens")


def test_the_loss_moves_as_the_gradient_says(trace):
    found = nudged(REQUEST, trace, Stop("encoder.0.self_attention.query.weight", (2, 1)))
    assert [nudge.by for nudge in found.nudges] == [0.1, 0.01, 0.001]
    steep = trace.gradient("decoder.0.feed_forward.output.weight")
    index = tuple(int(i) for i in divmod(abs(steep.value).argmax(), steep.shape[1]))
    found = nudged(REQUEST, trace, Stop(steep.name, index))
    small = found.nudges[1]
    assert small.measured == pytest.approx(small.predicted, rel=0.1)
    assert small.predicted == pytest.approx(found.gradient * 0.01)


def test_the_table_fits_its_dialog(trace):
    found = nudged(REQUEST, trace, Stop("encoder.0.self_attention.query.weight", (2, 1)))
    lines = nudge_text("query.weight[2, 1]", found).plain.splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert len([line for line in lines if line.strip().startswith("0.")]) == 3
