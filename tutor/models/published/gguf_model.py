"""A GGUF file opened as a model of the tutor: Llama and its kin, as llama.cpp packs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tutor.engine.transformer import weight_shapes
from tutor.models.card import ModelCard
from tutor.models.errors import ModelError
from tutor.models.model import Model
from tutor.models.published.families import llama, qwen2, qwen3
from tutor.models.published.family import Checkpoint, Family
from tutor.models.published.folder import MOST_LAYERS, limits, read_config
from tutor.models.published.gguf_file import GGUFFile
from tutor.models.published.gguf_tokenizer import tokenizer_of
from tutor.models.published.names import Source, linear, norm, read_weights, same
from tutor.models.published.settings import Settings

ATTENTION, FEED_FORWARD, LAYER = "decoder.{}.self_attention", "decoder.{}.feed_forward", "blk.{}"
# What the settings of Transformers are called here, after the architecture's name and a point.
FIELDS = {
    "hidden_size": "embedding_length",
    "num_hidden_layers": "block_count",
    "num_attention_heads": "attention.head_count",
    "num_key_value_heads": "attention.head_count_kv",
    "head_dim": "attention.key_length",
    "intermediate_size": "feed_forward_length",
    "max_position_embeddings": "context_length",
    "rms_norm_eps": "attention.layer_norm_rms_epsilon",
    "rope_theta": "rope.freq_base",
}
TOKENS = {f"{name}_token_id": f"tokenizer.ggml.{found}_token_id" for name, found in (
    ("bos", "bos"), ("eos", "eos"), ("pad", "padding"))}  # fmt: skip


def _table() -> dict[str, Source]:
    table = same("embedding.token.table", "token_embd.weight") | linear("logits", "output")
    for ours, theirs in (("query", "q"), ("key", "k"), ("value", "v"), ("output", "output")):
        table |= linear(f"{ATTENTION}.{ours}", f"{LAYER}.attn_{theirs}")
    for which in ("query", "key"):
        table |= norm(f"{ATTENTION}.{which}_norm", f"{LAYER}.attn_{which[0]}_norm")
    for ours, theirs in (("gate", "gate"), ("up", "up"), ("output", "down")):
        table |= linear(f"{FEED_FORWARD}.{ours}", f"{LAYER}.ffn_{theirs}")
    table |= norm(f"{ATTENTION}.norm", f"{LAYER}.attn_norm")
    return table | norm(f"{FEED_FORWARD}.norm", f"{LAYER}.ffn_norm") | norm("decoder.norm", "output_norm")


FAMILIES = {
    name: Family(family.config, _table(), (), (), ("output.weight",))
    for name, family in (("llama", llama.FAMILY), ("qwen2", qwen2.FAMILY), ("qwen3", qwen3.FAMILY))
}
PERMUTED = ("llama",)  # queries and keys have the two features of a pair side by side


class Tensors(GGUFFile):
    """The tensors in the order of their rows that Transformers keeps them in."""

    heads: dict[str, int] = {}  # of queries and of keys, by the last word of their tensors' names

    def read(self, name: str) -> np.ndarray:
        array = super().read(name)
        heads = self.heads.get(name.rpartition(".")[0].rpartition(".")[2], 0)
        return apart(array, heads) if heads else array


def apart(array: np.ndarray, heads: int) -> np.ndarray:
    """Rows [head, pair, 2] as [head, 2, pair]: llama.cpp turns neighbours, Transformers features half a row apart."""
    return array.reshape(heads, -1, 2, *array.shape[1:]).swapaxes(1, 2).reshape(array.shape)


def load_gguf(path: Path) -> Model:
    """The model in a GGUF file. Raises ModelError naming the file and what is wrong with it."""
    tensors = Tensors(path)
    name = tensors.metadata.get("general.architecture")
    if name not in FAMILIES:
        raise ModelError(
            "{path}: general.architecture: {name} is not supported; there are {names}",
            path=path,
            name=str(name)[:60],
            names=", ".join(FAMILIES),
        )
    if "rope_freqs.weight" in tensors:
        raise ModelError("{path}: rope_freqs.weight: turning rates of its own are not supported", path=path)
    family, settings = FAMILIES[name], settings_of(tensors, name, path)
    config = read_config(family, Checkpoint(settings, tensors))
    if name in PERMUTED:
        tensors.heads = {"attn_q": config.heads, "attn_k": config.key_value_heads}
    weights, used = read_weights(tensors, weight_shapes(config), family.table, ())
    unused = family.unused(tensors, used)
    tokenizer = tokenizer_of(tensors.metadata, config, path)
    title = str(tensors.metadata.get("general.name") or path.stem)
    model_card = ModelCard(
        name=path.stem,
        title={"en": title, "zh": title},
        summary={"en": f"A published checkpoint (GGUF, {name}).", "zh": f"公开发布的模型（GGUF，{name}）。"},
        limits=limits(unused),
        data={"en": f"Read from {path}; its numbers were packed.", "zh": f"读自 {path}；其中的数经过压缩。"},
        trained=True,
        parameters=sum(array.size for array in weights.values()),
        config=config.as_dict(),
    )
    return Model(model_card, config, weights, tokenizer, tokenizer)


def settings_of(tensors: GGUFFile, architecture: str, path: Path) -> Settings:
    """The metadata under the names that Transformers has for it."""
    known: dict[str, Any] = {}
    for field, name in FIELDS.items():
        known[field] = tensors.metadata.get(f"{architecture}.{name}")
    for field, name in TOKENS.items():
        known[field] = tensors.metadata.get(name)
    scaling = tensors.metadata.get(f"{architecture}.rope.scaling.type", "none")
    if scaling == "linear":
        factor = tensors.metadata.get(f"{architecture}.rope.scaling.factor")
        known["rope_scaling"] = {"rope_type": "linear", "factor": factor}
    elif scaling != "none":
        raise ModelError("{path}: rope.scaling.type: {kind} is not supported", path=path, kind=str(scaling)[:60])
    table = tensors.get("token_embd.weight")
    known["vocab_size"] = table.shape[0] if table else None
    known["tie_word_embeddings"] = "output.weight" not in tensors
    if isinstance(known["num_hidden_layers"], int) and known["num_hidden_layers"] > MOST_LAYERS:
        raise ModelError("{path}: more than {most} layers", path=path, most=MOST_LAYERS)
    return Settings(known, path)
