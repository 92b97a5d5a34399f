"""The parts of a training step, each against its definition; and that a step follows from seed and step alone."""

import copy
import math
from dataclasses import replace

import numpy as np
import pytest

from tests.engine import small
from tutor.engine.backend import load_backend
from tutor.engine.ops import cross_entropy
from tutor.engine.training import (
    Batch,
    Settings,
    State,
    TrainingError,
    accumulated,
    adamw,
    begin,
    evaluate,
    gradients,
    learning_rate,
    train,
)

CONFIG = small.config()
PLAIN = Settings(steps=100, learning_rate=0.01, warmup=2, clip=1.0, smoothing=0.1)


def batch(rows=3, seed=0, longest=6) -> Batch:
    """Random sentences of several lengths."""
    chance = np.random.default_rng(seed)
    ids, targets = chance.integers(3, 8, (2, rows, longest))
    for row, (source, target) in enumerate(chance.integers(2, longest + 1, (rows, 2))):
        ids[row, source:], targets[row, target:] = 0, 0
    start = np.full((rows, 1), 1)
    return Batch(ids, targets, np.concatenate([start, targets[:, :-1]], axis=1))


def forever(*batches):
    """The batches again and again."""
    while True:
        yield from batches


def test_the_rate_goes_up_in_a_line_and_down_as_asked():
    settings = Settings(steps=100, learning_rate=0.5, warmup=10)
    assert [learning_rate(step, settings) for step in (1, 5, 10)] == [0.05, 0.25, 0.5]
    assert learning_rate(55, settings) == pytest.approx(0.25)  # cosine: half way is half the rate
    assert learning_rate(100, settings) == pytest.approx(0) and learning_rate(200, settings) == pytest.approx(0)
    root = Settings(steps=100, learning_rate=0.5, warmup=10, decay="inverse_sqrt")
    assert learning_rate(10, root) == 0.5 and learning_rate(40, root) == pytest.approx(0.25)
    flat = Settings(steps=100, learning_rate=0.5, warmup=0, decay="none")
    assert [learning_rate(step, flat) for step in (1, 50, 500)] == [0.5, 0.5, 0.5]


def test_the_first_step_of_adamw_goes_by_the_sign_of_the_gradient():
    """Both moments are made up for their start at 0, so that m / √v is ±1 at first (Kingma and Ba 2014, section 3)."""
    slope = np.array([[3.0, -0.2], [1e-3, -50.0]])
    state = State({"w": np.zeros((2, 2))})
    length = adamw(state, {"w": slope}, Settings(learning_rate=0.1, warmup=0, decay="none", clip=0.0))
    assert length == pytest.approx(math.sqrt((slope**2).sum()))
    np.testing.assert_allclose(state.weights["w"], -0.1 * np.sign(slope), rtol=1e-5)


def test_decay_shrinks_matrices_and_leaves_biases_alone():
    state = State({"matrix": np.ones((2, 2)), "bias": np.ones(2)})
    settings = Settings(learning_rate=0.1, warmup=0, decay="none", weight_decay=0.5)
    adamw(state, {name: np.zeros(w.shape) for name, w in state.weights.items()}, settings)
    np.testing.assert_allclose(state.weights["matrix"], 0.95)
    np.testing.assert_allclose(state.weights["bias"], 1.0)


@pytest.mark.parametrize(("clip", "share"), [(0.0, 1.0), (5.0, 1.0), (1.0, 0.5), (0.1, 0.05)])
def test_gradients_that_are_too_long_are_shortened_together(clip, share):
    slopes = {"a": np.full((2, 2), 0.5), "b": np.full(3, -1.0)}
    state = State({name: np.zeros(slope.shape) for name, slope in slopes.items()})
    assert adamw(state, slopes, Settings(clip=clip)) == pytest.approx(2.0)
    for name, slope in slopes.items():
        np.testing.assert_allclose(state.first[name], 0.1 * share * slope)
        np.testing.assert_allclose(state.second[name], (1 - 0.98) * (share * slope) ** 2)


def test_smoothing_is_cross_entropy_with_a_softer_target():
    logits, targets = np.random.default_rng(0).standard_normal((4, 6)), np.array([1, 5, 0, 3])
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    soft = 0.9 * np.eye(6)[targets] + 0.1 / 6
    expected = -(soft * log_p).sum(-1)
    np.testing.assert_allclose(cross_entropy.forward(logits, targets, smoothing=0.1), expected)
    expected[2] = 0
    np.testing.assert_allclose(cross_entropy.forward(logits, targets, smoothing=0.1, pad_id=0), expected)


def test_padding_contributes_nothing():
    weights = small.weights(CONFIG, dtype="float64")
    tight = batch()
    wide = Batch(*(np.pad(part, ((0, 0), (0, 3))) for part in (tight.ids, tight.targets, tight.target_ids)))
    loss, slopes = gradients(weights, CONFIG, tight, PLAIN)
    again, others = gradients(weights, CONFIG, wide, PLAIN)
    assert again == pytest.approx(loss, rel=1e-12) and wide.tokens == tight.tokens == np.count_nonzero(tight.targets)
    for name, slope in slopes.items():
        np.testing.assert_allclose(others[name], slope, rtol=1e-9, atol=1e-12)
    assert not slopes["encoder.embedding.token.table"][0].any(), "the row of padding is never looked at"


def test_a_batch_is_the_mean_over_its_tokens():
    weights, whole = small.weights(CONFIG, dtype="float64"), batch()
    ones = [Batch(whole.ids[i : i + 1], whole.targets[i : i + 1], whole.target_ids[i : i + 1]) for i in range(3)]
    loss, slopes = gradients(weights, CONFIG, whole)
    found = [gradients(weights, CONFIG, one) for one in ones]
    shares = [one.tokens / whole.tokens for one in ones]
    assert loss == pytest.approx(sum(share * each for share, (each, _) in zip(shares, found, strict=True)))
    assert evaluate(weights, CONFIG, ones) == pytest.approx(loss)
    for name, slope in slopes.items():
        mean = sum(share * each[name] for share, (_, each) in zip(shares, found, strict=True))
        np.testing.assert_allclose(slope, mean, rtol=1e-9, atol=1e-12)


def test_several_batches_make_a_step_as_one_of_all_their_sentences_does():
    whole = batch()
    ones = [Batch(whole.ids[i : i + 1], whole.targets[i : i + 1], whole.target_ids[i : i + 1]) for i in range(3)]
    assert len({one.tokens for one in ones}) > 1, "each is weighed by its tokens"
    together, apart = (begin(small.weights(CONFIG, dtype="float64")) for _ in range(2))
    (expected,) = train(together, CONFIG, [whole], Settings(1))
    (found,) = train(apart, CONFIG, ones, Settings(1, accumulate=3))
    assert (found.loss, found.length) == (pytest.approx(expected.loss), pytest.approx(expected.length))
    assert found.tokens == expected.tokens and apart.step == 1
    for name, array in together.weights.items():
        np.testing.assert_allclose(apart.weights[name], array, rtol=1e-6, atol=1e-9)


def test_the_batches_of_a_step_drop_different_numbers():
    weights, whole, settings = small.weights(CONFIG), batch(), Settings(dropout=0.3)
    parts = [gradients(weights, CONFIG, whole, settings, 7, part=part)[0] for part in range(2)]
    both, _slopes = accumulated(weights, CONFIG, [whole, whole], settings, 7)
    assert parts[0] != parts[1] and both == pytest.approx(np.mean(parts))


def with_costs(rows=3, answers=2) -> Batch:
    """Every sentence twice, with two answers of two costs."""
    one, other = batch(rows, longest=5), batch(rows * answers, seed=1)
    costs = np.random.default_rng(2).uniform(0, 1, (rows, answers))
    return Batch(np.repeat(one.ids, answers, axis=0), other.targets, other.target_ids, costs=costs)


def test_the_risk_is_what_an_answer_costs_on_average():
    weights, answers = small.weights(CONFIG, dtype="float64"), with_costs()
    risk, _slopes = gradients(weights, CONFIG, answers, Settings(smoothing=0.1))
    expected = 0.0
    for sentence, costs in enumerate(answers.costs):
        rows = range(2 * sentence, 2 * sentence + 2)
        ones = [Batch(answers.ids[[i]], answers.targets[[i]], answers.target_ids[[i]]) for i in rows]
        likely = np.exp([-evaluate(weights, CONFIG, [one]) for one in ones])  # the mean probability of a token
        expected += float(likely @ costs / likely.sum()) / 3
    assert risk == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("padding", [0, 9])
def test_the_gradient_of_the_risk_is_its_slope(padding):
    """Also where most of a batch is padding, which else leaves positions out of the loss."""
    weights, answers = small.weights(CONFIG, dtype="float64"), with_costs()
    answers = replace(
        answers,
        targets=np.pad(answers.targets, ((0, 0), (0, padding))),
        target_ids=np.pad(answers.target_ids, ((0, 0), (0, padding))),
    )
    _risk, slopes = gradients(weights, CONFIG, answers)
    chance, step = np.random.default_rng(3), 1e-5
    way = {name: chance.standard_normal(array.shape) for name, array in weights.items()}
    sides = [
        gradients({name: array + sign * step * way[name] for name, array in weights.items()}, CONFIG, answers)[0]
        for sign in (1, -1)
    ]
    along = sum(float((slope * way[name]).sum()) for name, slope in slopes.items())
    assert abs(along) > 1e-4 and (sides[0] - sides[1]) / (2 * step) == pytest.approx(along, rel=1e-5)


def test_a_step_joins_words_and_whole_answers():
    weights, whole, answers = small.weights(CONFIG, dtype="float64"), batch(), with_costs()
    settings = Settings(1, risk=7.0, accumulate=2)
    loss, slopes = accumulated(weights, CONFIG, [whole, whole, answers], settings)
    expected, of_words = gradients(weights, CONFIG, whole, settings)
    _risk, of_answers = gradients(weights, CONFIG, answers, settings)
    assert loss == pytest.approx(expected), "the loss is that of the words"
    for name, slope in slopes.items():
        np.testing.assert_allclose(slope, of_words[name] + 7 * of_answers[name], rtol=1e-9, atol=1e-12)


def test_learning_from_costs_makes_the_cheap_answers_likelier():
    state, answers = begin(small.weights(CONFIG, dtype="float64")), with_costs()
    before, _slopes = gradients(state.weights, CONFIG, answers)
    settings = Settings(40, 0.01, 1, "none", risk=10.0)
    steps = list(train(state, CONFIG, forever(batch(), answers), settings))
    after, _slopes = gradients(state.weights, CONFIG, answers)
    cheapest = answers.costs.min(axis=1).mean()
    assert len(steps) == 40 and after - cheapest < 0.5 * (before - cheapest)


def test_dropout_follows_from_seed_and_step():
    weights, whole = small.weights(CONFIG), batch()

    def loss(seed, step, dropout=0.3):
        return gradients(weights, CONFIG, whole, Settings(dropout=dropout, seed=seed), step)[0]

    assert loss(1, 7) == loss(1, 7)
    assert len({loss(1, 7), loss(1, 8), loss(2, 7), loss(1, 7, 0.0)}) == 4
    losses = [loss(1, step, 0.02) for step in range(60)]
    assert np.mean(losses) == pytest.approx(loss(1, 0, 0.0), rel=0.1), "little dropout changes little on average"


def test_dropout_takes_its_share_and_makes_up_for_it():
    from tutor.engine.recorder import Recorder

    record = Recorder({}, dropout=0.1, generator=np.random.default_rng(0))
    node = record.dropped(record.input("x", np.ones((300, 200), np.float32), ("position", "feature")))
    assert node.value.dtype == np.float32
    assert np.mean(node.value == 0) == pytest.approx(0.1, abs=0.005)
    assert node.value.mean() == pytest.approx(1, abs=0.006)
    np.testing.assert_allclose(node.value[node.value > 0], 1 / 0.9, rtol=1e-4)


def test_training_learns():
    state, whole = begin(small.weights(CONFIG)), batch()
    losses = [p.loss for p in train(state, CONFIG, forever(whole), Settings(150, 0.03, 5, beta_2=0.99))]
    assert len(losses) == state.step == 150 and losses[-1] < 0.1 * losses[0]


def test_it_goes_on_bit_for_bit():
    settings = Settings(20, 0.01, 2, dropout=0.2, smoothing=0.1, average=0.9, weight_decay=0.01)
    batches = [batch(seed=seed) for seed in range(20)]
    whole = begin(small.weights(CONFIG))
    losses = [progress.loss for progress in train(whole, CONFIG, batches, settings)]
    state = begin(small.weights(CONFIG))
    first = [p.loss for _, p in zip(range(7), train(state, CONFIG, batches, settings), strict=False)]
    state = copy.deepcopy(state)
    rest = [progress.loss for progress in train(state, CONFIG, batches[state.step :], settings)]
    assert first + rest == losses and len(first) == 7
    for group in ("weights", "first", "second", "averaged"):
        for name, array in getattr(whole, group).items():
            np.testing.assert_array_equal(getattr(state, group)[name], array)


def test_the_average_follows_the_weights():
    settings = Settings(60, 0.01, 2, average=0.9)
    state = begin(small.weights(CONFIG))
    expected = None
    for progress in train(state, CONFIG, forever(batch()), settings):
        w = state.weights["logits.weight"].astype(float)
        kept = min(0.9, (1 + progress.step) / (10 + progress.step))
        expected = w if expected is None else kept * expected + (1 - kept) * w
    np.testing.assert_allclose(state.averaged["logits.weight"], expected, rtol=1e-4, atol=1e-6)
    assert state.best is state.averaged and begin(small.weights(CONFIG)).best is not state.averaged


def test_the_given_weights_are_not_changed():
    given = small.weights(CONFIG)
    kept = copy.deepcopy(given)
    list(train(begin(given), CONFIG, forever(batch()), Settings(3)))
    for name, array in given.items():
        np.testing.assert_array_equal(array, kept[name])


def test_training_stops_before_the_weights_are_spoilt():
    state = begin(small.weights(CONFIG))
    state.weights["logits.weight"][0, 0] = np.nan
    kept = copy.deepcopy(state)
    with pytest.raises(TrainingError, match="the loss of step 1 is nan"):
        next(train(state, CONFIG, forever(batch()), PLAIN))
    assert state.step == 0 and not state.first
    np.testing.assert_array_equal(state.weights["encoder.0.self_attention.query.weight"],
                                  kept.weights["encoder.0.self_attention.query.weight"])  # fmt: skip
    with pytest.raises(TrainingError, match="the gradients of step 5"):
        adamw(State({"w": np.ones(2)}, step=4), {"w": np.array([1.0, np.inf])}, PLAIN)


@pytest.mark.parametrize("name", ["torch", "jax"])
def test_other_arrays_learn_the_same(name):
    pytest.importorskip(name)
    pytest.importorskip("array_api_compat")
    backend = load_backend(name)
    config = small.config(tied_embeddings=True, position="learned", activation="gelu")
    settings = Settings(8, 0.01, 2, dropout=0.1, smoothing=0.1, average=0.9, weight_decay=0.01)
    batches = [batch(seed=seed) for seed in range(8)]
    ours, theirs = begin(small.weights(config)), begin(small.weights(config), backend)
    expected = [progress.loss for progress in train(ours, config, batches, settings)]
    found = [progress.loss for progress in train(theirs, config, batches, settings, backend)]
    assert found == pytest.approx(expected, rel=1e-4)
    assert evaluate(theirs.best, config, batches, backend) == pytest.approx(
        evaluate(ours.best, config, batches), rel=1e-4
    )
    for weight, array in ours.weights.items():
        if not weight.endswith("key.bias"):  # whose gradient is all rounding, which AdamW makes as long as any other
            np.testing.assert_allclose(backend.to_numpy(theirs.weights[weight]), array, rtol=1e-2, atol=2e-3)


def test_gelu_of_float32_has_its_true_slope():
    """The error function of float32 arrays is a fit; its slope is exact, and the two must not drift apart."""
    from tutor.engine.ops import gelu

    x = np.linspace(-6, 6, 241)
    values = [gelu.slope_of(float(number)) for number in x]
    np.testing.assert_allclose(gelu.slope(x.astype(np.float32)), values, atol=1e-6)
