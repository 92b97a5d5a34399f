"""The tokenizer inside a GGUF file: byte-level merges, built anew with the `tokenizers` library."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tutor.engine.config import TransformerConfig
from tutor.models.errors import ModelError
from tutor.models.published.tokenizer import NumberTokenizer, PublishedTokenizer

CONTROL, DEFINED = 3, 4  # the types of tokens that text does not merge into
LLAMA_3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
# How a text is cut into words before any merge, by the name that llama.cpp has for it.
WORDS = {"llama-bpe": LLAMA_3, "qwen2": LLAMA_3.replace(r"\p{N}{1,3}", r"\p{N}")}
DIGITS_APART = ("smollm",)
PLAIN = ("default", "gpt-2")


def tokenizer_of(
    metadata: Mapping[str, Any], config: TransformerConfig, path: Path
) -> PublishedTokenizer | NumberTokenizer:
    """The tokenizer of the file; where it is of another kind, token numbers. Raises ModelError."""
    kind = metadata.get("tokenizer.ggml.pre", "default")
    tokens, merges = (metadata.get(f"tokenizer.ggml.{field}") for field in ("tokens", "merges"))
    known = kind in WORDS or kind in DIGITS_APART or kind in PLAIN
    if metadata.get("tokenizer.ggml.model") != "gpt2" or not known or not (tokens and merges):
        return NumberTokenizer(path, config)
    try:
        library = importlib.import_module("tokenizers")
    except ImportError:
        raise ModelError(
            "{path}: reading it needs the package tokenizers: pip install 'transformer-tutor[gguf]'", path=path
        ) from None
    try:
        return PublishedTokenizer(_built(library, metadata, tokens, merges, str(kind)), config)
    except Exception as error:  # the library raises plain Exception for whatever does not fit together
        raise ModelError("{path}: not a tokenizer ({reason})", path=path, reason=str(error)[:200]) from None


def _built(library: Any, metadata: Mapping[str, Any], tokens: list[str], merges: list[str], kind: str) -> Any:
    vocabulary = {token: number for number, token in enumerate(tokens)}
    pairs = [tuple(merge.split(" ", 1)) for merge in merges]
    inner = library.Tokenizer(library.models.BPE(vocab=vocabulary, merges=pairs, fuse_unk=False))
    cut = library.pre_tokenizers
    level = cut.ByteLevel(add_prefix_space=False, use_regex=kind not in WORDS)
    first: list[Any] = [cut.Digits(individual_digits=True)] if kind in DIGITS_APART else []
    if kind in WORDS:
        first = [cut.Split(library.Regex(WORDS[kind]), behavior="isolated")]
    inner.pre_tokenizer = cut.Sequence([*first, level])
    inner.decoder = library.decoders.ByteLevel()
    types = metadata.get("tokenizer.ggml.token_type") or []
    special = [token for token, found in zip(tokens, types, strict=False) if found in (CONTROL, DEFINED)]
    inner.add_special_tokens([library.AddedToken(token, special=True, normalized=False) for token in special])
    start = metadata.get("tokenizer.ggml.bos_token_id")
    if metadata.get("tokenizer.ggml.add_bos_token") and isinstance(start, int) and start < len(tokens):
        name = tokens[start]
        inner.post_processor = library.processors.TemplateProcessing(
            single=f"{name} $A", pair=f"{name} $A {name} $B", special_tokens=[(name, start)]
        )
    return inner
