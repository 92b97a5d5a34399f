"""The mistakes a learner makes, by name: each a real other computation on the same trace, and what it is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tutor.course import alternatives
from tutor.course.alternatives import Arrays
from tutor.course.block_mistakes import BLOCK_MISTAKES
from tutor.course.family_mistakes import FAMILY_MISTAKES
from tutor.course.recompute import propagated, upstream
from tutor.course.schema import Text
from tutor.course.series_mistakes import SERIES_MISTAKES
from tutor.course.training_mistakes import TRAINING_MISTAKES
from tutor.engine.trace import Node, Trace


class MistakeError(ValueError):
    """A mistake that does not exist, or that cannot be made at a node; the message says at which it can."""


@dataclass(frozen=True)
class Mistake:
    """A slip: the operations it can happen at, the arrays it gives there, and its name in words."""

    name: str
    at: tuple[str, ...]
    compute: Callable[[Trace, Node], Arrays]
    text: Text


@dataclass(frozen=True)
class Slip:
    """A mistake made at `source`, and the value of the node asked for that follows from it (NaN: no number)."""

    mistake: Mistake
    source: str
    value: np.ndarray


_PRODUCTS = ("matmul", "dot_products", "linear")


def _table() -> dict[str, Mistake]:
    found = {}

    def mistake(compute: Callable[[Trace, Node], Arrays], at: tuple[str, ...], en: str, zh: str) -> None:
        name = compute.__name__
        found[name] = Mistake(name, at, compute, Text(en, zh))

    a = alternatives
    mistake(
        a.unscaled,
        ("scale",),
        "That is what comes out before the scaling: divide by √d_k.",
        "这是缩放之前的数：还要除以 √d_k。",
    )
    mistake(
        a.scaled_by_d_model,
        ("scale",),
        "You divided by √d_model, the width of the whole vector. d_k is the width of a key in one head.",
        "你除以的是 √d_model，那是整个向量的宽度；d_k 是一个头里 key 的宽度。",
    )
    mistake(
        a.key_not_transposed,
        ("dot_products", "matmul"),
        "You went down a column of K. The score takes a row of Q and a row of K: that is what Kᵀ means.",
        "你取了 K 的一列。分数用的是 Q 的一行和 K 的一行，Kᵀ 就是这个意思。",
    )
    mistake(
        a.softmax_over_columns,
        ("softmax",),
        "You normalised down the column. Softmax here goes along the row: a row sums to 1.",
        "你沿列做了归一化。这里的 softmax 沿行做：每一行合计 1。",
    )
    mistake(
        a.softmax_without_exponential,
        ("softmax",),
        "You divided the score itself by the row's sum. Take e to the power of each score first.",
        "你直接用分数除以这一行的和。要先让每个分数作 e 的指数。",
    )
    mistake(
        a.softmax_unmasked,
        ("softmax",),
        "That is the softmax without the mask: hidden positions must not take part in the sum.",
        "这是没加掩码的 softmax：被遮住的位置不能参与求和。",
    )
    mistake(
        a.mask_after_softmax,
        ("softmax",),
        "You masked after the softmax, so the row no longer sums to 1. Mask first, with −∞.",
        "你在 softmax 之后才遮，一行合计就不到 1 了。要先用 −∞ 遮住。",
    )
    mistake(
        a.zero_instead_of_minus_infinity,
        ("mask",),
        "You hid positions with 0. But e⁰ is 1, so they still get a share: hide them with −∞.",
        "你用 0 来遮。可是 e⁰ = 1，遮住的位置仍会分到一份：要用 −∞。",
    )
    mistake(
        a.negative_kept,
        ("relu",),
        "That is the number before ReLU: a negative number becomes 0.",
        "这是 ReLU 之前的数：负数要变成 0。",
    )
    mistake(
        a.added_instead_of_multiplied,
        (*_PRODUCTS, "multiply"),
        "You added each pair. Multiply it; where there are several pairs, add up the products.",
        "你把每对数相加了。每对要相乘；有好几对时，再把乘积加起来。",
    )
    mistake(
        a.operands_swapped,
        _PRODUCTS,
        "You swapped the two matrices: A·B takes rows of A and columns of B.",
        "你把两个矩阵换了位置：A·B 用 A 的行和 B 的列。",
    )
    mistake(
        a.row_for_column,
        (*_PRODUCTS, "add_column"),
        "You used a row of the second matrix where its column belongs, or the other way round.",
        "第二个矩阵该取列，你取了行（或者正相反）。",
    )
    mistake(
        a.forgot_bias,
        ("linear", "add_column", "add"),
        "The product is right, but the bias is not added yet.",
        "乘得对，但还没加偏置。",
    )
    mistake(
        a.forgot_residual,
        ("add",),
        "That is the sub-layer's output alone: add the vector that went into it.",
        "这只是子层的输出：还要加上子层的输入。",
    )
    mistake(
        a.population_over_sentence,
        ("layer_norm", "rms_norm"),
        "You took mean and deviation down the sentence. Layer norm takes them over one token's features.",
        "你顺着句子求了均值和标准差。层归一化只在一个词元自己的特征上求。",
    )
    mistake(
        a.norm_without_scale,
        ("layer_norm", "rms_norm"),
        "Normalised rightly, but the trained scale γ and shift β are still missing.",
        "归一化做对了，但还没乘学来的缩放 γ、加平移 β。",
    )
    mistake(a.forgot_position, ("add",), "That is the embedding without its position vector.", "这是还没加位置的嵌入。")
    mistake(
        a.wrong_row,
        ("look_up",),
        "That is the row beside it: ids count from 0, so take the row with exactly this id.",
        "这是隔壁那一行：编号从 0 数起，行号要正好等于编号。",
    )
    mistake(
        a.multiplied_instead_of_divided,
        ("scale",),
        "You multiplied by it. Divide every number by it.",
        "你乘上了它。应当每个数都除以它。",
    )
    mistake(
        a.not_renormalised,
        ("softmax",),
        "That is its share while the others were still in. They are out: divide by the sum of those that are left.",
        "这是其余词元还在时的份额。它们已经出局，要除以剩下几个的和。",
    )
    mistake(
        a.base_ten_logarithm,
        ("log", "cross_entropy"),
        "That is the logarithm to base 10. Take the natural one: ln on a pocket calculator.",
        "这是以 10 为底的对数。要取自然对数，也就是计算器上的 ln。",
    )
    mistake(
        a.probabilities_multiplied,
        ("a sum of logarithms",),
        "That is the product of the probabilities. Here their logarithms are added.",
        "这是概率的乘积。这里要把概率的对数相加。",
    )
    mistake(
        a.position_from_one,
        ("sinusoid",),
        "That is the next position's number: positions count from 0.",
        "这是下一个位置的数：位置从 0 数起。",
    )
    mistake(
        a.sine_for_cosine,
        ("sinusoid",),
        "You took the other wave: columns 0, 2, 4 … are sines, columns 1, 3, 5 … cosines.",
        "你取错了波：第 0、2、4……列是正弦，第 1、3、5……列是余弦。",
    )
    mistake(
        a.wrong_head,
        ("any operation with heads",),
        "That is the number of another head at the same place.",
        "这是另一个头在同一位置的数。",
    )
    mistake(
        a.value_from_decoder,
        ("cross-attention values",),
        "You took the values from the decoder. In cross-attention keys and values come from the encoder.",
        "你从解码器取了 value。交叉注意力里，key 和 value 来自编码器的输出。",
    )
    mistake(
        a.weights_times_key,
        ("matmul",),
        "You multiplied the weights by the keys. Keys only decide the weights; what is summed is the values.",
        "你用权重乘了 key。key 只决定权重，被加权求和的是 value。",
    )
    for row in (*TRAINING_MISTAKES, *BLOCK_MISTAKES, *FAMILY_MISTAKES, *SERIES_MISTAKES):
        mistake(*row)
    return found


MISTAKES: dict[str, Mistake] = _table()


def slips(trace: Trace, node: Node, name: str) -> tuple[Slip, ...]:
    """The values `node` takes when that mistake is made at it, or at the nearest node before it where it can be."""
    if name not in MISTAKES:
        raise MistakeError(f"there is no mistake called {name}")
    mistake = MISTAKES[name]
    for source in upstream(node):
        with np.errstate(all="ignore"):
            found = mistake.compute(trace, source)
            if found:
                values = (propagated(node, source, np.asarray(value, dtype=np.float64)) for value in found)
                return tuple(Slip(mistake, source.name, value) for value in values)
    raise MistakeError(f"{name} cannot be made at {node.name} ({node.op}): it is a mistake of {', '.join(mistake.at)}")
