"""Decoding gives what full traces give, token by token; and beam search what trying everything gives."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine import small
from tests.engine.test_backends import library
from tutor.engine import cache
from tutor.engine.cache import NextToken, NextTokens
from tutor.engine.choosing import Decoding
from tutor.engine.decoding import decode_steps, greedy, greedy_each, length_penalty
from tutor.engine.ops import OPERATIONS

FAMILIES = ["2017", "2017 pre-norm", "gated", "GPT-2", "Llama without rotation"]
WRITERS = [name for name, fields in small.CONFIGS.items() if fields.get("architecture") != "encoder_only"]
PROMPT = (4, 5, 3)


def traced(weights, config, ids, answer):
    """The probabilities after `answer`, [vocabulary], out of a trace of the whole model."""
    if config.architecture == "encoder_decoder":
        trace = small.trace(config, ids, [config.start_id, *answer], weights=weights)
    else:
        trace = small.trace(config, [*ids, *answer], weights=weights)
    return trace["probabilities"].value[-1]


def slowly(weights, config, ids, maximum):
    """The greedy answer by tracing the whole model anew for every token."""
    answer = []
    while len(answer) < maximum:
        best = int(np.argmax(traced(weights, config, ids, answer)))
        if best == config.end_id:
            break
        answer.append(best)
    return answer


def last_step(*arguments, **keywords):
    *_, last = decode_steps(*arguments, **keywords)
    return last


# The cache


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("prompt", [PROMPT, (4, 5, 0, 0), (4, 0, 6)])
def test_cached_equals_traced(name, prompt):
    config = small.config(**small.CONFIGS[name])
    weights = small.weights(config, 1)
    following = NextToken(weights, config, prompt)
    answer = []
    probabilities = following.first()
    for token in (3, 0, 7, 7):
        np.testing.assert_allclose(probabilities, traced(weights, config, prompt, answer), atol=2e-6)
        answer.append(token)
        probabilities = following.following(token)
    np.testing.assert_allclose(probabilities, traced(weights, config, prompt, answer), atol=2e-6)


configs = st.fixed_dictionaries(
    {
        "architecture": st.sampled_from(["encoder_decoder", "decoder_only"]),
        "norm_position": st.sampled_from(["post", "pre"]),
        "final_norm": st.booleans(),
        "position": st.sampled_from(["sinusoidal", "learned", "none"]),
        "causal_mask": st.sampled_from([True, True, False]),
        "padding_mask": st.booleans(),
        "embedding_norm": st.booleans(),
        "tied_embeddings": st.booleans(),
        "decoder_layers": st.integers(1, 2),
        "heads": st.sampled_from([1, 2, 3]),
        "gated": st.booleans(),
    }
)
token = st.integers(0, small.SIZE["vocabulary"] - 1)
# Of each step the tokens of up to three hypotheses, and a number that says whose they are.
steps_of_hypotheses = st.lists(st.lists(st.tuples(token, st.integers(0, 2)), min_size=1, max_size=3), max_size=4)


@settings(max_examples=80, deadline=None)
@given(configs, st.lists(token, min_size=1, max_size=4), steps_of_hypotheses, st.integers(0, 9))
def test_hypotheses_share_steps_and_part_again(fields, prompt, steps, seed):
    config = small.config(**fields)
    weights = small.weights(config, seed)
    cached, uncached = (NextTokens(weights, config, prompt, cached=choice) for choice in (True, False))
    answers = [[]]
    rows = cached.first(), uncached.first()
    for step in [*steps, None]:
        for row, again, answer in zip(*rows, answers, strict=True):
            np.testing.assert_allclose(row, traced(weights, config, prompt, answer), atol=5e-6)
            np.testing.assert_allclose(again, row, atol=5e-6)
        if step:
            parents = [number % len(answers) for _, number in step]
            answers = [[*answers[parent], new] for (new, _), parent in zip(step, parents, strict=True)]
            rows = [one.following_each([new for new, _ in step], parents) for one in (cached, uncached)]


def test_no_row_of_the_past_is_computed_twice(monkeypatch):
    config = small.config(decoder_layers=2)
    seen = []
    forward = type(OPERATIONS["linear"]).forward

    def counted(self, x, *others, **params):
        seen.append(x.shape[-2])
        return forward(self, x, *others, **params)

    following = NextToken(small.weights(config), config, PROMPT)
    following.first()
    monkeypatch.setattr(type(OPERATIONS["linear"]), "forward", counted)
    for number in range(5):
        following.following(4 + number % 2)
    # A layer: query, key, value, output; then query and output, for the source's keys and values are known; two maps.
    assert seen == [1] * 5 * (2 * 8 + 1)


@pytest.mark.parametrize("architecture", ["encoder_decoder", "decoder_only"])
def test_what_the_cache_saves_is_counted(architecture):
    config = small.config(architecture=architecture, decoder_layers=2)
    weights = small.weights(config, 4)
    two = architecture == "encoder_decoder"
    first = 1 if two else len(PROMPT)  # the start token, or the prompt
    cross = 2 * 2 * len(PROMPT) if two else 0  # keys and values of two layers
    for how in (Decoding("greedy"), Decoding("beam", beams=3, length_penalty=0.6)):
        steps, uncached = (list(decode_steps(weights, config, PROMPT, 5, how, cached=it)) for it in (True, False))
        assert len(steps) == len(uncached) > 2
        running = 1
        for number, (step, slow) in enumerate(zip(steps, uncached, strict=True)):
            before = 0 if number == 0 else first + number - 1
            new = first if number == 0 else 1
            assert (step.work.positions, step.work.positions_reused) == (running * new, running * before)
            assert step.work.rows == 4 * running * new + (cross if number == 0 else 0)
            assert step.work.rows_reused == 4 * running * before + (0 if number == 0 else cross)
            assert slow.work.positions == step.work.positions + step.work.positions_reused
            assert slow.work.rows == step.work.rows + step.work.rows_reused
            assert slow.work.rows_reused == slow.work.positions_reused == 0
            running = len(step.survivors)


def test_the_buffer_of_rows_keeps_what_it_was_given():
    rows, whole = cache._Rows(), np.random.default_rng(0).standard_normal((2, 3, 11, 4))
    cut = 0
    for width in (2, 1, 1, 3, 1, 1, 2):
        found = rows.extended(whole[..., cut : cut + width, :].copy())
        cut += width
        np.testing.assert_array_equal(found, whole[..., :cut, :])
    rows.select(np.array([1, 1]))
    np.testing.assert_array_equal(rows.extended(whole[..., :1, :])[..., :cut, :], whole[[1, 1]])


@pytest.mark.parametrize("backend", ["numpy", "strict", "torch", "jax", "cupy"])
@pytest.mark.parametrize("architecture", ["encoder_decoder", "decoder_only"])
def test_every_backend_finds_the_same_answers(backend, architecture):
    arrays = library(backend)
    config = small.config(architecture=architecture)
    weights = small.weights(config, 3)
    for strategy in ("greedy", "beam", "sample"):
        how = Decoding(strategy, beams=3, seed=5)
        expected = last_step(weights, config, PROMPT, 5, how)
        found = last_step(weights, config, PROMPT, 5, how, backend=arrays)
        assert [one.ids for one in found.hypotheses] == [one.ids for one in expected.hypotheses]
        for one, other in zip(found.hypotheses, expected.hypotheses, strict=True):
            assert one.score == pytest.approx(other.score, abs=1e-4)


# Greedy


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("seed", range(4))
def test_greedy_is_the_arg_max_of_the_trace(name, seed):
    config = small.config(**small.CONFIGS[name])
    weights = small.weights(config, seed)
    answer = greedy(weights, config, PROMPT, 6)
    assert answer == slowly(weights, config, PROMPT, 6)
    assert config.end_id not in answer and all(type(token) is int for token in answer)
    last = last_step(weights, config, PROMPT, 6, Decoding())
    assert list(last.hypotheses[0].ids) == answer


@pytest.mark.parametrize("fields", [{}, {"position": "learned"}, {"causal_mask": False}], ids=str)
@pytest.mark.parametrize("maximum", [0, 1, 7, 30])
def test_several_sentences_at_once_get_the_answers_they_get_alone(fields, maximum):
    config = small.config(**fields)
    sentences = np.array([[4, 5, 7, 2], [4, 2, 0, 0], [6, 6, 2, 0], [3, 2, 0, 0], [7, 5, 2, 0]])
    lengths = set()
    for seed in range(10):
        weights = small.weights(config, seed)
        weights["logits.bias"][config.end_id] += 0.5  # so that some come to an end before others
        alone = [greedy(weights, config, [i for i in row if i], maximum) for row in sentences.tolist()]
        assert greedy_each(weights, config, sentences, maximum) == alone
        lengths |= set(map(len, alone))
    assert len(lengths) > 1 or maximum < 2


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


@pytest.mark.parametrize("strategy", ["greedy", "beam", "sample"])
def test_every_strategy_stops_at_the_end_token_and_at_the_length_asked_for(strategy):
    config = small.config(architecture="decoder_only")
    how = Decoding(strategy, beams=2, top_k=1)
    (step,) = decode_steps(speaking(config, _2=9.0), config, [4, 5], 5, Decoding(strategy, beams=1, top_k=1))
    assert [one.fate for one in step.ended] == ["ended"] and not step.survivors
    (one,) = step.hypotheses
    assert one.ids == () and one.ended
    assert one.log_probability == pytest.approx(math.log(step.ended[0].probability)) and one.probability > 0.99
    steps = list(decode_steps(speaking(config, _6=9.0), config, [4, 5], 5, how))
    assert len(steps) == 5 and steps[-1].hypotheses[0].ids == (6,) * 5 and not steps[-1].hypotheses[0].ended
    assert list(decode_steps(speaking(config, _6=9.0), config, [4, 5], 0, how)) == []


@pytest.mark.parametrize(("architecture", "room"), [("encoder_decoder", 9), ("decoder_only", 7)])
def test_it_stops_where_the_model_has_no_more_positions(architecture, room):
    config = small.config(architecture=architecture, position="learned")
    assert greedy(speaking(config, _6=1.0), config, PROMPT, 50) == [6] * room
    assert last_step(speaking(config, _6=9.0), config, PROMPT, 50, Decoding("beam")).number == room - 1


def test_an_encoder_has_nothing_to_say():
    config = small.config(architecture="encoder_only")
    assert greedy(small.weights(config), config, [4, 5], 5) == []
    assert list(decode_steps(small.weights(config), config, [4, 5], 5, Decoding("beam"))) == []


def test_what_ifs_reach_the_answer():
    config = small.config(vocabulary=8)
    weights = small.weights(config, 3)
    answers = {
        tuple(greedy(weights, config.changed(**changes), PROMPT, 8))
        for changes in ({}, {"residual": False}, {"position": "none"}, {"norm_position": "pre"})
    }
    assert len(answers) > 1


# Beam search


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("seed", range(6))
def test_one_beam_is_greedy(name, seed):
    config = small.config(**small.CONFIGS[name])
    weights = small.weights(config, seed)
    one = list(decode_steps(weights, config, PROMPT, 6, Decoding("beam", beams=1)))
    other = list(decode_steps(weights, config, PROMPT, 6, Decoding("greedy")))
    assert len(one) == len(other)
    assert [hypothesis.ids for hypothesis in one[-1].hypotheses] == [other[-1].hypotheses[0].ids]
    assert one[-1].hypotheses[0].ended == other[-1].hypotheses[0].ended


def everything(weights, config, prompt, maximum, alpha):
    """Every continuation there is, with its score: those that end, and those of the greatest length."""
    found = {}
    words = [number for number in range(config.output_vocabulary) if number != config.end_id]

    def extend(answer, total):
        row = traced(weights, config, prompt, answer)
        penalty = length_penalty(len(answer) + 1, alpha)
        found[answer, True] = (total + math.log(row[config.end_id])) / penalty
        for word in words:
            grown = total + math.log(row[word])
            if len(answer) + 1 == maximum:
                found[(*answer, word), False] = grown / penalty
            else:
                extend((*answer, word), grown)

    extend((), 0.0)
    return found


@pytest.mark.parametrize("architecture", ["encoder_decoder", "decoder_only"])
@pytest.mark.parametrize("alpha", [0.0, 1.0, 2.5])
def test_a_beam_as_wide_as_all_there_is_tries_everything(architecture, alpha):
    config = small.config(architecture=architecture, vocabulary=5, d_model=4)
    weights = small.weights(config, 2)
    prompt = (4, 3)
    expected = everything(weights, config, prompt, 3, alpha)
    found = last_step(weights, config, prompt, 3, Decoding("beam", beams=256, length_penalty=alpha)).hypotheses
    assert {(one.ids, one.ended) for one in found} == set(expected) and len(found) == len(expected)
    for one in found:
        assert one.score == pytest.approx(expected[one.ids, one.ended], abs=1e-4)
    assert (found[0].ids, found[0].ended) == max(expected, key=lambda key: expected[key])
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def beams_by_hand(weights, config, prompt, maximum, width):
    """Beam search out of traces: the `width` best go on, those that end among the best `width` are done."""
    running, ended = [((), 0.0)], []
    for _ in range(maximum):
        grown = [
            ((*answer, word), total + math.log(share), word == config.end_id)
            for answer, total in running
            for word, share in enumerate(traced(weights, config, prompt, answer))
        ]
        grown.sort(key=lambda one: -one[1])
        ended += [(ids[:-1], total) for ids, total, end in grown[:width] if end]
        running = [(ids, total) for ids, total, end in grown if not end][:width]
        if len(ended) >= width:
            return [], ended
    return running, ended


@pytest.mark.parametrize("width", [2, 3, 5])
@pytest.mark.parametrize("seed", range(6))
def test_a_narrow_beam_is_the_beam_search_of_the_book(width, seed):
    config = small.config(architecture="decoder_only" if seed % 2 else "encoder_decoder")
    weights = small.weights(config, seed)
    running, ended = beams_by_hand(weights, config, PROMPT, 5, width)
    last = last_step(weights, config, PROMPT, 5, Decoding("beam", beams=width, length_penalty=0.0))
    assert {one.ids for one in last.hypotheses if one.ended} == {ids for ids, _ in ended}
    assert [one.ids for one in last.hypotheses if not one.ended] == [ids for ids, _ in running]
    totals = dict(running) | dict(ended)
    for one in last.hypotheses:
        assert one.score == one.log_probability == pytest.approx(totals[one.ids], abs=1e-4)


def test_beams_find_what_greedy_decoding_passes_by():
    better = 0
    for seed in range(20):
        config = small.config()
        weights = small.weights(config, seed)
        best = {
            name: last_step(weights, config, PROMPT, 4, Decoding(name, beams=64, length_penalty=0.0)).hypotheses[0]
            for name in ("greedy", "beam")
        }
        assert best["beam"].log_probability >= best["greedy"].log_probability - 1e-6
        better += best["beam"].log_probability > best["greedy"].log_probability + 1e-3
    assert better


def test_the_length_penalty_is_that_of_the_paper_and_favours_the_long():
    assert length_penalty(7, 0.0) == 1.0
    assert length_penalty(1, 1.0) == 1.0
    assert length_penalty(7, 2.0) == 4.0
    config = small.config(architecture="decoder_only")
    weights = speaking(config, _2=9.0, _6=9.0)  # each of the two as likely as not
    lengths = []
    for alpha in (0.0, 6.0):
        last = last_step(weights, config, PROMPT, 6, Decoding("beam", beams=3, length_penalty=alpha))
        lengths.append(len(last.hypotheses[0].ids))
    assert lengths[0] < lengths[1]


def test_the_steps_of_a_beam_search_are_a_tree():
    config = small.config()
    weights = small.weights(config, 4)
    steps = list(
        decode_steps(weights, config, PROMPT, 5, Decoding("beam", beams=3, length_penalty=0.6), list("abcdefgh"))
    )
    paths = {0: ((), 0.0)}
    ended = []
    for number, step in enumerate(steps):
        assert step.number == number
        assert len(step.candidates) <= 6 and len(step.survivors) <= 3
        totals = [one.total for one in step.candidates]
        assert totals == sorted(totals, reverse=True)
        for one in step.candidates:
            ids, total = paths[one.parent]
            row = traced(weights, config, PROMPT, list(ids))
            assert one.label == "abcdefgh"[one.token]
            assert one.probability == pytest.approx(row[one.token], abs=1e-5)
            assert one.log_probability == pytest.approx(math.log(one.probability))
            assert one.total == pytest.approx(total + one.log_probability)
            assert one.score == pytest.approx(one.total / length_penalty(number + 1, 0.6))
        ended += [(paths[one.parent][0], one.score) for one in step.ended]
        paths = dict(enumerate(((*paths[one.parent][0], one.token), one.total) for one in step.survivors))
    left = steps[-1].hypotheses
    assert sorted((one.ids, one.score) for one in left if one.ended) == sorted(ended)
    assert sorted(one.ids for one in left if not one.ended) == sorted(ids for ids, _ in paths.values())


@pytest.mark.parametrize("strategy", ["greedy", "beam", "sample"])
def test_a_step_has_the_logits_and_where_asked_for_all_probabilities(strategy):
    config = small.config()
    weights = small.weights(config, 4)
    paths = [()]
    for step in decode_steps(weights, config, PROMPT, 4, Decoding(strategy, beams=2, seed=1), with_all=True):
        assert step.probabilities.shape == (len(paths), config.vocabulary)
        for one in step.candidates:
            target = [config.start_id, *paths[one.parent]]
            trace = small.trace(config, PROMPT, target, weights=weights)
            assert one.logit == pytest.approx(trace["logits"].value[-1][one.token], abs=1e-5)
            assert one.probability == pytest.approx(float(step.probabilities[one.parent, one.token]))
        paths = [(*paths[one.parent], one.token) for one in step.survivors]
    assert next(decode_steps(weights, config, PROMPT, 4, Decoding(strategy))).probabilities is None


@pytest.mark.parametrize("strategy", ["greedy", "beam", "sample"])
@pytest.mark.filterwarnings("error")
def test_a_model_of_not_a_numbers_still_comes_to_an_end(strategy):
    config = small.config(architecture="decoder_only")
    weights = {name: np.full_like(array, np.nan) for name, array in small.weights(config).items()}
    steps = list(decode_steps(weights, config, PROMPT, 4, Decoding(strategy, top_p=0.9, temperature=2.0)))
    assert 1 <= len(steps) <= 4 and steps[-1].hypotheses


# Sampling


def test_samples_come_as_often_as_they_should():
    config = small.config(architecture="decoder_only")
    weights = speaking(config, _3=1.0, _4=2.0, _5=0.5)
    expected = traced(weights, config, PROMPT, [])
    drawn = [
        next(decode_steps(weights, config, PROMPT, 1, Decoding("sample", seed=seed))).hypotheses[0]
        for seed in range(3000)
    ]
    tokens = [config.end_id if one.ended else one.ids[0] for one in drawn]
    counts = np.bincount(tokens, minlength=config.vocabulary) / len(tokens)
    np.testing.assert_allclose(counts, expected, atol=0.03)


def test_a_seed_is_repeated_exactly_and_seeds_differ():
    config = small.config()
    weights = small.weights(config, 3, spread=0.2)
    answers = [
        last_step(weights, config, PROMPT, 6, Decoding("sample", seed=seed)) for seed in [*range(12), *range(12)]
    ]
    assert answers[:12] == answers[12:]
    assert len({one.hypotheses[0].ids for one in answers}) > 6


@pytest.mark.parametrize("how", [{"temperature": 0}, {"temperature": 1e-6}, {"top_k": 1}, {"top_p": 1e-9}])
def test_the_coldest_sample_is_greedy(how):
    for seed in range(6):
        config = small.config()
        weights = small.weights(config, seed)
        sampled = last_step(weights, config, PROMPT, 6, Decoding("sample", seed=seed, **how))
        assert list(sampled.hypotheses[0].ids) == greedy(weights, config, PROMPT, 6)


def test_the_token_drawn_is_among_the_candidates_shown():
    config = small.config(architecture="decoder_only", vocabulary=40)
    weights = small.weights(config, 1, spread=0.01)  # all tokens nearly alike
    beyond = 0
    for seed, _ in itertools.product(range(8), range(1)):
        for step in decode_steps(weights, config, PROMPT, 6, Decoding("sample", seed=seed)):
            assert len(step.candidates) == 10
            chosen = [one for one in step.candidates if one.fate != "dropped"]
            assert len(chosen) == 1
            shares = [one.probability for one in step.candidates]
            beyond += shares[-1] == chosen[0].probability
            assert shares[:-1] == sorted(shares[:-1], reverse=True)
    assert beyond
