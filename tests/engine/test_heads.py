"""What a model answers at the top of its last stack: which nodes there are, and how their losses add up."""

import math

import numpy as np
import pytest

from tests.engine import small
from tutor.engine.config import ConfigError
from tutor.engine.heads import HEADS
from tutor.engine.ops import OperationError
from tutor.engine.recorder import Recorder
from tutor.engine.trace import Trace
from tutor.engine.training import Batch, Settings, begin, evaluate, gradients, train
from tutor.engine.transformer import run, weight_shapes

BERT = small.CONFIGS["BERT"]
IDS = (4, 5, 7, 4)


def traced(config, targets=None, **classes):
    record = Recorder(small.weights(config))
    run(record, config, IDS, targets=targets, task_targets=classes or None)
    return Trace.of(record)


def softmax(row):
    powers = np.exp(row - row.max())
    return powers / powers.sum()


def test_the_first_position_stands_for_the_whole():
    trace = traced(small.config(**BERT))
    np.testing.assert_array_equal(trace["pooled.first"].value, trace["encoder.output"].value[:1])
    hidden = trace["pooled.first"].value @ trace["pooled.hidden.weight"].value + trace["pooled.hidden.bias"].value
    np.testing.assert_allclose(trace["pooled"].value, np.tanh(hidden), rtol=1e-5)
    assert trace["next_sentence.probabilities"].shape == (1, 2)
    np.testing.assert_allclose(
        trace["next_sentence.probabilities"].value[0], softmax(trace["next_sentence.logits"].value[0]), rtol=1e-5
    )


def test_a_body_alone_has_a_pooler_and_no_answer():
    config = small.config(**BERT | {"tasks": (), "pooler": "relu", "logits_transform": False})
    trace = traced(config)
    assert trace.names[-1] == "pooled" and trace["pooled"].value.min() >= 0
    assert not {"logits", "probabilities"} & set(trace.names) and "logits.bias" not in weight_shapes(config)


def test_without_a_pooler_the_first_position_is_read_as_it_is():
    trace = traced(small.config(architecture="encoder_only", tasks=("sequence_classification",), classes=3))
    np.testing.assert_array_equal(trace["pooled"].value, trace["encoder.output"].value[:1])


def test_an_answer_in_the_text_is_a_start_and_an_end():
    trace = traced(small.config(architecture="encoder_only", tasks=("question_answering",)))
    assert trace["question_answering.probabilities"].shape == (2, 4)
    np.testing.assert_allclose(trace["question_answering.probabilities"].value.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(trace["question_answering.logits"].value, trace["question_answering.each"].value.T)


def test_every_pair_of_question_and_answer_is_read_by_itself():
    """Two pairs in one sentence: the masks and the positions of each are those of the pair alone."""
    config = small.config(**small.CONFIGS["multiple choice"])
    both = traced(config)
    assert both["multiple_choice.probabilities"].shape == (1, 2)
    np.testing.assert_allclose(both["multiple_choice.probabilities"].value.sum(), 1, rtol=1e-6)
    assert both.explain("encoder.mask", (0, 3)).facts["reason"] == "apart"
    for number, pair in enumerate((IDS[:2], IDS[2:])):
        record = Recorder(small.weights(config))
        run(record, config.changed(choices=1), pair)
        alone = Trace.of(record)
        rows = slice(2 * number, 2 * number + 2)
        np.testing.assert_allclose(both["encoder.output"].value[rows], alone["encoder.output"].value, atol=1e-6)
        score = both["multiple_choice.logits"].value[0, number]
        assert score == pytest.approx(float(alone["multiple_choice.logits"].value[0, 0]), abs=1e-6)


def test_two_losses_are_added():
    config = small.config(**BERT)
    trace = traced(config, [0, 6, 0, 3], next_sentence=[1])
    words = [-math.log(trace["probabilities"].value[i, token]) for i, token in ((1, 6), (3, 3))]
    assert trace["masked_word.loss"].value == pytest.approx(np.mean(words), rel=1e-5)
    assert trace["next_sentence.loss"].value == pytest.approx(
        -math.log(trace["next_sentence.probabilities"].value[0, 1]), rel=1e-5
    )
    total = trace["masked_word.loss"].value + trace["next_sentence.loss"].value
    assert trace["loss"].value == pytest.approx(total) and trace["loss"].shape == ()
    assert np.abs(trace.gradient("pooled.hidden.weight").value).max() > 0


@pytest.mark.parametrize("task", HEADS)
def test_a_task_alone_gives_the_loss_by_itself(task):
    config = small.config(
        architecture="encoder_only", tasks=(task,), classes=3, choices=2 * (task == "multiple_choice")
    )
    right = small.classes(config)[task]
    trace = traced(config, **{task: right})
    shares = trace[f"{task}.probabilities"].value
    expected = [-math.log(shares[row, one]) for row, one in enumerate(right) if one >= 0]
    assert trace["loss"].value == pytest.approx(np.mean(expected), rel=1e-5)
    assert f"{task}.loss" not in trace


def test_a_task_without_an_answer_adds_nothing():
    trace = traced(small.config(**BERT), [0, 6, 0, 3])
    assert trace["loss"].value == trace["masked_word.loss"].value and "next_sentence.loss" not in trace
    unasked = traced(small.config(**BERT), [0, 6, 0, 3], next_sentence=[-1])
    assert unasked["next_sentence.loss"].value == 0


@pytest.mark.parametrize(
    ("classes", "says"), [([2], "2 is no class; they go from 0 to 1"), ([0, 1], "no class for each")]
)
def test_a_class_that_there_is_not(classes, says):
    with pytest.raises(OperationError, match=says):
        traced(small.config(**BERT), next_sentence=classes)


def test_a_config_names_its_tasks():
    with pytest.raises(ConfigError, match="tasks: must be a list of words, next_sentence"):
        small.config(tasks=("chess",))
    with pytest.raises(ConfigError, match="tasks: must be a list"):
        small.config(tasks=("words", "words"))
    with pytest.raises(ConfigError, match="classes: must be at least 1 for token_classification"):
        small.config(tasks=("token_classification",))
    assert small.config(**BERT).as_dict()["tasks"] == ["words", "next_sentence"]


def batch(config):
    chance = np.random.default_rng(2)
    ids = chance.integers(3, 8, (5, 8))
    targets = np.where(chance.random(ids.shape) < 0.2, chance.integers(3, 8, ids.shape), 0)
    targets[:, 0] = 5  # at least one a sentence, as many in each as may be
    return Batch(ids, targets, None, ids % 2, {"next_sentence": chance.integers(0, 2, (5, 1))})


def test_words_that_nobody_asks_for_are_not_worked_on_in_training():
    """The same loss and gradients as with all of them; only the asked-for rows reach the vocabulary."""
    config, given = small.config(**BERT), None
    weights, given = small.weights(config, 2, 0.5, "float64"), batch(config)
    loss, slopes = gradients(weights, config, given, Settings())
    record = Recorder(weights)
    whole = run(record, config, given.ids, None, given.segment_ids, given.targets, task_targets=given.task_targets)
    assert loss == pytest.approx(float(whole.value), rel=1e-12)
    trace = Trace.of(record)
    for name, slope in slopes.items():
        np.testing.assert_allclose(slope, trace.gradient(name).value, rtol=1e-9, atol=1e-12, err_msg=name)
    training = Recorder(weights, generator=np.random.default_rng(0))
    run(training, config, given.ids, None, given.segment_ids, given.targets, task_targets=given.task_targets)
    assert training.nodes["logits"].shape == (np.count_nonzero(given.targets), 8)
    assert evaluate(weights, config, [given]) == pytest.approx(loss, rel=1e-12)


def test_both_tasks_are_learned():
    config = small.config(**BERT)
    state, given = begin(small.weights(config, 1, 0.3)), batch(config)
    settings = Settings(steps=60, learning_rate=0.02, warmup=5)
    losses = [step.loss for step in train(state, config, [given] * 60, settings)]
    assert losses[-1] < 0.3 * losses[0]
