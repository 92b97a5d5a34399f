"""Every way in which the Transformer family differs, as data.

The block in `transformer.py` reads these fields; a new family is a config, not another forward pass. The same
fields are the learner's what-if switches.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from tutor.engine.message import Message

CHOICES = {
    "architecture": ("encoder_decoder", "encoder_only", "decoder_only"),
    "position": ("sinusoidal", "sinusoidal_halves", "learned", "rotary", "relative", "none"),
    "norm": ("layer", "rms"),
    "norm_position": ("post", "pre"),
    "activation": ("relu", "gelu", "gelu_tanh", "silu"),
    "pooler": ("none", "tanh", "relu"),
    "series_tokens": ("instant", "variable", "patch"),
}
TASKS = (
    "words",
    "next_sentence",
    "sequence_classification",
    "token_classification",
    "question_answering",
    "multiple_choice",
    "forecast",
)
CLASSIFIERS = ("sequence_classification", "token_classification")
FORECAST = "forecast"
SWITCHES = ("causal_mask", "padding_mask", "scale_scores", "position", "residual", "norm_position", "heads_off")


class ConfigError(ValueError):
    """A config that no Transformer can have; the message says which field and what it may be."""


@dataclass(frozen=True)
class TransformerConfig:
    """The shape and the choices of one Transformer. The defaults are those of Vaswani et al. 2017, section 3."""

    architecture: str = "encoder_decoder"
    d_model: int = 512
    heads: int = 8
    d_k: int = 0  # width of one head; 0 means d_model / heads
    key_value_heads: int = 0  # each shared by several query heads; 0 means as many as `heads`
    d_ff: int = 2048
    encoder_layers: int = 6
    decoder_layers: int = 6
    vocabulary: int = 1000
    target_vocabulary: int = 0  # the decoder's, in an encoder-decoder; 0 means the same size as `vocabulary`
    maximum_positions: int = 512
    position: str = "sinusoidal"  # "sinusoidal_halves": all sines first, then all cosines
    position_offset: int = 0  # rows of the learned table before that of the first position
    rotary_base: float = 10000.0
    rotary_scaling: tuple[float, ...] = ()  # all slower by (factor), or the slow ones: (factor, low, high, positions)
    relative_buckets: int = 32
    relative_distance: int = 128  # from here on all distances share a bucket
    segments: int = 0
    norm: str = "layer"
    norm_position: str = "post"
    norm_epsilon: float = 1e-5
    embedding_norm: bool = False
    final_norm: bool = False
    activation: str = "relu"
    gated: bool = False
    query_key_norm: bool = False  # a norm on every query and key, head by head
    window: int = 0  # a decoder's token looks at this many tokens, itself included; 0 means all
    window_from: int = 0  # the first layer with that window
    attention_bias: bool = True
    attention_output_bias: bool = True  # where there are biases, whether the output projection has one, too
    feed_forward_bias: bool = True
    output_bias: bool = True
    tied_embeddings: bool = False
    shared_embeddings: bool = False  # encoder and decoder look up one table
    scale_logits: bool = False  # what the logits are read from is divided by √d_model
    tasks: tuple[str, ...] = ("words",)  # what it answers at the top, see `heads.py`
    classes: int = 0  # that sequence or token classification chooses among
    logits_transform: bool = False  # linear map, activation and norm before the words, as in BERT
    pooler: str = "none"  # the activation of the linear map of the first position; none means there is no such map
    scale_embedding: bool = True
    patch: int = 0  # side of a square of pixels; above 0 the model reads pictures, one position a square
    picture: tuple[int, ...] = ()  # channels, height and width of a picture
    series: tuple[int, ...] = ()  # time steps and variables; given, the model reads a series of numbers
    series_tokens: str = "instant"  # what one token of it is, see `series.py`
    series_patch: int = 0  # time steps in a patch
    horizon: int = 0  # time steps that are forecast
    choices: int = 0  # so many pairs of question and answer stand in the sentence, one after the other
    pad_id: int = 0
    start_id: int = 1
    end_id: int = 2
    # What-if switches: a trained model has them all in their first state.
    causal_mask: bool = True
    padding_mask: bool = True
    scale_scores: bool = True
    residual: bool = True
    separate_variables: bool = True  # the patches of a variable look at none of another
    heads_off: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._check_types()
        if not self.d_k:
            self._require(
                self.d_model % self.heads == 0,
                "d_model",
                Message("must be a multiple of heads ({heads})", heads=self.heads),
            )
            object.__setattr__(self, "d_k", self.d_model // self.heads)
        if self.architecture == "encoder_decoder" and not self.target_vocabulary:
            object.__setattr__(self, "target_vocabulary", self.vocabulary)
        for stack in self.stacks:
            self._require(getattr(self, f"{stack}_layers") > 0, f"{stack}_layers", Message("must be at least 1"))
        if self.tied_embeddings and self.architecture != "encoder_decoder" and self.target_vocabulary:
            one = self.target_vocabulary == self.vocabulary
            rule = Message("must be {vocabulary} where embeddings are tied", vocabulary=self.vocabulary)
            self._require(one, "target_vocabulary", rule)
        self._check_tasks()
        self._check_families()
        self._check_heads_off()

    def _require(self, condition: bool, field: str, rule: Message) -> None:
        if not condition:
            raise ConfigError(
                Message("{field}: {rule}, not {value!r}", field=field, rule=rule, value=getattr(self, field))
            )

    def _check_types(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in CHOICES:
                rule = Message("must be one of {choices}", choices=", ".join(CHOICES[field.name]))
                self._require(value in CHOICES[field.name], field.name, rule)
            elif field.type == "bool":
                self._require(isinstance(value, bool), field.name, Message("must be true or false"))
            elif field.type == "int":
                least = 1 if field.name in ("d_model", "heads", "d_ff", "vocabulary", "maximum_positions") else 0
                whole = isinstance(value, int) and not isinstance(value, bool)
                rule = Message("must be a whole number of at least {least}", least=least)
                self._require(whole and value >= least, field.name, rule)
            elif field.type == "float":
                rule = Message("must be a number above 0")
                self._require(isinstance(value, int | float) and value > 0, field.name, rule)

    def _check_tasks(self) -> None:
        a_list = isinstance(self.tasks, list | tuple)
        known = a_list and all(task in TASKS for task in self.tasks) and len(set(self.tasks)) == len(self.tasks)
        self._require(known, "tasks", Message("must be a list of {choices}", choices=", ".join(TASKS)))
        object.__setattr__(self, "tasks", tuple(self.tasks))
        for task in set(self.tasks) & set(CLASSIFIERS):
            self._require(self.classes > 0, "classes", Message("must be at least 1 for {task}", task=task))

    def _check_families(self) -> None:
        if not self.key_value_heads:
            object.__setattr__(self, "key_value_heads", self.heads)
        for name in ("rotary_scaling", "picture", "series"):
            value = getattr(self, name)
            numbers = isinstance(value, list | tuple) and all(isinstance(n, int | float) and n > 0 for n in value)
            self._require(numbers, name, Message("must be a list of numbers above 0"))
            object.__setattr__(self, name, tuple(value))
        shared = Message("must divide heads ({heads})", heads=self.heads)
        self._require(self.heads % self.key_value_heads == 0, "key_value_heads", shared)
        if self.position == "rotary":
            self._require(self.d_k % 2 == 0, "d_k", Message("must be even where positions are rotary"))
            lengths = Message("must have 0, 1 or 4 numbers")
            self._require(len(self.rotary_scaling) in (0, 1, 4), "rotary_scaling", lengths)
        if self.position == "relative":
            least = Message("must be a whole number of at least {least}", least=4)
            self._require(self.relative_buckets >= 4, "relative_buckets", least)
            more = Message("must be above relative_buckets ({buckets})", buckets=self.relative_buckets)
            self._require(self.relative_distance > self.relative_buckets, "relative_distance", more)
        if self.shared_embeddings:
            two = self.architecture == "encoder_decoder" and self.target_vocabulary == self.vocabulary
            rule = Message("needs an encoder and a decoder with one vocabulary")
            self._require(two, "shared_embeddings", rule)
        if self.patch:
            self._require(self.architecture == "encoder_only", "patch", Message("needs the architecture encoder_only"))
            fits = len(self.picture) == 3 and not any(side % self.patch for side in self.picture[1:])
            rule = Message("must be channels, height and width, both multiples of patch ({patch})", patch=self.patch)
            self._require(fits and all(isinstance(n, int) for n in self.picture), "picture", rule)
        self._check_series()
        if self.choices or "multiple_choice" in self.tasks:
            alone = self.architecture == "encoder_only" and self.position in ("learned", "sinusoidal", "none")
            rule = Message("needs the architecture encoder_only and positions that are learned, sinusoidal or none")
            self._require(alone and not self.patch and not self.series, "choices", rule)

    def _check_series(self) -> None:
        if not self.series:
            self._require(FORECAST not in self.tasks, "tasks", Message("needs a series for {task}", task=FORECAST))
            return
        self._require(self.architecture == "encoder_only", "series", Message("needs the architecture encoder_only"))
        fits = len(self.series) == 2 and all(isinstance(n, int) for n in self.series) and not self.patch
        self._require(fits, "series", Message("must be time steps and variables, and no patch beside it"))
        self._require("words" not in self.tasks, "tasks", Message("a series has no words"))
        if FORECAST in self.tasks:
            self._require(self.horizon > 0, "horizon", Message("must be at least 1 for {task}", task=FORECAST))
        if self.series_tokens == "patch":
            cut = self.series_patch > 0 and self.series[0] % self.series_patch == 0
            rule = Message("must divide the time steps ({steps})", steps=self.series[0])
            self._require(cut, "series_patch", rule)

    def _check_heads_off(self) -> None:
        a_list = isinstance(self.heads_off, list | tuple)
        self._require(a_list, "heads_off", Message("must be a list of names like encoder.0.self_attention.0"))
        object.__setattr__(self, "heads_off", tuple(self.heads_off))
        for name in self.heads_off:
            place, _, head = str(name).rpartition(".")
            known = place in self.attentions and head.isdigit() and int(head) < self.heads
            rule = Message("names a head as {first}.0 to .{last}", first=self.attentions[0], last=self.heads - 1)
            self._require(known, "heads_off", rule)

    @property
    def stacks(self) -> tuple[str, ...]:
        """The stacks this architecture has, in the order they run."""
        return {
            "encoder_decoder": ("encoder", "decoder"),
            "encoder_only": ("encoder",),
            "decoder_only": ("decoder",),
        }[self.architecture]

    @property
    def attentions(self) -> tuple[str, ...]:
        """The name of every attention, in the order they run."""
        names = []
        for stack in self.stacks:
            kinds = ["self_attention"]
            if stack == "decoder" and self.architecture == "encoder_decoder":
                kinds.append("cross_attention")
            names += [f"{stack}.{i}.{kind}" for i in range(getattr(self, f"{stack}_layers")) for kind in kinds]
        return tuple(names)

    @property
    def patches(self) -> int:
        """How many squares a picture is cut into; 0 for a model that reads text."""
        return self.picture[1] * self.picture[2] // self.patch**2 if self.patch else 0

    @property
    def series_token_count(self) -> int:
        """How many tokens a series makes; 0 for a model that reads none."""
        steps, variables = self.series or (0, 0)
        return {"instant": steps, "variable": variables, "patch": variables * self.series_block}[self.series_tokens]

    @property
    def series_token_width(self) -> int:
        """How many numbers of a series one token of it stands for."""
        steps, variables = self.series or (0, 0)
        return {"instant": variables, "variable": steps, "patch": self.series_patch}[self.series_tokens]

    @property
    def series_block(self) -> int:
        """How many patches each variable of a series makes; 0 where its tokens are no patches."""
        return self.series[0] // self.series_patch if self.series and self.series_tokens == "patch" else 0

    def block(self, tokens: int) -> int:
        """How many of so many tokens stand in each part in which positions are counted anew; 0 where that is all."""
        return self.series_block or (tokens // self.choices if self.choices else 0)

    def table_of(self, stack: str) -> str:
        """The name of the embedding table that a stack looks its tokens up in."""
        own = self.architecture == "encoder_decoder" and not self.shared_embeddings
        return f"{stack}.embedding.token.table" if own else "embedding.token.table"

    @property
    def output_vocabulary(self) -> int:
        """The number of words the model chooses among when it answers."""
        return self.target_vocabulary or self.vocabulary

    def changed(self, **changes: Any) -> TransformerConfig:
        """The same config with some fields changed. Raises ConfigError for a field or a value that does not exist."""
        check_field_names(changes)
        if {"d_model", "heads"} & set(changes) and self.d_k * self.heads == self.d_model:
            changes.setdefault("d_k", 0)  # it was d_model / heads, and stays that
        if "heads" in changes and self.key_value_heads == self.heads:
            changes.setdefault("key_value_heads", 0)
        return replace(self, **changes)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, as written to `model.yaml` and `config.json`."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TransformerConfig:
        """The config that plain data describes. Raises ConfigError."""
        check_field_names(data)
        return cls(**data)


def check_field_names(data: Mapping[str, Any]) -> None:
    """Raise ConfigError for a field that no config has, naming the nearest that one has."""
    known = [field.name for field in fields(TransformerConfig)]
    for name in data:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, 1)
            if near:
                raise ConfigError(Message("{name}: no such setting; did you mean {near}?", name=name, near=near[0]))
            raise ConfigError(Message("{name}: no such setting", name=name))
