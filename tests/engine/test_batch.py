"""Batches, which training needs: a padded batch gives each sentence what it gives the sentence alone."""

import numpy as np
import pytest

from tests.engine import small
from tutor.engine.recorder import Recorder
from tutor.engine.transformer import run

SENTENCES = [[4, 5, 7, 4], [6, 3], [5]]
ANSWERS = [[1, 6, 3], [1, 5, 7], [1, 4, 4]]


def padded(sentences, width):
    return np.array([sentence + [0] * (width - len(sentence)) for sentence in sentences])


def probabilities(config, ids, target=None, segments=None):
    record = Recorder(small.weights(config))
    return run(record, config, ids, target, segments).value


TEXT = {name: changes for name, changes in small.CONFIGS.items() if not {"patch", "series"} & set(changes)}
ALONE = [name for name, changes in TEXT.items() if changes.get("padding_mask", True) and "choices" not in changes]


@pytest.mark.parametrize("name", ALONE)
def test_a_batch_is_its_sentences(name):
    config = small.config(**small.CONFIGS[name])
    two = config.architecture == "encoder_decoder"
    batch = probabilities(config, padded(SENTENCES, 6), np.array(ANSWERS) if two else None)
    assert len(batch) == 3
    if "words" in config.tasks:
        assert batch.shape == (3, 3 if two else 6, config.output_vocabulary)
    for together, sentence, answer in zip(batch, SENTENCES, ANSWERS, strict=True):
        alone = probabilities(config, sentence, answer if two else None)
        np.testing.assert_allclose(together[: len(alone)], alone, atol=2e-6)


@pytest.mark.parametrize("name", TEXT)
def test_a_batch_of_one_and_batches_of_batches(name):
    config = small.config(**small.CONFIGS[name])
    target = np.array([small.TARGET]) if config.architecture == "encoder_decoder" else None
    alone = probabilities(config, small.SOURCE, None if target is None else target[0])
    np.testing.assert_allclose(probabilities(config, [small.SOURCE], target)[0], alone, atol=1e-6)


def test_every_node_of_a_batch_is_that_of_its_sentence():
    config = small.config(heads_off=("encoder.0.self_attention.1",))
    record = Recorder(small.weights(config))
    run(record, config, padded(SENTENCES, 4), np.array(ANSWERS))
    for i, (sentence, answer) in enumerate(zip(SENTENCES, ANSWERS, strict=True)):
        trace = small.trace(config, sentence + [0] * (4 - len(sentence)), answer)
        for name, node in record.nodes.items():
            alone = trace[name].value
            value = node.value
            together = value[i] if value.ndim > alone.ndim else value  # position waves are the same for all
            if name.endswith("mask"):
                together = together[0]  # [batch, 1, query, key]: one for all heads
            np.testing.assert_allclose(
                np.asarray(together, dtype=float), np.asarray(alone, dtype=float), atol=1e-5, err_msg=name
            )


def test_a_batch_of_pictures():
    config = small.config(**small.CONFIGS["ViT"])
    record = Recorder(small.weights(config))
    pictures = small.picture(config, 3)
    run(record, config, pictures)
    for i, picture in enumerate(pictures):
        alone = Recorder(small.weights(config))
        run(alone, config, picture)
        for name in ("embedding.output", "encoder.output", "sequence_classification.logits"):
            np.testing.assert_allclose(record.nodes[name].value[i], alone.nodes[name].value, atol=1e-6)


@pytest.mark.parametrize("name", [name for name, changes in small.CONFIGS.items() if "series" in changes])
def test_a_batch_of_series(name):
    config = small.config(**small.CONFIGS[name])
    record, given = Recorder(small.weights(config)), small.series(config, 3)
    run(record, config, given)
    for i, series in enumerate(given):
        alone = Recorder(small.weights(config))
        run(alone, config, series)
        for node in ("series.normalised", "embedding.output", "encoder.output", list(alone.nodes)[-1]):
            np.testing.assert_allclose(record.nodes[node].value[i], alone.nodes[node].value, atol=1e-5)


def test_a_batch_of_questions_with_answers_to_choose():
    config = small.config(**small.CONFIGS["multiple choice"])
    ids = np.array([[4, 5, 7, 4], [6, 3, 6, 7]])
    batch = probabilities(config, ids)
    assert batch.shape == (2, 1, 2)
    for together, one in zip(batch, ids, strict=True):
        np.testing.assert_allclose(together, probabilities(config, one), atol=1e-6)


def test_segments_of_a_batch():
    config = small.config(**small.CONFIGS["BERT"])
    segments = np.array([[0, 0, 1, 1], [0, 1, 1, 0]])
    batch = probabilities(config, [small.SOURCE, small.SOURCE], None, segments)
    for together, one in zip(batch, segments, strict=True):
        np.testing.assert_allclose(together, probabilities(config, small.SOURCE, None, one), atol=1e-6)
    assert not np.allclose(batch[0], batch[1])
