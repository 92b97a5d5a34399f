"""Greedy generation with the key-value cache, against Hugging Face `generate` on the same weights."""

import importlib.util
import logging
from collections.abc import Iterator
from typing import Any

import numpy as np

from tutor.bench import gpt2_shape
from tutor.bench.figure import Figure, medians, timed
from tutor.engine.choosing import Decoding
from tutor.engine.config import TransformerConfig
from tutor.engine.decoding import decode_steps, greedy
from tutor.engine.transformer import weight_shapes

RIVAL = "Hugging Face generate"
BAR = 0.8
PROMPT, NEW = 16, 32
SMALL = gpt2_shape.CONFIG.changed(d_model=192, heads=6, d_ff=512, decoder_layers=6, vocabulary=3000, pad_id=2999)


def measure(repeat: int) -> Iterator[Figure]:
    """Two shapes against the rival, and the cache against none."""
    for shape, config in (("6 layers of 192", SMALL), ("GPT-2 small shape", gpt2_shape.CONFIG)):
        config = config.changed(end_id=config.vocabulary)  # a token that never comes, so that the length is fixed
        weights = _random_weights(config)
        name = f"generation, {shape}, {NEW} tokens after {PROMPT}"
        yield _against_rival(name, config, weights, repeat)
        if config.d_model == SMALL.d_model:
            yield from _against_no_cache(shape, config, weights, repeat)


def _against_rival(name: str, config: TransformerConfig, weights: dict[str, np.ndarray], repeat: int) -> Figure:
    ids = np.random.default_rng(0).integers(0, config.vocabulary - 1, PROMPT).tolist()

    def ours() -> list[int]:
        return greedy(weights, config, ids, NEW)

    if not importlib.util.find_spec("torch") or not importlib.util.find_spec("transformers"):
        ours()
        (seconds,) = medians([lambda: timed(ours)], repeat)
        note = "Hugging Face Transformers is not installed: pip install 'transformer-tutor[reference]'"
        return Figure(name, "ms a token", seconds / NEW * 1e3, note=note)
    model = hugging_face_model(config, weights)

    def theirs() -> list[int]:
        import torch

        with torch.no_grad():
            found = model.generate(torch.tensor([ids]), max_new_tokens=NEW, do_sample=False, use_cache=True)
        return found[0, PROMPT:].tolist()

    if ours() != theirs():
        raise ArithmeticError(f"{RIVAL} writes something else")
    mine, other = medians([lambda: timed(ours), lambda: timed(theirs)], repeat)
    return Figure(name, "ms a token", mine / NEW * 1e3, other / NEW * 1e3, RIVAL, BAR)


def _against_no_cache(
    shape: str, config: TransformerConfig, weights: dict[str, np.ndarray], repeat: int
) -> Iterator[Figure]:
    ids = np.random.default_rng(0).integers(0, config.vocabulary - 1, PROMPT).tolist()
    for what, how in (("greedy", Decoding("greedy")), ("4 beams", Decoding("beam"))):

        def run(cached: bool, how: Decoding = how) -> float:
            return timed(lambda: list(decode_steps(weights, config, ids, NEW, how, cached=cached)))

        run(True)
        mine, other = medians([lambda run=run: run(True), lambda run=run: run(False)], repeat)  # type: ignore[misc]
        name = f"generation, {shape}, {what} with every step kept"
        yield Figure(name, "ms a token", mine / NEW * 1e3, other / NEW * 1e3, "everything computed anew")


def _random_weights(config: TransformerConfig) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    weights = {}
    for name, shape in weight_shapes(config).items():
        weights[name] = 0.02 * random.standard_normal(shape, dtype=np.float32) + name.endswith("norm.scale")
    return weights


def hugging_face_model(config: TransformerConfig, weights: dict[str, np.ndarray]) -> Any:
    """GPT-2 of Hugging Face Transformers with our weights."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    logging.getLogger("transformers").setLevel(logging.ERROR)
    model = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=config.vocabulary,
            n_positions=config.maximum_positions,
            n_embd=config.d_model,
            n_head=config.heads,
            n_inner=config.d_ff,
            n_layer=config.decoder_layers,
            layer_norm_epsilon=config.norm_epsilon,
            bos_token_id=None,
            eos_token_id=None,
            pad_token_id=config.pad_id,
        )
    )
    named = {name: torch.from_numpy(array) for name, array in _as_gpt2(config, weights).items()}
    missing, unknown = model.load_state_dict(named, strict=False)
    if unknown or set(missing) - {"lm_head.weight"}:  # which is the embedding table
        raise ArithmeticError(f"the weights do not fit: {missing} {unknown}")
    return model.eval()


def _as_gpt2(config: TransformerConfig, weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Our weights under the names that Hugging Face gives them; query, key and value side by side."""
    named = {
        "transformer.wte.weight": weights["embedding.token.table"],
        "transformer.wpe.weight": weights["embedding.position.table"],
        "transformer.ln_f.weight": weights["decoder.norm.scale"],
        "transformer.ln_f.bias": weights["decoder.norm.shift"],
    }
    for layer in range(config.decoder_layers):
        here, there = f"decoder.{layer}", f"transformer.h.{layer}"
        for part in ("weight", "bias"):
            three = [weights[f"{here}.self_attention.{which}.{part}"] for which in ("query", "key", "value")]
            named[f"{there}.attn.c_attn.{part}"] = np.concatenate(three, axis=-1)
            named[f"{there}.attn.c_proj.{part}"] = weights[f"{here}.self_attention.output.{part}"]
            named[f"{there}.mlp.c_fc.{part}"] = weights[f"{here}.feed_forward.hidden.{part}"]
            named[f"{there}.mlp.c_proj.{part}"] = weights[f"{here}.feed_forward.output.{part}"]
            ours = "scale" if part == "weight" else "shift"
            named[f"{there}.ln_1.{part}"] = weights[f"{here}.self_attention.norm.{ours}"]
            named[f"{there}.ln_2.{part}"] = weights[f"{here}.feed_forward.norm.{ours}"]
    return named
