"""Qwen2 and Qwen2.5 (Yang et al. 2024): Llama with biases on queries, keys and values."""

from __future__ import annotations

from tutor.engine.config import TransformerConfig
from tutor.models.published.families.llama import IGNORED, blocks, body, window
from tutor.models.published.family import Checkpoint, Family


def config(checkpoint: Checkpoint) -> TransformerConfig:
    """Llama's, with biases before the heads and none after."""
    return TransformerConfig(
        **body(checkpoint),
        **window(checkpoint.settings),
        attention_bias=True,
        attention_output_bias=False,
        feed_forward_bias=False,
    )


FAMILY = Family(config, blocks(), ("Qwen2ForCausalLM", "Qwen2Model"), ("model.",), IGNORED)
