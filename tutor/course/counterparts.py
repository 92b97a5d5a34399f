"""The same matrix in a model of another build: lessons name an encoder's, and many published models have none."""

from __future__ import annotations

from tutor.engine.trace import Trace

STACKS = ("encoder", "decoder")
# What an encoder's text says of these is not true of a decoder's: its mask hides what comes later.
OF_ONE_KIND = ("mask", "masked", "window_mask", "tokens")


def counterpart(trace: Trace, pattern: str) -> str:
    """The name or glob of what stands in a model of one stack where `pattern` stands in another; empty where nothing.

    `encoder.0.self_attention.query` is `decoder.0.self_attention.query` in a model that only continues text, and
    `encoder.embedding.token` is `embedding.token` there.
    """
    stack, _point, rest = pattern.partition(".")
    if stack not in STACKS or rest.rpartition(".")[2] in OF_ONE_KIND or "cross_attention" in rest:
        return ""
    other = STACKS[1 - STACKS.index(stack)]
    one_stack = f"{stack}.output" not in trace
    candidates = [rest] if rest.startswith("embedding.") else [f"{other}.{rest}"] if one_stack else []
    return next((name for name in candidates if name in trace or trace.find(name)), "")
