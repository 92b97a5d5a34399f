"""The slips at the loss, on the way back and at the optimiser's step, each done a second time by hand."""

import math

import numpy as np
import pytest

import tutor
from tutor.course.exercises import make
from tutor.course.mistakes import MistakeError, slips
from tutor.course.places import find_node, is_at_hand
from tutor.course.schema import Cells, Fill
from tutor.course.training_mistakes import TRAINING_MISTAKES
from tutor.display.prose import cell_name
from tutor.engine.trace import TraceError


@pytest.fixture(scope="module")
def model():
    return tutor.load_model("proverbs")


@pytest.fixture
def trace(model):
    return model.trace("天行健", target="君子以厚德载物")


def values(trace, pattern: str, mistake: str) -> list[np.ndarray]:
    return [slip.value for slip in slips(trace, find_node(trace, pattern), mistake)]


def number(trace, pattern: str) -> np.ndarray:
    value = find_node(trace, pattern).value
    return value.astype(float) if value.dtype.kind == "f" else value


def close(actual, expected):
    assert len(actual) == 1
    np.testing.assert_allclose(actual[0], expected, rtol=1e-3, atol=1e-6)


def test_at_the_loss(trace):
    losses, targets, logits = (number(trace, name) for name in ("losses", "targets", "logits"))
    places = np.arange(len(targets))
    chances = number(trace, "probabilities")[places, targets]
    close(values(trace, "losses", "sign_of_logarithm"), np.log(chances))
    close(values(trace, "losses", "base_two_logarithm"), -np.log2(chances))
    close(values(trace, "losses", "base_ten_logarithm"), -np.log10(chances))
    close(values(trace, "losses", "one_minus_probability"), 1 - chances)
    close(values(trace, "losses", "probability_left_out"), -logits[places, targets])
    close(values(trace, "loss", "sum_instead_of_mean"), losses.sum())
    close(values(trace, "loss", "base_two_logarithm"), -np.log2(chances).mean())


def test_at_the_logits(trace):
    targets, chances = number(trace, "targets"), number(trace, "probabilities")
    right = np.zeros_like(chances)
    right[np.arange(len(targets)), targets] = 1
    close(values(trace, "gradient.logits", "target_not_subtracted"), chances / len(targets))
    close(values(trace, "gradient.logits", "target_minus_probability"), (right - chances) / len(targets))
    close(values(trace, "gradient.logits", "sum_instead_of_mean"), chances - right)
    close(values(trace, "gradient.losses", "sum_instead_of_mean"), np.ones(len(targets)))


def test_on_the_way_back(trace):
    inputs, slopes = number(trace, "decoder.output"), number(trace, "gradient.logits")
    (found,) = values(trace, "gradient.logits.weight", "gradient_not_transposed")
    assert found.shape == (6, 40) and not np.isnan(found).any()
    assert found[2, 5] == pytest.approx(sum(inputs[2, k] * slopes[k, 5] for k in range(6)), rel=1e-4, abs=1e-9)
    parts = values(trace, "gradient.logits.weight", "one_position_only")
    assert len(parts) == len(inputs)
    np.testing.assert_allclose(sum(parts), number(trace, "gradient.logits.weight"), rtol=1e-3, atol=1e-6)
    weight = number(trace, "logits.weight")
    (found,) = values(trace, "gradient.decoder.output", "gradient_not_transposed")
    expected = [[sum(slopes[i, k] * weight[k, j] for k in range(6)) for j in range(6)] for i in range(8)]
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6)
    name = "decoder.0.feed_forward"
    came_back = number(trace, f"gradient.{name}.activation")
    close(values(trace, f"gradient.{name}.hidden", "slope_left_out"), came_back)
    assert not np.allclose(came_back, number(trace, f"gradient.{name}.hidden"))


def test_at_the_step(trace):
    slope, weight = number(trace, "gradient.logits.weight"), number(trace, "logits.weight")
    change = number(trace, "step.logits.weight.change")
    place = "step.logits.weight"
    close(values(trace, f"{place}.first", "share_left_out"), slope)
    close(values(trace, f"{place}.first", "shares_swapped"), 0.9 * slope)
    close(values(trace, f"{place}.second", "shares_swapped"), 0.98 * slope**2)
    close(values(trace, f"{place}.second", "not_squared"), 0.02 * slope)
    close(values(trace, f"{place}.change", "learning_rate_forgotten"), change / 0.01)
    close(values(trace, f"{place}.change", "plain_descent"), 0.01 * slope)
    mean, square = 0.1 * slope, 0.02 * slope**2
    close(values(trace, f"{place}.change", "not_made_up_for"), 0.01 * mean / (np.sqrt(square) + 1e-9))
    close(values(trace, f"{place}.change", "root_left_out"), 0.01 * slope / slope**2)
    close(values(trace, f"{place}.after", "step_uphill"), weight + change)
    close(values(trace, f"{place}.after", "learning_rate_forgotten"), weight - change / 0.01)


def test_an_answer_is_diagnosed_on_a_gradient(trace):
    fill = Fill(exercise=Cells(fill="gradient.logits", cells=3, mistakes=("target_not_subtracted",)))
    exercise = make(fill, trace)
    assert exercise.node == "gradient.logits" and len(exercise.cells) == 3
    right = [cell for cell in exercise.cells if exercise.grade(cell, repr(exercise.expected(cell))).right]
    assert right == list(exercise.cells)
    told = {exercise.grade(cell, repr(float(exercise.slips[0].value[cell]))).mistake for cell in exercise.cells}
    assert "target_not_subtracted" in told
    assert exercise.hints()[-1].formula


def test_one_number_can_be_asked_for(trace):
    exercise = make(Fill(exercise=Cells(fill="loss", cells=1, mistakes=("sum_instead_of_mean",))), trace)
    assert exercise.cells == ((),)
    loss = trace["loss"].at(())
    assert exercise.grade((), f"{loss:.3f}").right
    assert exercise.grade((), f"{8 * loss:.3f}").mistake == "sum_instead_of_mean"


def test_every_mistake_says_where_it_can_be_made(trace):
    for compute, at, _english, _chinese in TRAINING_MISTAKES:
        with pytest.raises(MistakeError, match=at[0].split()[0]):
            slips(trace, trace["encoder.embedding.token"], compute.__name__)


def test_gradients_and_steps_are_found_by_name_and_by_glob(trace):
    assert not trace.gradient_names
    assert is_at_hand(trace, "logits") and not is_at_hand(trace, "gradient.encoder.*.query.weight")
    found = find_node(trace, "gradient.encoder.*.query.weight")
    assert found is trace.gradient("encoder.0.self_attention.query.weight")
    assert is_at_hand(trace, "gradient.logits")
    after = find_node(trace, "step.decoder.*.hidden.weight.after")
    weight = trace["decoder.0.feed_forward.hidden.weight"]
    assert math.isclose(np.abs(after.value - weight.value).max(), 0.01, rel_tol=1e-3)
    assert find_node(trace, after.name) is after and is_at_hand(trace, after.name)
    for pattern, message in [
        ("gradient.nothing", "no node called nothing"),
        ("gradient.tokens", "does not depend on tokens"),
        ("step.logits.weight.middle", "no part of a step"),
        ("step.logits.after", "computed, not trained"),
        ("step.*.nothing.after", "no node matches"),
    ]:
        with pytest.raises(TraceError, match=message):
            find_node(trace, pattern)


def test_a_single_number_has_a_name_without_a_place(trace):
    exercise = make(Fill(exercise=Cells(fill="loss", cells=1)), trace)
    assert exercise.label(()) == "loss"
    assert cell_name(trace, "loss", ()) == "loss" and cell_name(trace, "losses", (4,)) == "losses[厚]"
