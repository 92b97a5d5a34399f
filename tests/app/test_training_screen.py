"""The training screen: the real app, the hand-size model, few steps."""

import threading
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from tests.app.conftest import NARROW, WIDE, Driver
from tutor.app.app import TutorApp
from tutor.app.dialogs.sabotage import SabotageDialog
from tutor.app.screens.trace import TraceScreen
from tutor.app.screens.training import TrainingScreen
from tutor.app.screens.training_view import SPEEDS
from tutor.app.training_words import remark
from tutor.app.widgets.answer_list import AnswerList
from tutor.app.widgets.embedding_map import EmbeddingMap
from tutor.app.widgets.loss_curve import LossCurve
from tutor.app.widgets.title_bar import TitleBar
from tutor.app.widgets.training_status import TrainingStatus
from tutor.models.errors import ModelError
from tutor.models.live_training import SABOTAGES

RATE = 0.02


class Trainee(Driver):
    """A driver of the training screen."""

    reached: frozenset[str] | None = None

    @property
    def screen(self) -> TrainingScreen:
        return next(screen for screen in reversed(self.app.screen_stack) if isinstance(screen, TrainingScreen))

    @property
    def look(self):
        return self.screen.look

    @property
    def live(self):
        return self.screen.training.live

    @property
    def status(self) -> TrainingStatus:
        return self.screen.query_one(TrainingStatus)


@pytest.fixture
def training(progress):
    """`async with training(steps=6, …) as driver`: the screen, which pauses by itself after so many steps."""

    @asynccontextmanager
    async def run(size=WIDE, lang="en", wanted="", **settings):
        app = TutorApp(lang=lang, progress=progress)
        async with app.run_test(size=size, tooltips=False) as pilot:
            driver = Trainee(app, pilot)
            await driver.settle()
            screen = TrainingScreen(settings={"steps": 3, **settings}, language=lang, wanted=wanted)
            app.push_screen(screen, lambda reached: setattr(driver, "reached", reached))
            await driver.settle()
            yield driver

    return run


async def test_it_trains_and_pauses_by_itself(training):
    async with training() as driver:
        assert driver.look.step == 0 and "ln 40" in driver.status.remark
        first = driver.screen.query_one(EmbeddingMap).points
        await driver.press("space")
        assert driver.look.step == 3 and not driver.screen.running
        assert list(driver.screen.query_one(LossCurve).losses) == driver.live.losses and len(driver.live.losses) == 3
        assert f"loss {driver.live.losses[-1]:.2f}" in driver.text()
        assert (driver.screen.query_one(EmbeddingMap).points != first).any()
        await driver.press("space")
        assert driver.look.step == 6


async def test_a_single_step_says_what_it_changed(training):
    async with training() as driver:
        await driver.press("s", "n")
        step = driver.look.stepped
        assert driver.look.step == 2 and step.progress.step == 2
        said = driver.status.remark
        assert f"{step.before:.3f} → {step.after:.3f}" in said and step.weight in said
        await driver.press("escape")
        assert driver.reached == {"stepped"}


@pytest.mark.parametrize(("lang", "said"), [("en", "✓ done: back to the lesson"), ("zh", "✓ 完成：回到课里")])
async def test_it_says_when_what_the_lesson_asked_for_is_done(training, lang, said):
    async with training(size=NARROW, lang=lang, wanted="stepped") as driver:
        assert said not in driver.text()
        await driver.press("space")
        assert said not in driver.text(), "another goal than that of the lesson"
        await driver.press("s")
        assert said in driver.text()
    async with training(size=NARROW, lang=lang) as driver:
        await driver.press("s")
        assert said not in driver.text(), "no lesson asked for anything"


async def test_the_learner_sets_the_learning_rate(training):
    async with training(learning_rate=RATE) as driver:
        await driver.press("right", "right", "s")
        assert driver.live.history[-1].learning_rate == pytest.approx(4 * RATE)
        await driver.press("left", "left", "left", "s")
        assert driver.live.history[-1].learning_rate == pytest.approx(RATE / 2)
        assert "learning rate 0.01" in driver.text()
        await driver.press("r")
        assert driver.live.rate == RATE and driver.look.step == 0 and driver.look.seed == 1


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_the_learner_turns_warm_up_and_sees_the_schedule(training, size):
    async with training(size=size, learning_rate=0.2) as driver:
        assert "▲" not in driver.text() and not driver.look.has_schedule
        await driver.press("w")
        assert driver.live.warmup == 10 and "warm-up 10" in driver.text() and "▲" in driver.text()
        assert driver.look.rates[:10] == driver.live.rates(1, 10) and driver.look.rates[-1] == 0.2
        await driver.press("w", "W", "W", "W")
        assert driver.live.warmup == 0 and "▲" not in driver.text()
        await driver.press("w", "space")
        taken = [progress.learning_rate for progress in driver.live.history]
        assert taken == pytest.approx([0.02, 0.04, 0.06]) and driver.look.rates[:3] == tuple(taken)
        assert "Paused at step 3 of 10 of the warm-up" in driver.status.remark
        await driver.press("d")
        assert driver.live.decay == "inverse_sqrt" and driver.look.rates[49] == pytest.approx(0.2 * (10 / 50) ** 0.5)
        curve = driver.screen.query_one(LossCurve)
        assert curve.rates == driver.look.rates and len(curve.rates) == 50
        await driver.press("r")
        assert driver.live.warmup == 10 and driver.look.step == 0 and "rises evenly" in driver.status.remark


async def test_a_warm_up_after_the_first_step_says_that_it_is_late(training):
    async with training(learning_rate=0.1) as driver:
        await driver.press("space", "w")
        assert "counts from the first step" in driver.status.remark
        assert driver.look.rates[:4] == pytest.approx((0.1, 0.1, 0.1, 0.04))


async def test_at_the_end_of_a_schedule_nothing_moves(training):
    async with training(decay="cosine", steps=2) as driver:
        await driver.press("space")
        assert driver.look.rate == 0 and "at its end" in driver.status.remark
        weights = {name: array.copy() for name, array in driver.live.state.weights.items()}
        await driver.press("s")
        assert all((driver.live.state.weights[name] == array).all() for name, array in weights.items())


async def test_all_right_after_a_warm_up_is_a_goal(training, monkeypatch):
    monkeypatch.setattr("tutor.models.live_training.LiveTraining.all_right", True)
    async with training(warmup=2) as driver:
        await driver.press("space", "escape")
        assert "warmed" in driver.reached
    async with training() as driver:
        await driver.press("space", "escape")
        assert "warmed" not in driver.reached


async def test_answers_turn_right_and_the_goal_is_reached(training):
    async with training(steps=80) as driver:
        await driver.press("up", "up", "up")
        assert SPEEDS[driver.screen._speed] == 10
        await driver.press("space")
        answers = driver.screen.query_one(AnswerList)
        assert "▸1 ✓ 白日依山尽   → 黄河入海流" in answers.render().plain
        assert answers.render().plain.count("✓") == 4 and "4 of 4 right" in driver.status.figures
        await driver.press("escape")
        assert driver.reached == {"right"}


async def test_smoothing_and_dropout_are_named_and_what_they_do_to_the_loss(training):
    async with training(smoothing=0.1, dropout=0.25) as driver:
        left = driver.screen.query_one(TitleBar).left
        assert "label smoothing 0.1 · dropout 0.25" in left and "paused" in left
        everything = tuple(replace(answer, is_right=True) for answer in driver.look.answers)
        right = replace(driver.look, step=1, answers=everything)
        assert "stays above 0" in remark(right, False)
        assert "jumps" in remark(replace(right, smoothing=0.0), False)
        assert "surer" in remark(replace(right, smoothing=0.0, dropout=0.0), False)


async def test_what_has_just_changed_is_marked(training):
    async with training(steps=10) as driver:
        await driver.press("up", "up", "up", "space", "s")
        answers = driver.screen.query_one(AnswerList)
        text = answers.render()
        style = answers.get_component_rich_style("answers--fresh", partial=True)
        marked = "".join(text.plain[span.start : span.end] for span in text.spans if span.style == style)
        assert marked == "".join(
            token
            for answer in driver.look.answers
            for token, since in zip(answer.tokens, answer.since, strict=True)
            if since == 11
        )


@pytest.mark.parametrize("place", [0, 1, 3], ids=["rate", "overflow", "peek"])
async def test_breaking_it_says_what_to_expect_and_does_it(training, place):
    async with training(size=NARROW) as driver:
        await driver.press("s", "b", *["down"] * place)
        assert isinstance(driver.app.screen, SabotageDialog)
        await driver.press("enter")
        sabotage = SABOTAGES[place]
        assert driver.live.sabotage is sabotage
        assert driver.look.step == {"rate": 3, "overflow": 2}.get(sabotage.name, 3)
        broken = sabotage.name in ("rate", "overflow")
        assert driver.status.urgent == broken and ("r begins anew" in driver.status.remark) == broken
        assert broken or "Expect" in driver.status.remark or "From zeros" in driver.status.remark
        await driver.press("space", "r")
        assert not driver.live.broken and not driver.look.sabotage and not driver.status.urgent
        await driver.press("s", "escape")
        assert ("broken" in driver.reached) == broken


async def test_what_is_looked_at_can_be_chosen(training):
    async with training() as driver:
        await driver.press("3")
        assert driver.look.pair == 2 and driver.look.attention.labels[-1][0] == "天"
        before = driver.look.attention.name
        await driver.press("right_square_bracket")
        assert driver.look.attention.name == "encoder.0.self_attention.weights" != before
        await driver.press("left_square_bracket", "e")
        assert driver.look.attention.name == before and driver.look.picture.table.startswith("encoder")
        assert "天" in driver.look.picture.labels and "君" not in driver.look.picture.labels
        await driver.press("l")
        assert driver.screen.query_one(LossCurve).logarithmic


async def test_the_present_numbers_open_on_the_trace_screen_and_esc_comes_back(training):
    nodes = ("loss", "decoder.embedding.token.table", "decoder.0.cross_attention.weights")  # of the panes in turn
    async with training() as driver:
        await driver.press("space", "2")
        for node in nodes:
            await driver.press("enter")
            screen = driver.app.screen
            assert isinstance(screen, TraceScreen) and screen.snapshot.walk.here.node == node
            trace = screen.snapshot.trace
            assert trace.trained and (trace.text, trace.target) == ("马无夜草不肥", "人无横财不富")
            table = trace["decoder.embedding.token.table"].value
            assert (table == driver.live.state.weights["decoder.embedding.token.table"]).all()
            await driver.press("escape", "tab")
            assert driver.app.screen is driver.screen and driver.look.step == 3
        await driver.press("tab", "tab", "s", "enter")
        assert driver.app.screen.snapshot.request.model == "proverbs@4"


async def test_pausing_keeps_it_and_leaving_ends_the_worker(training):
    async with training(steps=10**6) as driver:
        await driver.pilot.press("space")
        await driver.pilot.pause(0.3)
        assert driver.screen.running
        await driver.pilot.press("space")
        await driver.settle()
        at = driver.look.step
        assert at > 0 and not driver.screen.running and driver.live.step == at
        await driver.pilot.press("space")
        await driver.pilot.press("escape")
        await driver.settle()
        assert driver.reached <= {"right"}  # as far as it came meanwhile
        for _moment in range(50):  # the slice that was begun is finished first
            if not driver.app.workers:
                break
            await driver.pilot.pause(0.1)
        assert not [thread for thread in threading.enumerate() if "_train" in thread.name]
        assert not driver.app.workers


async def test_another_size_and_another_language_keep_it(training):
    async with training() as driver:
        await driver.press("space", "tab")
        await driver.resize(*NARROW)
        assert driver.look.step == 3 and driver.screen.query_one(EmbeddingMap).display
        assert not driver.screen.query_one(LossCurve).display
        await driver.press("f2")
        assert driver.look.step == 3
        assert "学习率" in driver.status.figures and driver.screen.query_one(EmbeddingMap).display


def test_what_cannot_be_watched_is_no_screen():
    with pytest.raises(ModelError):
        TrainingScreen("translator")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x36"])
def test_pictures(snap_compare, progress, size, language):
    app = TutorApp(lang=language, progress=progress)

    async def drive(pilot):
        driver = Trainee(app, pilot)
        await driver.settle()
        app.push_screen(TrainingScreen(settings={"steps": 12}, language=language))
        await driver.settle()
        await driver.press("space", "2", "s", "s")

    assert snap_compare(app, terminal_size=size, run_before=drive)


def test_picture_of_what_broke_without_colour(snap_compare, progress, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    app = TutorApp(progress=progress)

    async def drive(pilot):
        driver = Trainee(app, pilot)
        await driver.settle()
        # Two steps: of more at such a rate every machine makes its own.
        app.push_screen(TrainingScreen(settings={"steps": 2, "learning_rate": 2.0}))
        await driver.settle()
        await driver.press("space")

    assert snap_compare(app, terminal_size=NARROW, run_before=drive)
