# ruff: noqa: F401  (the names are passed on: `ops.matmul`, `ops.softmax`, …)
"""Every operation the tutor knows, by name."""

from tutor.engine.ops.activations import gelu, gelu_tanh, log, relu, silu, slope, tanh
from tutor.engine.ops.backward import (
    mask_backward,
    norm_backward,
    place_rows,
    scatter_rows_step,
    softmax_backward,
    sum_to,
    transposed_product,
)
from tutor.engine.ops.base import Operation, OperationError
from tutor.engine.ops.elementwise import add, add_column, keep_heads, multiply, scale
from tutor.engine.ops.embedding import look_up, position_rows, sinusoid
from tutor.engine.ops.image import patches, picture, prepend, rows_from
from tutor.engine.ops.linear import dot_products, linear, matmul
from tutor.engine.ops.loss import (
    answer_scores,
    answer_scores_backward,
    cross_entropy,
    cross_entropy_backward,
    mean_loss,
    mean_loss_backward,
)
from tutor.engine.ops.mask import attention_mask, mask
from tutor.engine.ops.norm import layer_norm, rms_norm
from tutor.engine.ops.optimiser import adam_change, descend, running_mean, running_mean_of_squares
from tutor.engine.ops.relative import collect_bias, relative_bias, relative_buckets
from tutor.engine.ops.rotary import rotate
from tutor.engine.ops.rows import first_row, pick_rows, put_back_rows, row_of_each
from tutor.engine.ops.series import divide, refold, subtract
from tutor.engine.ops.shape import add_heads, identity, join_heads, repeat_heads, split_heads, transpose
from tutor.engine.ops.softmax import softmax

_ALL = {value.name: value for value in list(globals().values()) if isinstance(value, Operation)}

BACKWARD: dict[str, Operation] = {
    step.name: step
    for step in (
        adam_change,
        add_heads,
        answer_scores_backward,
        collect_bias,
        cross_entropy_backward,
        descend,
        mask_backward,
        mean_loss_backward,
        norm_backward,
        picture,
        place_rows,
        put_back_rows,
        row_of_each,
        rows_from,
        running_mean,
        running_mean_of_squares,
        scatter_rows_step,
        slope,
        softmax_backward,
        sum_to,
        transposed_product,
    )
}
OPERATIONS: dict[str, Operation] = {name: value for name, value in _ALL.items() if name not in BACKWARD}

__all__ = ["BACKWARD", "OPERATIONS", "Operation", "OperationError", *_ALL]
