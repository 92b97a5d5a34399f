"""PyTorch's own Transformer in training, with our weights: the rival of a training step. Needs torch."""

import warnings
from collections.abc import Mapping

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from tutor.engine.config import TransformerConfig
from tutor.engine.ops.embedding import waves
from tutor.engine.training import Batch, Settings


class Rival(nn.Module):
    """The 2017 Transformer: `torch.nn.Transformer` between embeddings and a linear layer, trained by its AdamW."""

    def __init__(self, config: TransformerConfig, weights: Mapping[str, np.ndarray], settings: Settings) -> None:
        super().__init__()
        self.config, self.settings = config, settings
        c = config
        self.source = nn.Embedding(c.vocabulary, c.d_model)
        self.target = nn.Embedding(c.output_vocabulary, c.d_model)
        with warnings.catch_warnings():  # on nested tensors, which serve inference only
            warnings.simplefilter("ignore", UserWarning)
            self.blocks = nn.Transformer(
                c.d_model, c.heads, c.encoder_layers, c.decoder_layers, c.d_ff, settings.dropout, batch_first=True
            )
        self.blocks.encoder.norm = self.blocks.decoder.norm = None  # those of a pre-norm Transformer
        self.logits = nn.Linear(c.d_model, c.output_vocabulary)
        self.waves = torch.from_numpy(waves(c.maximum_positions, c.d_model).astype(np.float32))
        self._copy(weights)
        self.optimizer = torch.optim.AdamW(
            self.parameters(),
            settings.learning_rate,
            (settings.beta_1, settings.beta_2),
            settings.epsilon,
            settings.weight_decay,
        )

    def _copy(self, weights: Mapping[str, np.ndarray]) -> None:
        with torch.no_grad():
            for name, ours in self.pairs().items():
                parts = [torch.from_numpy(np.array(weights[part])) for part in ours]
                turned = [part.T if part.ndim == 2 and "table" not in ours[0] else part for part in parts]
                self.get_parameter(name).copy_(torch.cat(turned))

    def pairs(self) -> dict[str, list[str]]:
        """The names of PyTorch's parameters, each with those of ours that it is made of."""
        found = {"source.weight": ["encoder.embedding.token.table"], "target.weight": ["decoder.embedding.token.table"]}
        places = {"self_attn": "self_attention", "multihead_attn": "cross_attention"}
        for theirs, _parameter in self.named_parameters():
            _blocks, *middle, last = theirs.split(".")
            if len(middle) < 3:
                continue
            ours = f"{middle[0]}.{middle[2]}"
            part = middle[3] if len(middle) > 3 else ""
            if part in places and last.startswith("in_proj"):
                kind = last.removeprefix("in_proj_")
                found[theirs] = [f"{ours}.{places[part]}.{which}.{kind}" for which in ("query", "key", "value")]
            elif part in places:
                found[theirs] = [f"{ours}.{places[part]}.output.{last}"]
            elif part.startswith("linear"):
                found[theirs] = [f"{ours}.feed_forward.{'hidden' if part == 'linear1' else 'output'}.{last}"]
            else:
                norms = ["self_attention", "cross_attention", "feed_forward"]
                if middle[0] == "encoder":
                    norms.remove("cross_attention")
                kind = "scale" if last == "weight" else "shift"
                found[theirs] = [f"{ours}.{norms[int(part[-1]) - 1]}.norm.{kind}"]
        return found | {"logits.weight": ["logits.weight"], "logits.bias": ["logits.bias"]}

    def loss(self, batch: Batch) -> torch.Tensor:
        """The smoothed cross-entropy of a batch."""
        c = self.config
        ids, target_ids, targets = (torch.from_numpy(x) for x in (batch.ids, batch.target_ids, batch.targets))
        x, y = (
            table(numbers) * c.d_model**0.5 + self.waves[: numbers.shape[1]]
            for table, numbers in ((self.source, ids), (self.target, target_ids))
        )
        x, y = (functional.dropout(part, self.settings.dropout) for part in (x, y))
        hidden, future = ids == c.pad_id, torch.ones(y.shape[1], y.shape[1], dtype=torch.bool).triu(1)
        out = self.blocks(x, y, tgt_mask=future, src_key_padding_mask=hidden, memory_key_padding_mask=hidden)
        logits = self.logits(out).flatten(0, 1)
        smoothing = self.settings.smoothing
        return functional.cross_entropy(logits, targets.flatten(), ignore_index=c.pad_id, label_smoothing=smoothing)

    def step(self, batch: Batch) -> float:
        """One step of training; returns the loss before it."""
        self.optimizer.zero_grad()
        loss = self.loss(batch)
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters(), self.settings.clip)
        self.optimizer.step()
        return float(loss.detach())
