"""GPT-2 (Radford et al. 2019)."""

from __future__ import annotations

from tutor.engine.config import TransformerConfig
from tutor.models.published.family import ACTIVATIONS, Checkpoint, Family, padding
from tutor.models.published.names import Source, linear, norm, same

LAYER = "h.{}"
ATTENTION, FEED_FORWARD = "decoder.{}.self_attention", "decoder.{}.feed_forward"


def config(checkpoint: Checkpoint) -> TransformerConfig:
    """Norms before the sub-layers, learned positions, GELU by its tanh approximation, tied embeddings."""
    c = checkpoint.settings
    c.refuse("add_cross_attention", False)
    c.refuse("scale_attn_by_inverse_layer_idx", False)
    width, vocabulary = c.whole("n_embd"), c.whole("vocab_size")
    end_id = c.token("eos_token_id", vocabulary)
    tied = c.flag("tie_word_embeddings", True)
    return TransformerConfig(
        architecture="decoder_only",
        d_model=width,
        heads=c.whole("n_head"),
        d_ff=c.whole("n_inner", 4 * width),
        decoder_layers=c.whole("n_layer"),
        vocabulary=vocabulary,
        maximum_positions=c.whole("n_positions"),
        position="learned",
        norm_position="pre",
        norm_epsilon=c.number("layer_norm_epsilon", 1e-5),
        final_norm=True,
        activation=c.choice("activation_function", ACTIVATIONS, "gelu_new"),
        output_bias=False,
        tied_embeddings=tied,
        scale_embedding=False,
        scale_scores=c.flag("scale_attn_weights", True),
        tasks=("words",) if tied or checkpoint.has("lm_head.weight") else (),
        start_id=c.token("bos_token_id", end_id),
        end_id=end_id,
        **padding(c, end_id),
    )


def fused(number: int, which: str) -> dict[str, Source]:
    """One third of the linear map that makes queries, keys and values at once; laid out as ours."""
    return {
        f"{ATTENTION}.{which}.{kind}": Source((f"{LAYER}.attn.c_attn.{kind}",), part=(number, 3))
        for kind in ("weight", "bias")
    }


def convolution(ours: str, theirs: str) -> dict[str, Source]:
    """GPT-2's own linear map, kept as [input, output]."""
    return same(f"{ours}.weight", f"{theirs}.weight") | same(f"{ours}.bias", f"{theirs}.bias")


FAMILY = Family(
    config,
    same("embedding.token.table", "wte.weight", "lm_head.weight")
    | same("embedding.position.table", "wpe.weight")
    | fused(0, "query")
    | fused(1, "key")
    | fused(2, "value")
    | convolution(f"{ATTENTION}.output", f"{LAYER}.attn.c_proj")
    | norm(f"{ATTENTION}.norm", f"{LAYER}.ln_1")
    | convolution(f"{FEED_FORWARD}.hidden", f"{LAYER}.mlp.c_fc")
    | convolution(f"{FEED_FORWARD}.output", f"{LAYER}.mlp.c_proj")
    | norm(f"{FEED_FORWARD}.norm", f"{LAYER}.ln_2")
    | norm("decoder.norm", "ln_f")
    | linear("logits", "lm_head"),
    architectures=("GPT2LMHeadModel", "GPT2Model"),
    prefixes=("transformer.",),
    ignored=("h.*.attn.bias", "h.*.attn.masked_bias", "lm_head.weight"),
)
