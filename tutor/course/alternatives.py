"""The computations behind the mistakes: what a learner's slip at one node gives, as arrays of that node's shape.

Each function takes the trace and the node where the slip happens and returns the arrays it may lead to, or nothing
where it cannot happen. Cells that a slip gives no number for are NaN.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tutor.course.recompute import forward, numbers
from tutor.engine.ops import OPERATIONS
from tutor.engine.ops.elementwise import coefficient
from tutor.engine.trace import Node, Trace

Arrays = list[np.ndarray]


def onto(shape: tuple[int, ...], array: np.ndarray) -> np.ndarray:
    """`array` laid on `shape` from the first row and column; NaN where it does not reach."""
    result = np.full(shape, np.nan)
    rows, columns = (min(a, b) for a, b in zip(shape[-2:], array.shape[-2:], strict=True))
    result[..., :rows, :columns] = array[..., :rows, :columns]
    return result


def pairwise(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Rows of `a` times columns of `b`, pair by pair until the shorter one ends."""
    length = min(a.shape[-1], b.shape[-2])
    return a[..., :length] @ b[..., :length, :]


def _softmax(x: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(OPERATIONS["softmax"].forward(x))


def _operands(node: Node) -> list[np.ndarray]:
    return [numbers(operand) for operand in node.operands]


def _factors(node: Node) -> tuple[np.ndarray, np.ndarray] | None:
    """The two matrices whose product the node is, the second with its columns as they are used."""
    arrays = _operands(node)
    if node.op == "matmul":
        return arrays[0], arrays[1]
    if node.op == "dot_products":
        return arrays[0], arrays[1].swapaxes(-1, -2)
    if node.op == "linear":
        return arrays[0], arrays[1].T if node.params.get("transposed") else arrays[1]
    return None


def _bias(node: Node) -> np.ndarray | float:
    return numbers(node.operands[2]) if node.op == "linear" and len(node.operands) > 2 else 0.0


def unscaled(trace: Trace, node: Node) -> Arrays:
    return [numbers(node.operands[0])] if node.op == "scale" else []


def scaled_by_d_model(trace: Trace, node: Node) -> Arrays:
    if node.op != "scale" or not node.params.get("inverse") or not node.params.get("root_of"):
        return []
    width = _model_width(node.operands[0])
    return [numbers(node.operands[0]) / np.sqrt(width)] if width else []


def _model_width(scores: Node) -> int | None:
    """How wide the vectors are that the queries of `scores` were projected from."""
    node: Node | None = scores.operands[0] if scores.op in ("dot_products", "matmul") else None
    while node is not None and node.op in ("split_heads", "identity", "transpose", "add_column"):
        node = node.operands[0]
    return node.operands[0].shape[-1] if node is not None and node.op in ("linear", "matmul") else None


def key_not_transposed(trace: Trace, node: Node) -> Arrays:
    if node.op == "dot_products":
        query, key = _operands(node)
    elif node.op == "matmul" and node.operands[1].op == "transpose":
        query, key = numbers(node.operands[0]), numbers(node.operands[1].operands[0])
    else:
        return []
    return [onto(node.shape, pairwise(query, key))]


def softmax_over_columns(trace: Trace, node: Node) -> Arrays:
    if node.op != "softmax" or len(node.shape) < 2:
        return []
    return [_softmax(numbers(node.operands[0]).swapaxes(-1, -2)).swapaxes(-1, -2)]


def softmax_without_exponential(trace: Trace, node: Node) -> Arrays:
    if node.op != "softmax":
        return []
    scores = numbers(node.operands[0])
    allowed = np.where(np.isfinite(scores), scores, 0.0)
    total = allowed.sum(-1, keepdims=True)
    return [allowed / np.where(total == 0, np.nan, total)]


def softmax_unmasked(trace: Trace, node: Node) -> Arrays:
    if node.op != "softmax" or node.operands[0].op != "mask":
        return []
    return [_softmax(numbers(node.operands[0].operands[0]))]


def mask_after_softmax(trace: Trace, node: Node) -> Arrays:
    mask = node.operands[0].operands[1].value if softmax_unmasked(trace, node) else None
    return [] if mask is None else [softmax_unmasked(trace, node)[0] * mask]


def zero_instead_of_minus_infinity(trace: Trace, node: Node) -> Arrays:
    if node.op != "mask":
        return []
    scores, allowed = numbers(node.operands[0]), node.operands[1].value.astype(bool)
    return [np.where(allowed, scores, 0.0)]


def negative_kept(trace: Trace, node: Node) -> Arrays:
    return [numbers(node.operands[0])] if node.op == "relu" else []


def added_instead_of_multiplied(trace: Trace, node: Node) -> Arrays:
    if node.op == "multiply":
        return [np.add(*_operands(node))]
    factors = _factors(node)
    if factors is None:
        return []
    a, b = factors
    return [a.sum(-1)[..., :, None] + b.sum(-2)[..., None, :] + _bias(node)]


def operands_swapped(trace: Trace, node: Node) -> Arrays:
    factors = _factors(node)
    if factors is None or factors[1].shape[-1] != factors[0].shape[-2]:
        return []
    product = factors[1] @ factors[0]
    return [onto(node.shape, product) + _bias(node)]


def row_for_column(trace: Trace, node: Node) -> Arrays:
    if node.op == "add_column":
        matrix, bias = _operands(node)
        row = np.full(node.shape[-1], np.nan)
        row[: min(len(row), len(bias))] = bias[: len(row)]
        return [matrix + row]
    factors = _factors(node)
    if factors is None:
        return []
    return [onto(node.shape, pairwise(factors[0], factors[1].swapaxes(-1, -2))) + _bias(node)]


def forgot_bias(trace: Trace, node: Node) -> Arrays:
    if node.op == "linear" and len(node.operands) > 2:
        return [numbers(node) - _bias(node)]
    if node.op == "add_column":
        return [numbers(node.operands[0])]
    if node.op == "add" and len(node.shape) > 1 and len(node.operands[-1].shape) == 1:
        return [np.broadcast_to(np.add.reduce([numbers(operand) for operand in node.operands[:-1]]), node.shape)]
    return []


def forgot_residual(trace: Trace, node: Node) -> Arrays:
    if node.op != "add" or len(node.operands) != 2 or any(_is_position(operand) for operand in node.operands):
        return []
    first, second = node.operands
    if first.shape != second.shape:
        return []
    if _depends(second, first):
        return [numbers(second)]
    return [numbers(first)] if _depends(first, second) else []


def _depends(node: Node, on: Node) -> bool:
    """Whether `node` was computed from `on`, a few steps before."""
    level, seen = [node], {node.name}
    for _ in range(16):
        level = [operand for one in level for operand in one.operands if operand.name not in seen]
        if any(operand is on for operand in level):
            return True
        seen.update(operand.name for operand in level)
    return False


def _is_position(node: Node) -> bool:
    return node.op in ("sinusoid", "position_rows") or "position" in node.name.lower()


def forgot_position(trace: Trace, node: Node) -> Arrays:
    if node.op != "add":
        return []
    rest = [operand for operand in node.operands if not _is_position(operand)]
    if not rest or len(rest) == len(node.operands):
        return []
    return [np.broadcast_to(np.add.reduce([numbers(operand) for operand in rest]), node.shape)]


def population_over_sentence(trace: Trace, node: Node) -> Arrays:
    if node.op not in ("layer_norm", "rms_norm") or len(node.shape) < 2:
        return []
    x, *trained = _operands(node)
    bare = np.asarray(node.operation.forward(x.swapaxes(-1, -2), **node.params)).swapaxes(-1, -2)  # type: ignore[union-attr]
    scale = trained[0] if trained else 1.0
    shift = trained[1] if len(trained) > 1 else 0.0
    return [bare * scale + shift]


def norm_without_scale(trace: Trace, node: Node) -> Arrays:
    if node.op not in ("layer_norm", "rms_norm") or len(node.operands) < 2:
        return []
    return [np.asarray(node.operation.forward(numbers(node.operands[0]), **node.params))]  # type: ignore[union-attr]


def wrong_row(trace: Trace, node: Node) -> Arrays:
    if node.op != "look_up":
        return []
    table, ids = _operands(node)
    found = []
    for step in (-1, 1):
        inside = (ids + step >= 0) & (ids + step < len(table))
        found.append(np.where(inside[..., None], table[np.clip(ids + step, 0, len(table) - 1)], np.nan))
    return found


def multiplied_instead_of_divided(trace: Trace, node: Node) -> Arrays:
    if node.op != "scale" or not node.params.get("inverse"):
        return []
    return [numbers(node.operands[0]) * coefficient(node.params.get("by"), node.params.get("root_of"), inverse=False)]


def not_renormalised(trace: Trace, node: Node) -> Arrays:
    return mask_after_softmax(trace, node)


def base_ten_logarithm(trace: Trace, node: Node) -> Arrays:
    return [numbers(node) / np.log(10)] if node.op in ("log", "cross_entropy") else []


def probabilities_multiplied(trace: Trace, node: Node) -> Arrays:
    return [np.exp(numbers(node))] if node.op != "log" and _sums_logarithms(node) else []


def _sums_logarithms(node: Node) -> bool:
    if node.op == "log":
        return True
    parts = node.operands[:1] if node.op == "matmul" else node.operands if node.op in ("add", "add_column") else ()
    return bool(parts) and all(_sums_logarithms(part) for part in parts)


def position_from_one(trace: Trace, node: Node) -> Arrays:
    if node.op != "sinusoid":
        return []
    offset = node.params.get("offset", 0) + 1
    return [np.asarray(OPERATIONS["sinusoid"].forward(_operands(node)[0], **{**node.params, "offset": offset}))]


def sine_for_cosine(trace: Trace, node: Node) -> Arrays:
    if node.op != "sinusoid" or node.params.get("halves"):
        return []
    value, swapped = numbers(node), np.full(node.shape, np.nan)
    pairs = node.shape[-1] // 2 * 2
    swapped[:, 0:pairs:2], swapped[:, 1:pairs:2] = value[:, 1:pairs:2], value[:, 0:pairs:2]
    return [swapped]


def wrong_head(trace: Trace, node: Node) -> Arrays:
    if "head" not in node.axes or node.shape[node.axes.index("head")] < 2:
        return []
    axis = node.axes.index("head")
    return [np.roll(numbers(node), turn, axis) for turn in range(1, node.shape[axis])]


def value_from_decoder(trace: Trace, node: Node) -> Arrays:
    place, _, last = node.name.rpartition(".")
    if last != "value_projection" or not place.endswith("cross_attention"):
        return []
    stream = trace[f"{place}.query_projection"].operands[0]
    return [onto(node.shape, forward(node, {node.operands[0].name: numbers(stream)}))]


def weights_times_key(trace: Trace, node: Node) -> Arrays:
    if node.op != "matmul" or node.operands[0].op not in ("softmax", "keep_heads"):
        return []
    scores = next((one for one in _before(node.operands[0]) if one.op in ("dot_products", "matmul")), None)
    if scores is None:
        return []
    key = scores.operands[1]
    array = numbers(key) if scores.op == "dot_products" else numbers(key).swapaxes(-1, -2)
    weights, value = _operands(node)
    return [onto(node.shape, weights @ array)] if array.shape[-2] == value.shape[-2] else []


def _before(node: Node) -> Iterator[Node]:
    while node.operands:
        yield node
        node = node.operands[0]
