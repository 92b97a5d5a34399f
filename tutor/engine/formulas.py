"""The Transformer's own formulas, by the last words of a node's name (Vaswani et al. 2017, sections 3.1 to 3.5)."""

FORMULAS = {
    "embedding.token": r"x_t = E_{\mathrm{id}_t}",
    "embedding.scaled": r"x_t = \sqrt{d_{\mathrm{model}}} \; E_{\mathrm{id}_t}",
    "embedding.sum": r"x = \mathrm{token} + \mathrm{position} + \mathrm{segment}",
    "embedding.output": r"X = \mathrm{token} + \mathrm{position}",
    "query_projection": r"Q = X W^Q + b^Q",
    "key_projection": r"K = X W^K + b^K",
    "value_projection": r"V = X W^V + b^V",
    "query": r"Q_h = Q_{:,\; h d_k : (h+1) d_k}",
    "key": r"K_h = K_{:,\; h d_k : (h+1) d_k}",
    "value": r"V_h = V_{:,\; h d_k : (h+1) d_k}",
    "scores": r"S = Q K^\top",
    "scaled": r"\mathrm{scaled} = \frac{Q K^\top}{\sqrt{d_k}}",
    "weights": r"A = \mathrm{softmax}(\frac{Q K^\top}{\sqrt{d_k}})",
    "heads": r"\mathrm{head}_h = A_h V_h",
    "self_attention.output": r"O = \mathrm{Concat}(\mathrm{head}_1, \ldots, \mathrm{head}_h) W^O + b^O",
    "cross_attention.output": r"O = \mathrm{Concat}(\mathrm{head}_1, \ldots, \mathrm{head}_h) W^O + b^O",
    "residual": r"\mathrm{residual} = x + \mathrm{Sublayer}(x)",
    "feed_forward.hidden": r"H = X W_1 + b_1",
    "feed_forward.gate": r"G = X W_g",
    "feed_forward.up": r"U = X W_u",
    "feed_forward.product": r"P = \mathrm{act}(G) \odot U",
    "feed_forward.output": r"Y = H W_2 + b_2",
    "logits": r"\mathrm{logits} = X W + b",
    "probabilities": r"p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}",
}


def formula_of(name: str) -> str | None:
    """The formula for a node of the Transformer: by its last two words, else by its last."""
    words = name.split(".")
    return FORMULAS.get(".".join(words[-2:])) or FORMULAS.get(words[-1])
