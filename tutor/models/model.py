"""A model that can be asked: text in, trace out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tutor.engine.backend import Backend, load_backend
from tutor.engine.config import CLASSIFIERS, TransformerConfig
from tutor.engine.decoding import Step, decode_steps, greedy
from tutor.engine.incremental import recorder_after
from tutor.engine.recorder import Change, Recorder
from tutor.engine.rules import Rules
from tutor.engine.trace import Trace
from tutor.engine.transformer import run
from tutor.models.card import ModelCard
from tutor.models.choices import TASK as CHOICE
from tutor.models.choices import answers_in, trace_choices
from tutor.models.errors import Message, ModelError
from tutor.models.framing import BETWEEN, CLASS_LABELS, NEXT_SENTENCE, Framed, frame, like, right_words
from tutor.models.generation import Generation, answers_of, checked_maximum, decoding_settings, taken
from tutor.models.guessing import filled, guesses
from tutor.models.published.tokenizer import AnyTokenizer
from tutor.models.series.run import trace_series
from tutor.models.switching import Switched, switched
from tutor.models.tokenizer import Tokenizer

EXTRA_ANSWER_TOKENS = 8  # an answer may be this much longer than its question
CONTINUATION_TOKENS = 32  # how far a decoder-only model goes on by itself
UNTRAINED_ANSWER_TOKENS = 6  # random weights seldom come to an end; six tokens show the shape of an answer


@dataclass
class Model:
    """A config, its weights, and the tokenizers on either side of it."""

    card: ModelCard
    config: TransformerConfig
    weights: dict[str, np.ndarray]
    tokenizer: AnyTokenizer
    target_tokenizer: AnyTokenizer
    classes: tuple[str, ...] = ()  # what its classifier's classes are called, where that is known
    rules: Rules | None = None  # of what it writes, where it was published with some
    kin: dict[str, Model] = field(default_factory=dict, repr=False)  # by how they read a series, where others do it too
    _on_backend: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)
    _last_switched: dict[str, Switched] = field(default_factory=dict, init=False, repr=False)

    @property
    def name(self) -> str:
        """The name it is loaded by."""
        return self.card.name

    @property
    def trained(self) -> bool:
        """Whether the weights were learned; else they are random numbers and so are the answers."""
        return self.card.trained

    @property
    def parameters(self) -> int:
        """The number of weights."""
        return sum(array.size for array in self.weights.values())

    def trace(
        self,
        text: str,
        target: str | None = None,
        change: Mapping[str, Change] | None = None,
        config: Mapping[str, Any] | None = None,
        backend: str = "numpy",
        pad_to: int | None = None,
        second: str | None = None,
        follows: bool | None = None,
        after: Trace | None = None,
    ) -> Trace:
        """Run the model on a sentence and keep every array.

        An encoder-decoder reads the sentence and the end token; its decoder reads the start token and `target`, by
        default the greedy answer of the model as it is, so that `change` and `config` leave the tokens the same and
        before and after can be compared. A model that reads masks takes as `target` the sentence without masks, and a
        `second` sentence where it has segments; `follows` says whether that one does follow; `trace.guesses` are the
        likeliest words for each mask. `pad_to` fills the source up with padding. To a model that reads series the text
        says which (`series/window.py`); for the task multiple_choice it holds the answers to choose from, and `target`
        is the right one (`choices.py`). What `after`, a trace of another sentence, knows of a decoder alone is not
        computed again. `trace.notice` says where a text was too long. Raises ModelError, and ConfigError, TraceError or
        BackendError for wrong arguments.
        """
        if self.config.patch:
            raise ModelError("{model} reads pictures, not words: give their pixels to trace_picture", model=self.name)
        if self.config.series:
            return trace_series(self, text, change, config, backend)
        if CHOICE in (config or {}).get("tasks", self.config.tasks) and len(answers_in(text)) > 2:
            return trace_choices(self, text, target, change, config, backend)
        read = self.read(text, second)
        target_ids = None
        if target is not None:
            if self._has_decoder_input:
                target_ids = [self.config.start_id, *self.target_tokenizer.encode(target).ids]
            else:
                target_ids = list(self.read(target).ids)
        said = text if second is None else f"{text}{BETWEEN}{second}"
        given = (said, target, change, config, backend, pad_to)
        return self._trace(list(read.ids), target_ids, *given, read.segments, follows, after)

    def read(self, text: str, second: str | None = None) -> Framed:
        """A typed text in the model's ids, with what each stands for. Raises ModelError."""
        if not text:
            raise ModelError("the sentence is empty: type a few words")
        return frame(self.config, self.tokenizer, text, second)

    def generate(
        self,
        text: str,
        strategy: str = "greedy",
        beams: int = 4,
        length_penalty: float | None = None,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        seed: int = 0,
        maximum: int | None = None,
        config: Mapping[str, Any] | None = None,
        backend: str = "numpy",
        on_step: Callable[[Step], object] | None = None,
        with_all: bool = False,
    ) -> Generation:
        """Answer a sentence (encoder-decoder) or go on with it (decoder-only), and keep every step's candidates.

        `strategy` is greedy, beam or sample; `Decoding` says what the others mean; without a `length_penalty` the
        card's is taken. At most `maximum` tokens are chosen, the end token included, and no more than there are
        positions. `on_step` is told of each step as it is taken. `with_all` keeps every token's probability in the
        steps. Raises ModelError, and ConfigError or BackendError for wrong arguments.
        """
        if self.config.architecture == "encoder_only":
            raise ModelError("{model} reads and does not write: it has no decoder; take another model", model=self.name)
        if "words" not in self.config.tasks:
            raise ModelError("{model} has no head that chooses words, so it cannot write", model=self.name)
        settings = decoding_settings(
            strategy=strategy,
            beams=beams,
            length_penalty=self.card.length_penalty if length_penalty is None else length_penalty,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            seed=seed,
        )
        ids, notice = self._fit(list(self.read(text).ids), None)
        room = self.config.maximum_positions - (0 if self._has_decoder_input else len(ids) - 1)
        count = checked_maximum(maximum, max(1, self._longest_answer(ids)), room)
        now = self.switched_to(config)
        arrays = load_backend(backend)
        labels = self.target_tokenizer.labels
        weights = self.weights_on(arrays, now.weights)
        steps = decode_steps(
            weights, now.config, ids, count, settings, labels, arrays, with_all=with_all, rules=self.rules
        )
        found = taken(steps, on_step)
        answers = answers_of(found, self.target_tokenizer)
        notice = notice or now.notice or arrays.notice
        trained = self.trained and not now.new
        return Generation(answers, found, settings, text, tuple(ids), self.name, trained, notice)

    def trace_ids(
        self,
        ids: Sequence[int],
        target_ids: Sequence[int] | None = None,
        change: Mapping[str, Change] | None = None,
        config: Mapping[str, Any] | None = None,
        backend: str = "numpy",
        pad_to: int | None = None,
        segment_ids: Sequence[int] | None = None,
    ) -> Trace:
        """The same past the tokenizer: `ids` as they are, and `target_ids`, the decoder's whole input.

        To a model that reads masks `target_ids` are the ids without masks, and `segment_ids` the sentence of each.
        """
        ids = [int(number) for number in ids]
        if not ids or (target_ids is not None and not len(target_ids)):
            raise ModelError("no token ids were given: give at least one")
        self._check_ids(ids, self.config.vocabulary)
        target = None
        if target_ids is not None:
            target_ids = [int(number) for number in target_ids]
            self._check_ids(target_ids, self.config.output_vocabulary)
            target = self.target_tokenizer.decode(target_ids)
        if segment_ids is not None and len(segment_ids) != len(ids):
            raise ModelError("there must be one segment id for each of the {count} token ids", count=len(ids))
        given = (self.tokenizer.decode(ids), target, change, config, backend, pad_to)
        return self._trace(ids, target_ids, *given, segment_ids)

    def trace_picture(
        self,
        pixels: np.ndarray,
        change: Mapping[str, Change] | None = None,
        config: Mapping[str, Any] | None = None,
        backend: str = "numpy",
    ) -> Trace:
        """The trace of a picture [channel, row, column], its pixels prepared as the model wants them.

        Raises ModelError for a model that reads words, and the errors of `trace`.
        """
        if not self.config.patch:
            raise ModelError("{model} reads words, not pictures", model=self.name)
        now = self.switched_to(config)
        arrays = load_backend(backend)
        record = Recorder(self.weights_on(arrays, now.weights), arrays, change)
        run(record, now.config, pixels)
        columns = self.config.picture[2] // self.config.patch
        squares = [f"{number // columns + 1},{number % columns + 1}" for number in range(self.config.patches)]
        trained = self.trained and not now.new
        info = {"text": "", "target": "", "model": self.name, "config": now.config, "trained": trained}
        labels = {"encoder": ("□", *squares), "patch": squares, "first": ("□",), **self.class_labels}
        return Trace.of(record, labels, **info, notice=now.notice or arrays.notice)

    def _trace(
        self,
        ids: list[int],
        target_ids: list[int] | None,
        text: str,
        target: str | None,
        change: Mapping[str, Change] | None,
        switches: Mapping[str, Any] | None,
        backend_name: str,
        pad_to: int | None,
        segments: Sequence[int] | None = None,
        follows: bool | None = None,
        after: Trace | None = None,
    ) -> Trace:
        if target_ids is not None and not (self._has_decoder_input or self.reads_masks):
            raise ModelError("{model} has no decoder that reads a target: leave the target out", model=self.name)
        now = self.switched_to(switches)
        config, backend = now.config, load_backend(backend_name)
        weights = self.weights_on(backend, now.weights)
        right = self._right_tokens(ids, target_ids)
        tasks = self._right_classes(follows)
        typed, (ids, notice) = ids, self._fit(ids, pad_to)
        if target_ids is None and self._has_decoder_input:
            own = self.weights_on(backend, self.weights)
            answer = greedy(own, self.config, ids, self._longest_answer(ids), backend, self.rules)
            target_ids, target = [self.config.start_id, *answer], self.target_tokenizer.decode(answer)
            right = self._right_tokens(ids, target_ids)
        elif target_ids is not None and len(target_ids) > self.config.maximum_positions:
            notice = notice or self._clipped("target", len(target_ids))
            target_ids = target_ids[: self.config.maximum_positions]
            right = self._right_tokens(typed, target_ids) if self._has_decoder_input else right
        if not self._has_decoder_input:
            right = like(ids, typed, right, config.pad_id)
        record = recorder_after(after, config, weights, ids, backend, change)
        decoder_ids = target_ids if self._has_decoder_input else None
        run(record, config, ids, decoder_ids, like(ids, typed, segments, 0), right, task_targets=tasks)
        trace = Trace.of(
            record,
            self.labels_of(ids, decoder_ids),
            text=text,
            target=target or "",
            model=self.name,
            config=config,
            trained=self.trained and not now.new,
            notice=notice or now.notice or backend.notice,
        )
        if self.reads_masks and "logits" in trace:
            trace.info |= {"guesses": guesses(self, trace), "guessed": filled(self, trace)}
        return trace

    @property
    def _has_decoder_input(self) -> bool:
        return self.config.architecture == "encoder_decoder"

    @property
    def reads_masks(self) -> bool:
        """Whether it says what stands in the place of a masked word; its target is then the sentence without masks."""
        reads = self.config.architecture == "encoder_only" and "words" in self.config.tasks
        return reads and self.tokenizer.mask_id is not None

    def _right_classes(self, follows: bool | None) -> dict[str, list[int]] | None:
        """What the tasks beside the words should say."""
        if follows is None:
            return None
        if NEXT_SENTENCE not in self.config.tasks:
            raise ModelError("{model} does not say whether a sentence follows another", model=self.name)
        return {NEXT_SENTENCE: [0 if follows else 1]}

    def _right_tokens(self, ids: list[int], target_ids: list[int] | None) -> list[int] | None:
        """What each position of the last stack should say, for the loss: the next token; padding, nothing."""
        if target_ids is not None and self.reads_masks:
            return right_words(self.config, self.tokenizer, ids, target_ids)
        if target_ids is not None:
            return [*target_ids[1:], self.config.end_id]
        if self.config.architecture == "decoder_only" and len(ids) > 1:
            return [*ids[1:], self.config.pad_id]
        return None

    def _fit(self, ids: list[int], pad_to: int | None) -> tuple[list[int], str]:
        """The ids cut to the positions there are (an end token stays the last) and padded; and what to say of it."""
        longest, notice = self.config.maximum_positions, ""
        if len(ids) > longest:
            notice = self._clipped("sentence", len(ids))
            ids = [*ids[: longest - 1], ids[-1]] if ids[-1] == self.config.end_id else ids[:longest]
        padding = min(pad_to or 0, longest) - len(ids)
        return ids + [self.config.pad_id] * padding, notice or self._strange(ids)

    def _strange(self, ids: list[int]) -> Message | str:
        """What to say of a text most of whose characters the vocabulary lacks, in another language perhaps."""
        if not isinstance(self.tokenizer, Tokenizer):
            return ""
        typed = [number for number in ids if number not in (self.config.start_id, self.config.end_id)]
        lacking = sum(map(self.tokenizer.lacks, typed))
        if 2 * lacking <= len(typed):
            return ""
        return Message(
            "{model} hardly knows these characters ({lacking} of {count} tokens stand in for them): expect no sense",
            model=self.name,
            lacking=lacking,
            count=len(typed),
        )

    def _clipped(self, what: str, count: int) -> Message:
        values = {"count": count, "model": self.name, "longest": self.config.maximum_positions}
        if what == "sentence":
            return Message("the sentence is {count} tokens long; {model} reads the first {longest}", **values)
        return Message("the target is {count} tokens long; {model} reads the first {longest}", **values)

    def _longest_answer(self, ids: list[int]) -> int:
        if not self.trained:
            longest = UNTRAINED_ANSWER_TOKENS
        elif self._has_decoder_input:
            longest = sum(number != self.config.pad_id for number in ids) + EXTRA_ANSWER_TOKENS
        else:
            longest = CONTINUATION_TOKENS
        return min(longest, self.config.maximum_positions - 1)

    def _check_ids(self, ids: Sequence[int], size: int) -> None:
        for number in ids:
            if not 0 <= number < size:
                raise ModelError(
                    "{model} has no token with the id {number}; ids go from 0 to {last}",
                    model=self.name,
                    number=number,
                    last=size - 1,
                )

    def switched_to(self, switches: Mapping[str, Any] | None) -> Switched:
        """The config and the weights with the learner's what-ifs; the last one is kept for the next keystroke."""
        if not switches:
            return Switched(self.config, self.weights)
        key = repr(sorted(switches.items()))
        if key not in self._last_switched:
            found = switched(self.name, self.config, self.weights, switches)
            self._last_switched.clear()
            self._last_switched[key] = found
        return self._last_switched[key]

    def weights_on(self, backend: Backend, weights: Mapping[str, np.ndarray]) -> Mapping[str, Any]:
        """The weights as the backend's arrays; the model's own are brought to its device once."""
        if backend.name == "numpy":
            return weights
        if backend.name not in self._on_backend:
            self._on_backend[backend.name] = {name: backend.asarray(array) for name, array in self.weights.items()}
        there = self._on_backend[backend.name]
        own = self.weights
        return {
            name: there[name] if own.get(name) is array else backend.asarray(array) for name, array in weights.items()
        }

    @property
    def class_labels(self) -> dict[str, Sequence[str]]:
        """The names of the classes, for the axes that count them."""
        return {f"class@{task}": self.classes for task in CLASSIFIERS} if self.classes else {}

    def labels_of(self, ids: Sequence[int], target_ids: Sequence[int] | None = None) -> dict[str, Sequence[str]]:
        """What stands beside the rows and columns of a trace of these tokens."""
        source, answer = self.tokenizer, self.target_tokenizer
        first, last = self.config.stacks[0], self.config.stacks[-1]
        labels: dict[str, Sequence[str]] = {
            first: source.labels_of(ids),
            f"vocabulary@{first}": source.labels,
            "first": (source.label(ids[0]),),
            **CLASS_LABELS,
            **self.class_labels,
        }
        if target_ids is not None:
            labels[last] = answer.labels_of(target_ids)
            labels[f"vocabulary@{last}"] = answer.labels
        return labels
