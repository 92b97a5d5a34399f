"""Mistral (Jiang et al. 2023): Llama with a window."""

from __future__ import annotations

from tutor.engine.config import TransformerConfig
from tutor.models.published.families.llama import IGNORED, blocks, body
from tutor.models.published.family import Checkpoint, Family


def config(checkpoint: Checkpoint) -> TransformerConfig:
    """Llama's; in every layer a token looks at its nearest neighbours alone, where the settings say so."""
    window = checkpoint.settings.whole("sliding_window", 0, least=0)
    return TransformerConfig(**body(checkpoint), window=window, attention_bias=False, feed_forward_bias=False)


FAMILY = Family(config, blocks(), ("MistralForCausalLM", "MistralModel"), ("model.",), IGNORED)
