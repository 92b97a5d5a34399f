"""Greedy decoding is the arg max of a full trace, one token at a time."""

import numpy as np
import pytest

from tests.engine import small
from tutor.engine.decoding import greedy

FAMILIES = ["2017", "2017 pre-norm", "gated", "GPT-2", "Llama without rotation"]


def slowly(weights, config, ids, maximum):
    """The same answer by tracing the whole model anew for every token."""
    answer = []
    while len(answer) < maximum:
        if config.architecture == "encoder_decoder":
            trace = small.trace(config, ids, [config.start_id, *answer], weights=weights)
        else:
            trace = small.trace(config, [*ids, *answer], weights=weights)
        best = int(np.argmax(trace["probabilities"].value[-1]))
        if best == config.end_id:
            break
        answer.append(best)
    return answer


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("seed", range(4))
def test_greedy_is_the_arg_max_of_the_trace(name, seed):
    config = small.config(**small.CONFIGS[name])
    weights = small.weights(config, seed)
    answer = greedy(weights, config, [4, 5, 3], 6)
    assert answer == slowly(weights, config, [4, 5, 3], 6)
    assert config.end_id not in answer and all(type(token) is int for token in answer)


def speaking(config, **bias):
    """Weights under which the model says what its output bias says."""
    weights = small.weights(config)
    weights["logits.weight"] *= 0
    weights["logits.bias"] = np.zeros(config.output_vocabulary, dtype=np.float32)
    for token, value in bias.items():
        weights["logits.bias"][int(token[1:])] = value
    return weights


@pytest.mark.parametrize("architecture", ["encoder_decoder", "decoder_only"])
def test_it_stops_at_the_end_token_and_at_the_length_asked_for(architecture):
    config = small.config(architecture=architecture)
    assert greedy(speaking(config, _2=1.0), config, [4, 5], 5) == []
    assert greedy(speaking(config, _6=1.0), config, [4, 5], 5) == [6] * 5
    assert greedy(speaking(config, _6=1.0), config, [4, 5], 0) == []


@pytest.mark.parametrize(("architecture", "room"), [("encoder_decoder", 9), ("decoder_only", 7)])
def test_it_stops_where_the_model_has_no_more_positions(architecture, room):
    config = small.config(architecture=architecture, position="learned")
    assert greedy(speaking(config, _6=1.0), config, [4, 5, 3], 50) == [6] * room


def test_an_encoder_has_nothing_to_say():
    config = small.config(architecture="encoder_only")
    assert greedy(small.weights(config), config, [4, 5], 5) == []


def test_what_ifs_reach_the_answer():
    config = small.config(vocabulary=8)
    weights = small.weights(config, 3)
    answers = {
        tuple(greedy(weights, config.changed(**changes), [4, 5, 3], 8))
        for changes in ({}, {"residual": False}, {"position": "none"}, {"norm_position": "pre"})
    }
    assert len(answers) > 1
