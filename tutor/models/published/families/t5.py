"""T5 (Raffel et al. 2020) and T5 v1.1, whose feed-forward is gated (Shazeer 2020)."""

from __future__ import annotations

from tutor.engine.config import TransformerConfig
from tutor.models.published.family import Checkpoint, Family
from tutor.models.published.names import Source, linear, norm, same

SHARED = ("shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight")


def config(checkpoint: Checkpoint) -> TransformerConfig:
    """RMS norms before the sub-layers, relative positions, no biases, and scores that are not scaled."""
    c = checkpoint.settings
    vocabulary, layers = c.whole("vocab_size"), c.whole("num_layers")
    kinds = {"relu": "relu", "gated-gelu": "gelu_tanh"} | {f"gated-{name}": name for name in ("relu", "silu")}
    feed_forward = c.choice("feed_forward_proj", kinds | {"gelu": "gelu"}, "relu")
    gated = str(c.get("feed_forward_proj", "relu")).startswith("gated-")
    tied = c.flag("tie_word_embeddings", True)
    own_output = not tied and checkpoint.has("lm_head.weight")
    pad_id = c.token("pad_token_id", 0)
    return TransformerConfig(
        d_model=c.whole("d_model"),
        heads=c.whole("num_heads"),
        d_k=c.whole("d_kv"),
        d_ff=c.whole("d_ff"),
        encoder_layers=layers,
        decoder_layers=c.whole("num_decoder_layers", layers),
        vocabulary=vocabulary,
        target_vocabulary=vocabulary,
        position="relative",
        relative_buckets=c.whole("relative_attention_num_buckets", 32),
        relative_distance=c.whole("relative_attention_max_distance", 128),
        maximum_positions=c.whole("n_positions", 512),
        norm="rms",
        norm_position="pre",
        norm_epsilon=c.number("layer_norm_epsilon", 1e-6),
        final_norm=True,
        activation=feed_forward,
        gated=gated,
        attention_bias=False,
        feed_forward_bias=False,
        output_bias=False,
        shared_embeddings=True,
        tied_embeddings=not own_output,
        scale_logits=c.flag("scale_decoder_outputs", tied),
        scale_embedding=False,
        scale_scores=False,
        pad_id=pad_id,
        start_id=c.token("decoder_start_token_id", pad_id),
        end_id=c.token("eos_token_id", 1),
    )


def blocks() -> dict[str, Source]:
    """The tensors of both stacks."""
    table: dict[str, Source] = {}
    for stack in ("encoder", "decoder"):
        kinds = [("self_attention", "SelfAttention"), ("cross_attention", "EncDecAttention")]
        kinds = kinds if stack == "decoder" else kinds[:1]
        for number, (ours, theirs) in enumerate(kinds):
            layer, place = f"{stack}.block.{{}}.layer.{number}", f"{stack}.{{}}.{ours}"
            for which in ("query", "key", "value", "output"):
                table |= linear(f"{place}.{which}", f"{layer}.{theirs}.{which[0]}")
            table |= norm(f"{place}.norm", f"{layer}.layer_norm")
        layer, place = f"{stack}.block.{{}}.layer.{len(kinds)}", f"{stack}.{{}}.feed_forward"
        for ours, theirs in (("hidden", "wi"), ("gate", "wi_0"), ("up", "wi_1"), ("output", "wo")):
            table |= linear(f"{place}.{ours}", f"{layer}.DenseReluDense.{theirs}")
        table |= norm(f"{place}.norm", f"{layer}.layer_norm")
        table |= norm(f"{stack}.norm", f"{stack}.final_layer_norm")
        bias = f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"
        table |= same(f"{stack}.relative.table", bias)
    return table


FAMILY = Family(
    config,
    blocks() | same("embedding.token.table", *SHARED) | linear("logits", "lm_head"),
    architectures=("T5ForConditionalGeneration", "T5WithLMHeadModel", "T5Model"),
    ignored=(*SHARED, "lm_head.weight", "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"),
)
