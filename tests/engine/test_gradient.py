"""Gradients against finite differences in float64: of every operation, and of every weight of every config."""

import math
import random

import numpy as np
import pytest

from tests.engine import small
from tests.engine.test_operations import DEFINITIONS, operands_of
from tutor.engine import ops
from tutor.engine.config import TransformerConfig
from tutor.engine.gradient import backward
from tutor.engine.ops import OPERATIONS
from tutor.engine.recorder import Recorder
from tutor.engine.trace import Trace, TraceError
from tutor.engine.transformer import run

STEP = 1e-6
WITHOUT = {"attention_mask", "relative_buckets", "sinusoid"}  # made from ids alone: there is nothing to follow back
SMOOTHING = 0.1


def sum_of_cells(name, operands, params, factors):
    """The result's cells, each times a number of its own, for a sum whose gradient no symmetry can hide."""
    record = Recorder({})
    axes = [tuple(f"axis{n}" for n in range(operand.ndim)) for operand in operands]
    nodes = [record.input("abc"[i], operand, axes[i]) for i, operand in enumerate(operands)]
    result = record("result", OPERATIONS[name], *nodes, **params)
    if name == "mask":  # minus infinity has no product worth having
        result = record("shares", ops.softmax, result)
    factors = record.input("factors", factors[: math.prod(result.shape)].reshape(result.shape), result.axis_keys)
    return record, record("weighted", ops.multiply, result, factors), nodes


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", sorted(set(OPERATIONS) - WITHOUT))
def test_every_operation(name, seed):
    params, factors = DEFINITIONS[name][1], np.random.default_rng(seed + 9).standard_normal(99)
    operands = operands_of(name, seed)
    record, loss, nodes = sum_of_cells(name, operands, params, factors)
    found = backward(record, loss)
    for operand, node in zip(operands, nodes, strict=True):
        if operand.dtype != np.float64:
            assert node.name not in found
            continue
        expected = np.zeros(operand.shape)
        for index in np.ndindex(operand.shape):
            sides = []
            for sign in (1, -1):
                kept, operand[index] = operand[index], operand[index] + sign * STEP
                sides.append(float(sum_of_cells(name, operands, params, factors)[1].value.sum()))
                operand[index] = kept
            expected[index] = (sides[0] - sides[1]) / (2 * STEP)
        np.testing.assert_allclose(found[node.name].value, expected, rtol=1e-6, atol=1e-8)


def test_an_operation_without_a_gradient_says_so():
    for name in WITHOUT:
        _record, node, operands = sum_of_cells(name, operands_of(name), DEFINITIONS[name][1], np.ones(99))
        assert set(node.operands[0].operation.backward(_record, node.operands[0], node)) == {None}


def examples(config: TransformerConfig) -> tuple:
    """Two sentences with padding: ids, the decoder's input, segments, and what is right at each position."""
    ids = np.array([[4, 5, 7, 4], [6, 3, 0, 0]])
    segments = np.array([[0, 1, 1, 0], [1, 0, 0, 0]]) if config.segments else None
    if config.patch:
        return small.picture(config, 2), None, None, None
    if config.series:
        return small.series(config, 2), None, None, None
    if config.architecture == "encoder_decoder":
        return ids, np.array([[1, 6, 3], [1, 4, 0]]), segments, np.array([[6, 3, 2], [4, 2, 0]])
    return ids, None, segments, np.array([[5, 7, 4, 2], [3, 2, 0, 0]])


def loss_of(weights, config, inputs, smoothing=SMOOTHING):
    record = Recorder(weights)
    ids, target_ids, segments, targets = inputs
    batch = len(ids) if np.ndim(ids) > (3 if config.patch else 2 if config.series else 1) else 0
    asked = targets if "words" in config.tasks else None
    return record, run(record, config, ids, target_ids, segments, asked, smoothing, small.classes(config, batch))


@pytest.mark.parametrize("batch", [True, False], ids=["batch", "sentence"])
@pytest.mark.parametrize("name", small.CONFIGS)
def test_every_weight_of_every_config(name, batch):
    """For each weight the loss a small step to either side along a random direction, against the gradient along it."""
    config = small.config(**small.CONFIGS[name])
    weights = small.weights(config, 3, 0.5, "float64")
    inputs = examples(config)
    if not batch:
        inputs = tuple(None if part is None else part[0] for part in inputs)
    record, loss = loss_of(weights, config, inputs)
    found = backward(record, loss, weights)
    assert set(found) == {node.name for node in Trace(record.nodes.values())._weights.values()}
    chance = np.random.default_rng(7)
    for weight, gradient in found.items():
        assert gradient.shape == weights[weight].shape and gradient.axes == record.weight(weight).axes
        way = chance.standard_normal(weights[weight].shape)
        sides = [
            float(loss_of(weights | {weight: weights[weight] + sign * STEP * way}, config, inputs)[1].value)
            for sign in (1, -1)
        ]
        slope = (sides[0] - sides[1]) / (2 * STEP)
        assert float((gradient.value * way).sum()) == pytest.approx(slope, rel=1e-6, abs=1e-8), weight


@pytest.mark.parametrize("name", small.CONFIGS)
def test_gradients_explain_themselves(name):
    """For cells of every node on the way back, the terms give the value again, from cells of the node's operands."""
    config = small.config(**small.CONFIGS[name])
    inputs = tuple(None if part is None else part[0] for part in examples(config))
    record, _loss = loss_of(small.weights(config, 3, 0.5), config, inputs)
    trace = Trace.of(record)
    names = [node for node in (*trace.names, *trace.weight_names) if has_gradient(trace, node)]
    assert len(names) > 20
    chance = random.Random(0)
    steps = list(trace._steps_back)
    for step in steps:
        node = trace[step]
        cells = list(small.indices(node))
        for index in chance.sample(cells, min(4, len(cells))):
            why = trace.explain(step, index)
            small.check_value(why, float(node.value[index]), f"{step}{list(index)} ({node.op})")
            assert why.formula == node.formula and why.kind in ("sum", "copy", "function", "norm", "leaf")
            small.check_braces(why.substituted or "-", step)
            for cell in why.cells:
                assert cell.value == float(trace[cell.node].value[cell.index])
                assert cell.node in node.inputs
                assert small.covers(why.regions[cell.node], cell.index, trace[cell.node].shape), f"{step}: {cell}"


def has_gradient(trace, name):
    try:
        gradient = trace.gradient(name)
    except TraceError:
        return False
    return gradient.shape == trace[name].shape and gradient.axes == trace[name].axes


def test_a_nudge_moves_the_loss_as_the_gradient_said():
    config = small.config()
    weights, inputs = small.weights(config, 1, 0.5, "float64"), (small.SOURCE, small.TARGET, None, (6, 3, 2))
    before, loss = loss_of(weights, config, inputs)
    name = "encoder.0.self_attention.weights"
    slope = Trace.of(before).gradient(name).value[0, 1, 2]

    def nudge(shares):
        shares[0, 1, 2] += STEP
        return shares

    after = Recorder(weights, change={name: nudge})
    moved = run(after, config, *inputs, SMOOTHING)
    assert float(moved.value - loss.value) / STEP == pytest.approx(slope, rel=1e-4)


def test_nothing_flows_through_what_the_learner_put_in():
    config = small.config()
    record = Recorder(small.weights(config), change={"encoder.output": np.zeros((4, 6))})
    run(record, config, small.SOURCE, small.TARGET, None, (6, 3, 2))
    trace = Trace.of(record)
    assert trace.gradient("encoder.output").shape == (4, 6)
    assert np.abs(trace.gradient("encoder.output").value).max() > 0
    with pytest.raises(TraceError, match="does not depend on encoder.0.feed_forward.hidden"):
        trace.gradient("encoder.0.feed_forward.hidden")
    with pytest.raises(TraceError, match="does not depend on tokens"):
        trace.gradient("tokens")


def test_without_a_loss_there_is_no_gradient():
    with pytest.raises(TraceError, match="has no loss"):
        small.trace(small.config()).gradient("encoder.output")


def test_a_graph_that_is_used_up_gives_the_same_gradients():
    config = small.config(encoder_layers=2)
    weights, inputs = small.weights(config), examples(config)
    record, loss = loss_of(weights, config, inputs)
    expected = {name: node.value for name, node in backward(record, loss, weights).items()}
    again, loss = loss_of(weights, config, inputs)
    again.let_go()
    found = backward(again, loss, weights, use_up=True)
    assert not again.nodes and not loss.operands
    assert set(found) == set(expected)
    for name, node in found.items():
        np.testing.assert_array_equal(node.value, expected[name])


def test_only_what_is_wanted_is_computed():
    config = small.config()
    record, loss = loss_of(small.weights(config), config, examples(config))
    found = backward(record, loss, ["logits.weight"])
    assert set(found) == {"logits.weight"}
    assert not [name for name in record.nodes if name.startswith("gradient.encoder")]
