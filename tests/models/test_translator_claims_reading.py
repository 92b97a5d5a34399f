"""What the lessons up to 41 and their questions say of the translator; TRANSLATOR names another model to ask."""

import os

import numpy as np
import pytest

from tutor.models.registry import load_model

MODEL = os.environ.get("TRANSLATOR", "translator")
VISIBLE = 0.005  # the least that two decimals show


@pytest.fixture(scope="module")
def run():
    model, kept = load_model(MODEL), {}

    def trace(text, target=None, pad_to=None, **config):
        key = (text, target, pad_to, tuple(config.items()))
        if key not in kept:
            kept[key] = model.trace(text, target=target, pad_to=pad_to, config=config or None)
        return kept[key]

    trace.generate = model.generate
    trace.ids = lambda text: list(model.read(text).ids)
    return trace


def weights(trace, name):
    return trace[f"{name}.weights"].value


def entropy(shares):
    return -(shares * np.log(np.maximum(shares, 1e-12))).sum(axis=-1)


def size(values):
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))


def rows_differ_by(matrix):
    return float(np.std(matrix, axis=0).mean())


# the-whole-machine


def test_with_another_last_word_the_first_row_changes_too(run):
    first = [run(text)["encoder.output"].value[0] for text in ("I am a student", "I am a teacher")]
    assert np.abs(first[0] - first[1]).max() > VISIBLE


def test_student_into_teacher_changes_some_tokens_of_the_answer_and_not_all(run):
    student, teacher = (run(text).target for text in ("I am a student", "I am a teacher"))
    assert "学生" in student
    assert student != teacher and any(a == b for a, b in zip(student, teacher, strict=False))


def test_the_last_row_ends_the_answer_and_no_row_before_it_does(run):
    trace = run("I am a student")
    likeliest = trace["probabilities"].value.argmax(axis=-1)
    assert list(np.flatnonzero(likeliest == trace.config.end_id)) == [len(likeliest) - 1]


def test_the_second_row_s_likeliest_token_stands_second_in_the_answer(run):
    trace = run("I am a student")
    node = trace["probabilities"]
    assert node.labels[-1][node.value[1].argmax()] == trace.target[1]


def test_one_draw_or_another_gives_another_answer(run):
    draws = {run.generate("I am a student", strategy="sample", seed=seed).text for seed in range(6)}
    assert draws - {run.generate("I am a student").text}


# tokens-and-merges


def test_the_rows_of_pieces_that_hardly_came_up_hardly_changed(run):
    rare = {id for text in ("ไทย", "日本語", "😀") for id in run.ids(text)[:-1]}
    common = run.ids("The cat and the dog saw the man and the student likes cats")[:-1]
    table = run("I am a student")["encoder.embedding.token.table"].value
    # Before training a row's length is about 1.
    grown = [abs(np.median(np.linalg.norm(table[list(ids)], axis=-1)) - 1) for ids in (rare, common)]
    assert grown[0] < grown[1]


# embedding-look-up


def test_the_table_s_numbers_are_small_and_unscaled_they_would_drown(run):
    trace = run("the cat and the dog")
    token, scaled, position = (size(trace[f"encoder.embedding.{n}"].value) for n in ("token", "scaled", "position"))
    assert size(trace["encoder.embedding.token.table"].value) < position / 3
    assert token < position / 3 and scaled > position / 2


def test_the_gradient_s_row_of_a_word_is_full_and_the_rows_beside_it_are_not(run):
    trace = run("the cat and the dog")
    gradient = trace.gradient("encoder.embedding.token.table").value
    fetched = sorted(set(run.ids("the cat and the dog")))
    assert (np.abs(gradient[fetched]) > 0.0005).mean() > 0.9
    assert not np.delete(gradient, fetched, axis=0).any()


# position


def test_with_positions_a_word_s_row_depends_on_its_place(run):
    one, other = (run(text) for text in ("the dog saw the man", "the man saw the dog"))
    assert np.abs(one["encoder.output"].value[1] - other["encoder.output"].value[4]).max() > VISIBLE
    assert abs(one["encoder.output"].value[1, 0] - other["encoder.output"].value[4, 0]) > VISIBLE


# query-key-value


def test_first_looks_at_last_with_another_score_than_last_at_first(run):
    scores = run("The cat slept")["encoder.0.self_attention.scores"].value[0]
    assert abs(scores[0, -1] - scores[-1, 0]) > VISIBLE


# masks

RIVER = {"text": "The river froze last night", "target": "昨晚河面结冰了", "pad_to": 12}
LOOKS = "self_attention"


def visible(trace):
    return int((trace["encoder.mask"].value[0] > 0).sum())


def test_in_layer_2_heads_spread_wider_than_in_layer_1(run):
    trace = run(**RIVER)
    n = visible(trace)
    first, second = (entropy(weights(trace, f"encoder.{k}.{LOOKS}")[:, :n, :n]).mean() for k in (0, 1))
    assert n < 12 and second > first


def test_a_score_of_0_is_often_not_the_lowest_of_its_row(run):
    trace = run(**RIVER)
    n = visible(trace)
    scores = trace[f"encoder.1.{LOOKS}.scaled"].value[:, :n, :n]
    assert (scores.min(axis=-1) < 0).mean() > 0.3


def test_without_the_padding_mask_the_filler_takes_a_share_that_shows(run):
    trace = run(**RIVER, padding_mask=False)
    shares = weights(trace, f"encoder.1.{LOOKS}")[:, : visible(run(**RIVER)), visible(run(**RIVER)) :]
    assert shares[:, 0].sum(axis=-1).max() > 0.01 and shares.sum(axis=-1).mean() > 0.05


def test_without_the_causal_mask_the_1_at_the_top_left_falls(run):
    assert weights(run(**RIVER, causal_mask=False), f"decoder.0.{LOOKS}")[0, 0, 0] < 0.98


def test_without_the_causal_mask_the_last_row_changes_in_layer_2_but_not_in_layer_1(run):
    changes = [
        np.abs(weights(run(**RIVER, causal_mask=False), name) - weights(run(**RIVER), name))[:, -1].max()
        for name in (f"decoder.0.{LOOKS}", f"decoder.1.{LOOKS}")
    ]
    assert changes[0] < 1e-5 and changes[1] > VISIBLE


# heads-and-projection

CATS = "She likes cats"


def test_one_head_looks_at_a_neighbour_and_another_at_the_end(run):
    at = weights(run(CATS), f"encoder.1.{LOOKS}").argmax(axis=-1)
    head, query = np.indices(at.shape)
    beside = set(head[(np.abs(at - query) == 1) & (at != 3)])
    ends = set(head[(at == 3) & (query < 3)])
    assert beside and ends and len(beside | ends) > 1


def test_heads_do_not_agree_on_whom_a_token_looks_at_most(run):
    at = weights(run(CATS), f"encoder.1.{LOOKS}").argmax(axis=-1)
    assert sum(len(set(column)) > 1 for column in at.T) >= 2


def test_without_head_1_all_columns_of_the_output_change(run):
    node = f"encoder.1.{LOOKS}.output"
    off = run(CATS, target=run(CATS).target, heads_off=(f"encoder.1.{LOOKS}.0",))
    changed = np.abs(off[node].value - run(CATS)[node].value).max(axis=0) > VISIBLE
    assert changed.mean() > 0.9


# cross-attention, and the question cross-attention-sources

LIKES = {"text": CATS, "target": "她喜欢猫"}
START, SHE, LIKE, LIKE_MORE, CAT = range(5)
NEXT = {START: 0, SHE: 1, LIKE_MORE: 2}  # an answer's row, and the word that its next token translates


def cross(trace, layer):
    return weights(trace, f"decoder.{layer}.cross_attention")


def test_in_the_last_layer_head_1_s_second_row_looks_most_at_the_word_that_comes_next(run):
    assert cross(run(**LIKES), 2)[0, SHE].argmax() == 1


@pytest.mark.parametrize(("row", "word"), NEXT.items())
def test_in_the_last_layer_most_heads_lean_to_the_word_about_to_be_translated(run, row, word):
    assert (cross(run(**LIKES), 2)[:, row].argmax(axis=-1) == word).mean() >= 0.5


def test_a_row_with_nothing_to_look_for_may_rest_on_the_end_token(run):
    resting = cross(run(**LIKES), 2)[:, [LIKE, CAT]].argmax(axis=-1) == 3
    assert resting.any()


def test_in_the_first_layer_it_is_not_as_clear(run):
    first, last = (np.mean([cross(run(**LIKES), k)[:, r, w] for r, w in NEXT.items()]) for k in (0, 2))
    assert first < last - 0.1


# three-attentions


def test_without_the_causal_mask_the_cross_attention_changes_too_and_the_encoder_s_does_not(run):
    def change(name):
        return np.abs(weights(run(**LIKES, causal_mask=False), name) - weights(run(**LIKES), name)).max()

    assert change(f"decoder.0.{LOOKS}") > VISIBLE and change("decoder.0.cross_attention") > VISIBLE
    assert max(change(f"encoder.{k}.{LOOKS}") for k in range(3)) == 0


# residual-connections

WITH = {"text": CATS, "target": "她喜欢猫。"}
WITHOUT = {**WITH, "residual": False}


def ratio(run, name):
    """The size of a gradient without the sums, in sizes of the one with them."""
    return size(run(**WITHOUT).gradient(name).value) / size(run(**WITH).gradient(name).value)


def test_without_the_sum_the_rows_of_all_words_melt_into_one(run):
    before, after = (run(**which)["encoder.output"].value for which in (WITH, WITHOUT))
    assert rows_differ_by(after) < 0.05 * rows_differ_by(before)
    assert np.ptp(after[:, 0]) < 0.05 * np.ptp(before[:, 0])


def test_without_the_sum_the_answer_suffers(run):
    assert float(run(**WITHOUT)["loss"].value) > float(run(**WITH)["loss"].value) + 1


def test_without_the_sum_the_gradient_at_the_bottom_of_the_decoder_all_but_vanishes(run):
    assert ratio(run, "decoder.embedding.output") < 0.001


def test_where_all_rows_are_one_the_gradient_of_the_weights_stands_and_that_of_the_scores_is_lost(run):
    gradients = [run(**WITHOUT).gradient(f"decoder.2.cross_attention.{name}").value for name in ("weights", "scores")]
    assert size(gradients[0]) > 0.01 and size(gradients[1]) < 0.001 * size(gradients[0])
    assert np.ptp(gradients[0], axis=-1).max() < 0.1 * size(gradients[0])
