"""BART (Lewis et al. 2019), and what Marian shares with it."""

from __future__ import annotations

from typing import Any

from tutor.engine.config import TransformerConfig
from tutor.models.errors import Message
from tutor.models.published.family import ACTIVATIONS, Checkpoint, Family
from tutor.models.published.names import Source, linear, norm, same

OFFSET = 2  # rows of the table of positions that no position uses


def config(checkpoint: Checkpoint) -> TransformerConfig:
    """The Transformer of 2017 with learned positions and a norm after the embedding."""
    return TransformerConfig(
        position="learned",
        position_offset=OFFSET,
        embedding_norm=True,
        shared_embeddings=True,
        **body(checkpoint, checkpoint.settings.whole("vocab_size")),
    )


def body(checkpoint: Checkpoint, target_vocabulary: int) -> dict[str, Any]:
    """The fields of a config that BART and Marian read from the same settings."""
    c = checkpoint.settings
    for field in ("attention_heads", "ffn_dim"):
        if c.whole(f"encoder_{field}") != c.whole(f"decoder_{field}"):
            rule = Message("must be the encoder's ({number})", number=c.whole(f"encoder_{field}"))
            raise c.refusal(f"decoder_{field}", rule)
    tied = c.flag("tie_word_embeddings", True)
    end_id = c.token("eos_token_id", 2)
    return {
        "d_model": c.whole("d_model"),
        "heads": c.whole("encoder_attention_heads"),
        "d_ff": c.whole("encoder_ffn_dim"),
        "encoder_layers": c.whole("encoder_layers"),
        "decoder_layers": c.whole("decoder_layers"),
        "vocabulary": c.whole("vocab_size"),
        "target_vocabulary": target_vocabulary,
        "maximum_positions": c.whole("max_position_embeddings"),
        "activation": c.choice("activation_function", ACTIVATIONS, "gelu"),
        "tied_embeddings": tied,
        "scale_embedding": c.flag("scale_embedding", False),
        "output_bias": checkpoint.has("final_logits_bias"),
        "tasks": ("words",) if tied or checkpoint.has("lm_head.weight") else (),
        "pad_id": c.token("pad_token_id", 1),
        "start_id": c.token("decoder_start_token_id", end_id),
        "end_id": end_id,
    }


def blocks() -> dict[str, Source]:
    """The tensors that BART and Marian call alike."""
    shared = ("shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight")
    table = same("embedding.token.table", *shared)
    for stack in ("encoder", "decoder"):
        layer, place = f"{stack}.layers.{{}}", f"{stack}.{{}}"
        kinds = {"self_attention": "self_attn", "cross_attention": "encoder_attn"}
        for ours, theirs in list(kinds.items())[: 1 + (stack == "decoder")]:
            for which in ("query", "key", "value"):
                table |= linear(f"{place}.{ours}.{which}", f"{layer}.{theirs}.{which[0]}_proj")
            table |= linear(f"{place}.{ours}.output", f"{layer}.{theirs}.out_proj")
            table |= norm(f"{place}.{ours}.norm", f"{layer}.{theirs}_layer_norm")
        table |= linear(f"{place}.feed_forward.hidden", f"{layer}.fc1")
        table |= linear(f"{place}.feed_forward.output", f"{layer}.fc2")
        table |= norm(f"{place}.feed_forward.norm", f"{layer}.final_layer_norm")
    return table | linear("logits", "lm_head") | same("logits.bias", "final_logits_bias")


COPIES = ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "shared.weight", "lm_head.weight")

FAMILY = Family(
    config,
    blocks()
    | same("encoder.embedding.position.table", "encoder.embed_positions.weight")
    | same("decoder.embedding.position.table", "decoder.embed_positions.weight")
    | norm("encoder.embedding.norm", "encoder.layernorm_embedding")
    | norm("decoder.embedding.norm", "decoder.layernorm_embedding"),
    architectures=("BartForConditionalGeneration", "BartModel"),
    prefixes=("model.",),
    ignored=COPIES,
)
