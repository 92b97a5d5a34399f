"""The families of published models that can be opened, by the `model_type` of their settings."""

from __future__ import annotations

from tutor.models.published.families import (
    bart,
    bert,
    distilbert,
    gpt2,
    llama,
    marian,
    mistral,
    qwen2,
    qwen3,
    roberta,
    t5,
    vit,
)
from tutor.models.published.family import Family

FAMILIES: dict[str, Family] = {
    "bart": bart.FAMILY,
    "bert": bert.FAMILY,
    "distilbert": distilbert.FAMILY,
    "gpt2": gpt2.FAMILY,
    "llama": llama.FAMILY,
    "marian": marian.FAMILY,
    "mistral": mistral.FAMILY,
    "qwen2": qwen2.FAMILY,
    "qwen3": qwen3.FAMILY,
    "roberta": roberta.FAMILY,
    "t5": t5.FAMILY,
    "vit": vit.FAMILY,
}
