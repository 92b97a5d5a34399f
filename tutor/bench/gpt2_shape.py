"""A model of GPT-2 small's shape with random weights: what the trace is timed on."""

import numpy as np

from tutor.engine.config import TransformerConfig
from tutor.engine.recorder import Recorder
from tutor.engine.trace import Trace
from tutor.engine.transformer import run, weight_shapes

CONFIG = TransformerConfig(
    architecture="decoder_only",
    d_model=768,
    heads=12,
    d_ff=3072,
    decoder_layers=12,
    vocabulary=50257,
    maximum_positions=1024,
    position="learned",
    norm_position="pre",
    final_norm=True,
    activation="gelu_tanh",
    scale_embedding=False,
    tied_embeddings=True,
    output_bias=False,
    pad_id=50256,
)


def random_weights(seed: int = 0) -> dict[str, np.ndarray]:
    """Weights of every shape the config asks for, float32, small enough that no softmax saturates."""
    random = np.random.default_rng(seed)
    weights = {}
    for name, shape in weight_shapes(CONFIG).items():
        array = np.empty(shape, np.float32)
        random.standard_normal(dtype=np.float32, out=array)
        array *= 0.02
        if name.endswith("norm.scale"):
            array += 1
        weights[name] = array
    return weights


def random_ids(length: int, seed: int = 0) -> np.ndarray:
    """Token ids without padding."""
    return np.random.default_rng(seed).integers(0, CONFIG.vocabulary - 1, length)


def traced(weights: dict[str, np.ndarray], ids: np.ndarray) -> Trace:
    """Our full trace: every named array of the run."""
    record = Recorder(weights)
    run(record, CONFIG, ids)
    return Trace.of(record)


def flops(length: int) -> float:
    """Multiplications and additions of one forward pass."""
    c = CONFIG
    a_layer = 2 * length * (4 * c.d_model**2 + 2 * c.d_model * c.d_ff) + 4 * length**2 * c.d_model
    return c.decoder_layers * a_layer + 2 * length * c.d_model * c.vocabulary


def weight_bytes(weights: dict[str, np.ndarray]) -> int:
    """What must be read from memory once a pass, however short the sentence."""
    return sum(array.nbytes for name, array in weights.items() if "position.table" not in name)
