"""From the start of a process to the first trace in Python, against TransformerLens on the same weights file."""

import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tutor.bench import gpt2_shape
from tutor.bench.figure import Figure, medians, timed
from tutor.engine.transformer import weight_shapes
from tutor.models.weights import load_weights, save_weights

LENS = "TransformerLens"
BAR = 0.2
LENGTH = 8
IMPORTS = ("import tutor.models.model", "import transformer_lens")


def measure(repeat: int) -> Iterator[Figure]:
    """The imports alone; and all that leads from the weights on disk to a first trace."""
    what = ("import", f"process start to a first trace of {LENGTH} tokens, GPT-2 small shape")
    if not importlib.util.find_spec("transformer_lens"):
        for name in what:
            yield Figure(name, note=f"{LENS} is not installed: pip install 'transformer-tutor[reference]'")
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "weights.safetensors"
        save_weights(gpt2_shape.random_weights(), file)
        traces = [
            f"from {__name__} import {which}; {which}({str(file)!r})" for which in ("first_of_ours", "first_of_theirs")
        ]
        for name, scripts in zip(what, (IMPORTS, traces), strict=True):
            for script in scripts:
                _run(script)  # compiles and caches what the first start of all compiles
            ours, theirs = medians([lambda s=script: timed(lambda: _run(s)) for script in scripts], repeat)  # type: ignore[misc]
            yield Figure(name, "ms", ours * 1e3, theirs * 1e3, LENS, BAR)


def _run(script: str) -> None:
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)


def first_of_ours(file: str) -> None:
    """Our weights read and traced."""
    weights = load_weights(file, weight_shapes(gpt2_shape.CONFIG))
    assert gpt2_shape.traced(weights, gpt2_shape.random_ids(LENGTH))["probabilities"].value.shape[0] == LENGTH


def first_of_theirs(file: str) -> Any:
    """The same by TransformerLens. (What of ours this imports besides takes a hundredth of its own imports.)"""
    import torch

    from tutor.bench.torch_cache import transformer_lens_model

    model = transformer_lens_model(load_weights(file, weight_shapes(gpt2_shape.CONFIG)))
    with torch.no_grad():
        return model.run_with_cache(torch.from_numpy(gpt2_shape.random_ids(LENGTH))[None])
