"""RoBERTa (Liu et al. 2019): BERT with other heads, whose positions count from the number after the padding's."""

from __future__ import annotations

from tutor.engine.config import TransformerConfig
from tutor.models.errors import Message
from tutor.models.published.families.bert import blocks, body, heads
from tutor.models.published.family import Checkpoint, Family
from tutor.models.published.names import linear, norm, same


def config(checkpoint: Checkpoint) -> TransformerConfig:
    """BERT's, with the first position's row after that of the padding token's number."""
    c = checkpoint.settings
    pad_id, rows = c.token("pad_token_id", 1), c.whole("max_position_embeddings")
    if rows <= pad_id + 1:
        raise c.refusal(
            "max_position_embeddings", Message("must be a whole number of at least {least}", least=pad_id + 2)
        )
    words = checkpoint.has("lm_head.dense.weight")
    if words:
        c.refuse("hidden_act", "gelu")  # the head's own is always this one
    return TransformerConfig(
        maximum_positions=rows - pad_id - 1,
        position_offset=pad_id + 1,
        **body(checkpoint),
        **heads(checkpoint, words),
        pooler="tanh" if checkpoint.has("pooler.dense.weight", "classifier.dense.weight") else "none",
        pad_id=pad_id,
    )


FAMILY = Family(
    config,
    blocks()
    | linear("pooled.hidden", "classifier.dense", "pooler.dense")
    | linear("sequence_classification.logits", "classifier.out_proj")
    | linear("logits.transform.hidden", "lm_head.dense")
    | norm("logits.transform.norm", "lm_head.layer_norm")
    | linear("logits", "lm_head.decoder")
    | same("logits.bias", "lm_head.decoder.bias", "lm_head.bias"),
    architectures=(
        "RobertaModel",
        "RobertaForMaskedLM",
        "RobertaForSequenceClassification",
        "RobertaForTokenClassification",
        "RobertaForQuestionAnswering",
    ),
    prefixes=("roberta.",),
    ignored=("embeddings.position_ids", "embeddings.token_type_ids", "lm_head.decoder.*", "lm_head.bias"),
)
