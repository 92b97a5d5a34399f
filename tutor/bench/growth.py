"""How the time of a full trace grows with the sentence, beside the arithmetic that it takes."""

from collections.abc import Iterator

from tutor.bench import gpt2_shape
from tutor.bench.figure import Figure, medians, timed

LENGTHS = (8, 16, 32, 64, 128, 256, 512, 1024)


def measure(repeat: int) -> Iterator[Figure]:
    """One figure a length, all lengths in turn; the note compares the growth of time with that of arithmetic."""
    weights = gpt2_shape.random_weights()
    sentences = [gpt2_shape.random_ids(length) for length in LENGTHS]
    gpt2_shape.traced(weights, sentences[0])
    actions = [lambda ids=ids: timed(lambda: gpt2_shape.traced(weights, ids)["logits"].value) for ids in sentences]
    seconds = medians(actions, repeat)  # type: ignore[arg-type]
    first = gpt2_shape.flops(LENGTHS[0])
    for length, one in zip(LENGTHS, seconds, strict=True):
        arithmetic = gpt2_shape.flops(length)
        grown = f"{arithmetic / first:.0f}× the arithmetic of {LENGTHS[0]} tokens in {one / seconds[0]:.1f}× the time"
        speed = f"{arithmetic / 1e9:.1f} GFLOP at {arithmetic / one / 1e9:.0f} GFLOP/s"
        yield Figure(f"growth of a full trace, {length:,} tokens", "ms", one * 1e3, note=f"{speed}; {grown}")
