"""Every operation the tutor knows, by name."""

from tutor.engine.ops.base import Operation, OperationError
from tutor.engine.ops.elementwise import (
    GELU,
    Add,
    AddColumn,
    KeepHeads,
    Multiply,
    ReLU,
    Scale,
    SiLU,
    Tanh,
    TanhGELU,
)
from tutor.engine.ops.embedding import PositionRows, Sinusoid, TableRows
from tutor.engine.ops.linear import DotProducts, Linear, MatMul
from tutor.engine.ops.mask import AttentionMask, MaskScores
from tutor.engine.ops.norm import LayerNorm, RMSNorm
from tutor.engine.ops.shape import Identity, JoinHeads, SplitHeads, Transpose
from tutor.engine.ops.softmax import SoftmaxRows

matmul, dot_products, linear = MatMul(), DotProducts(), Linear()
add, add_column, multiply, scale, keep_heads = Add(), AddColumn(), Multiply(), Scale(), KeepHeads()
relu, gelu, gelu_tanh, silu, tanh = ReLU(), GELU(), TanhGELU(), SiLU(), Tanh()
softmax, layer_norm, rms_norm = SoftmaxRows(), LayerNorm(), RMSNorm()
identity, transpose, split_heads, join_heads = Identity(), Transpose(), SplitHeads(), JoinHeads()
look_up, position_rows, sinusoid = TableRows(), PositionRows(), Sinusoid()
attention_mask, mask = AttentionMask(), MaskScores()

OPERATIONS: dict[str, Operation] = {
    value.name: value for value in list(globals().values()) if isinstance(value, Operation)
}

__all__ = ["OPERATIONS", "Operation", "OperationError", *OPERATIONS]
