"""The key-value cache: what decoding remembers from one token to the next, so that no token is computed twice."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tutor.engine.backend import Backend, namespace, put_rows
from tutor.engine.config import TransformerConfig
from tutor.engine.heads import predict
from tutor.engine.layers import token_input
from tutor.engine.recorder import Recorder
from tutor.engine.trace import Node
from tutor.engine.transformer import embed, encode, run_stack


@dataclass(frozen=True)
class Work:
    """What one step computed, and what it had at hand from the steps before: without a cache, both are computed.

    Positions are counted of every hypothesis. A row is one token's key, or its value, in one layer, of all heads.
    """

    positions: int = 0
    positions_reused: int = 0
    rows: int = 0
    rows_reused: int = 0


class StepRecorder(Recorder):
    """Keeps of a step nothing but its logits and the count of its rows of keys and values."""

    def __init__(self, weights: Mapping[str, Any], backend: Backend | None = None) -> None:
        super().__init__(weights, backend, keep=False)
        self.logits: Node | None = None
        self.rows = self.rows_reused = 0

    def rows_so_far(self, name: str, compute: Callable[[], Node], fixed: bool) -> Node:
        node = compute()
        self.rows += _rows_in(node)
        return node

    def _record(self, node: Node) -> Node:
        if node.name == "logits":
            self.logits = node
        return super()._record(node)


def _rows_in(node: Node) -> int:
    """How many rows stand in [..., head, position, feature]."""
    *before, _heads, positions, _features = node.array.shape
    return math.prod(before) * int(positions)


class CachingRecorder(StepRecorder):
    """Runs a decoder on its newest tokens alone and lets them look at the keys and values of those before.

    Of a step it keeps nothing else. The numbers are those of the whole sentence decoded at once, as long as no token
    looks at a later one (`config.causal_mask`). A batch axis in front holds hypotheses that share what came before.
    """

    def __init__(self, weights: Mapping[str, Any], backend: Backend | None = None) -> None:
        super().__init__(weights, backend)
        self._tokens: Any = None  # [..., position]
        self._rows: dict[str, _Rows] = {}  # self-attention: they grow by a row a token
        self._fixed: dict[str, Node] = {}  # cross-attention: what there is to look at stays the same

    def select(self, parents: Sequence[int]) -> None:
        """Go on from these hypotheses, each as often as it is named; the others are forgotten."""
        if list(parents) == list(range(self._tokens.shape[0])):
            return
        chosen = self.backend.asarray(np.asarray(parents, dtype=np.int64))
        self._tokens = namespace(chosen).take(self._tokens, chosen, axis=0)
        for rows in self._rows.values():
            rows.select(chosen)

    @property
    def offset(self) -> int:  # type: ignore[override]
        """The position of the next token."""
        return 0 if self._tokens is None else self._tokens.shape[-1]

    def tokens_so_far(self, tokens: Node) -> Node:
        before, new = self._tokens, tokens.array
        self._tokens = new if before is None else namespace(new).concat([before, new], axis=-1)
        return Node(f"{tokens.name}_so_far", self._tokens, tokens.axis_keys, self.backend)

    def rows_so_far(self, name: str, compute: Callable[[], Node], fixed: bool) -> Node:
        if fixed and name in self._fixed:
            self.rows_reused += _rows_in(self._fixed[name])
            return self._fixed[name]
        node = super().rows_so_far(name, compute, fixed)
        if fixed:
            self._fixed[name] = node
        else:
            new = _rows_in(node)
            node.array = self._rows.setdefault(name, _Rows()).extended(node.array)
            self.rows_reused += _rows_in(node) - new
        return node


class _Rows:
    """Keys or values, [..., head, position, feature], in a buffer that is doubled when it is full."""

    def __init__(self) -> None:
        self._buffer: Any = None
        self._length = 0

    def extended(self, new: Any) -> Any:
        """All rows so far, with `new` as the last."""
        start, self._length = self._length, self._length + new.shape[-2]
        if self._buffer is None:
            self._buffer = new
        elif self._length <= self._buffer.shape[-2]:
            self._buffer = put_rows(self._buffer, start, new)
        else:
            xp = namespace(new)
            filled = xp.concat([self._buffer[..., :start, :], new], axis=-2)
            self._buffer = xp.concat([filled, filled], axis=-2)  # the second half is room, to be written over
        return self._buffer[..., : self._length, :]

    def select(self, chosen: Any) -> None:
        self._buffer = namespace(chosen).take(self._buffer, chosen, axis=0)


class NextToken:
    """The probabilities of what comes next in the continuation of a text, [vocabulary] in NumPy.

    Call `first()`, and then `following(token)` for every step. With `cached=False` every step computes everything
    anew; so it does, too, where a token may look at later ones.
    """

    def __init__(
        self,
        weights: Mapping[str, Any],
        config: TransformerConfig,
        ids: Sequence[int] | np.ndarray,
        backend: Backend | None = None,
        cached: bool = True,
    ) -> None:
        assert config.architecture != "encoder_only"
        self._config = config
        self._source: tuple[Node, ...] = ()  # the encoder's output and its tokens
        plain = Recorder(weights, backend, keep=False)
        keeps = CachingRecorder if cached and config.causal_mask else StepRecorder
        self._record = keeps(weights, plain.backend)
        self.work = Work()  # of the last step
        self._input = self._shaped(ids)  # the decoder's, [..., position]
        if config.architecture == "encoder_decoder":
            tokens = token_input(plain, "tokens", self._input, "encoder", config.vocabulary)
            self._source = (encode(plain, config, tokens), tokens)
            self._input = np.full((*self._input.shape[:-1], 1), config.start_id)

    @property
    def logits(self) -> np.ndarray:
        """What the last step's probabilities were made of, in their shape."""
        assert self._record.logits is not None
        return self._record.logits.value[..., -1, :]

    def _shaped(self, ids: Sequence[int] | np.ndarray) -> np.ndarray:
        return np.asarray(ids, dtype=np.int64)

    def first(self) -> np.ndarray:
        """The probabilities of the first token."""
        return self._run(self._input)

    def following(self, token: int) -> np.ndarray:
        """The probabilities after `token`, which follows what came before."""
        return self._extended(np.array([token]))

    def _extended(self, new: np.ndarray) -> np.ndarray:
        if isinstance(self._record, CachingRecorder):
            return self._run(new)
        self._input = np.concatenate([self._input, new], axis=-1)
        return self._run(self._input)

    def _run(self, rows: np.ndarray) -> np.ndarray:
        record, config = self._record, self._config
        record.rows = record.rows_reused = 0
        reused = record.offset * rows.size // rows.shape[-1]  # of every hypothesis, those before
        two = config.architecture == "encoder_decoder"
        name, prefix = ("decoder.tokens", "decoder.") if two else ("tokens", "")
        tokens = token_input(record, name, rows, "decoder", config.output_vocabulary if two else config.vocabulary)
        x = run_stack(record, config, "decoder", embed(record, config, prefix, tokens), tokens, *self._source)
        if rows.shape[-1] > 1:  # what comes next is asked of the last position alone
            x = record.input(x.name, x.array[..., -1:, :], x.axis_keys)
        probabilities = predict(record, config, x).value[..., -1, :]
        self.work = Work(rows.size, reused, record.rows, record.rows_reused)
        return probabilities


class NextTokens(NextToken):
    """The same for several hypotheses at once, [hypothesis, vocabulary]: one run of the model for all of them.

    They go on from one sentence, or each from a sentence of its own: `ids` is then [hypothesis, position].
    """

    def _shaped(self, ids: Sequence[int] | np.ndarray) -> np.ndarray:
        return np.atleast_2d(np.asarray(ids, dtype=np.int64))

    def following_each(self, tokens: Sequence[int], parents: Sequence[int]) -> np.ndarray:
        """The probabilities after each of `tokens`, which goes on from hypothesis `parents[i]` of the step before."""
        if isinstance(self._record, CachingRecorder):
            self._record.select(parents)
        else:
            self._input = self._input[list(parents)]
        return self._extended(np.asarray(tokens, dtype=np.int64)[:, None])
