"""`model.generate`: text, ids, probabilities and steps that agree with one another and with the trace."""

import dataclasses
import math

import numpy as np
import pytest

import tutor
from tutor.engine.backend import BackendError
from tutor.engine.config import ConfigError
from tutor.models.errors import ModelError
from tutor.models.model import Model
from tutor.models.weights import initialise

PROVERBS = tutor.load_model("proverbs")
TRANSLATOR = tutor.load_model("translator")
SENTENCE = "I am a student"


def of_one_stack(architecture, **changes):
    """The hand-size model's tokenizer in front of one stack."""
    config = PROVERBS.config.changed(architecture=architecture, **changes)
    return Model(PROVERBS.card, config, initialise(config, 1), PROVERBS.tokenizer, PROVERBS.tokenizer)


SPEAKER = of_one_stack("decoder_only")


@pytest.mark.parametrize("model", [PROVERBS, TRANSLATOR], ids=lambda model: model.name)
def test_greedy_is_what_a_trace_answers_by_itself(model):
    text = "马无夜草不肥" if model is PROVERBS else SENTENCE
    trace, out = model.trace(text), model.generate(text)
    assert list(out.ids) == trace["decoder.tokens"].value.tolist()[1:]
    assert (out.text, out.prompt, out.model, out.trained) == (trace.target, text, model.name, trace.trained)
    assert out.prompt_ids == tuple(trace["tokens"].value.tolist())
    rows = trace["probabilities"].value
    for step, row in zip(out.steps, rows, strict=False):
        for candidate in step.candidates:
            assert candidate.probability == pytest.approx(row[candidate.token], rel=1e-4)
            assert candidate.label == model.target_tokenizer.label(candidate.token)
        assert step.candidates[0].token == int(np.argmax(row))


@pytest.mark.parametrize("model", [PROVERBS, TRANSLATOR, SPEAKER], ids=["proverbs", "translator", "speaker"])
@pytest.mark.parametrize("strategy", ["greedy", "beam", "sample"])
def test_an_answer_agrees_with_its_steps(model, strategy):
    text = SENTENCE if model is TRANSLATOR else "马无夜草"
    out = model.generate(text, strategy=strategy, beams=3, length_penalty=0.7, seed=4, maximum=5)
    assert 1 <= len(out.steps) <= 5
    assert out.text == model.target_tokenizer.decode(out.ids) == out.answers[0].text
    assert out.probability == pytest.approx(math.exp(out.log_probability))
    assert out.score == max(answer.score for answer in out.answers)
    assert len(out.answers) >= (3 if strategy == "beam" else 1)
    assert out.settings.strategy == strategy
    found = {(answer.ids, answer.ended) for answer in out.answers}
    paths, total = {0: ()}, {}
    for step in out.steps:
        for one in step.ended:
            total[paths[one.parent], True] = one.total
        paths = dict(enumerate((*paths[one.parent], one.token) for one in step.survivors))
    total |= {(path, False): one.total for path, one in zip(paths.values(), out.steps[-1].survivors, strict=True)}
    assert found == set(total)
    for answer in out.answers:
        assert answer.log_probability == pytest.approx(total[answer.ids, answer.ended])


def test_probabilities_are_those_of_a_teacher_forced_trace():
    out = TRANSLATOR.generate(SENTENCE, strategy="beam", beams=4, maximum=6)
    for answer in out.answers:
        start = [TRANSLATOR.config.start_id, *answer.ids]
        rows = TRANSLATOR.trace_ids(out.prompt_ids, target_ids=start)["probabilities"].value
        tokens = [*answer.ids, TRANSLATOR.config.end_id][: len(answer.ids) + answer.ended]
        expected = sum(math.log(row[token]) for row, token in zip(rows, tokens, strict=False))
        assert answer.log_probability == pytest.approx(expected, abs=1e-3)


def test_a_decoder_alone_goes_on_with_the_sentence():
    out = SPEAKER.generate("马无夜草", maximum=5)
    assert out.prompt_ids == tuple(SPEAKER.tokenizer.encode("马无夜草").ids)
    row = SPEAKER.trace("马无夜草")["probabilities"].value[-1]
    assert out.steps[0].candidates[0].token == int(np.argmax(row))


def test_every_step_is_told_as_it_is_taken():
    heard = []
    out = TRANSLATOR.generate(SENTENCE, maximum=4, on_step=heard.append)
    assert tuple(heard) == out.steps and len(heard) == 4

    def stop(step):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        TRANSLATOR.generate(SENTENCE, maximum=4, on_step=stop)


def test_seeds_repeat_and_differ():
    def answers(seeds):
        return [
            TRANSLATOR.generate(SENTENCE, strategy="sample", temperature=4.0, seed=seed, maximum=4).ids
            for seed in seeds
        ]

    assert answers(range(5)) == answers(range(5))
    assert len(set(answers(range(5)))) == 5


def test_as_many_tokens_as_asked_for_and_as_there_is_room_for():
    assert len(TRANSLATOR.generate(SENTENCE, maximum=3).steps) == 3
    short = of_one_stack("decoder_only", maximum_positions=9, position="learned")
    for strategy in ("greedy", "beam"):
        out = short.generate("马无夜草", strategy=strategy, maximum=1000)
        assert len(out.steps) == 6 or out.ended  # four tokens of nine positions; what follows the last needs none
    out = short.generate("马无夜草不肥" * 4, maximum=1000)
    assert len(out.prompt_ids) == 9 and len(out.steps) == 1
    assert "reads the first 9" in out.notice


def test_a_trained_model_writes_on_for_longer():
    card = dataclasses.replace(PROVERBS.card, trained=True)
    weights = {name: array * 0 for name, array in SPEAKER.weights.items()}
    weights["logits.bias"][17] = 1.0
    for architecture, length in (("decoder_only", 32), ("encoder_decoder", 7 + 8)):
        config = PROVERBS.config.changed(architecture=architecture)
        zeros = {name: weights.get(name, array * 0) for name, array in initialise(config, 1).items()}
        model = Model(card, config, zeros, PROVERBS.tokenizer, PROVERBS.tokenizer)
        assert model.generate("马无夜草不肥").ids == (17,) * length


def test_a_what_if_reaches_the_answer():
    plain = TRANSLATOR.generate(SENTENCE, maximum=4)
    assert TRANSLATOR.generate(SENTENCE, maximum=4, config={"residual": False}).ids != plain.ids
    assert TRANSLATOR.generate(SENTENCE, maximum=4, config={"causal_mask": False}).steps[0] == plain.steps[0]
    with pytest.raises(ConfigError):
        TRANSLATOR.generate(SENTENCE, config={"casual_mask": False})
    with pytest.raises(ModelError, match="cannot run with"):
        PROVERBS.generate("马", config={"vocabulary": 9})


def test_another_backend_writes_the_same():
    pytest.importorskip("torch")
    for strategy in ("greedy", "beam", "sample"):
        ours, theirs = (
            TRANSLATOR.generate(SENTENCE, strategy=strategy, maximum=5, backend=backend)
            for backend in ("numpy", "torch")
        )
        assert [one.ids for one in ours.answers] == [one.ids for one in theirs.answers]
        assert ours.score == pytest.approx(theirs.score, abs=1e-3)
    with pytest.raises(BackendError):
        TRANSLATOR.generate(SENTENCE, backend="abacus")


def test_an_encoder_says_that_it_cannot_write():
    with pytest.raises(ModelError, match="reads and does not write"):
        of_one_stack("encoder_only").generate("马")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"maximum": 0}, "maximum: must be a whole number of at least 1, not 0"),
        ({"maximum": 2.5}, "maximum: must be a whole number"),
        ({"strategy": "best"}, "strategy: must be one of greedy, beam, sample"),
        ({"beams": 0}, "beams: must be a whole number of at least 1"),
        ({"temperature": -1}, "temperature: must be"),
        ({"top_p": 2}, "top_p: must be"),
    ],
)
def test_wrong_settings_are_clear(settings, said):
    with pytest.raises(ModelError, match=f"^{said}") as caught:
        TRANSLATOR.generate(SENTENCE, **settings)
    assert caught.value.values["field"] in settings
    with pytest.raises(ModelError, match="type a few words"):
        TRANSLATOR.generate("")
