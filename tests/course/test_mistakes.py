"""Each mistake is the computation a learner would really make, here done a second time by hand."""

import numpy as np
import pytest

import tutor
from tests.course.sample import with_line
from tutor.course.lesson_file import parse_lesson
from tutor.course.mistakes import MISTAKES, MistakeError, slips
from tutor.course.programs import run_program

PLACE = "encoder.0.self_attention"
CROSS = "decoder.0.cross_attention"


@pytest.fixture(scope="module")
def model():
    return tutor.load_model("translator")


@pytest.fixture(scope="module")
def trace(model):
    return model.trace("The river froze last night", target="昨晚河面结冰了", pad_to=9)


@pytest.fixture(scope="module")
def program():
    return run_program(parse_lesson(with_line("- R: {relu: H}", "- R: {relu: H}\n    - M: {multiply: [H, R]}")).program)


def values(trace, node: str, mistake: str) -> list[np.ndarray]:
    return [slip.value for slip in slips(trace, trace[node], mistake)]


def softmax(x):
    with np.errstate(invalid="ignore"):
        e = np.exp(x - np.nan_to_num(x.max(-1, keepdims=True), neginf=0))
    return e / np.where(e.sum(-1, keepdims=True) == 0, 1, e.sum(-1, keepdims=True))


def number(trace, name: str) -> np.ndarray:
    value = trace[name].value
    return value.astype(float) if value.dtype.kind == "f" else value


def close(actual, expected):
    assert len(actual) == 1
    np.testing.assert_allclose(actual[0], expected, rtol=2e-4, atol=2e-5)


def test_scaling(trace, model):
    scores = number(trace, f"{PLACE}.scores")
    close(values(trace, f"{PLACE}.scaled", "unscaled"), scores)
    close(values(trace, f"{PLACE}.scaled", "scaled_by_d_model"), scores / np.sqrt(model.config.d_model))


def test_a_mistake_before_the_node_is_carried_on_to_it(trace):
    masked = np.where(trace["encoder.mask"].value, number(trace, f"{PLACE}.scores"), -np.inf)
    close(values(trace, f"{PLACE}.weights", "unscaled"), softmax(masked))
    (slip,) = slips(trace, trace[f"{PLACE}.weights"], "unscaled")
    assert slip.source == f"{PLACE}.scaled"


def test_key_not_transposed_pairs_a_row_of_q_with_a_column_of_k(trace):
    query, key = number(trace, f"{PLACE}.query"), number(trace, f"{PLACE}.key")
    (found,) = values(trace, f"{PLACE}.scores", "key_not_transposed")
    n, d = query.shape[1:]
    assert n == 9 < d
    assert found[1, 2, 3] == pytest.approx(sum(query[1, 2, f] * key[1, f, 3] for f in range(n)), rel=1e-5)
    assert not np.isnan(found).any()


def test_a_cell_for_which_the_mistake_gives_no_number_has_none():
    model = tutor.load_model("proverbs")
    trace = model.trace("马无夜草不肥")
    for name in ("scores", "scaled", "masked"):
        (found,) = values(trace, f"{PLACE}.{name}", "key_not_transposed")
        d = trace[f"{PLACE}.key"].shape[-1]
        assert np.isnan(found[..., d:]).all() and not np.isnan(found[..., :d]).any()


def test_softmax_and_its_mask(trace):
    masked, allowed = number(trace, f"{PLACE}.masked"), trace["encoder.mask"].value.astype(bool)
    scaled = number(trace, f"{PLACE}.scaled")
    name = f"{PLACE}.weights"
    columns = softmax(masked.swapaxes(1, 2)).swapaxes(1, 2)
    close(values(trace, name, "softmax_over_columns"), columns)
    finite = np.where(allowed, scaled, 0)
    close(values(trace, name, "softmax_without_exponential"), finite / finite.sum(-1, keepdims=True))
    close(values(trace, name, "softmax_unmasked"), softmax(scaled))
    close(values(trace, name, "mask_after_softmax"), softmax(scaled) * allowed)
    close(values(trace, name, "zero_instead_of_minus_infinity"), softmax(finite))
    close(values(trace, f"{PLACE}.masked", "zero_instead_of_minus_infinity"), finite)


def test_products(program):
    x, a = number(program, "X"), number(program, "A")
    close(values(program, "Z", "row_for_column"), x @ a.T)
    close(values(program, "Z", "operands_swapped"), a @ x)
    by_hand = [[sum(x[i, k] + a[k, j] for k in range(2)) for j in range(2)] for i in range(2)]
    close(values(program, "Z", "added_instead_of_multiplied"), by_hand)
    h, r = number(program, "H"), number(program, "R")
    close(values(program, "M", "added_instead_of_multiplied"), h + r)


def test_bias_and_activation(program, trace):
    z, b = number(program, "Z"), number(program, "b")
    close(values(program, "H", "forgot_bias"), z)
    close(values(program, "H", "row_for_column"), z + b)
    close(values(program, "R", "negative_kept"), number(program, "H"))
    name = "encoder.0.feed_forward"
    hidden = number(trace, f"{name}.hidden")
    close(values(trace, f"{name}.hidden", "forgot_bias"), hidden - number(trace, f"{name}.hidden.bias"))
    close(values(trace, f"{name}.activation", "negative_kept"), hidden)


def test_residual_and_norm(trace, model):
    output, residual = number(trace, f"{PLACE}.output"), number(trace, f"{PLACE}.residual")
    close(values(trace, f"{PLACE}.residual", "forgot_residual"), output)
    scale, shift = (number(trace, f"{PLACE}.norm.{name}") for name in ("scale", "shift"))

    def norm(x, axis):
        return (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + model.config.norm_epsilon)

    close(values(trace, f"{PLACE}.norm", "population_over_sentence"), norm(residual, 0) * scale + shift)
    close(values(trace, f"{PLACE}.norm", "norm_without_scale"), norm(residual, 1))
    close(values(trace, f"{PLACE}.norm", "forgot_residual"), norm(output, 1) * scale + shift)


def test_embeddings(trace):
    output, position = number(trace, "encoder.embedding.output"), number(trace, "encoder.embedding.position")
    close(values(trace, "encoder.embedding.output", "forgot_position"), output - position)
    table, ids = number(trace, "encoder.embedding.token.table"), trace["tokens"].value
    before, after = values(trace, "encoder.embedding.token", "wrong_row")
    np.testing.assert_allclose(after, table[ids + 1])
    inside = ids > 0  # padding is row 0: there is no row before it
    np.testing.assert_allclose(before[inside], table[ids[inside] - 1])
    assert np.isnan(before[~inside]).all() and not inside.all()


def test_positions():
    trace = tutor.load_model("proverbs").trace("马无夜草不肥")
    name = "encoder.embedding.position"
    n, d = trace[name].shape
    angle = [[t / 10000 ** (2 * (i // 2) / d) for i in range(d)] for t in range(1, n + 1)]
    by_hand = [[np.cos(a) if i % 2 else np.sin(a) for i, a in enumerate(row)] for row in angle]
    close(values(trace, name, "position_from_one"), by_hand)
    angle = np.array(angle) - np.array(angle)[0]
    by_hand = np.where(np.arange(d) % 2 == 1, np.sin(angle), np.cos(angle))
    close(values(trace, name, "sine_for_cosine"), by_hand)


def test_heads(trace, model):
    weights, key = number(trace, f"{PLACE}.weights"), number(trace, f"{PLACE}.key")
    close(values(trace, f"{PLACE}.heads", "weights_times_key"), weights @ key)
    found = values(trace, f"{PLACE}.heads", "wrong_head")
    assert len(found) == model.config.heads - 1
    heads = number(trace, f"{PLACE}.heads")
    assert {round(float(value[0, 0, 0]), 5) for value in found} == {round(float(x), 5) for x in heads[1:, 0, 0]}


def test_values_from_the_decoder(trace):
    stream = trace[f"{CROSS}.query_projection"].operands[0]
    assert stream.name == "decoder.0.self_attention.norm"
    wrong = number(trace, stream.name) @ number(trace, f"{CROSS}.value.weight") + number(trace, f"{CROSS}.value.bias")
    (found,) = values(trace, f"{CROSS}.value_projection", "value_from_decoder")
    rows = min(len(wrong), len(found))
    np.testing.assert_allclose(found[:rows], wrong[:rows], rtol=1e-4, atol=1e-5)
    (heads,) = values(trace, f"{CROSS}.heads", "value_from_decoder")
    d_k = heads.shape[-1]
    weights = number(trace, f"{CROSS}.weights")
    np.testing.assert_allclose(heads[0], weights[0][:, :rows] @ wrong[:rows, :d_k], rtol=1e-4, atol=1e-5)


NODES = {
    "unscaled": "scaled", "scaled_by_d_model": "scaled", "key_not_transposed": "scores", "negative_kept": "activation",
    "zero_instead_of_minus_infinity": "masked", "forgot_bias": "output", "forgot_residual": "residual",
    "population_over_sentence": "norm", "norm_without_scale": "norm", "wrong_head": "heads",
    "weights_times_key": "heads",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(MISTAKES))
def test_a_mistake_is_refused_where_it_cannot_be_made_and_has_words_in_both_languages(name, trace):
    with pytest.raises(MistakeError, match=f"{name} cannot be made at decoder.tokens"):
        slips(trace, trace["decoder.tokens"], name)
    words = MISTAKES[name].text
    assert 10 < len(words.en) < 140 and 8 < len(words.zh) < 70
    assert any("\u4e00" <= character <= "\u9fff" for character in words.zh)


@pytest.mark.parametrize("name", sorted(NODES))
def test_a_mistake_changes_numbers(name, trace):
    node = trace[f"{'encoder.0.feed_forward' if NODES[name] == 'activation' else PLACE}.{NODES[name]}"]
    if name == "norm_without_scale" and np.all(trace[f"{PLACE}.norm.scale"].value == 1):
        pytest.skip("this model's scale is still one everywhere")
    if name == "forgot_bias" and not trace[f"{PLACE}.output.bias"].value.any():
        pytest.skip("this model's bias is still zero everywhere")
    assert any(not np.allclose(slip.value, node.value, equal_nan=True) for slip in slips(trace, node, name))


def test_an_unknown_mistake(trace):
    with pytest.raises(MistakeError, match="no mistake called typo"):
        slips(trace, trace["logits"], "typo")


def test_a_mistake_is_not_looked_for_in_another_sub_layer(trace):
    with pytest.raises(MistakeError):
        slips(trace, trace["encoder.0.feed_forward.hidden"], "unscaled")


CHOOSING = """
  matrices:
    Z: {axes: [context, token], values: [[2, 1, 0], [1, 1, -1]]}
    keep: {axes: [context, token], values: [[1, 1, 0], [0, 1, 1]]}
    P: {axes: [first, second], values: [[0.5, 0.25], [0.75, 0.25]]}
    before: {axes: [first], values: [0.6, 0.4]}
    ones: {axes: [second, all], values: [[1], [1]]}
  steps:
    - T: {scale: [Z], by: 2, inverse: true}
    - S: {softmax: [T]}
    - M: {mask: [Z, keep]}
    - K: {softmax: [M]}
    - L: {log: [P]}
    - B: {log: [before]}
    - C: {add_column: [L, B]}
    - R: {matmul: [L, ones]}
    - D: {add_column: [Z, before]}
"""


@pytest.fixture(scope="module")
def choosing():
    lesson = with_line("X: {en", "Z: {en")
    start, end = lesson.index("\n  matrices:"), lesson.index("\nsteps:")
    return run_program(parse_lesson(lesson[:start] + CHOOSING.rstrip() + lesson[end:]).program)


def test_temperature_and_what_is_struck_out(choosing):
    z, keep = number(choosing, "Z"), number(choosing, "keep")
    close(values(choosing, "T", "multiplied_instead_of_divided"), 2 * z)
    close(values(choosing, "S", "multiplied_instead_of_divided"), softmax(2 * z))
    close(values(choosing, "K", "not_renormalised"), softmax(z) * keep)


def test_logarithms(choosing):
    p, before = number(choosing, "P"), number(choosing, "before")
    close(values(choosing, "L", "base_ten_logarithm"), np.log10(p))
    close(values(choosing, "C", "probabilities_multiplied"), p * before[:, None])
    close(values(choosing, "R", "probabilities_multiplied"), p.prod(1, keepdims=True))
    for name in ("L", "D", "T"):
        with pytest.raises(MistakeError):
            slips(choosing, choosing[name], "probabilities_multiplied")
