"""One step of the optimiser as nodes: the same numbers as training's own step, each explained."""

import numpy as np
import pytest

from tests.engine import small
from tutor.engine.optimiser import PARTS, AdamW
from tutor.engine.recorder import Recorder
from tutor.engine.trace import Trace, TraceError
from tutor.engine.training import Settings, State, adamw
from tutor.engine.transformer import run

CONFIG = small.config()
WEIGHTS = small.weights(CONFIG, 3, 0.5)
NAME, BIAS = "encoder.0.self_attention.query.weight", "logits.bias"


@pytest.fixture
def trace() -> Trace:
    record = Recorder(WEIGHTS)
    run(record, CONFIG, small.SOURCE, small.TARGET, None, (6, 3, 2))
    return Trace.of(record)


def slopes(trace: Trace) -> dict[str, np.ndarray]:
    return {name: trace.gradient(name).value for name in trace.weight_names}


def trained(trace: Trace, steps: int = 1, **settings) -> list[State]:
    """Training's state before the first step and after each, the gradients being the same every time."""
    rule = Settings(learning_rate=0.05, warmup=0, decay="none", **settings)
    states = [State({name: WEIGHTS[name].copy() for name in trace.weight_names})]
    for _ in range(steps):
        old = states[-1]
        arrays = ({k: v.copy() for k, v in part.items()} for part in (old.weights, old.first, old.second))
        state = State(*arrays, step=old.step)
        adamw(state, slopes(trace), rule)
        states.append(state)
    return states


@pytest.mark.parametrize("name", [NAME, BIAS])
@pytest.mark.parametrize("settings", [{"clip": 0.0}, {"clip": 0.1}, {"clip": 0.0, "weight_decay": 0.1}])
def test_the_first_step_is_the_one_that_training_takes(trace, name, settings):
    after = trace.optimiser_step(name, learning_rate=0.05, **settings)
    state = trained(trace, **settings)[1]
    assert after.name == f"step.{name}.after" and after.shape == WEIGHTS[name].shape
    np.testing.assert_allclose(after.value, state.weights[name], rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(trace[f"step.{name}.first"].value, state.first[name], rtol=1e-5, atol=1e-12)
    np.testing.assert_allclose(trace[f"step.{name}.second"].value, state.second[name], rtol=1e-5, atol=1e-12)
    assert (f"step.{name}.clipped" in trace) == bool(settings["clip"])


def test_a_later_step_goes_on_from_the_running_means_before_it(trace):
    before, after = trained(trace, 3, clip=0.0)[2:]
    moved = trace[NAME].value - WEIGHTS[NAME]
    assert not moved.any()
    found = trace.optimiser_step(NAME, 0.05, 3, first=before.first[NAME], second=before.second[NAME])
    change = before.weights[NAME] - after.weights[NAME]
    np.testing.assert_allclose(trace[f"step.{NAME}.change"].value, change, rtol=1e-3, atol=1e-7)
    np.testing.assert_allclose(trace[f"step.{NAME}.first"].value, after.first[NAME], rtol=1e-5)
    np.testing.assert_allclose(trace[f"step.{NAME}.second"].value, after.second[NAME], rtol=1e-5)
    assert np.abs(found.value - WEIGHTS[NAME]).max() > 0.01


def test_its_defaults_are_those_of_training():
    rule, settings = AdamW(), Settings()
    for name in ("beta_1", "beta_2", "epsilon", "weight_decay"):
        assert getattr(rule, name) == getattr(settings, name), name


def test_why_leads_from_the_new_weight_to_the_gradient(trace):
    trace.optimiser_step(NAME, clip=0.1)
    at = (2, 1)
    leads = {
        "after": {NAME, f"step.{NAME}.change"},
        "change": {f"step.{NAME}.first", f"step.{NAME}.second"},
        "first": {f"step.{NAME}.clipped"},
        "second": {f"step.{NAME}.clipped"},
        "clipped": {trace.gradient(NAME).name},
    }
    assert set(leads) == set(PARTS)
    for part, operands in leads.items():
        why = trace.explain(f"step.{NAME}.{part}", at)
        assert {cell.node for cell in why.cells} == operands == set(trace[why.node].inputs)
        assert {cell.index for cell in why.cells} == {at}
        small.check_braces(why.substituted, part)
    assert trace.explain(trace.gradient(NAME).name, at).cells


def test_every_cell_explains_itself(trace):
    given = {"first": np.full((6, 6), 0.02, np.float32), "second": np.full((6, 6), 0.003, np.float32)}
    given = {name: array[: WEIGHTS[NAME].shape[0], : WEIGHTS[NAME].shape[1]] for name, array in given.items()}
    for how in ({}, {"clip": 0.1, "weight_decay": 0.2}, {"step": 4, **given}):
        trace.optimiser_step(NAME, **how)
        for part in PARTS:
            if (name := f"step.{NAME}.{part}") in trace:
                for index in small.indices(trace[name]):
                    small.check_value(trace.explain(name, index), float(trace[name].value[index]), f"{name}{index}")


def test_the_first_change_has_the_size_of_the_rate_wherever_there_is_a_gradient(trace):
    trace.optimiser_step("logits.weight", 0.3)
    change, gradient = trace["step.logits.weight.change"].value, trace.gradient("logits.weight").value
    sure = np.abs(gradient) > 1e-4
    assert sure.any()
    np.testing.assert_allclose(change[sure], 0.3 * np.sign(gradient[sure]), rtol=1e-3)


def test_another_step_takes_the_place_of_the_one_before(trace):
    trace.optimiser_step(NAME, 0.1, clip=0.1)
    first = trace[f"step.{NAME}.change"].value
    trace.optimiser_step(NAME, 0.2)
    assert f"step.{NAME}.clipped" not in trace
    np.testing.assert_allclose(trace[f"step.{NAME}.change"].value, 2 * first, rtol=1e-2, atol=1e-7)


@pytest.mark.parametrize(
    ("name", "how", "message"),
    [
        ("encoder.output", {}, "computed, not trained"),
        ("logits.wieght", {}, "nearest: logits.weight"),
        (NAME, {"step": 2}, "running means before it"),
        (NAME, {"first": np.zeros((6, 6))}, "must be given in the weight's shape"),
        (NAME, {"first": np.zeros(3), "second": np.zeros(3)}, "first must be given in the weight's shape"),
    ],
)
def test_what_cannot_be_stepped_is_refused(trace, name, how, message):
    with pytest.raises(TraceError, match=message):
        trace.optimiser_step(name, **how)


def test_without_a_loss_there_is_no_step():
    with pytest.raises(TraceError, match="has no loss"):
        small.trace(CONFIG).optimiser_step("logits.weight")
