"""The same forward pass in plain PyTorch, eager, every intermediate kept: what our trace is held against."""

from typing import Any

import numpy as np

from tutor.bench.gpt2_shape import CONFIG


def torch_weights(weights: dict[str, np.ndarray]) -> dict[str, Any]:
    """The weights as tensors that share our memory."""
    import torch

    return {name: torch.from_numpy(array) for name, array in weights.items()}


def run_with_cache(w: dict[str, Any], ids: np.ndarray) -> dict[str, Any]:
    """Every intermediate by name; the last is `probabilities`."""
    import torch
    import torch.nn.functional as F

    length, heads, width = len(ids), CONFIG.heads, CONFIG.d_model
    cache: dict[str, Any] = {}

    def keep(name: str, value: Any) -> Any:
        cache[name] = value
        return value

    def norm(place: str, x: Any) -> Any:
        scale, shift = w[f"{place}.scale"], w[f"{place}.shift"]
        return keep(place, F.layer_norm(x, (width,), scale, shift, CONFIG.norm_epsilon))

    def linear(place: str, x: Any) -> Any:
        return keep(place, torch.addmm(w[f"{place}.bias"], x, w[f"{place}.weight"]))

    def attention(place: str, x: Any, hidden: Any) -> Any:
        q, k, v = (
            keep(f"{place}.{which}_heads", linear(f"{place}.{which}", x).view(length, heads, -1).transpose(0, 1))
            for which in ("query", "key", "value")
        )
        scores = keep(f"{place}.scores", q @ k.transpose(1, 2))
        scaled = keep(f"{place}.scaled", scores / CONFIG.d_k**0.5)
        masked = keep(f"{place}.masked", scaled.masked_fill(hidden, float("-inf")))
        pattern = keep(f"{place}.weights", torch.softmax(masked, -1))
        mixed = keep(f"{place}.heads", pattern @ v)
        return linear(f"{place}.output", keep(f"{place}.concat", mixed.transpose(0, 1).reshape(length, width)))

    with torch.no_grad():
        tokens = keep("tokens", torch.from_numpy(ids))
        x = keep("embedding.token", w["embedding.token.table"][tokens])
        x = keep("embedding.output", x + keep("embedding.position", w["embedding.position.table"][:length]))
        hidden = keep("decoder.mask", torch.ones(length, length, dtype=torch.bool).triu(1))
        for layer in range(CONFIG.decoder_layers):
            place = f"decoder.{layer}.self_attention"
            x = keep(f"{place}.residual", x + attention(place, norm(f"{place}.norm", x), hidden))
            place = f"decoder.{layer}.feed_forward"
            inner = linear(f"{place}.hidden", norm(f"{place}.norm", x))
            active = keep(f"{place}.activation", F.gelu(inner, approximate="tanh"))
            x = keep(f"{place}.residual", x + linear(f"{place}.output", active))
        x = norm("decoder.norm", x)
        logits = keep("logits", x @ w["embedding.token.table"].T)
        keep("probabilities", torch.softmax(logits, -1))
    return cache


def transformer_lens_model(weights: dict[str, np.ndarray]) -> Any:
    """A HookedTransformer with our weights. Raises ImportError where TransformerLens is not installed."""
    import torch
    from transformer_lens import HookedTransformer, HookedTransformerConfig

    c = CONFIG
    model = HookedTransformer(
        HookedTransformerConfig(
            n_layers=c.decoder_layers, d_model=c.d_model, n_ctx=c.maximum_positions, d_head=c.d_k, n_heads=c.heads,
            d_mlp=c.d_ff, d_vocab=c.vocabulary, act_fn="gelu_new", normalization_type="LN", eps=c.norm_epsilon,
            init_weights=False, device="cpu",
        )
    )  # fmt: skip
    w = torch_weights(weights)
    heads = (c.heads, c.d_k)
    state = {
        "embed.W_E": w["embedding.token.table"],
        "pos_embed.W_pos": w["embedding.position.table"],
        "ln_final.w": w["decoder.norm.scale"],
        "ln_final.b": w["decoder.norm.shift"],
        "unembed.W_U": w["embedding.token.table"].T,
        "unembed.b_U": torch.zeros(c.vocabulary),
    }
    for layer in range(c.decoder_layers):
        theirs, ours = f"blocks.{layer}", f"decoder.{layer}"
        for letter, which in zip("QKV", ("query", "key", "value"), strict=True):
            weight = w[f"{ours}.self_attention.{which}.weight"]
            state[f"{theirs}.attn.W_{letter}"] = weight.view(c.d_model, *heads).permute(1, 0, 2)
            state[f"{theirs}.attn.b_{letter}"] = w[f"{ours}.self_attention.{which}.bias"].view(heads)
        state[f"{theirs}.attn.W_O"] = w[f"{ours}.self_attention.output.weight"].view(*heads, c.d_model)
        state[f"{theirs}.attn.b_O"] = w[f"{ours}.self_attention.output.bias"]
        for number, kind in ((1, "self_attention"), (2, "feed_forward")):
            state[f"{theirs}.ln{number}.w"] = w[f"{ours}.{kind}.norm.scale"]
            state[f"{theirs}.ln{number}.b"] = w[f"{ours}.{kind}.norm.shift"]
        for side, which in (("in", "hidden"), ("out", "output")):
            state[f"{theirs}.mlp.W_{side}"] = w[f"{ours}.feed_forward.{which}.weight"]
            state[f"{theirs}.mlp.b_{side}"] = w[f"{ours}.feed_forward.{which}.bias"]
    model.load_state_dict(state, strict=False)  # its masks are buffers, which it makes itself
    return model.eval()
