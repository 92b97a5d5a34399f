"""The Transformer's own formulas, by the last words of a node's name (Vaswani et al. 2017, sections 3.1 to 3.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tutor.engine.trace import Node

ATTENTION_OUTPUT = r"O = \mathrm{Concat}(\mathrm{head}_1, \ldots, \mathrm{head}_h) W^O + b^O"

# The last one or two words of the name and the operation: a what-if may put another operation at the same place.
FORMULAS = {
    ("embedding.token", "look_up"): r"x_t = E_{\mathrm{id}_t}",
    ("embedding.token", "linear"): r"x_t = s_t W + b",
    ("series.centred", "subtract"): r"c_{tv} = s_{tv} - \mu_v",
    ("series.normalised", "divide"): r"z_{tv} = \frac{s_{tv} - \mu_v}{\sigma_v}",
    ("forecast.scaled", "multiply"): r"\hat{z}_{tv} \; \sigma_v",
    ("forecast", "add"): r"\hat{s}_{tv} = \hat{z}_{tv} \; \sigma_v + \mu_v",
    ("forecast.errors", "subtract"): r"e_{tv} = \hat{z}_{tv} - z_{tv}",
    ("forecast.losses", "multiply"): r"\ell_{tv} = e_{tv}^2",
    ("embedding.scaled", "scale"): r"x_t = \sqrt{d_{\mathrm{model}}} \; E_{\mathrm{id}_t}",
    ("query_projection", "linear"): r"Q = X W^Q + b^Q",
    ("key_projection", "linear"): r"K = X W^K + b^K",
    ("value_projection", "linear"): r"V = X W^V + b^V",
    ("query", "split_heads"): r"Q^{(h)}_{ij} = Q_{i, \; h d_k + j}",
    ("key", "split_heads"): r"K^{(h)}_{ij} = K_{i, \; h d_k + j}",
    ("value", "split_heads"): r"V^{(h)}_{ij} = V_{i, \; h d_k + j}",
    ("scores", "dot_products"): r"S = Q K^\top",
    ("scaled", "scale"): r"\mathrm{scaled} = \frac{Q K^\top}{\sqrt{d_k}}",
    ("positioned", "add"): r"\mathrm{positioned} = S + b",
    ("logits.scaled", "scale"): r"\frac{x}{\sqrt{d_{\mathrm{model}}}}",
    ("heads", "matmul"): r"\mathrm{head}_h = A_h V_h",
    ("self_attention.output", "linear"): ATTENTION_OUTPUT,
    ("cross_attention.output", "linear"): ATTENTION_OUTPUT,
    ("residual", "add"): r"\mathrm{residual} = x + \mathrm{Sublayer}(x)",
    ("feed_forward.hidden", "linear"): r"H = X W_1 + b_1",
    ("feed_forward.gate", "linear"): r"G = X W_g + b_g",
    ("feed_forward.up", "linear"): r"U = X W_u + b_u",
    ("feed_forward.product", "multiply"): r"P = \mathrm{act}(G) \odot U",
    ("feed_forward.output", "linear"): r"Y = H W_2 + b_2",
    ("transform.hidden", "linear"): r"T = X W_t + b_t",
    ("pooled.first", "first_row"): r"x_1 = X_{1}",
    ("pooled.hidden", "linear"): r"h = x_1 W_p + b_p",
    ("pooled", "tanh"): r"\mathrm{pooled} = \tanh(x_1 W_p + b_p)",
    ("next_sentence.logits", "linear"): r"z = \mathrm{pooled} \; W + b",
    ("logits", "linear"): r"\mathrm{logits} = X W + b",
    ("probabilities", "softmax"): r"p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}",
}


def formula_of(node: Node) -> str | None:
    """The Transformer's formula for a node, true to what was computed; None where it has no own one."""
    words = node.name.split(".")
    if words[0] in ("gradient", "step"):
        return None
    if node.op == "add" and words[-2:-1] == ["embedding"]:
        parts = [rf"\mathrm{{{_part(name)}}}" for name in node.inputs]
        return f"X = {' + '.join(parts)}"
    if words[-1] == "weights" and node.op == "softmax" and node.operands[0].op == "mask":
        scores = node.operands[0].operands[0]
        bias = " + b" if scores.op == "add" else ""
        scaled = (scores.operands[0] if bias else scores).op == "scale"
        return r"A = \mathrm{softmax}(" + (r"\frac{Q K^\top}{\sqrt{d_k}}" if scaled else r"Q K^\top") + bias + ")"
    formula = FORMULAS.get((".".join(words[-2:]), node.op)) or FORMULAS.get((words[-1], node.op))
    if formula and node.op == "linear" and len(node.operands) == 2:
        return formula.partition(" + b")[0]
    return formula


def _part(name: str) -> str:
    last = name.rpartition(".")[2]
    return "token" if last == "scaled" else last
