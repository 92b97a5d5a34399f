"""Marian (Junczys-Dowmunt et al. 2018), as the OPUS-MT translators are published (Tiedemann and Thottingal 2020)."""

from __future__ import annotations

from tutor.engine.config import TransformerConfig
from tutor.models.published.families.bart import COPIES, blocks, body
from tutor.models.published.family import Checkpoint, Family
from tutor.models.published.names import same


def config(checkpoint: Checkpoint) -> TransformerConfig:
    """The Transformer of 2017; its position waves have all sines first and then all cosines."""
    c = checkpoint.settings
    shared = c.flag("share_encoder_decoder_embeddings", True)
    vocabulary = c.whole("vocab_size")
    return TransformerConfig(
        position="sinusoidal_halves",
        shared_embeddings=shared,
        **body(checkpoint, vocabulary if shared else c.whole("decoder_vocab_size", vocabulary)),
    )


FAMILY = Family(
    config,
    blocks()
    | same("encoder.embedding.token.table", "encoder.embed_tokens.weight", "shared.weight")
    | same("decoder.embedding.token.table", "decoder.embed_tokens.weight", "lm_head.weight"),
    architectures=("MarianMTModel", "MarianModel"),
    prefixes=("model.",),
    ignored=(*COPIES, "encoder.embed_positions.weight", "decoder.embed_positions.weight"),
)
