"""The logit lens: the words that a model would say if it stopped after some layer (nostalgebraist 2020).

What stands above the last layer (the final norm where there is one, a masked model's transform, the logits, the
softmax) is applied to the output of every layer of the last stack, recorded operation by operation when asked for:

- `lens.decoder.0.logits` and `lens.decoder.0.probabilities` [position, vocabulary], after the first layer (of an
  encoder-only model `lens.encoder.0.…`), and on the way there `lens.decoder.0.norm` and the like;
- `lens.embedding.logits` (in an encoder-decoder `lens.decoder.embedding.logits`), before the first layer;
- `lens.at.3.logits` and `lens.at.3.probabilities` [layer, vocabulary], all of these at position 3, the embedding first;
  `lens.at.3.layers` [layer, feature] are the layers' outputs at that position. `lens.at.last.…` are those at the last
  position, however long the sentence is.

`lens.0.logits` is short for layer 0 of the last stack. After the last layer the numbers are the model's own.
"""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from tutor.engine.message import Message
from tutor.engine.node import Node, TraceError
from tutor.engine.ops.rows import row_of_each
from tutor.engine.ops.softmax import softmax

if TYPE_CHECKING:
    from tutor.engine.recorder import Recorder

PREFIX = "lens."
LAYERS, LAST = "layers", "last"
NO_WORDS = Message("there is no head that chooses words, so no words can be read off the layers")


class Lens:
    """What a lens reads in the nodes of one run, and how: `outputs` are the layers' by place, `reading` the operations.

    Raises TraceError where the model has no head that chooses words.
    """

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self.stack = "decoder" if "decoder.output" in nodes else "encoder"
        top = nodes.get(f"{self.stack}.output")
        if top is None or "probabilities" not in nodes:
            raise TraceError(NO_WORDS)
        self.reading = _between(top, nodes["probabilities"])
        self.outputs = _outputs(nodes, self.stack)

    @property
    def parts(self) -> tuple[str, ...]:
        """What is recorded of every layer, in the order computed: norm …, logits, probabilities."""
        return tuple(self._part(node) for node in self.reading)

    @property
    def positions(self) -> int:
        """How many positions there are to read at."""
        return next(iter(self.outputs.values())).shape[0]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every node that can be asked for."""
        places = [(place, self.parts) for place in self.outputs]
        places += [(f"at.{position}", (LAYERS, *self.parts)) for position in (*range(self.positions), LAST)]
        return tuple(f"{PREFIX}{place}.{part}" for place, parts in places for part in parts)

    def find(self, pattern: str) -> str:
        """The first name that matches a glob; `lens.0.logits` stands for `lens.decoder.0.logits`. Raises TraceError."""
        place, _point, rest = pattern.removeprefix(PREFIX).partition(".")
        whole = f"{PREFIX}{self.stack}.{place}.{rest}" if place.isdigit() else pattern
        found = fnmatch.filter(self.names, whole)
        if found:
            return found[0]
        near = difflib.get_close_matches(whole, self.names, 3) or [*self.names[:1], *self.names[-1:]]
        raise TraceError(Message("no node called {name}; nearest: {near}", name=pattern, near=", ".join(near)))

    def record(self, record: Recorder, name: str) -> None:
        """Record all that is read at the place of `name`, one of `names`."""
        words = name.removeprefix(PREFIX).split(".")
        if words[0] == "at":
            self._record_at(record, words[1])
            return
        place = next(place for place in self.outputs if name.startswith(f"{PREFIX}{place}."))
        self._read(record, f"{PREFIX}{place}", self.outputs[place])

    def _record_at(self, record: Recorder, which: str) -> None:
        outputs = tuple(self.outputs.values())
        axes = ("layer", outputs[0].axis_keys[-1])
        place, position = f"{PREFIX}at.{which}", self.positions - 1 if which == LAST else int(which)
        self._read(record, place, record(f"{place}.{LAYERS}", row_of_each, *outputs, axes=axes, position=position))

    def _read(self, record: Recorder, place: str, x: Node) -> None:
        first = x.axis_keys[0]
        for node in self.reading:
            name = f"{place}.{self._part(node)}"
            if node.operation is softmax:
                x = record.later(name, softmax, x)
            else:
                axes = (first, *node.axis_keys[1:])
                assert node.operation is not None
                x = record(name, node.operation, x, *node.operands[1:], axes=axes, **node.params)

    def _part(self, node: Node) -> str:
        return "norm" if node.name == f"{self.stack}.output" else node.name


def _between(top: Node, end: Node) -> tuple[Node, ...]:
    """The nodes from the last stack's output to the probabilities; the output itself where it is a norm."""
    found = []
    node = end
    while node is not top:
        found.append(node)
        if not node.operands:
            raise TraceError(NO_WORDS)
        node = node.operands[0]
    if top.op != "identity":
        found.append(top)
    return tuple(reversed(found))


def _outputs(nodes: Mapping[str, Node], stack: str) -> dict[str, Node]:
    """What enters the first layer of a stack and what leaves every layer, by place."""
    found = {}
    for place in (f"{stack}.embedding", "embedding"):
        if f"{place}.output" in nodes:
            found = {place: nodes[f"{place}.output"]}
            break
    layer = 0
    while (last := nodes.get(f"{stack}.{layer}.feed_forward.residual")) is not None:
        norm = nodes.get(f"{stack}.{layer}.feed_forward.norm")
        after = norm is not None and last in norm.operands  # else the norm stood before the sub-layer
        found[f"{stack}.{layer}"] = norm if norm is not None and after else last
        layer += 1
    return found
