"""Gradients by PyTorch's autograd: any config that reads text as a function of tensors. Needs torch."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from tutor.engine.config import TransformerConfig
from tutor.engine.ops.embedding import waves
from tutor.engine.ops.relative import bucket_of
from tutor.engine.ops.rotary import rates
from tutor.engine.training import Batch
from tutor.engine.transformer import weight_shapes

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "relu": F.relu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
}
SMOOTHING = 0.1

Arrays = dict[str, np.ndarray]


class Torch:
    """Any config as a function of tensors that autograd follows."""

    def __init__(self, config: TransformerConfig, weights: Mapping[str, np.ndarray]) -> None:
        self.c = config
        self.w = {name: torch.tensor(array, requires_grad=True) for name, array in weights.items()}

    def linear(self, x: Any, place: str) -> Any:
        return F.linear(x, self.w[f"{place}.weight"].T, self.w.get(f"{place}.bias"))

    def norm(self, x: Any, place: str) -> Any:
        scale, shift = self.w[f"{place}.scale"], self.w.get(f"{place}.shift")
        if self.c.norm == "rms":
            return F.rms_norm(x, scale.shape, scale, self.c.norm_epsilon)
        return F.layer_norm(x, scale.shape, scale, shift, self.c.norm_epsilon)

    def embed(self, ids: Any, prefix: str, segments: Any) -> Any:
        c, place = self.c, f"{prefix}embedding"
        table = "embedding.token.table" if c.shared_embeddings else f"{place}.token.table"
        x = self.w[table][ids] * (math.sqrt(c.d_model) if c.scale_embedding else 1)
        if c.position.startswith("sinusoidal"):
            waved = torch.from_numpy(waves(ids.shape[-1], c.d_model)).to(x.dtype)
            halves = c.position == "sinusoidal_halves"
            x = x + (torch.cat([waved[:, 0::2], waved[:, 1::2]], dim=1) if halves else waved)
        elif c.position == "learned":
            x = x + self.w[f"{place}.position.table"][c.position_offset :][: ids.shape[-1]]
        if c.segments:
            x = x + self.w[f"{place}.segment.table"][torch.zeros_like(ids) if segments is None else segments]
        return self.norm(x, f"{place}.norm") if c.embedding_norm else x

    def turned(self, x: Any) -> Any:
        """Pairs of features half a row apart as complex numbers, times e to the i t θ."""
        rate = torch.from_numpy(rates(self.c.d_k, self.c.rotary_base, self.c.rotary_scaling).copy()).to(x.dtype)
        angle = torch.outer(torch.arange(x.shape[-2], dtype=x.dtype), rate)
        z = torch.complex(*x.chunk(2, dim=-1)) * torch.polar(torch.ones_like(angle), angle)
        return torch.cat([z.real, z.imag], dim=-1)

    def distances(self, stack: str, length: int) -> Any:
        """What relative positions add to the scores [head, query, key]."""
        c = self.c
        settings = (c.relative_buckets, c.relative_distance, stack == "encoder")
        rows = [[bucket_of(j - i, *settings) for j in range(length)] for i in range(length)]
        return self.w[f"{stack}.relative.table"][torch.tensor(rows)].permute(2, 0, 1)

    def attention(self, place: str, allowed: Any, x: Any, memory: Any = None) -> Any:
        c = self.c
        memory = x if memory is None else memory
        heads = (c.heads, c.key_value_heads, c.key_value_heads)
        q, k, v = (
            self.linear(part, f"{place}.{which}").unflatten(-1, (n, c.d_k)).transpose(-2, -3)
            for part, which, n in zip((x, memory, memory), ("query", "key", "value"), heads, strict=True)
        )
        if c.query_key_norm:
            q, k = self.norm(q, f"{place}.query_norm"), self.norm(k, f"{place}.key_norm")
        if c.position == "rotary" and x is memory:
            q, k = self.turned(q), self.turned(k)
        k, v = (part.repeat_interleave(c.heads // c.key_value_heads, dim=-3) for part in (k, v))
        if c.position == "relative" and x is memory:
            bias = self.distances(place.partition(".")[0], x.shape[-2])
            allowed = torch.where(allowed, bias, torch.tensor(-torch.inf, dtype=bias.dtype))
        scale = None if c.scale_scores else 1.0
        z = F.scaled_dot_product_attention(q, k, v, attn_mask=allowed, scale=scale)
        off = [h for h in range(c.heads) if f"{place}.{h}" in c.heads_off]
        z = z * torch.tensor([0.0 if h in off else 1.0 for h in range(c.heads)], dtype=z.dtype)[:, None, None]
        return self.linear(z.transpose(-2, -3).flatten(-2), f"{place}.output")

    def feed_forward(self, place: str, x: Any) -> Any:
        act = ACTIVATIONS[self.c.activation]
        if self.c.gated:
            return self.linear(act(self.linear(x, f"{place}.gate")) * self.linear(x, f"{place}.up"), f"{place}.output")
        return self.linear(act(self.linear(x, f"{place}.hidden")), f"{place}.output")

    def around(self, place: str, x: Any, inner: Callable[[Any], Any]) -> Any:
        norm = f"{place}.norm"
        before = self.c.norm_position == "pre"
        y = inner(self.norm(x, norm) if before else x)
        y = x + y if self.c.residual else y
        return y if before else self.norm(y, norm)

    def stack(self, stack: str, x: Any, ids: Any, memory: Any = None, memory_ids: Any = None) -> Any:
        c = self.c
        padding = c.pad_id if c.padding_mask else -1
        allowed = (ids != padding)[..., None, None, :].expand(*ids.shape[:-1], 1, ids.shape[-1], ids.shape[-1])
        if stack == "decoder" and c.causal_mask:
            allowed = allowed.tril()
        for i in range(getattr(c, f"{stack}_layers")):
            place, seen = f"{stack}.{i}", allowed
            if stack == "decoder" and c.causal_mask and c.window and i >= c.window_from:
                seen = allowed.triu(1 - c.window)
            x = self.around(f"{place}.self_attention", x, partial(self.attention, f"{place}.self_attention", seen))
            if memory is not None:
                cross = (memory_ids != padding)[..., None, None, :]
                cross = cross.expand(*ids.shape[:-1], 1, ids.shape[-1], memory_ids.shape[-1])
                attend = partial(self.attention, f"{place}.cross_attention", cross, memory=memory)
                x = self.around(f"{place}.cross_attention", x, attend)
            x = self.around(f"{place}.feed_forward", x, partial(self.feed_forward, f"{place}.feed_forward"))
        return self.norm(x, f"{stack}.norm") if c.final_norm else x

    def loss(self, batch: Batch) -> Any:
        c = self.c
        ids = torch.from_numpy(batch.ids)
        targets = None if batch.targets is None else torch.from_numpy(batch.targets)
        segments = None if batch.segment_ids is None else torch.from_numpy(batch.segment_ids)
        prefix = ""
        if c.architecture == "encoder_decoder":
            memory = self.stack("encoder", self.embed(ids, "encoder.", segments), ids)
            target_ids = torch.from_numpy(batch.target_ids)
            x = self.stack("decoder", self.embed(target_ids, "decoder.", None), target_ids, memory, ids)
            prefix = "decoder."
        else:
            x = self.stack(c.stacks[0], self.embed(ids, "", segments), ids)
        losses = [self.words(x, prefix, targets)] if "words" in c.tasks else []
        losses += [self.task_loss(x, task, torch.from_numpy(y)) for task, y in (batch.task_targets or {}).items()]
        return sum(losses)

    def words(self, x: Any, prefix: str, targets: Any) -> Any:
        c = self.c
        if c.logits_transform:
            x = ACTIVATIONS[c.activation](self.linear(x, "logits.transform.hidden"))
            x = self.norm(x, "logits.transform.norm")
        x = x / math.sqrt(c.d_model) if c.scale_logits else x
        if c.tied_embeddings:
            prefix = "" if c.shared_embeddings else prefix
            logits = F.linear(x, self.w[f"{prefix}embedding.token.table"], self.w.get("logits.bias"))
        else:
            logits = self.linear(x, "logits")
        return F.cross_entropy(
            logits.flatten(0, -2), targets.flatten(), ignore_index=c.pad_id, label_smoothing=SMOOTHING
        )

    def task_loss(self, x: Any, task: str, classes: Any) -> Any:
        if task == "question_answering":
            logits = self.linear(x, f"{task}.each").transpose(-1, -2)  # [sentence, start or end, position]
        elif task == "token_classification":
            logits = self.linear(x, f"{task}.logits")
        else:
            first = x[..., :1, :]
            pooled = first if self.c.pooler == "none" else torch.tanh(self.linear(first, "pooled.hidden"))
            logits = self.linear(pooled, f"{task}.logits")
        return F.cross_entropy(logits.flatten(0, -2), classes.flatten(), ignore_index=-1)


def seeded(config: TransformerConfig, dtype: str, seed: int = 0) -> Arrays:
    """Weights that keep numbers near 1, with norms that are not the identity."""
    chance = np.random.default_rng(seed)
    weights = {}
    for name, shape in weight_shapes(config).items():
        numbers = chance.standard_normal(shape)
        if name.endswith("scale"):
            numbers = 1 + 0.2 * numbers
        elif name.endswith(("bias", "shift")):
            numbers = 0.3 * numbers
        else:
            numbers = numbers / math.sqrt(config.d_model if name.endswith("table") else shape[0])
        weights[name] = numbers.astype(dtype)
    return weights


def batch_for(config: TransformerConfig) -> Batch:
    """Three sentences of several lengths, with what is asked of each."""
    chance = np.random.default_rng(1)
    ids = chance.integers(3, config.vocabulary, (3, 7))
    targets = chance.integers(3, config.output_vocabulary, (3, 6))
    ids[1, 4:], ids[2, 5:], targets[0, 3:] = 0, 0, 0
    if config.architecture != "encoder_decoder":
        segments = chance.integers(0, config.segments, ids.shape) if config.segments else None
        share = 0.3 if config.logits_transform else 1.0  # of a masked model few words are asked for
        nothing = (ids == 0) | (chance.random(ids.shape) > share)
        asked = np.where(nothing, 0, chance.integers(3, config.vocabulary, ids.shape))
        return Batch(ids, asked if "words" in config.tasks else None, None, segments, classes_for(config, chance))
    start = np.full((3, 1), config.start_id)
    return Batch(ids, targets, np.concatenate([start, targets[:, :-1]], axis=1))


def classes_for(config: TransformerConfig, chance: np.random.Generator) -> Arrays | None:
    """The right classes of three sentences of seven tokens; of the second sentence nothing is asked."""
    rows = {"token_classification": (7, config.classes), "question_answering": (2, 4)}
    found = {}
    for task in config.tasks[config.tasks[:1] == ("words",) :]:
        count, classes = rows.get(task, (1, 2))
        found[task] = chance.integers(0, classes, (3, count))
        found[task][1] = -1
    return found or None


def torch_gradients(config: TransformerConfig, weights: Mapping[str, np.ndarray], batch: Batch) -> tuple[float, Arrays]:
    """The loss, and its gradients for the weights that it depends on, by autograd."""
    model = Torch(config, weights)
    loss = model.loss(batch)
    loss.backward()
    return float(loss.detach()), {name: w.grad.numpy() for name, w in model.w.items() if w.grad is not None}
