"""The Vision Transformer (Dosovitskiy et al. 2021): squares of pixels for words."""

from __future__ import annotations

from tutor.engine.config import TransformerConfig
from tutor.models.errors import Message
from tutor.models.published.family import ACTIVATIONS, Checkpoint, Family
from tutor.models.published.names import Source, linear, norm, same
from tutor.models.published.settings import Settings

ATTENTION, FEED_FORWARD = "encoder.{}.self_attention", "encoder.{}.feed_forward"
LAYER = "encoder.layer.{}"


def config(checkpoint: Checkpoint) -> TransformerConfig:
    """BERT's stack with the norms before the sub-layers; the class token answers for the picture."""
    c = checkpoint.settings
    c.refuse("qkv_bias", True)
    patch, (height, width) = c.whole("patch_size"), size(c)
    positions = 1 + (height // patch) * (width // patch)
    classes = checkpoint.rows("classifier.weight")
    pooler = checkpoint.has("pooler.dense.weight")
    return TransformerConfig(
        architecture="encoder_only",
        d_model=c.whole("hidden_size"),
        heads=c.whole("num_attention_heads"),
        d_ff=c.whole("intermediate_size"),
        encoder_layers=c.whole("num_hidden_layers"),
        patch=patch,
        picture=(c.whole("num_channels", 3), height, width),
        vocabulary=positions,
        maximum_positions=positions,
        position="learned",
        norm_position="pre",
        norm_epsilon=c.number("layer_norm_eps", 1e-12),
        final_norm=True,
        activation=c.choice("hidden_act", ACTIVATIONS, "gelu"),
        scale_embedding=False,
        padding_mask=False,
        tasks=("sequence_classification",) if classes else (),
        classes=classes,
        pooler=c.choice("pooler_act", {"tanh": "tanh", "relu": "relu"}, "tanh") if pooler else "none",
    )


def size(c: Settings) -> tuple[int, int]:
    """Height and width of a picture; one number means both."""
    given = c.get("image_size")
    if isinstance(given, list) and len(given) == 2:
        both = Settings({"height": given[0], "width": given[1]}, c.path)
        found = both.whole("height"), both.whole("width")
    else:
        found = (c.whole("image_size"),) * 2
    patch = c.whole("patch_size")
    if any(side % patch for side in found):
        raise c.refusal("image_size", Message("must be a multiple of patch_size ({patch})", patch=patch))
    return found


FAMILY = Family(
    config,
    {
        "embedding.patch.weight": Source(("embeddings.patch_embeddings.projection.weight",), turned=True),
        "embedding.patch.bias": Source(("embeddings.patch_embeddings.projection.bias",)),
    }
    | same("embedding.class.row", "embeddings.cls_token")
    | same("embedding.position.table", "embeddings.position_embeddings")
    | linear(f"{ATTENTION}.query", f"{LAYER}.attention.attention.query", "layers.{}.attention.q_proj")
    | linear(f"{ATTENTION}.key", f"{LAYER}.attention.attention.key", "layers.{}.attention.k_proj")
    | linear(f"{ATTENTION}.value", f"{LAYER}.attention.attention.value", "layers.{}.attention.v_proj")
    | linear(f"{ATTENTION}.output", f"{LAYER}.attention.output.dense", "layers.{}.attention.o_proj")
    | norm(f"{ATTENTION}.norm", f"{LAYER}.layernorm_before", "layers.{}.layernorm_before")
    | linear(f"{FEED_FORWARD}.hidden", f"{LAYER}.intermediate.dense", "layers.{}.mlp.fc1")
    | linear(f"{FEED_FORWARD}.output", f"{LAYER}.output.dense", "layers.{}.mlp.fc2")
    | norm(f"{FEED_FORWARD}.norm", f"{LAYER}.layernorm_after", "layers.{}.layernorm_after")
    | norm("encoder.norm", "layernorm")
    | linear("pooled.hidden", "pooler.dense")
    | linear("sequence_classification.logits", "classifier"),
    architectures=("ViTModel", "ViTForImageClassification"),
    prefixes=("vit.",),
    ignored=("embeddings.mask_token",),
)
