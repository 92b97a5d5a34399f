"""Qwen3 (Yang et al. 2025): Llama with a norm on every query and key."""

from __future__ import annotations

from tutor.engine.config import TransformerConfig
from tutor.models.published.families.llama import IGNORED, blocks, body, window
from tutor.models.published.family import Checkpoint, Family


def config(checkpoint: Checkpoint) -> TransformerConfig:
    """Llama's, with an RMS norm on each head's queries and keys before they are turned."""
    return TransformerConfig(
        **body(checkpoint, head_width=128),
        **window(checkpoint.settings),
        query_key_norm=True,
        attention_bias=checkpoint.settings.flag("attention_bias", False),
        feed_forward_bias=False,
    )


FAMILY = Family(config, blocks(), ("Qwen3ForCausalLM", "Qwen3Model"), ("model.",), IGNORED)
