"""Each operation against its definition written out in loops, on any shape; its axes, its errors, its cells."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine import small
from tutor.engine.ops import OPERATIONS, OperationError
from tutor.engine.recorder import Recorder
from tutor.engine.trace import Trace


def compute(name, *operands, axes=None, operand_axes=None, **params) -> Trace:
    """A trace of one operation, called `result`, on inputs called a, b, c."""
    record = Recorder({})
    nodes = []
    for i, operand in enumerate(operands):
        own = operand_axes[i] if operand_axes else tuple(f"axis{n}" for n in range(operand.ndim))
        nodes.append(record.input("abc"[i], operand, own))
    record("result", OPERATIONS[name], *nodes, axes=axes, **params)
    return Trace.of(record)


def filled(shape, cell):
    out = np.zeros(shape)
    for index in itertools.product(*map(range, shape)):
        out[index] = cell(*index)
    return out


def softmax(x):
    powers = [math.exp(value) for value in x]
    return [power / sum(powers) for power in powers]


def normal(x, centred, epsilon):
    mean = sum(x) / len(x) if centred else 0.0
    square = sum((value - mean) ** 2 for value in x) / len(x)
    return [(value - mean) / math.sqrt(square + epsilon) for value in x]


# name -> (shapes of the operands, params, the result's shape and definition, cell by cell, in float64)
N, M, K = 3, 4, 2
DEFINITIONS = {
    "matmul": ([(N, K), (K, M)], {}, (N, M), lambda a, b: lambda i, j: sum(a[i, k] * b[k, j] for k in range(K))),
    "dot_products": ([(N, K), (M, K)], {}, (N, M), lambda a, b: lambda i, j: sum(a[i, k] * b[j, k] for k in range(K))),
    "linear": (
        [(N, K), (K, M), (M,)],
        {},
        (N, M),
        lambda x, w, b: lambda i, j: sum(x[i, k] * w[k, j] for k in range(K)) + b[j],
    ),
    "add": ([(N, M), (N, M), (M,)], {}, (N, M), lambda a, b, c: lambda i, j: a[i, j] + b[i, j] + c[j]),
    "add_column": ([(N, M), (N,)], {}, (N, M), lambda a, b: lambda i, j: a[i, j] + b[i]),
    "multiply": ([(N, M), (1, M)], {}, (N, M), lambda a, b: lambda i, j: a[i, j] * b[0, j]),
    "scale": ([(N, M)], {"by": -0.5}, (N, M), lambda a: lambda i, j: a[i, j] * -0.5),
    "keep_heads": (
        [(N, M, K)],
        {"keep": (1, 0, 1)},
        (N, M, K),
        lambda a: lambda h, i, j: 0.0 if h == 1 else a[h, i, j],
    ),
    "relu": ([(N, M)], {}, (N, M), lambda a: lambda i, j: max(0.0, a[i, j])),
    "gelu": ([(N, M)], {}, (N, M), lambda a: lambda i, j: a[i, j] * 0.5 * math.erfc(-a[i, j] / math.sqrt(2))),
    "gelu_tanh": (
        [(N, M)],
        {},
        (N, M),
        lambda a: (
            lambda i, j: 0.5 * a[i, j] * (1 + math.tanh(math.sqrt(2 / math.pi) * (a[i, j] + 0.044715 * a[i, j] ** 3)))
        ),
    ),
    "silu": ([(N, M)], {}, (N, M), lambda a: lambda i, j: a[i, j] / (1 + math.exp(-a[i, j]))),
    "tanh": ([(N, M)], {}, (N, M), lambda a: lambda i, j: math.tanh(a[i, j])),
    "log": (["positive"], {}, (N, M), lambda a: lambda i, j: math.log(a[i, j])),
    "softmax": ([(N, M)], {}, (N, M), lambda a: lambda i, j: softmax(a[i])[j]),
    "layer_norm": (
        [(N, M), (M,), (M,)],
        {"epsilon": 0.01},
        (N, M),
        lambda a, g, b: lambda i, j: normal(a[i], True, 0.01)[j] * g[j] + b[j],
    ),
    "rms_norm": (
        [(N, M), (M,)],
        {"epsilon": 0.01},
        (N, M),
        lambda a, g: lambda i, j: normal(a[i], False, 0.01)[j] * g[j],
    ),
    "identity": ([(N, M)], {}, (N, M), lambda a: lambda i, j: a[i, j]),
    "transpose": ([(N, M)], {}, (M, N), lambda a: lambda i, j: a[j, i]),
    "split_heads": ([(N, 6)], {"heads": 2}, (2, N, 3), lambda a: lambda h, i, j: a[i, 3 * h + j]),
    "join_heads": ([(2, N, 3)], {}, (N, 6), lambda a: lambda i, j: a[j // 3, i, j % 3]),
    "repeat_heads": ([(2, N, M)], {"times": 3}, (6, N, M), lambda a: lambda h, i, j: a[h // 3, i, j]),
    "rotate": (
        [(2, N, 4)],
        {"base": 100.0, "offset": 1},
        (2, N, 4),
        lambda a: (
            lambda h, i, j: (
                a[h, i, j] * math.cos((i + 1) * 100 ** (-(j % 2) / 2))
                + (-1 if j < 2 else 1) * a[h, i, (j + 2) % 4] * math.sin((i + 1) * 100 ** (-(j % 2) / 2))
            )
        ),
    ),
    "relative_buckets": (
        ["ids", "ids"],
        {"buckets": 4, "distance": 8, "both_ways": True},
        (3, 3),
        lambda queries, keys: lambda i, j: [[0, 3, 3], [1, 0, 3], [1, 1, 0]][i][j],
    ),
    "relative_bias": ([(4, M), "buckets"], {}, (M, 3, 2), lambda t, b: lambda h, i, j: t[b[i, j], h]),
    "patches": (
        [(2, 4, 6)],
        {"size": 2},
        (6, 8),
        lambda a: lambda p, f: a[f // 4, p // 3 * 2 + f % 4 // 2, p % 3 * 2 + f % 2],
    ),
    "prepend": ([(M,), (N, M)], {}, (N + 1, M), lambda row, x: lambda i, j: x[i - 1, j] if i else row[j]),
    "look_up": ([(5, M), "ids"], {}, (3, M), lambda table, ids: lambda i, j: table[ids[i], j]),
    "subtract": ([(N, M), (M,)], {}, (N, M), lambda a, b: lambda i, j: a[i, j] - b[j]),
    "divide": (["positive", (M,)], {}, (N, M), lambda a, b: lambda i, j: a[i, j] / b[j]),
    "refold": ([(N, 4)], {"rows": 2 * N}, (2 * N, 2), lambda a: lambda i, j: a[i // 2, 2 * (i % 2) + j]),
    "first_row": ([(N, M)], {}, (1, M), lambda x: lambda i, j: x[i, j]),
    "pick_rows": ([(5, M), "ids"], {}, (3, M), lambda x, places: lambda i, j: x[places[i], j]),
    "position_rows": ([(5, M), "ids"], {"offset": 1}, (3, M), lambda table, ids: lambda i, j: table[i + 1, j]),
    "sinusoid": (
        ["ids"],
        {"width": 5, "dtype": "float64"},
        (3, 5),
        lambda ids: lambda i, j: (math.cos if j % 2 else math.sin)(i / 10000 ** (2 * (j // 2) / 5)),
    ),
    "attention_mask": (
        ["ids", "ids"],
        {"causal": True, "pad_id": 0},
        (3, 3),
        lambda queries, keys: lambda i, j: float(j <= i and keys[j] != 0),
    ),
    "cross_entropy": (
        [(3, 5), "ids"],
        {"smoothing": 0.1, "pad_id": 0},
        (3,),
        lambda z, ids: (
            lambda t: (
                0.0
                if ids[t] == 0
                else math.log(sum(math.exp(z[t, i]) for i in range(5)))
                - 0.9 * z[t, ids[t]]
                - 0.1 * sum(z[t, i] for i in range(5)) / 5
            )
        ),
    ),
    "answer_scores": (
        [(4, 3), "answers"],
        {"answers": 2, "pad_id": 0},
        (2, 2),
        lambda losses, answers: (
            lambda s, k: (
                -sum(losses[2 * s + k, t] for t in range(3) if answers[2 * s + k, t])
                / sum(answers[2 * s + k, t] > 0 for t in range(3))
            )
        ),
    ),
    "mean_loss": ([(3,), "ids"], {"pad_id": 0}, (), lambda losses, ids: lambda: (losses[0] + losses[2]) / 2),
    "mask": ([(2, N, M), "mask"], {}, (2, N, M), lambda s, m: lambda h, i, j: s[h, i, j] if m[i, j] else -math.inf),
}


def operands_of(name, seed=0, spread=1.0, dtype="float64"):
    random = np.random.default_rng(seed)
    special = {"ids": np.array([4, 0, 2]), "mask": np.tril(np.ones((N, M), dtype=bool))}
    special["answers"] = np.array([[4, 2, 0], [1, 0, 0], [3, 3, 1], [2, 0, 4]])
    special["buckets"] = np.array([[3, 0], [1, 1], [0, 3]])
    special["positive"] = (spread * random.uniform(0.2, 3.0, (N, M))).astype(dtype)
    shapes = DEFINITIONS[name][0]
    return [special[s] if isinstance(s, str) else (spread * random.standard_normal(s)).astype(dtype) for s in shapes]


def test_every_operation_has_a_definition_here():
    assert set(DEFINITIONS) == set(OPERATIONS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_forward_is_the_definition(name):
    _, params, shape, definition = DEFINITIONS[name]
    operands = operands_of(name)
    result = compute(name, *operands, **params)["result"]
    assert result.shape == shape and len(result.axes) == len(shape)
    np.testing.assert_allclose(result.value, filled(shape, definition(*operands)), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", OPERATIONS)
@settings(max_examples=12)
@given(seed=st.integers(0, 2**32), spread=st.sampled_from([1e-3, 1.0, 30.0]))
def test_cells_explain_themselves(name, seed, spread):
    params = DEFINITIONS[name][1] | ({"dtype": "float32"} if name == "sinusoid" else {})
    trace = compute(name, *operands_of(name, seed, spread, "float32"), **params)
    for index in small.indices(trace["result"]):
        small.check_cell(trace, "result", index)


@pytest.mark.parametrize("name", sorted(set(OPERATIONS) - {"mask"}))  # minus infinity is no whole number
def test_whole_numbers_will_do(name):
    """A hand-size program is often written in whole numbers."""
    _, params, shape, definition = DEFINITIONS[name]
    operands = [np.round(3 * x).astype(int) if x.dtype == float else x for x in operands_of(name)]
    result = compute(name, *operands, **params)["result"]
    np.testing.assert_allclose(result.value, filled(shape, definition(*operands)), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", OPERATIONS)
def test_formulas_are_balanced(name):
    small.check_braces(OPERATIONS[name].formula, name)


def test_tied_linear_reads_the_table_by_rows():
    x, table = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(4, 3)
    trace = compute("linear", x, table, transposed=True)
    np.testing.assert_array_equal(trace["result"].value, x @ table.T)
    why = trace.explain("result", (1, 2))
    assert why.regions["b"] == (2, slice(None))
    for index in small.indices(trace["result"]):
        small.check_cell(trace, "result", index)


@pytest.mark.parametrize(
    ("params", "factor", "text"),
    [
        ({"by": 3}, 3.0, "3"),
        ({"by": -2}, -2.0, "(-2)"),
        ({"root_of": 16}, 4.0, r"\sqrt{16}"),
        ({"root_of": 16, "inverse": True}, 0.25, r"\sqrt{16}"),
        ({"by": 4, "inverse": True}, 0.25, r"\frac{1}{4}"),
    ],
)
def test_scale_says_where_its_number_comes_from(params, factor, text):
    trace = compute("scale", np.array([[1.5, -2.0]]), **params)
    np.testing.assert_allclose(trace["result"].value, [[1.5 * factor, -2.0 * factor]])
    assert text in trace.explain("result", (0, 1)).substituted


@pytest.mark.parametrize("name", ["relu", "gelu", "gelu_tanh", "silu", "tanh", "softmax", "layer_norm", "rms_norm"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_far_out_numbers_stay_numbers(name, dtype):
    x = np.array([[-1e4, -88.0, -12.0, -1e-30, 0.0, 1e-30, 12.0, 88.0, 1e4]], dtype=dtype)
    trace = compute(name, x)
    assert np.isfinite(trace["result"].value).all()
    assert trace["result"].value.dtype == dtype
    for index in small.indices(trace["result"]):
        small.check_cell(trace, "result", index)


def test_softmax_of_a_forbidden_row_is_zeros():
    trace = compute("softmax", np.array([[-np.inf, -np.inf], [0.0, -np.inf]]))
    np.testing.assert_array_equal(trace["result"].value, [[0, 0], [1, 0]])


def test_the_norm_of_equal_numbers_is_its_shift():
    trace = compute("layer_norm", np.full((1, 3), 7.0), np.ones(3), np.array([1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(trace["result"].value, [[1, 2, 3]])


def test_broadcast_operands_are_found_again():
    trace = compute("add", np.zeros((2, 3, 4)), np.arange(12.0).reshape(1, 3, 4), np.arange(4.0))
    cells = trace.explain("result", (1, 2, 3)).cells
    assert [(cell.node, cell.index) for cell in cells] == [("a", (1, 2, 3)), ("b", (0, 2, 3)), ("c", (3,))]


@pytest.mark.parametrize(
    ("name", "shapes", "params", "says"),
    [
        ("matmul", [(2, 3), (4, 2)], {}, "2×3 cannot be multiplied by one of 4×2"),
        ("dot_products", [(2, 3), (2, 4)], {}, "rows of 3 and of 4"),
        ("linear", [(2, 3), (4, 5)], {}, "rows of 3 numbers do not fit a weight of 4×5"),
        ("linear", [(2, 3), (3, 5), (4,)], {}, "2 × 3, 3 × 5, 4"),
        ("add", [(2, 3), (2, 4)], {}, "2 × 3, 2 × 4"),
        ("multiply", [(2, 3), (2, 4)], {}, "2 × 3, 2 × 4"),
        ("add_column", [(2, 3), (3,)], {}, "a bias of 3 numbers does not fit a matrix of 2 rows"),
        ("split_heads", [(2, 5)], {"heads": 2}, "split_heads cannot take operands of 2 × 5"),
        ("layer_norm", [(2, 3), (4,)], {}, "layer_norm cannot take operands of 2 × 3, 4"),
        ("mask", [(2, 3), (2, 4)], {}, "2 × 3, 2 × 4"),
        ("transpose", [(3,)], {}, "transpose cannot take operands of 3"),
        ("scale", [(2, 3)], {"times": 2}, "times"),
    ],
)
def test_operands_that_do_not_fit_are_named(name, shapes, params, says):
    with pytest.raises(OperationError) as error:
        compute(name, *(np.ones(shape) for shape in shapes), **params)
    assert str(error.value).startswith("result: ") and says in str(error.value)


def test_ids_outside_the_table_are_named():
    for ids in ([5], [-1]):
        with pytest.raises(OperationError, match="0 to 4"):
            compute("look_up", np.ones((5, 2)), np.array(ids))


def test_more_tokens_than_positions_is_said():
    with pytest.raises(OperationError, match="3 tokens are more than the 2 positions"):
        compute("position_rows", np.ones((2, 2)), np.array([1, 1, 1]))


def test_the_logarithm_of_nothing_is_minus_infinity():
    with np.errstate(divide="ignore"):
        trace = compute("log", np.array([[0.0, 1.0]]))
    assert trace["result"].value.tolist() == [[-math.inf, 0.0]]
    assert trace.explain("result", (0, 0)).evaluate() == -math.inf
