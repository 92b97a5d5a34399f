"""BERT (Devlin et al. 2018), and what RoBERTa and DistilBERT share with it."""

from __future__ import annotations

from typing import Any

from tutor.engine.config import TransformerConfig
from tutor.models.published.family import ACTIVATIONS, Checkpoint, Family
from tutor.models.published.names import Source, linear, norm, same

ATTENTION, FEED_FORWARD = "encoder.{}.self_attention", "encoder.{}.feed_forward"
LAYER = "encoder.layer.{}"
HEADS = {
    "MaskedLM": "words",
    "ForSequenceClassification": "sequence_classification",
    "ForTokenClassification": "token_classification",
    "ForQuestionAnswering": "question_answering",
}


def config(checkpoint: Checkpoint) -> TransformerConfig:
    """Norms after the sub-layers and after the embedding, learned positions, segments; the heads that are there."""
    c = checkpoint.settings
    words = checkpoint.has("cls.predictions.transform.dense.weight")
    following = checkpoint.has("cls.seq_relationship.weight")
    return TransformerConfig(
        maximum_positions=c.whole("max_position_embeddings"),
        **body(checkpoint),
        **heads(checkpoint, words, following),
        pooler="tanh" if checkpoint.has("pooler.dense.weight") else "none",
        pad_id=c.token("pad_token_id", 0),
    )


def body(checkpoint: Checkpoint) -> dict[str, Any]:
    """The fields of a config that BERT and RoBERTa read from the same settings."""
    c = checkpoint.settings
    c.refuse("is_decoder", False)
    c.refuse("add_cross_attention", False)
    c.refuse("position_embedding_type", "absolute")
    return {
        "architecture": "encoder_only",
        "d_model": c.whole("hidden_size"),
        "heads": c.whole("num_attention_heads"),
        "d_ff": c.whole("intermediate_size"),
        "encoder_layers": c.whole("num_hidden_layers"),
        "vocabulary": c.whole("vocab_size"),
        "position": "learned",
        "segments": c.whole("type_vocab_size", 2),
        "norm_epsilon": c.number("layer_norm_eps", 1e-12),
        "embedding_norm": True,
        "activation": c.choice("hidden_act", ACTIVATIONS, "gelu"),
        "scale_embedding": False,
    }


def heads(checkpoint: Checkpoint, words: bool, following: bool = False) -> dict[str, Any]:
    """The fields that say which heads there are; one that the file lacks is left out."""
    task = next((task for ending, task in HEADS.items() if checkpoint.architecture.endswith(ending)), "")
    classes = checkpoint.rows("classifier.weight", "classifier.out_proj.weight")
    tasks = (["words"] if words else []) + (["next_sentence"] if following else [])
    if task.endswith("classification") and classes:
        tasks.append(task)
    if task == "question_answering" and checkpoint.has("qa_outputs.weight"):
        tasks.append(task)
    return {
        "tasks": tuple(tasks),
        "classes": classes,
        "logits_transform": words,
        "tied_embeddings": checkpoint.settings.flag("tie_word_embeddings", True),
    }


def blocks() -> dict[str, Source]:
    """The tensors of the embedding and the blocks, which BERT and RoBERTa call alike."""
    return (
        same("embedding.token.table", "embeddings.word_embeddings.weight")
        | same("embedding.position.table", "embeddings.position_embeddings.weight")
        | same("embedding.segment.table", "embeddings.token_type_embeddings.weight")
        | norm("embedding.norm", "embeddings.LayerNorm")
        | linear(f"{ATTENTION}.query", f"{LAYER}.attention.self.query")
        | linear(f"{ATTENTION}.key", f"{LAYER}.attention.self.key")
        | linear(f"{ATTENTION}.value", f"{LAYER}.attention.self.value")
        | linear(f"{ATTENTION}.output", f"{LAYER}.attention.output.dense")
        | norm(f"{ATTENTION}.norm", f"{LAYER}.attention.output.LayerNorm")
        | linear(f"{FEED_FORWARD}.hidden", f"{LAYER}.intermediate.dense")
        | linear(f"{FEED_FORWARD}.output", f"{LAYER}.output.dense")
        | norm(f"{FEED_FORWARD}.norm", f"{LAYER}.output.LayerNorm")
        | linear("token_classification.logits", "classifier")
        | linear("question_answering.each", "qa_outputs")
    )


FAMILY = Family(
    config,
    blocks()
    | linear("pooled.hidden", "pooler.dense")
    | linear("next_sentence.logits", "cls.seq_relationship")
    | linear("sequence_classification.logits", "classifier")
    | linear("logits.transform.hidden", "cls.predictions.transform.dense")
    | norm("logits.transform.norm", "cls.predictions.transform.LayerNorm")
    | linear("logits", "cls.predictions.decoder")
    | same("logits.bias", "cls.predictions.decoder.bias", "cls.predictions.bias"),
    architectures=(
        "BertModel",
        "BertForMaskedLM",
        "BertForPreTraining",
        "BertForNextSentencePrediction",
        "BertForSequenceClassification",
        "BertForTokenClassification",
        "BertForQuestionAnswering",
    ),
    prefixes=("bert.",),
    ignored=(
        "embeddings.position_ids",
        "embeddings.token_type_ids",
        "cls.predictions.decoder.*",
        "cls.predictions.bias",
    ),
)
