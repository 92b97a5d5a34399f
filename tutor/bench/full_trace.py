"""A full trace at GPT-2 small's shape, against PyTorch and TransformerLens on the same weights."""

import importlib.util
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tutor.bench import gpt2_shape
from tutor.bench.figure import Figure, medians, timed
from tutor.bench.torch_cache import run_with_cache, torch_weights, transformer_lens_model

LENS = "TransformerLens run_with_cache"
BARS = {8: 0.7, 32: 0.7, 128: None, 512: 1.0}
CLOSE = 1e-3  # how far two float32 probabilities may lie apart, as a part of the largest


def measure(repeat: int) -> Iterator[Figure]:
    """One figure a length and rival; rivals that are not installed are named."""
    name = "full trace, GPT-2 small shape"
    weights = gpt2_shape.random_weights()
    rivals: dict[str, Callable[[np.ndarray], Any]] = {}
    if importlib.util.find_spec("torch"):
        tensors = torch_weights(weights)
        rivals["PyTorch eager, all kept"] = lambda ids: run_with_cache(tensors, ids)["probabilities"].numpy()
    else:
        yield Figure(name, note="PyTorch is not installed: pip install 'transformer-tutor[reference]'")
    if importlib.util.find_spec("transformer_lens"):
        lens = transformer_lens_model(weights)
        rivals[LENS] = lambda ids: _lens(lens, ids)
    else:
        yield Figure(name, note="TransformerLens is not installed: pip install 'transformer-tutor[reference]'")
    floor = _machine(weights)
    for length, bar in BARS.items():
        ids = gpt2_shape.random_ids(length)
        yield from _compared(f"{name}, {length} tokens", weights, ids, rivals, bar, repeat, floor(length))


def _compared(
    name: str,
    weights: dict[str, np.ndarray],
    ids: np.ndarray,
    rivals: dict[str, Callable[[np.ndarray], Any]],
    bar: float | None,
    repeat: int,
    limit: str,
) -> Iterator[Figure]:
    expected = gpt2_shape.traced(weights, ids)["probabilities"].value  # the first run warms up, too
    for rival, run in rivals.items():
        worst = float(np.abs(np.asarray(run(ids)).reshape(expected.shape) - expected).max() / expected.max())
        if worst > CLOSE:
            raise ArithmeticError(f"{rival} computes something else: its probabilities differ by {worst:.1e}")
    # Ours are computed only when read; the rivals' come with their softmax.
    actions = [lambda: timed(lambda: gpt2_shape.traced(weights, ids)["probabilities"].value)]
    actions += [lambda run=run: timed(lambda: run(ids)) for run in rivals.values()]  # type: ignore[misc]
    ours, *theirs = medians(actions, repeat)
    for rival, seconds in zip(rivals, theirs, strict=True):
        yield Figure(name, "ms", ours * 1e3, seconds * 1e3, rival, bar if rival == LENS else None, limit)
    if not rivals:
        yield Figure(name, "ms", ours * 1e3, limit=limit)


def _lens(model: Any, ids: np.ndarray) -> Any:
    import torch

    with torch.no_grad():
        logits, _cache = model.run_with_cache(torch.from_numpy(ids)[None])
        return torch.softmax(logits, -1).numpy()


def _machine(weights: dict[str, np.ndarray]) -> Callable[[int], str]:
    """What this machine allows for one pass: its arithmetic and its memory, each measured just now."""
    square = np.ones((2048, 2048), np.float32)
    big = np.ones(1 << 26, np.float32)
    for _warm in range(2):
        square @ square
    arithmetic = 2 * 2048**3 / min(timed(lambda: square @ square) for _ in range(5))
    memory = big.nbytes / min(timed(lambda: big.sum()) for _ in range(5))
    needed = gpt2_shape.weight_bytes(weights)

    def limit(length: int) -> str:
        seconds = max(gpt2_shape.flops(length) / arithmetic, needed / memory)
        return (
            f"at least {seconds * 1e3:.0f} ms here: {gpt2_shape.flops(length) / 1e9:.1f} GFLOP at"
            f" {arithmetic / 1e9:.0f} GFLOP/s, {needed / 1e6:.0f} MB of weights at {memory / 1e9:.0f} GB/s"
        )

    return limit
