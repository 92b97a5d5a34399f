"""Lessons on models that they were not written for: what can be done, what cannot, and why."""

import numpy as np
import pytest
from msgspec.structs import replace

from tests.course.sample import PROGRAM
from tutor.course.counterparts import counterpart
from tutor.course.files import lesson_files
from tutor.course.fitting import absent, fit, mismatch, other_model_said
from tutor.course.lesson_file import load_lesson
from tutor.course.places import find_node
from tutor.course.schema import Ask, Cells, Choice, Fill, Goal, Show, Text, Try
from tutor.engine.trace import TraceError
from tutor.models.errors import ModelError
from tutor.models.registry import load_model

WORDS = Text("words", "话")
SENTENCE = "I am a student"


@pytest.fixture(scope="module")
def speaker():
    return load_model("speaker")


@pytest.fixture(scope="module")
def trace(speaker):
    return speaker.trace(SENTENCE)


def lesson(*steps, model="translator"):
    """A lesson of the course with other steps."""
    known = load_lesson(next(path for path in lesson_files() if "query-key-value" in path.name))
    return replace(known, steps=steps, model=model)


def show(name, **words):
    return Show(show=name, say=WORDS, **words)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("encoder.0.self_attention.query", "decoder.0.self_attention.query"),
        ("encoder.*.feed_forward.output", "decoder.*.feed_forward.output"),
        ("encoder.output", "decoder.output"),
        ("encoder.embedding.token", "embedding.token"),
        ("encoder.embedding.token.table", "embedding.token.table"),
        ("encoder.mask", ""),
        ("encoder.0.self_attention.masked", ""),
        ("decoder.0.cross_attention.weights", ""),
        ("decoder.tokens", ""),
        ("encoder.99.self_attention.query", ""),
        ("pooled", ""),
    ],
)
def test_what_stands_in_a_decoder_alone_for_what_stands_in_an_encoder(trace, name, found):
    assert counterpart(trace, name) == found
    if found:
        assert find_node(trace, name) is find_node(trace, found)
    else:
        with pytest.raises(TraceError):
            find_node(trace, name)


def test_a_model_of_two_stacks_keeps_them_apart():
    both = load_model("proverbs").trace("天行健")
    assert counterpart(both, "encoder.0.self_attention.window") == ""
    with pytest.raises(TraceError):
        find_node(both, "decoder.7.self_attention.query")


def test_the_gradient_of_a_counterpart(trace):
    node = find_node(trace, "gradient.encoder.embedding.output")
    assert node.name == trace.gradient("embedding.output").name and np.isfinite(node.value).all()


def test_steps_that_run_and_steps_that_do_not(speaker):
    fill = Fill(exercise=Cells(fill="encoder.0.self_attention.scaled", mistakes=("unscaled",)))
    question = Ask(ask=WORDS, choices=(Choice(WORDS, WORDS, True), Choice(Text("no", "不"), WORDS)))
    steps = (
        show("encoder.0.self_attention.query"),
        fill,
        question,
        Try(goal=Goal(config={"scale_scores": False}), say=WORDS, show="encoder.0.self_attention.weights"),
        Try(goal=Goal(generate={"strategy": "beam"}), say=WORDS),
        show("decoder.0.cross_attention.weights"),
        show("encoder.0.self_attention.query", config={"heads_off": ["encoder.0.self_attention.0"]}),
        show("step.no.such.weight.after"),
    )
    found = fit(lesson(*steps), speaker, "en", SENTENCE)
    assert list(found.reasons) == [5, 6, 7] and found.steps == 5
    assert str(found.reasons[5]) == "it has no decoder.0.cross_attention.weights"
    assert "decoder.0.self_attention.0" in str(found.reasons[6])
    assert list(absent(lesson(*steps), speaker.trace(SENTENCE))) == [5]


def test_what_a_step_shows_under_its_own_what_if_is_looked_for_there(speaker):
    one = lesson(show("encoder.0.feed_forward.product", config={"gated": True}), show("encoder.0.feed_forward.product"))
    assert list(fit(one, speaker, "en", SENTENCE).reasons) == [1]
    assert list(absent(one, speaker.trace(SENTENCE))) == [1]


def test_a_lesson_on_its_own_model_runs_whole():
    for name in ("the-loss", "scores-and-scaling"):
        one = load_lesson(name)
        assert fit(one, load_model(one.model), "zh", SENTENCE).reasons == {}


def test_an_encoder_alone_writes_nothing():
    cloze = load_model("cloze")
    steps = (Try(goal=Goal(generate={"strategy": "beam"}), say=WORDS), show("decoder.0.self_attention.query"))
    found = fit(lesson(*steps), cloze, "en", SENTENCE)
    assert list(found.reasons) == [0] and "no decoder" in str(found.reasons[0])


def test_lessons_on_one_stack_are_about_that_stack(speaker, trace):
    one = lesson(show("tokens"), model="cloze")
    assert "encoders alone" in str(mismatch(one, speaker.config))
    assert fit(one, speaker, "en", SENTENCE).steps == 0
    assert "does not fit speaker" in str(other_model_said(one, trace))
    assert not mismatch(lesson(show("tokens"), model="speaker"), speaker.config)
    assert mismatch(lesson(show("tokens"), model="speaker"), load_model("proverbs").config)


def test_what_is_said_when_such_a_lesson_is_opened(trace):
    assert other_model_said(lesson(show("tokens")), trace) == ""
    said = other_model_said(lesson(show("tokens"), show("decoder.0.cross_attention.weights")), trace)
    assert str(said).startswith("speaker is built otherwise: 1 of 2 steps")


def test_a_program_needs_no_model(speaker, tmp_path):
    path = tmp_path / "sample.yaml"
    path.write_text(PROGRAM, encoding="utf-8")
    found = fit(load_lesson(path), speaker, "en", SENTENCE)
    assert not found.needs_model and not found.reasons
    assert other_model_said(found.lesson, speaker.trace(SENTENCE)) == ""


def test_a_model_that_cannot_read_the_sentence_says_why(speaker):
    class Refuses:
        name, config = "numbers", speaker.config

        def trace(self, *arguments, **words):
            raise ModelError("{path}: no words can be read", path="here")

    found = fit(lesson(show("tokens")), Refuses(), "en", SENTENCE)
    assert found.steps == 0 and str(found.refusal) == "here: no words can be read"
