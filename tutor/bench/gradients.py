"""The gradient of every parameter against PyTorch's autograd, architecture by architecture."""

import importlib.util
from collections.abc import Iterator, Mapping

import numpy as np

from tutor.bench.figure import Figure
from tutor.engine.config import TransformerConfig
from tutor.engine.training import Settings, gradients

BARS = {"float32": 1e-5, "float64": 1e-9}
SIZE = {"d_model": 48, "heads": 4, "d_ff": 96, "encoder_layers": 2, "decoder_layers": 2, "vocabulary": 101}
ARCHITECTURES: dict[str, dict[str, object]] = {
    "encoder-decoder of 2017": {},
    "encoder alone, like BERT": {
        "architecture": "encoder_only",
        "position": "learned",
        "segments": 2,
        "embedding_norm": True,
        "activation": "gelu",
        "tied_embeddings": True,
        "scale_embedding": False,
        "tasks": ("words", "next_sentence"),
        "logits_transform": True,
        "pooler": "tanh",
    },
    "decoder alone, like GPT-2": {
        "architecture": "decoder_only",
        "position": "learned",
        "norm_position": "pre",
        "final_norm": True,
        "activation": "gelu_tanh",
        "tied_embeddings": True,
        "scale_embedding": False,
        "output_bias": False,
    },
    "decoder alone, like Llama": {
        "architecture": "decoder_only",
        "position": "rotary",
        "norm": "rms",
        "norm_position": "pre",
        "final_norm": True,
        "activation": "silu",
        "gated": True,
        "key_value_heads": 2,
        "attention_bias": False,
        "feed_forward_bias": False,
        "scale_embedding": False,
        "output_bias": False,
    },
}


def measure(_repeat: int) -> Iterator[Figure]:
    """One figure an architecture and type of number: how far the worst parameter's gradient lies from PyTorch's."""
    for what, changes in ARCHITECTURES.items():
        config = TransformerConfig(**SIZE | changes)  # type: ignore[arg-type]
        for dtype in BARS:
            yield compared(f"gradients, {what}, {dtype}", config, dtype)


def compared(name: str, config: TransformerConfig, dtype: str) -> Figure:
    """The largest distance between two gradients of one number, relative to the largest gradient of its weight."""
    if not importlib.util.find_spec("torch"):
        return Figure(name, note="PyTorch is not installed: pip install 'transformer-tutor[reference]'")
    from tutor.bench.torch_autograd import SMOOTHING, batch_for, seeded, torch_gradients

    weights, batch = seeded(config, dtype), batch_for(config)
    _loss, ours = gradients(weights, config, batch, Settings(smoothing=SMOOTHING))
    _loss, theirs = torch_gradients(config, weights, batch)
    if ours.keys() != theirs.keys():
        raise ArithmeticError(f"PyTorch has gradients of other weights: {sorted(ours.keys() ^ theirs.keys())}")
    count = sum(slope.size for slope in ours.values())
    note = f"the worst of {count:,} parameters in {len(ours)} weights"
    return Figure(name, "of the largest", worst(ours, theirs), bar=BARS[dtype], note=note)


def worst(ours: Mapping[str, np.ndarray], theirs: Mapping[str, np.ndarray]) -> float:
    """How far apart two gradients of one number lie at most, relative to the largest of the same weight.

    A weight whose gradients are all but 0 (a key's bias) is held against a hundredth of the largest of all: what it
    holds is the rounding of the others.
    """
    largest = max(float(np.abs(slope).max()) for slope in theirs.values())
    return max(
        float(np.abs(ours[name] - slope).max()) / max(float(np.abs(slope).max()), 1e-2 * largest)
        for name, slope in theirs.items()
    )
