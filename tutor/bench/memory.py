"""Peak memory of a long trace at GPT-2 small's shape, above its weights, each in a process of its own."""

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tutor.bench import gpt2_shape
from tutor.bench.figure import Figure

LENGTH = 1024
BAR = 400  # MB
STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def measure(repeat: int) -> Iterator[Figure]:
    """Ours, and PyTorch keeping the same arrays where it is installed. One run each is enough."""
    name = f"peak memory of a {LENGTH:,}-token trace above the weights"
    if not RESET.exists():
        yield Figure(name, note="needs /proc/self/clear_refs, which only Linux has")
        return
    ours = _peak_in_process("ours")
    scores, logits = 12 * LENGTH**2 * 4 / 1e6, LENGTH * 50257 * 4 / 1e6
    limit = f"one attention layer's scores are {scores:.0f} MB, the logits {logits:.0f} MB"
    yield Figure(name, "MB", ours, bar=BAR, limit=limit)
    if importlib.util.find_spec("torch"):
        yield Figure(name, "MB", ours, _peak_in_process("torch"), "PyTorch eager, all kept", limit=limit)


def _peak_in_process(which: str) -> float:
    """Megabytes; the process prints them."""
    command = [sys.executable, "-c", f"from tutor.bench.memory import print_peak; print_peak({which!r})"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(run.stdout)


def print_peak(which: str) -> None:
    """Run one trace in this process and print its peak above what stood before it."""
    weights = gpt2_shape.random_weights()
    if which == "ours":
        gpt2_shape.traced(
            weights, gpt2_shape.random_ids(8)
        )  # what a first run sets up for good is no part of the trace
        RESET.write_text("5")
        before = _megabytes("VmRSS")
        trace = gpt2_shape.traced(weights, gpt2_shape.random_ids(LENGTH))
        assert trace["probabilities"].shape[0] == LENGTH  # computed when opened, like all large arrays
    else:
        from tutor.bench.torch_cache import run_with_cache, torch_weights

        tensors = torch_weights(weights)
        run_with_cache(tensors, gpt2_shape.random_ids(8))
        RESET.write_text("5")
        before = _megabytes("VmRSS")
        cache = run_with_cache(tensors, gpt2_shape.random_ids(LENGTH))
        assert cache["probabilities"].shape[0] == LENGTH
    print(_megabytes("VmHWM") - before)


def _megabytes(field: str) -> float:
    match = re.search(rf"^{field}:\s+(\d+) kB", STATUS.read_text(), re.MULTILINE)
    assert match is not None
    return int(match.group(1)) * 1024 / 1e6
