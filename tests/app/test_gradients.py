"""A matrix and its gradient, and the gradient put to the test."""

import threading

import pytest

from tests.app.conftest import NARROW, WIDE
from tutor.app.dialogs.nudge import WIDTH, nudge_text
from tutor.app.gradients import nudged, other_side, underlying
from tutor.app.tracing import Request, compute
from tutor.app.walk import Stop
from tutor.engine.trace import Trace, TraceError

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


def test_a_step_of_the_optimiser_belongs_to_its_weight(trace):
    name = trace.optimiser_step("logits.weight").name
    assert underlying(trace, name) == "logits.weight"
    assert other_side(trace, name) == trace.gradient("logits.weight").name


STEP = "  - show: {}\n    say: {{en: Look., zh: 看。}}\n    look_at: {{{}}}\n"
LESSON = """
format: 1
id: gradients
unit: 6
title: {en: Gradients, zh: 梯度}
summary: {en: A line, zh: 一句话说明学什么}
minutes: 5
model: proverbs
sentence: {en: 健, zh: 健}
target: {en: 君子以厚德载物, zh: 君子以厚德载物}
steps:
""" + STEP.format("logits", "position: 4") + STEP.format("gradient.log*", "position: 4, vocabulary: 34") + (
    "  - exercise: {fill: gradient.logits, cells: 2, mistakes: [target_not_subtracted]}\n"
) + STEP.format("step.logits.weight.after", "vocabulary: 36")  # fmt: skip


@pytest.mark.usefixtures("drawn_when_looked_at")
@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_lesson_shows_gradients_and_steps_and_asks_for_them(tutor, tmp_path, monkeypatch, size):
    on_screen_thread = []
    walk_back = Trace._walk_back

    def watched(trace):
        on_screen_thread.append(threading.current_thread() is threading.main_thread())
        walk_back(trace)

    monkeypatch.setattr(Trace, "_walk_back", watched)
    path = tmp_path / "gradients.yaml"
    path.write_text(LESSON, "utf-8")
    async with tutor(size=size, lesson=str(path)) as driver:
        assert driver.here.node == "logits" and not on_screen_thread
        await driver.press("n")
        assert driver.here == Stop("gradient.logits", (4, 34))
        assert "∂L/∂ logits" in driver.text()
        await driver.press("n")
        exercise = driver.attempt.exercise
        assert exercise is not None and driver.here.node == exercise.node == "gradient.logits"
        await driver.answer(repr(float(exercise.slips[0].value[driver.here.index])))
        assert driver.attempt.good is False
        await driver.answer(repr(exercise.expected(driver.here.index)))
        assert driver.attempt.good is True
        await driver.press("n")
        assert driver.here == Stop("step.logits.weight.after", (0, 36))
        await driver.pane("why")
        assert {cell.node for cell in driver.why._cells} == {"logits.weight", "step.logits.weight.change"}
        # Another sentence: the same places again, with its own numbers.
        await driver.pane("matrix")
        await driver.type("天行健")
        assert driver.here.node == "step.logits.weight.after"
        await driver.press("x")
        assert driver.attempt.exercise is not None and driver.attempt.exercise.node == driver.here.node
    assert on_screen_thread and not any(on_screen_thread)


@pytest.mark.parametrize(("language", "said"), [("en", "does not depend on targets"), ("zh", "损失与 targets 无关")])
async def test_what_has_no_gradient_says_so_in_the_language_of_the_interface(tutor, language, said):
    async with tutor(lesson="the-loss", lang=language) as driver:
        await driver.go("targets")
        await driver.press("g")
        assert any(said in notice.message for notice in driver.app._notifications)
        assert driver.here.node == "targets"
