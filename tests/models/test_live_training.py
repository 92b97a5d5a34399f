"""Training to be watched: it learns, the same numbers come again, and it breaks when told to."""

import math

import numpy as np
import pytest

from tutor.engine.training import begin, train
from tutor.models.errors import ModelError
from tutor.models.live_training import SABOTAGES, LiveTraining
from tutor.models.recipe import DECAYS, find_recipe, read_recipe
from tutor.models.weights import initialise

BREAK = {sabotage.name: sabotage for sabotage in SABOTAGES}


@pytest.fixture(scope="module")
def recipe():
    return read_recipe(find_recipe("proverbs"))


def the_same(one, other):
    return all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("seed", [0, 1])
def test_it_learns_every_couplet_within_the_recipes_steps(recipe, seed):
    live = LiveTraining(recipe, seed=seed)
    assert not any(answer.is_right for answer in live.answers())
    while not live.all_right and live.step < recipe.settings.steps:
        live.advance(20)
    assert [answer.text for answer in live.answers()] == [target for _source, target in recipe.pairs]
    assert live.step < recipe.settings.steps / 2 and not live.broken


def test_the_numbers_are_those_of_the_engine(recipe):
    live = LiveTraining(recipe)
    live.advance(3)
    live.advance(2)
    settings = live.recipe.changed(steps=5).settings
    state = begin(initialise(live.model.config, 0))
    losses = [progress.loss for progress in train(state, live.model.config, live.corpus.batches(), settings)]
    assert live.losses == losses
    assert the_same(live.state.weights, state.weights)


def test_the_same_seed_and_changes_give_the_same_numbers(recipe):
    def run():
        live = LiveTraining(recipe)
        live.advance(4)
        live.change_rate(0.05)
        live.advance(4)
        return live

    one, other = run(), run()
    assert one.losses == other.losses and the_same(one.state.weights, other.state.weights)
    first = one.losses
    one.restart()
    assert one.step == 0 and one.rate == recipe.settings.learning_rate
    one.advance(8)
    assert one.losses[:4] == first[:4] and one.losses[5] != first[5]
    one.restart(seed=5)
    one.advance(1)
    assert one.seed == 5 and one.losses[0] != first[0]


def test_the_learning_rate_is_the_learners_alone(recipe):
    assert recipe.settings.warmup and recipe.settings.decay != "none"
    live = LiveTraining(recipe, learning_rate=0.3)
    live.advance(2)
    live.change_rate(0.1)
    live.advance(1)
    assert [progress.learning_rate for progress in live.history] == [0.3, 0.3, 0.1]
    live.change_rate(1e30)
    assert math.isfinite(live.rate) and live.rate < 1e10


@pytest.mark.parametrize("decay", DECAYS)
def test_warm_up_and_decay_are_the_engines(recipe, decay):
    live = LiveTraining(recipe, learning_rate=0.1, warmup=4, decay=decay, steps=12)
    planned = live.rates(1, 9)
    for steps in (1, 5, 3):
        live.advance(steps)
    settings = live.recipe.settings
    assert settings.warmup == 4 and settings.decay == decay
    state = begin(initialise(live.model.config, settings.seed))
    steps = list(train(state, live.model.config, live.corpus.batches(), settings))[:9]
    assert [progress.learning_rate for progress in live.history] == [progress.learning_rate for progress in steps]
    assert live.losses == [progress.loss for progress in steps]
    assert planned == tuple(progress.learning_rate for progress in steps) and max(planned) == 0.1


def test_the_learner_turns_warm_up_and_decay(recipe):
    live = LiveTraining(recipe, learning_rate=0.1)
    live.change_warmup(10)
    live.change_decay("inverse_sqrt")
    live.advance(3)
    assert [progress.learning_rate for progress in live.history] == pytest.approx([0.01, 0.02, 0.03])
    assert live.rate_at(10) == 0.1 and live.rate_at(40) == pytest.approx(0.05)
    live.change_warmup(2)  # the steps taken stay as they were
    assert live.rate == pytest.approx(0.1 * math.sqrt(2 / 4)) and live.history[-1].learning_rate == pytest.approx(0.03)
    live.restart()
    assert (live.warmup, live.decay) == (2, "inverse_sqrt") and live.rate == pytest.approx(0.05)
    live.change_warmup(0)
    assert live.rate == 0.1 and live.rate_at(4) == pytest.approx(0.05)
    for wrong in (lambda: live.change_warmup(-1), lambda: live.change_decay("linear")):
        with pytest.raises(ValueError):
            wrong()


def test_warmed_is_all_right_at_a_peak_that_was_risen_to(recipe, monkeypatch):
    monkeypatch.setattr(LiveTraining, "all_right", True)
    live = LiveTraining(recipe, learning_rate=0.05)
    live.advance(6)
    assert not live.warmed  # no warm-up
    live.change_warmup(4)
    live.advance(6)
    assert not live.warmed  # too late: the first step was at the full rate
    live.restart()
    live.advance(3)
    assert not live.warmed  # not there yet
    live.advance(1)
    assert live.warmed
    live.change_rate(0.02)
    assert not live.warmed  # lower than it was asked to be
    live.restart()
    live.change_decay("cosine")
    live.advance(8)
    assert live.warmed  # it was at its peak
    monkeypatch.setattr(LiveTraining, "all_right", False)
    assert not live.warmed


def test_a_rate_that_would_fall_to_nothing_needs_no_warm_up(recipe):
    live = LiveTraining(recipe, learning_rate=0.1, decay="inverse_sqrt")
    assert live.rates(1, 4) == pytest.approx((0.1, 0.1 / math.sqrt(2), 0.1 / math.sqrt(3), 0.05))


def test_a_single_step_says_what_it_did(recipe):
    live = LiveTraining(recipe)
    live.advance(5)
    before = {name: array.copy() for name, array in live.state.weights.items()}
    step = live.step_closely()
    after = live.state.weights
    assert step.progress.step == live.step == 6
    # The batch is the whole corpus, so the loss before is that of the batch.
    assert step.before == pytest.approx(step.progress.loss, rel=1e-6)
    assert step.after < step.before
    live.advance(1)
    assert step.after == pytest.approx(live.losses[-1], rel=1e-6)
    assert (step.old, step.new) == (float(before[step.weight][step.index]), pytest.approx(step.new))
    moved = max(float(np.abs(before[name] - array).max()) for name, array in before.items())
    assert moved == 0  # the copies stay as they were while training goes on
    largest = abs(step.new - step.old)
    assert 0 < largest <= 1.5 * live.rate and set(after) == set(before)


def test_an_answers_tokens_know_since_when_they_stand(recipe):
    live = LiveTraining(recipe)
    live.advance(20)
    before = live.answers()
    live.advance(10)
    after = live.answers()
    for old, new in zip(before, after, strict=True):
        for place, token in enumerate(new.tokens):
            kept = place < len(old.tokens) and old.tokens[place] == token
            assert new.since[place] == (old.since[place] if kept else 30)
    assert any(30 in answer.since for answer in after)


class TestBreaking:
    def test_a_hundredfold_rate_throws_away_what_was_learned(self, recipe):
        live = LiveTraining(recipe)
        live.advance(60)
        assert live.all_right and not live.broken
        live.spoil(BREAK["rate"])
        live.advance(10)
        assert live.step == 70 and live.rate == pytest.approx(100 * recipe.settings.learning_rate)
        assert live.has_risen and live.broken and live.failure is None and not live.all_right

    def test_numbers_that_run_over_end_it_without_an_exception(self, recipe):
        live = LiveTraining(recipe)
        live.advance(3)
        live.spoil(BREAK["overflow"])
        live.advance(10)
        assert live.broken and "nan" in str(live.failure)
        at = live.step
        live.advance(10)
        assert live.step == at and live.step_closely() is None
        assert all(map(math.isfinite, live.losses))
        assert len(live.answers()) == 4 and live.trace(0)["loss"].shape == ()
        live.restart()
        assert live.failure is None and not live.broken
        live.advance(2)
        assert live.step == 2

    def test_shuffled_labels_leave_nothing_but_how_frequent_each_is(self, recipe):
        live = LiveTraining(recipe)
        live.advance(2)
        live.spoil(BREAK["labels"])
        assert live.step == 0
        live.advance(150)
        taught = [token for _source, target in live.corpus.pairs for token in (*target, live.model.config.end_id)]
        shares = np.unique(taught, return_counts=True)[1] / len(taught)
        assert np.mean(live.losses[-20:]) == pytest.approx(-np.sum(shares * np.log(shares)), abs=0.1)
        assert not any(answer.is_right for answer in live.answers())

    def test_peeking_gives_a_small_loss_and_wrong_answers(self, recipe):
        live = LiveTraining(recipe)
        live.spoil(BREAK["peek"])
        live.advance(150)
        assert live.losses[-1] < 0.05
        assert not live.all_right

    def test_zeros_never_hear_the_question(self, recipe):
        live = LiveTraining(recipe)
        live.spoil(BREAK["zeros"])
        live.advance(200)
        assert len({answer.text for answer in live.answers()}) == 1
        assert not np.any(live.state.weights["encoder.0.self_attention.query.weight"])


def test_the_model_as_it_is_now_stays_when_training_goes_on(recipe):
    live = LiveTraining(recipe)
    assert not live.present_model().trained
    live.advance(10)
    model, trace = live.present_model(), live.trace(1)
    assert model.trained and "10" in model.name
    loss = model.trace("天行健", target="君子以自强不息")["loss"].value.copy()
    weights = trace["decoder.0.cross_attention.weights"]
    assert weights.labels[-1][0] == "马" and np.allclose(weights.value.sum(axis=-1), 1)
    kept = weights.value.copy()
    live.advance(10)
    assert np.array_equal(model.trace("天行健", target="君子以自强不息")["loss"].value, loss)
    assert np.array_equal(trace["decoder.0.cross_attention.weights"].value, kept)


def test_nothing_is_written(recipe, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in recipe.folder.iterdir()}
    LiveTraining(recipe).advance(3)
    assert not list(tmp_path.iterdir())
    assert {path: path.stat().st_mtime_ns for path in recipe.folder.iterdir()} == before


def test_what_cannot_be_watched_is_said(recipe):
    with pytest.raises(ModelError, match="speed: there is no such field"):
        LiveTraining(recipe, speed=3)
    with pytest.raises(ModelError, match="pairs written out"):
        LiveTraining(read_recipe(find_recipe("translator")))
