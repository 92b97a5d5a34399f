"""Gradients and optimiser against PyTorch: autograd through a Transformer in PyTorch's terms, and its AdamW.

Every parameter of encoder-decoder, encoder-only and decoder-only configs: 1e-5 of the largest gradient of the tensor
in float32, 1e-9 in float64.
"""

import math

import numpy as np
import pytest

from tests.engine import small
from tutor.bench.training_step import shape_of
from tutor.engine.ops.embedding import waves
from tutor.engine.ops.relative import bucket_of
from tutor.engine.ops.rotary import rates
from tutor.engine.training import Batch, Settings, State, adamw, begin, gradients, train
from tutor.engine.transformer import weight_shapes
from tutor.models.weights import initialise

torch = pytest.importorskip("torch")
F = pytest.importorskip("torch.nn.functional")

ACTIVATIONS = {"relu": F.relu, "gelu": F.gelu, "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"), "silu": F.silu}
SIZE = {"d_model": 24, "heads": 3, "d_ff": 40, "encoder_layers": 2, "decoder_layers": 2, "vocabulary": 31}
TOLERANCE = {"float32": 1e-5, "float64": 1e-9}
SMOOTHING = 0.1


# Configs that read text; `tests/engine/test_gradient.py` holds the others to finite differences.
TEXT = [name for name, changes in small.CONFIGS.items() if not {"patch", "series", "choices"} & set(changes)]


class Torch:
    """Any config as a function of tensors that autograd follows."""

    def __init__(self, config, weights):
        self.c = config
        self.w = {name: torch.tensor(array, requires_grad=True) for name, array in weights.items()}

    def linear(self, x, place):
        return F.linear(x, self.w[f"{place}.weight"].T, self.w.get(f"{place}.bias"))

    def norm(self, x, place):
        scale, shift = self.w[f"{place}.scale"], self.w.get(f"{place}.shift")
        if self.c.norm == "rms":
            return F.rms_norm(x, scale.shape, scale, self.c.norm_epsilon)
        return F.layer_norm(x, scale.shape, scale, shift, self.c.norm_epsilon)

    def embed(self, ids, prefix, segments):
        c, place = self.c, f"{prefix}embedding"
        table = "embedding.token.table" if c.shared_embeddings else f"{place}.token.table"
        x = self.w[table][ids] * (math.sqrt(c.d_model) if c.scale_embedding else 1)
        if c.position.startswith("sinusoidal"):
            table = torch.from_numpy(waves(ids.shape[-1], c.d_model)).to(x.dtype)
            halves = c.position == "sinusoidal_halves"
            x = x + (torch.cat([table[:, 0::2], table[:, 1::2]], dim=1) if halves else table)
        elif c.position == "learned":
            x = x + self.w[f"{place}.position.table"][c.position_offset :][: ids.shape[-1]]
        if c.segments:
            x = x + self.w[f"{place}.segment.table"][torch.zeros_like(ids) if segments is None else segments]
        return self.norm(x, f"{place}.norm") if c.embedding_norm else x

    def turned(self, x):
        """Pairs of features half a row apart as complex numbers, times e to the i t θ."""
        rate = torch.from_numpy(rates(self.c.d_k, self.c.rotary_base, self.c.rotary_scaling).copy()).to(x.dtype)
        angle = torch.outer(torch.arange(x.shape[-2], dtype=x.dtype), rate)
        z = torch.complex(*x.chunk(2, dim=-1)) * torch.polar(torch.ones_like(angle), angle)
        return torch.cat([z.real, z.imag], dim=-1)

    def distances(self, stack, length):
        """What relative positions add to the scores [head, query, key]."""
        c = self.c
        settings = (c.relative_buckets, c.relative_distance, stack == "encoder")
        rows = [[bucket_of(j - i, *settings) for j in range(length)] for i in range(length)]
        return self.w[f"{stack}.relative.table"][torch.tensor(rows)].permute(2, 0, 1)

    def attention(self, place, x, memory, allowed):
        c = self.c
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

    def feed_forward(self, place, x):
        act = ACTIVATIONS[self.c.activation]
        if self.c.gated:
            return self.linear(act(self.linear(x, f"{place}.gate")) * self.linear(x, f"{place}.up"), f"{place}.output")
        return self.linear(act(self.linear(x, f"{place}.hidden")), f"{place}.output")

    def around(self, place, x, inner):
        norm = f"{place}.norm"
        before = self.c.norm_position == "pre"
        y = inner(self.norm(x, norm) if before else x)
        y = x + y if self.c.residual else y
        return y if before else self.norm(y, norm)

    def stack(self, stack, x, ids, memory=None, memory_ids=None):
        c = self.c
        padding = c.pad_id if c.padding_mask else -1
        allowed = (ids != padding)[..., None, None, :].expand(*ids.shape[:-1], 1, ids.shape[-1], ids.shape[-1])
        if stack == "decoder" and c.causal_mask:
            allowed = allowed.tril()
        for i in range(getattr(c, f"{stack}_layers")):
            place, seen = f"{stack}.{i}", allowed
            if stack == "decoder" and c.causal_mask and c.window and i >= c.window_from:
                seen = allowed.triu(1 - c.window)
            x = self.around(
                f"{place}.self_attention",
                x,
                lambda h, p=place, m=seen: self.attention(f"{p}.self_attention", h, h, m),
            )
            if memory is not None:
                cross = (memory_ids != padding)[..., None, None, :]
                cross = cross.expand(*ids.shape[:-1], 1, ids.shape[-1], memory_ids.shape[-1])
                x = self.around(
                    f"{place}.cross_attention",
                    x,
                    lambda h, p=place, m=cross: self.attention(f"{p}.cross_attention", h, memory, m),
                )
            x = self.around(f"{place}.feed_forward", x, lambda h, p=place: self.feed_forward(f"{p}.feed_forward", h))
        return self.norm(x, f"{stack}.norm") if c.final_norm else x

    def loss(self, batch):
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

    def words(self, x, prefix, targets):
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

    def task_loss(self, x, task, classes):
        if task == "question_answering":
            logits = self.linear(x, f"{task}.each").transpose(-1, -2)  # [sentence, start or end, position]
        elif task == "token_classification":
            logits = self.linear(x, f"{task}.logits")
        else:
            first = x[..., :1, :]
            pooled = first if self.c.pooler == "none" else torch.tanh(self.linear(first, "pooled.hidden"))
            logits = self.linear(pooled, f"{task}.logits")
        return F.cross_entropy(logits.flatten(0, -2), classes.flatten(), ignore_index=-1)


def seeded(config, dtype, seed=0):
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


def batch_for(config):
    chance = np.random.default_rng(1)
    ids, targets = (chance.integers(3, config.vocabulary, (3, size)) for size in (7, 6))
    ids[1, 4:], ids[2, 5:], targets[0, 3:] = 0, 0, 0
    if config.architecture != "encoder_decoder":
        segments = chance.integers(0, config.segments, ids.shape) if config.segments else None
        share = 0.3 if config.logits_transform else 1.0  # of a masked model few words are asked for
        nothing = (ids == 0) | (chance.random(ids.shape) > share)
        asked = np.where(nothing, 0, chance.integers(3, config.vocabulary, ids.shape))
        return Batch(ids, asked if "words" in config.tasks else None, None, segments, classes_for(config, chance))
    start = np.full((3, 1), config.start_id)
    return Batch(ids, targets, np.concatenate([start, targets[:, :-1]], axis=1))


def classes_for(config, chance):
    """The right classes of three sentences of seven tokens; of the second sentence nothing is asked."""
    rows = {"token_classification": (7, config.classes), "question_answering": (2, 4)}
    found = {}
    for task in config.tasks[config.tasks[:1] == ("words",) :]:
        count, classes = rows.get(task, (1, 2))
        found[task] = chance.integers(0, classes, (3, count))
        found[task][1] = -1
    return found or None


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", TEXT)
def test_the_gradient_of_every_parameter(name, dtype):
    changes = dict(small.CONFIGS[name])
    if "target_vocabulary" in changes:
        changes["target_vocabulary"] = SIZE["vocabulary"]
    config = small.config(**SIZE | changes)
    weights, batch = seeded(config, dtype), batch_for(config)
    loss, found = gradients(weights, config, batch, Settings(smoothing=SMOOTHING))
    expected, theirs = torch_gradients(config, weights, batch)
    _loss, exact = torch_gradients(config, {key: array.astype("float64") for key, array in weights.items()}, batch)
    tolerance = TOLERANCE[dtype]
    assert loss == pytest.approx(expected, rel=tolerance)
    assert set(found) == set(theirs)
    largest = max(float(np.abs(slope).max()) for slope in theirs.values())
    for weight, slope in theirs.items():
        assert found[weight].dtype == dtype and found[weight].shape == slope.shape
        # The gradient of a key's bias is 0 but for rounding, which is that of the other gradients.
        scale = max(float(np.abs(slope).max()), 1e-2 * largest)
        # Without residuals the gradients themselves magnify rounding, PyTorch's as ours.
        rounding = 2 * float(np.abs(slope - exact[weight]).max())
        assert np.abs(found[weight] - slope).max() <= max(tolerance * scale, rounding), weight


def torch_gradients(config, weights, batch):
    """The loss, and its gradients for the weights that it depends on, by autograd."""
    model = Torch(config, weights)
    loss = model.loss(batch)
    loss.backward()
    return float(loss.detach()), {name: w.grad.numpy() for name, w in model.w.items() if w.grad is not None}


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_adamw(decay):
    """Twenty steps on the same made-up gradients, which change from step to step by orders of magnitude."""
    chance = np.random.default_rng(0)
    start = {"matrix": chance.standard_normal((5, 4)), "table": chance.standard_normal((6, 3))}
    settings = Settings(20, 0.01, 0, "none", decay, clip=0.0, epsilon=1e-8)
    state = begin(start)
    theirs = [torch.tensor(array, requires_grad=True) for array in start.values()]
    optimizer = torch.optim.AdamW(theirs, 0.01, (settings.beta_1, settings.beta_2), 1e-8, decay)
    for _step in range(20):
        slopes = {
            name: chance.standard_normal(array.shape) * 10 ** chance.uniform(-4, 2) for name, array in start.items()
        }
        adamw(state, slopes, settings)
        for tensor, slope in zip(theirs, slopes.values(), strict=True):
            tensor.grad = torch.tensor(slope)
        optimizer.step()
    for (name, ours), tensor in zip(state.weights.items(), theirs, strict=True):
        np.testing.assert_allclose(ours, tensor.detach().numpy(), rtol=1e-11, atol=1e-13, err_msg=name)


def test_clipping():
    chance = np.random.default_rng(0)
    slopes = {"a": chance.standard_normal((5, 4)), "b": chance.standard_normal(7)}
    state = State({name: np.zeros(slope.shape) for name, slope in slopes.items()})
    length = adamw(state, slopes, Settings(clip=0.5))
    theirs = [torch.zeros(slope.shape, dtype=torch.float64, requires_grad=True) for slope in slopes.values()]
    for tensor, slope in zip(theirs, slopes.values(), strict=True):
        tensor.grad = torch.tensor(slope)
    assert length == pytest.approx(float(torch.nn.utils.clip_grad_norm_(theirs, 0.5)))
    for moment, tensor in zip(state.first.values(), theirs, strict=True):
        np.testing.assert_allclose(moment, 0.1 * tensor.grad.numpy(), rtol=1e-5)


def test_training_goes_the_way_of_pytorchs_own_transformer():
    """`torch.nn.Transformer`, its loss, clipping and AdamW, from the same weights: the same losses step by step."""
    from tutor.bench.torch_transformer import Rival

    config, batch = shape_of((12, 2, 20, 2, 40, 6, 8))
    settings = Settings(steps=12, smoothing=0.1, learning_rate=3e-3, warmup=0, decay="none")
    weights = initialise(config, 0)
    rival = Rival(config, weights, settings)
    for progress in train(begin(weights), config, iter(lambda: batch, None), settings):
        assert progress.loss == pytest.approx(rival.step(batch), rel=2e-4)
    assert progress.step == 12
