"""A step of training at four sizes, against PyTorch's own Transformer and optimiser on the same weights and batch."""

import importlib.util
import json
from collections.abc import Iterator
from dataclasses import asdict

import numpy as np

from tutor.bench.figure import Figure, medians, timed
from tutor.bench.own_process import printed_by
from tutor.engine.config import TransformerConfig
from tutor.engine.training import Batch, Settings, begin, train
from tutor.models.weights import initialise

BAR = 1.0
CLOSE = 1e-4  # how far the two losses of one batch may lie apart
# d_model, heads, d_ff, layers on each side, words on each side, sentences, tokens in each
SIZES = (
    (6, 1, 6, 1, 40, 4, 8),
    (64, 4, 256, 2, 1000, 32, 12),
    (192, 6, 512, 3, 4000, 64, 12),
    (256, 8, 1024, 3, 4000, 64, 16),
)
WARM = 3


def measure(repeat: int) -> Iterator[Figure]:
    """One figure a size, on one thread each."""
    for size in SIZES:
        yield Figure(**json.loads(printed_by("tutor.bench.training_step.print_figure", size, repeat)))


def print_figure(size: tuple[int, ...], repeat: int) -> None:
    """Measure in this process and print the figure as JSON."""
    print(json.dumps(asdict(compared(size, repeat))))


def shape_of(size: tuple[int, ...]) -> tuple[TransformerConfig, Batch]:
    """The config and a batch of random sentences."""
    d_model, heads, d_ff, layers, words, sentences, tokens = size
    config = TransformerConfig(
        d_model=d_model, heads=heads, d_ff=d_ff, encoder_layers=layers, decoder_layers=layers, vocabulary=words
    )
    source, target = np.random.default_rng(0).integers(3, words, (2, sentences, tokens))
    start = np.full((sentences, 1), config.start_id)
    return config, Batch(source, target, np.concatenate([start, target[:, :-1]], axis=1))


def compared(size: tuple[int, ...], repeat: int) -> Figure:
    """The time of our step and of PyTorch's, taken in turn."""
    config, batch = shape_of(size)
    settings = Settings(steps=10**9, dropout=0.1, smoothing=0.1, learning_rate=1e-4, warmup=0, decay="none")
    weights = initialise(config, 0)
    steps = train(begin(weights), config, iter(lambda: batch, None), settings)
    name = f"training step, d {config.d_model}, {batch.tokens} tokens"
    actions = [lambda: timed(lambda: next(steps))]
    if importlib.util.find_spec("torch"):
        import torch

        from tutor.bench.torch_transformer import Rival

        check(config, weights, batch)
        torch.set_num_threads(1)
        rival = Rival(config, weights, settings)
        actions.append(lambda: timed(lambda: rival.step(batch)))
    for action in actions * WARM:
        action()
    ours, *theirs = medians(actions, repeat)
    if not theirs:
        note = "PyTorch is not installed: pip install 'transformer-tutor[reference]'"
        return Figure(name, "ms", ours * 1e3, note=note)
    return Figure(name, "ms", ours * 1e3, theirs[0] * 1e3, "PyTorch eager, one thread", BAR)


def check(config: TransformerConfig, weights: dict[str, np.ndarray], batch: Batch) -> None:
    """Raise ArithmeticError where the two do not compute the same loss, before and after one step without dropout."""
    from tutor.bench.torch_transformer import Rival

    settings = Settings(steps=10**9, smoothing=0.1, learning_rate=1e-3, warmup=0, decay="none")
    steps = train(begin(weights), config, iter(lambda: batch, None), settings)
    rival = Rival(config, weights, settings)
    for _step in range(2):
        ours, theirs = next(steps).loss, rival.step(batch)
        if abs(ours - theirs) > CLOSE * abs(theirs):
            raise ArithmeticError(f"PyTorch computes something else: a loss of {theirs:.6f}, ours is {ours:.6f}")
