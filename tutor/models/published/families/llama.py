"""Llama (Touvron et al. 2023), and what Mistral, Qwen2 and Qwen3 share with it."""

from __future__ import annotations

from typing import Any

from tutor.engine.config import TransformerConfig
from tutor.models.errors import Message
from tutor.models.published.family import ACTIVATIONS, Checkpoint, Family, padding
from tutor.models.published.names import Source, linear, norm, same
from tutor.models.published.settings import Settings

ATTENTION, FEED_FORWARD = "decoder.{}.self_attention", "decoder.{}.feed_forward"
LAYER = "layers.{}"


def config(checkpoint: Checkpoint) -> TransformerConfig:
    """RMS norms before the sub-layers, rotary positions, shared keys and values, a gated feed-forward, no biases."""
    c = checkpoint.settings
    return TransformerConfig(
        **body(checkpoint),
        attention_bias=c.flag("attention_bias", False),
        feed_forward_bias=c.flag("mlp_bias", False),
    )


def body(checkpoint: Checkpoint, head_width: int = 0) -> dict[str, Any]:
    """The fields of a config that all four read from the same settings."""
    c = checkpoint.settings
    heads, vocabulary, width = c.whole("num_attention_heads"), c.whole("vocab_size"), c.whole("hidden_size")
    end_id = c.token("eos_token_id", vocabulary)
    tied = c.flag("tie_word_embeddings", False)
    return {
        "architecture": "decoder_only",
        "d_model": width,
        "heads": heads,
        "d_k": c.whole("head_dim", head_width or width // heads),
        "key_value_heads": c.whole("num_key_value_heads", heads),
        "d_ff": c.whole("intermediate_size"),
        "decoder_layers": c.whole("num_hidden_layers"),
        "vocabulary": vocabulary,
        "maximum_positions": c.whole("max_position_embeddings", 2048),
        "position": "rotary",
        "norm": "rms",
        "norm_position": "pre",
        "norm_epsilon": c.number("rms_norm_eps", 1e-6),
        "final_norm": True,
        "activation": c.choice("hidden_act", ACTIVATIONS, "silu"),
        "gated": True,
        "output_bias": False,
        "tied_embeddings": tied,
        "scale_embedding": False,
        "tasks": ("words",) if tied or checkpoint.has("lm_head.weight") else (),
        "start_id": c.token("bos_token_id", end_id),
        "end_id": end_id,
        **rotation(c),
        **padding(c, end_id),
    }


def rotation(c: Settings) -> dict[str, Any]:
    """How fast the pairs of features turn; older files say it in two fields."""
    own = c.table("rope_parameters" if "rope_parameters" in c else "rope_scaling")
    own.refuse("partial_rotary_factor", 1, 1.0)
    base = own.number("rope_theta", c.number("rope_theta", 10000.0))
    kind = own.get("rope_type", own.get("type", "default"))
    if kind == "default":
        return {"rotary_base": base}
    if kind == "linear":
        return {"rotary_base": base, "rotary_scaling": (own.number("factor"),)}
    if kind != "llama3":
        raise c.refusal("rope_parameters", Message("only {wanted} is supported", wanted="default, linear, llama3"))
    low, high = own.number("low_freq_factor"), own.number("high_freq_factor")
    if low >= high:
        raise own.refusal("high_freq_factor", Message("must be above low_freq_factor ({low})", low=low))
    positions = own.number("original_max_position_embeddings")
    return {"rotary_base": base, "rotary_scaling": (own.number("factor"), low, high, positions)}


def window(c: Settings) -> dict[str, Any]:
    """From which layer on a token looks at its nearest neighbours alone, and how many these are."""
    if not c.flag("use_sliding_window", False) or "sliding_window" not in c:
        return {}
    layers, first = c.whole("num_hidden_layers"), c.whole("max_window_layers", 28, least=0)
    kinds = c.get("layer_types")
    expected = ["sliding_attention" if layer >= first else "full_attention" for layer in range(layers)]
    if kinds is not None and kinds != expected:
        raise c.refusal("layer_types", Message("must follow from max_window_layers ({first})", first=first))
    return {"window": c.whole("sliding_window"), "window_from": first}


def blocks() -> dict[str, Source]:
    """The tensors that all four call alike."""
    table = same("embedding.token.table", "embed_tokens.weight") | linear("logits", "lm_head")
    for which in ("query", "key", "value", "output"):
        table |= linear(f"{ATTENTION}.{which}", f"{LAYER}.self_attn.{which[0]}_proj")
    for which in ("query", "key"):
        table |= norm(f"{ATTENTION}.{which}_norm", f"{LAYER}.self_attn.{which[0]}_norm")
    for ours, theirs in (("gate", "gate"), ("up", "up"), ("output", "down")):
        table |= linear(f"{FEED_FORWARD}.{ours}", f"{LAYER}.mlp.{theirs}_proj")
    table |= norm(f"{ATTENTION}.norm", f"{LAYER}.input_layernorm")
    table |= norm(f"{FEED_FORWARD}.norm", f"{LAYER}.post_attention_layernorm")
    return table | norm("decoder.norm", "norm")


IGNORED = ("layers.*.self_attn.rotary_emb.inv_freq", "rotary_emb.inv_freq", "lm_head.weight")

FAMILY = Family(config, blocks(), ("LlamaForCausalLM", "LlamaModel"), ("model.",), IGNORED)
