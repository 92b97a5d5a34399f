"""The engine against Transformers written anew in plain PyTorch, from the papers rather than from our code.

The two share the weights by name and nothing else: here attention is PyTorch's own, heads are cut by `unflatten`,
norms and activations are those of `torch.nn.functional`, and position waves are complex exponentials.
"""

import math

import numpy as np
import pytest

from tutor.engine.config import TransformerConfig
from tutor.engine.recorder import Recorder
from tutor.engine.transformer import run, weight_shapes

torch = pytest.importorskip("torch")
F = pytest.importorskip("torch.nn.functional")

SIZE = dict(d_model=48, heads=4, d_ff=96, encoder_layers=3, decoder_layers=3, vocabulary=90, maximum_positions=40)
SOURCE = [[5, 17, 60, 5, 33, 89, 4], [8, 9, 10, 0, 0, 0, 0]]
TARGET = [[1, 30, 31, 7, 30], [1, 44, 0, 0, 0]]


def seeded(config, seed):
    """Weights that keep every layer's numbers near 1, norms that are not the identity."""
    random = np.random.default_rng(seed)
    weights = {}
    for name, shape in weight_shapes(config).items():
        numbers = random.standard_normal(shape)
        if name.endswith("scale"):
            numbers = 1 + 0.2 * numbers
        elif name.endswith(("bias", "shift")):
            numbers = 0.3 * numbers
        elif name.endswith("table"):
            numbers = numbers / (math.sqrt(config.d_model) if config.scale_embedding else 1)
        else:
            numbers = numbers / math.sqrt(shape[0])
        weights[name] = numbers.astype(np.float32)
    return weights


class Plain:
    """The pieces of a Transformer in PyTorch's own terms."""

    def __init__(self, weights, heads, act=F.relu, rms=False, eps=1e-5):
        self.w = {name: torch.from_numpy(array) for name, array in weights.items()}
        self.heads, self.act, self.rms, self.eps = heads, act, rms, eps

    def linear(self, x, name):
        return F.linear(x, self.w[f"{name}.weight"].T, self.w.get(f"{name}.bias"))

    def norm(self, x, name):
        scale = self.w[f"{name}.norm.scale"]
        if self.rms:
            return F.rms_norm(x, scale.shape, scale, self.eps)
        return F.layer_norm(x, scale.shape, scale, self.w[f"{name}.norm.shift"], self.eps)

    def attention(self, x, memory, name, blocked):
        """`blocked` [batch, 1, query, key]: True where looking is forbidden."""
        q, k, v = (
            self.linear(source, f"{name}.{which}").unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for source, which in ((x, "query"), (memory, "key"), (memory, "value"))
        )
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=~blocked)
        return self.linear(mixed.transpose(1, 2).flatten(2), f"{name}.output")

    def feed_forward(self, x, name):
        if f"{name}.gate.weight" in self.w:
            return self.linear(
                self.act(self.linear(x, f"{name}.gate")) * self.linear(x, f"{name}.up"), f"{name}.output"
            )
        return self.linear(self.act(self.linear(x, f"{name}.hidden")), f"{name}.output")

    def waves(self, length, width):
        rate = torch.exp(torch.arange(0, width, 2, dtype=torch.float64) * (-math.log(10000.0) / width))
        turn = torch.polar(torch.ones(length, width // 2, dtype=torch.float64), torch.outer(torch.arange(length), rate))
        return torch.stack([turn.imag, turn.real], dim=-1).flatten(1).float()


def future(length):
    return torch.ones(length, length, dtype=torch.bool).triu(1)


def padding(ids):
    return (torch.as_tensor(ids) == 0)[:, None, None, :]


def ours(config, weights, *inputs):
    record = Recorder(weights)
    run(record, config, *inputs)
    return {name: node.value for name, node in record.nodes.items()}


def agree(found, expected, ids, what):
    """Real positions agree to 1e-5; what stands at padding means nothing."""
    real = np.asarray(ids) != 0
    np.testing.assert_allclose(found[real], expected.numpy()[real], rtol=1e-5, atol=1e-5, err_msg=what)


@pytest.mark.parametrize("seed", range(3))
def test_encoder_decoder_post_norm(seed):
    """Vaswani et al. 2017."""
    config = TransformerConfig(**SIZE, target_vocabulary=50)
    weights = seeded(config, seed)
    p = Plain(weights, config.heads)

    def embed(ids, side):
        x = F.embedding(torch.tensor(ids), p.w[f"{side}.embedding.token.table"]) * config.d_model**0.5
        return x + p.waves(len(ids[0]), config.d_model)

    x = embed(SOURCE, "encoder")
    for i in range(config.encoder_layers):
        at = f"encoder.{i}.self_attention"
        x = p.norm(x + p.attention(x, x, at, padding(SOURCE).expand(-1, 1, 7, 7)), at)
        x = p.norm(x + p.feed_forward(x, f"encoder.{i}.feed_forward"), f"encoder.{i}.feed_forward")
    y = embed(TARGET, "decoder")
    for i in range(config.decoder_layers):
        at = f"decoder.{i}.self_attention"
        y = p.norm(y + p.attention(y, y, at, padding(TARGET) | future(5)), at)
        at = f"decoder.{i}.cross_attention"
        y = p.norm(y + p.attention(y, x, at, padding(SOURCE).expand(-1, 1, 5, 7)), at)
        y = p.norm(y + p.feed_forward(y, f"decoder.{i}.feed_forward"), f"decoder.{i}.feed_forward")
    logits = p.linear(y, "logits")

    found = ours(config, weights, SOURCE, TARGET)
    agree(found["encoder.output"], x, SOURCE, "encoder.output")
    agree(found["decoder.output"], y, TARGET, "decoder.output")
    agree(found["logits"], logits, TARGET, "logits")
    agree(found["probabilities"], F.softmax(logits, -1), TARGET, "probabilities")


@pytest.mark.parametrize("seed", range(3))
def test_encoder_only(seed):
    """BERT's choices: learned positions, segments, a norm on the embedding, exact GELU, tied embeddings."""
    config = TransformerConfig(
        **SIZE,
        architecture="encoder_only",
        position="learned",
        segments=2,
        embedding_norm=True,
        norm_epsilon=1e-12,
        activation="gelu",
        tied_embeddings=True,
        scale_embedding=False,
    )
    weights = seeded(config, seed)
    p = Plain(weights, config.heads, F.gelu, eps=1e-12)
    segments = [[0, 0, 0, 1, 1, 1, 1], [0, 0, 1, 0, 0, 0, 0]]
    x = F.embedding(torch.tensor(SOURCE), p.w["embedding.token.table"])
    x = x + p.w["embedding.position.table"][:7] + F.embedding(torch.tensor(segments), p.w["embedding.segment.table"])
    x = p.norm(x, "embedding")
    shares = []
    for i in range(config.encoder_layers):
        at = f"encoder.{i}.self_attention"
        # PyTorch's other implementation of attention, which also gives each head's weights.
        projections = [p.w[f"{at}.{which}.weight"].T for which in ("query", "key", "value")]
        biases = torch.cat([p.w[f"{at}.{which}.bias"] for which in ("query", "key", "value")])
        mixed, attention = F.multi_head_attention_forward(
            *[x.transpose(0, 1)] * 3,
            config.d_model,
            config.heads,
            torch.cat(projections),
            biases,
            None,
            None,
            False,
            0.0,
            p.w[f"{at}.output.weight"].T,
            p.w[f"{at}.output.bias"],
            training=False,
            key_padding_mask=torch.tensor(SOURCE) == 0,
            average_attn_weights=False,
        )
        shares.append(attention)
        x = p.norm(x + mixed.transpose(0, 1), at)
        x = p.norm(x + p.feed_forward(x, f"encoder.{i}.feed_forward"), f"encoder.{i}.feed_forward")
    logits = x @ p.w["embedding.token.table"].T + p.w["logits.bias"]

    found = ours(config, weights, SOURCE, None, segments)
    agree(found["encoder.output"], x, SOURCE, "encoder.output")
    agree(found["logits"], logits, SOURCE, "logits")
    for i, expected in enumerate(shares):
        weights_of_layer = found[f"encoder.{i}.self_attention.weights"]
        np.testing.assert_allclose(weights_of_layer, expected.numpy(), rtol=1e-5, atol=1e-5)


FAMILIES = {
    "GPT-2": (dict(position="learned", activation="gelu_tanh", tied_embeddings=True, output_bias=False), False),
    "Llama without rotation": (
        dict(
            position="none",
            norm="rms",
            activation="silu",
            gated=True,
            attention_bias=False,
            feed_forward_bias=False,
            output_bias=False,
        ),
        True,
    ),
}


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("seed", range(3))
def test_decoder_only_pre_norm(name, seed):
    changes, rms = FAMILIES[name]
    config = TransformerConfig(
        **SIZE, **changes, architecture="decoder_only", norm_position="pre", final_norm=True, scale_embedding=False
    )
    weights = seeded(config, seed)
    p = Plain(weights, config.heads, F.silu if rms else lambda x: F.gelu(x, approximate="tanh"), rms)
    x = F.embedding(torch.tensor(SOURCE), p.w["embedding.token.table"])
    if not rms:
        x = x + p.w["embedding.position.table"][:7]
    for i in range(config.decoder_layers):
        at = f"decoder.{i}.self_attention"
        h = p.norm(x, at)
        x = x + p.attention(h, h, at, padding(SOURCE) | future(7))
        at = f"decoder.{i}.feed_forward"
        x = x + p.feed_forward(p.norm(x, at), at)
    x = p.norm(x, "decoder")
    logits = p.linear(x, "logits") if rms else x @ p.w["embedding.token.table"].T

    found = ours(config, weights, SOURCE)
    agree(found["decoder.output"], x, SOURCE, "decoder.output")
    agree(found["logits"], logits, SOURCE, "logits")
    agree(found["probabilities"], F.softmax(logits, -1), SOURCE, "probabilities")
