"""Text in, trace out; and what a model says when it cannot."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tutor
from tutor.engine.backend import BackendError
from tutor.engine.config import ConfigError, TransformerConfig
from tutor.engine.trace import TraceError
from tutor.models.errors import ModelError
from tutor.models.model import Model
from tutor.models.weights import initialise

PROVERBS = tutor.load_model("proverbs")
TRANSLATOR = tutor.load_model("translator")


@pytest.fixture(params=[PROVERBS, TRANSLATOR], ids=lambda model: model.name)
def model(request):
    return request.param


def other_architecture(architecture):
    """The hand-size model's tokenizer in front of one stack."""
    config = PROVERBS.config.changed(architecture=architecture)
    return Model(PROVERBS.card, config, initialise(config, 1), PROVERBS.tokenizer, PROVERBS.tokenizer)


def test_the_source_ends_with_the_end_token_and_the_decoder_begins_with_the_start_token():
    trace = PROVERBS.trace("马无夜草不肥", target="人无")
    assert trace["tokens"].value.tolist() == [11, 12, 13, 14, 15, 16, 38]
    assert trace["decoder.tokens"].value.tolist() == [37, 17, 12]
    assert trace["tokens"].labels == (("马", "无", "夜", "草", "不", "肥", "<end>"),)
    assert trace["decoder.tokens"].labels == (("<start>", "人", "无"),)
    assert (trace.text, trace.target, trace.model) == ("马无夜草不肥", "人无", "proverbs")
    assert trace.trained is PROVERBS.trained
    assert trace.notice == ""


def test_labels_reach_every_axis_of_tokens():
    trace = TRANSLATOR.trace("I am a student", target="我是学生")
    source, answer = ("I", "am", "a", "student", "<end>"), ("<start>", "我", "是", "学", "生")
    assert trace["encoder.0.self_attention.weights"].labels[1:] == (source, source)
    assert trace["decoder.0.cross_attention.weights"].labels[1:] == (answer, source)
    assert trace["probabilities"].labels[0] == answer
    assert trace["probabilities"].labels[1] == TRANSLATOR.target_tokenizer.labels
    assert trace["encoder.embedding.token.table"].labels[0] == TRANSLATOR.tokenizer.labels


def test_without_a_target_the_greedy_answer_stands_in(model):
    text = "马无夜草不肥" if model is PROVERBS else "The river froze last night"
    trace = model.trace(text)
    ids = trace["decoder.tokens"].value
    assert ids[0] == model.config.start_id
    assert trace.target == model.target_tokenizer.decode(ids)
    best = trace["probabilities"].value.argmax(axis=-1)
    np.testing.assert_array_equal(best[:-1], ids[1:])  # each next token is the likeliest after those before it


def test_an_empty_target_is_the_first_step_of_an_answer():
    assert PROVERBS.trace("人", target="")["decoder.tokens"].value.tolist() == [PROVERBS.config.start_id]


def test_an_empty_sentence_says_what_to_do(model):
    with pytest.raises(ModelError, match="type a few words"):
        model.trace("")


def test_a_what_if_keeps_the_tokens_so_that_before_and_after_compare():
    before = PROVERBS.trace("马无夜草不肥")
    after = PROVERBS.trace("马无夜草不肥", config={"causal_mask": False, "norm_position": "pre"})
    assert after["decoder.tokens"].value.tolist() == before["decoder.tokens"].value.tolist()
    assert not after.config.causal_mask and before.config.causal_mask
    assert not np.array_equal(before["probabilities"].value, after["probabilities"].value)


def test_a_change_is_carried_on():
    name = "encoder.0.self_attention.weights"
    trace = PROVERBS.trace("马无", target="人", change={name: lambda a: np.full_like(a, 1 / 3)})
    assert trace[name].changed
    assert not np.array_equal(trace["probabilities"].value, PROVERBS.trace("马无", target="人")["probabilities"].value)


def test_wrong_what_ifs_changes_and_backends_are_clear():
    with pytest.raises(ModelError, match=r"proverbs cannot run with vocabulary: 9: that would need another encoder\."):
        PROVERBS.trace("马", config={"vocabulary": 9})
    with pytest.raises(ConfigError, match="causal_mask"):
        PROVERBS.trace("马", config={"casual_mask": False})
    with pytest.raises(TraceError):
        PROVERBS.trace("马", change={"nothing.of.the.kind": 0})
    with pytest.raises(BackendError):
        PROVERBS.trace("马", backend="abacus")


def test_padding_fills_the_source_and_changes_nothing():
    plain = PROVERBS.trace("马无夜", target="人")
    padded = PROVERBS.trace("马无夜", target="人", pad_to=8)
    assert padded["tokens"].value.tolist() == [11, 12, 13, 38, 0, 0, 0, 0]
    assert padded["tokens"].labels[0][-1] == "<pad>"
    np.testing.assert_allclose(padded["probabilities"].value, plain["probabilities"].value, atol=1e-6)
    assert PROVERBS.trace("马无夜", pad_to=8).target == PROVERBS.trace("马无夜").target
    assert len(PROVERBS.trace("马无夜", pad_to=2)["tokens"].value) == 4
    assert len(PROVERBS.trace("马无夜", pad_to=10**9)["tokens"].value) == PROVERBS.config.maximum_positions


def test_a_long_sentence_is_cut_and_says_so(model):
    trace = model.trace("人 walk " * 12_500)
    longest = model.config.maximum_positions
    assert len(trace["tokens"].value) == longest
    assert trace["tokens"].value[-1] == model.config.end_id
    assert f"reads the first {longest}" in trace.notice
    assert trace.notice.values["count"] > longest


def test_a_long_target_is_cut_and_says_so():
    trace = PROVERBS.trace("人", target="人" * 1000)
    assert len(trace["decoder.tokens"].value) == PROVERBS.config.maximum_positions
    assert trace.notice.startswith("the target is 1001 tokens long")


def test_ids_go_past_the_tokenizer():
    trace = PROVERBS.trace_ids([5, 8, 2], target_ids=[37, 1])
    assert trace["tokens"].value.tolist() == [5, 8, 2]
    assert trace["decoder.tokens"].value.tolist() == [37, 1]
    assert (trace.text, trace.target) == ("尽入日", "白")
    assert PROVERBS.trace_ids(np.array([5, 8, 2]))["decoder.tokens"].value[0] == 37
    for ids, target_ids in (([], None), ([1], [])):
        with pytest.raises(ModelError, match="at least one"):
            PROVERBS.trace_ids(ids, target_ids)
    for ids, target_ids in (([40], None), ([-1], None), ([1], [40])):
        with pytest.raises(ModelError, match="no token with the id"):
            PROVERBS.trace_ids(ids, target_ids)


@pytest.mark.parametrize("architecture", ["encoder_only", "decoder_only"])
def test_a_model_of_one_stack_reads_the_sentence_alone(architecture):
    model = other_architecture(architecture)
    trace = model.trace("马无夜草不肥")
    assert trace["tokens"].value.tolist() == [11, 12, 13, 14, 15, 16]
    assert trace["probabilities"].labels == (("马", "无", "夜", "草", "不", "肥"), model.tokenizer.labels)
    assert trace.target == ""
    with pytest.raises(ModelError, match="leave the target out"):
        model.trace("马", target="人")


def test_another_backend_gives_the_same_numbers():
    pytest.importorskip("torch")
    ours = TRANSLATOR.trace("I am a student", target="我是学生")["probabilities"].value
    theirs = TRANSLATOR.trace("I am a student", target="我是学生", backend="torch")["probabilities"].value
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(exclude_categories=()), min_size=1), target=st.text(max_size=10))
def test_any_sentence_runs(text, target):
    trace = PROVERBS.trace(text, target=target)
    assert trace.text == text and trace.target == target
    assert np.isfinite(trace["probabilities"].value).all()


def test_parameters_are_counted(model):
    assert model.parameters == model.card.parameters
    assert isinstance(model.config, TransformerConfig)


@pytest.mark.parametrize(("name", "text", "strange"), [
    ("translator", "你好 😀", True),
    ("translator", "I like 你", False),
    ("proverbs", "hello", True),
    ("proverbs", "白日依山尽", False),
])  # fmt: skip
def test_a_text_of_characters_that_the_model_lacks_is_told_of(name, text, strange):
    model = tutor.load_model(name)
    for found in (model.trace(text), model.generate(text)):
        assert ("hardly knows these characters" in found.notice) is strange
