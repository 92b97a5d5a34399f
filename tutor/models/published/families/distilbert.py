"""DistilBERT (Sanh et al. 2019): BERT without segments and with half of the layers."""

from __future__ import annotations

from tutor.engine.config import TransformerConfig
from tutor.models.published.families.bert import ATTENTION, FEED_FORWARD, heads
from tutor.models.published.family import ACTIVATIONS, Checkpoint, Family
from tutor.models.published.names import linear, norm, same

LAYER = "transformer.layer.{}"


def config(checkpoint: Checkpoint) -> TransformerConfig:
    """BERT's choices under other names; the head for sequences has a ReLU in place of the pooler's tanh."""
    c = checkpoint.settings
    return TransformerConfig(
        architecture="encoder_only",
        d_model=c.whole("dim"),
        heads=c.whole("n_heads"),
        d_ff=c.whole("hidden_dim"),
        encoder_layers=c.whole("n_layers"),
        vocabulary=c.whole("vocab_size"),
        maximum_positions=c.whole("max_position_embeddings"),
        position="learned",
        norm_epsilon=1e-12,
        embedding_norm=True,
        activation=c.choice("activation", ACTIVATIONS, "gelu"),
        scale_embedding=False,
        **heads(checkpoint, checkpoint.has("vocab_transform.weight")),
        pooler="relu" if checkpoint.has("pre_classifier.weight") else "none",
        pad_id=c.token("pad_token_id", 0),
    )


FAMILY = Family(
    config,
    same("embedding.token.table", "embeddings.word_embeddings.weight")
    | same("embedding.position.table", "embeddings.position_embeddings.weight")
    | norm("embedding.norm", "embeddings.LayerNorm")
    | linear(f"{ATTENTION}.query", f"{LAYER}.attention.q_lin")
    | linear(f"{ATTENTION}.key", f"{LAYER}.attention.k_lin")
    | linear(f"{ATTENTION}.value", f"{LAYER}.attention.v_lin")
    | linear(f"{ATTENTION}.output", f"{LAYER}.attention.out_lin")
    | norm(f"{ATTENTION}.norm", f"{LAYER}.sa_layer_norm")
    | linear(f"{FEED_FORWARD}.hidden", f"{LAYER}.ffn.lin1")
    | linear(f"{FEED_FORWARD}.output", f"{LAYER}.ffn.lin2")
    | norm(f"{FEED_FORWARD}.norm", f"{LAYER}.output_layer_norm")
    | linear("pooled.hidden", "pre_classifier")
    | linear("sequence_classification.logits", "classifier")
    | linear("token_classification.logits", "classifier")
    | linear("question_answering.each", "qa_outputs")
    | linear("logits.transform.hidden", "vocab_transform")
    | norm("logits.transform.norm", "vocab_layer_norm")
    | linear("logits", "vocab_projector"),
    architectures=(
        "DistilBertModel",
        "DistilBertForMaskedLM",
        "DistilBertForSequenceClassification",
        "DistilBertForTokenClassification",
        "DistilBertForQuestionAnswering",
    ),
    prefixes=("distilbert.",),
    ignored=("embeddings.position_ids", "vocab_projector.*"),
)
