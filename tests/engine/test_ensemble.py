"""Several models, or one, for many sentences at once: what each would find alone, and the mean of what they think."""

import numpy as np
import pytest

from tests.engine import small
from tutor.engine.choosing import Decoding
from tutor.engine.decoding import decode_steps
from tutor.engine.ensemble import beam_each, log_probability_each

SENTENCES = np.array([[4, 5, 7, 2], [4, 2, 0, 0], [6, 6, 2, 0], [3, 2, 0, 0], [7, 5, 2, 0]])
CONFIG = small.config()


def weights(seed):
    found = small.weights(CONFIG, seed)
    found["logits.bias"][CONFIG.end_id] += 1.0  # so that some come to an end before others
    found["logits.bias"][CONFIG.pad_id] -= 9.0  # as a trained model has it
    return found


def alone(found, row, beams, maximum):
    *_, last = decode_steps(found, CONFIG, [i for i in row if i], maximum, Decoding("beam", beams, 0.0))
    return [hypothesis for hypothesis in last.hypotheses if hypothesis.ended]


def ordered(hypotheses):
    return sorted(hypotheses, key=lambda one: -one.log_probability)


@pytest.mark.parametrize("beams", [1, 3, 4])
@pytest.mark.parametrize("maximum", [1, 6, 12])
def test_one_model_finds_for_many_sentences_what_it_finds_for_each(beams, maximum):
    counts = set()
    for seed in range(6):
        found = beam_each([weights(seed)], CONFIG, SENTENCES, beams, maximum)
        for row, hypotheses in zip(SENTENCES.tolist(), found, strict=True):
            expected = alone(weights(seed), row, beams, maximum)
            assert [one.ids for one in ordered(hypotheses)] == [one.ids for one in expected]
            logs = [one.log_probability for one in ordered(hypotheses)]
            assert logs == pytest.approx([one.log_probability for one in expected], abs=1e-5)
            counts.add(len(hypotheses))
    assert counts - {0} or maximum == 1


def test_a_model_beside_itself_finds_what_it_finds_alone():
    one, two = (beam_each([weights(2)] * count, CONFIG, SENTENCES, 3, 8) for count in (1, 2))
    assert [[h.ids for h in row] for row in one] == [[h.ids for h in row] for row in two]
    assert any(one)


def test_together_a_token_has_the_mean_of_their_probabilities():
    models = [weights(seed) for seed in (1, 2)]
    for row, hypotheses in zip(SENTENCES, beam_each(models, CONFIG, SENTENCES, 3, 8), strict=True):
        for hypothesis in hypotheses:
            ids, so_far, total = [i for i in row.tolist() if i], [CONFIG.start_id], 0.0
            for token in (*hypothesis.ids, CONFIG.end_id):
                rows = [small.trace(CONFIG, ids, so_far, weights=one)["probabilities"].value[-1] for one in models]
                total += np.log((rows[0][token] + rows[1][token]) / 2)
                so_far.append(token)
            assert hypothesis.log_probability == pytest.approx(total, abs=1e-5)


def test_an_answer_is_as_likely_as_the_search_that_found_it_says():
    models = [weights(seed) for seed in (1, 2)]
    found = beam_each(models, CONFIG, SENTENCES, 3, 8)
    pairs = [(row, one) for row, hypotheses in zip(SENTENCES, found, strict=True) for one in hypotheses]
    answers = np.zeros((len(pairs), 1 + max(len(one.ids) for _row, one in pairs)), dtype=int)
    for row, (_sentence, one) in zip(answers, pairs, strict=True):
        row[: len(one.ids) + 1] = (*one.ids, CONFIG.end_id)
    logs = log_probability_each(models, CONFIG, np.stack([row for row, _one in pairs]), answers)
    np.testing.assert_allclose(logs, [one.log_probability for _row, one in pairs], atol=1e-5)
