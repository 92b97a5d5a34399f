"""The gradient of every parameter against PyTorch's autograd, architecture by architecture."""

import importlib.util
from collections.abc import Iterator, Mapping

import numpy as np

from tutor.bench.figure import Figure
from tutor.engine.config import TransformerConfig
from tutor.engine.training import Settings, gradients
from tutor.models.registry import load_model

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
MODELS = ("proverbs", "translator", "speaker", "cloze", "poet")


def measure(_repeat: int) -> Iterator[Figure]:
    """A figure for each type of number, of four architectures with random weights and of the models that come along."""
    if not importlib.util.find_spec("torch"):
        yield Figure("gradients", note="PyTorch is not installed: pip install 'transformer-tutor[reference]'")
        return
    from tutor.bench.torch_autograd import seeded

    for what, changes in ARCHITECTURES.items():
        config = TransformerConfig(**SIZE | changes)  # type: ignore[arg-type]
        yield from compared(what, config, seeded(config, "float32"))
    for name in MODELS:
        model = load_model(name)
        yield from compared(name, model.config, model.weights)


def compared(what: str, config: TransformerConfig, weights: Mapping[str, np.ndarray]) -> Iterator[Figure]:
    """The largest distance between two gradients of one number, relative to the largest gradient of its weight.

    Ours in each type of number is held against autograd in float64: in float32 autograd rounds as well, and how far
    that alone takes it stands in the note.
    """
    from tutor.bench.torch_autograd import SMOOTHING, batch_for, torch_gradients

    batch, settings = batch_for(config), Settings(smoothing=SMOOTHING)
    in_type = {dtype: {name: array.astype(dtype) for name, array in weights.items()} for dtype in BARS}
    theirs = {dtype: torch_gradients(config, in_type[dtype], batch)[1] for dtype in BARS}
    true = theirs["float64"]
    for dtype, bar in BARS.items():
        _loss, ours = gradients(in_type[dtype], config, batch, settings)
        if ours.keys() != true.keys():
            raise ArithmeticError(f"PyTorch has gradients of other weights: {sorted(ours.keys() ^ true.keys())}")
        note = f"the worst of {sum(slope.size for slope in ours.values()):,} parameters in {len(ours)} weights"
        if dtype == "float32":
            note += f"; PyTorch's own float32 lies {worst(theirs[dtype], true):.1e} away"
        yield Figure(f"gradients, {what}, {dtype}", "of the largest", worst(ours, true), bar=bar, note=note)


def worst(ours: Mapping[str, np.ndarray], true: Mapping[str, np.ndarray]) -> float:
    """How far apart two gradients of one number lie at most, relative to the largest of the same weight.

    A weight whose gradients are all but 0 (a key's bias) is held against a hundredth of the largest of all: what it
    holds is the rounding of the others.
    """
    largest = max(float(np.abs(slope).max()) for slope in true.values())
    return max(
        float(np.abs(ours[name] - slope).max()) / max(float(np.abs(slope).max()), 1e-2 * largest)
        for name, slope in true.items()
    )
