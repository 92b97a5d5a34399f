"""Following a recipe: from a corpus and random weights, or from a checkpoint, to a model's folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tutor.engine.backend import Backend, load_backend
from tutor.engine.config import ConfigError
from tutor.engine.training import Progress, State, TrainingError, begin, evaluate, train
from tutor.engine.transformer import weight_shapes
from tutor.models import checkpoint
from tutor.models.card import FILE_NAME as CARD
from tutor.models.corpus import (
    Corpus,
    NextWordCorpus,
    Pair,
    PairCorpus,
    as_typed,
    fingerprint,
    first_of_each,
    joined,
    read_lines,
    read_pairs,
    split,
    without,
)
from tutor.models.errors import Message, ModelError
from tutor.models.folder import load_without_weights, save_model
from tutor.models.guessing import filled
from tutor.models.masked_corpus import MaskedCorpus
from tutor.models.model import Model
from tutor.models.poems import Poem, neighbours, poems_without, read_poems, split_poems
from tutor.models.quality import figures
from tutor.models.recipe import FILE_NAME, Recipe
from tutor.models.registry import load_model
from tutor.models.risk import AnswerCorpus, read_answers, with_answers
from tutor.models.series.corpus import SeriesCorpus, generated_rows
from tutor.models.weights import as_half, initialise

SAMPLE_TOKENS = 40
SPLIT_SEED = 0  # whatever the training's seed, so that trainings are measured on the same sentences


@dataclass(frozen=True)
class Report:
    """One step, and now and then how well the model does on what it has not seen, and what it answers."""

    progress: Progress
    validation: float | None = None  # nats a token
    samples: tuple[Pair, ...] = ()
    saved: bool = False


class TrainingRun:
    """One training in a folder. Iterate over `reports`, then `finish`; `save` at any time between two steps.

    The batches and the dropout of a step follow from the seed and the step alone. So a run that is begun again from a
    checkpoint, with `resume`, has the numbers of one that was never stopped. Raises ModelError, BackendError.
    """

    def __init__(
        self,
        recipe: Recipe,
        data: Path | None,
        folder: Path,
        backend: str = "numpy",
        resume: bool = False,
        begin: Sequence[str | Path] = (),
        **settings: Any,
    ) -> None:
        """`data` is the folder of the corpus; `begin` the models whose mean weights come in place of random ones.

        `settings` go before the recipe's, such as steps and seed.
        """
        self.folder = folder
        notes = self._notes() if resume else {}
        begun = notes.get("recipe", {}).get("training", {})
        as_begun = {name: begun[name] for name in ("steps", "seed") if name in begun}
        self.recipe = recipe = recipe.changed(**as_begun | settings)
        self.settings = recipe.settings
        self.backend: Backend = load_backend(backend)
        self.model = untrained_model(recipe)
        training, held_out = read_corpus(recipe, data)
        self.corpus = encoded(self.model, training, recipe)
        self.held_out = held_out
        as_written = replace(recipe, piece_dropout=0.0)
        self.validation = encoded(self.model, held_out, as_written) if held_out else None
        self.answers = answer_corpus(self.model, recipe, data, training) if recipe.answers else None
        if not self.corpus.pairs:
            raise ModelError("no sentence of the corpus has at most {longest} tokens", longest=recipe.longest)
        self._about = {"recipe": recipe.as_dict(), "corpus": fingerprint(training), "backend": self.backend.name}
        if self.answers:
            self._about["answers"] = fingerprint(self.answers.answers)
        self.notice = self.backend.notice
        self.saved_step: int | None = None
        self.last: Report | None = None
        self.state = self._resumed(notes, set(settings)) if resume else self._begun(begin)

    @property
    def checkpoint(self) -> Path:
        """The file that training goes on from."""
        return self.folder / checkpoint.FILE_NAME

    def _begun(self, others: Sequence[str | Path]) -> State:
        for name, remedy in (
            (checkpoint.FILE_NAME, Message("go on with it by --resume, or give another --output")),
            (CARD, Message("give another --output")),
        ):
            if (self.folder / name).exists():
                raise ModelError("{path} is there already: {remedy}", path=self.folder / name, remedy=remedy)
        start = self.model.config, self.settings.seed, self.recipe.attention_gain
        weights = self._mean_of(others) if others else initialise(*start)
        if isinstance(self.corpus, SeriesCorpus):
            weights |= self.corpus.stored
        return begin(weights, self.backend)

    def _mean_of(self, names: Sequence[str | Path]) -> dict[str, np.ndarray]:
        """The mean of several models' weights (Wortsman et al. 2022, "Model Soups"), or those of one."""
        models = [self._weights_of(name) for name in names]
        return {key: np.stack([one[key] for one in models]).mean(axis=0) for key in models[0]}

    def _weights_of(self, name: str | Path) -> dict[str, np.ndarray]:
        """The weights of another model of the same shapes and vocabularies. Raises ModelError."""
        other, shapes = load_model(name), weight_shapes(self.model.config)
        fits = {key: array.shape for key, array in other.weights.items()} == shapes
        if not fits or _vocabularies(other) != _vocabularies(self.model):
            raise ModelError(
                "{other} cannot be where {model} begins: its weights have other shapes, or its tokens are others",
                other=str(name),
                model=self.model.name,
            )
        return {key: np.array(other.weights[key], dtype=np.float32) for key in shapes}

    def _notes(self) -> dict[str, Any]:
        if not self.checkpoint.exists():
            raise ModelError("{path} is not there, so there is nothing to go on with", path=self.checkpoint)
        return checkpoint.read_notes(self.checkpoint)

    def _resumed(self, notes: Mapping[str, Any], given: set[str]) -> State:
        for what, before, now in differences(notes, self._about):
            if what == "steps" and what in given:  # a longer or shorter training is what was asked for
                continue
            if what == "backend":
                notice = "begun on {before}, going on with {now}: the numbers will differ in their last digits"
                self.notice = self.notice or Message(notice, before=before, now=now)
                continue
            raise ModelError(
                "{path} was begun with {field}: {before}, not {now}: train as before, or give another --output",
                path=self.checkpoint,
                field=what,
                before=before,
                now=now,
            )
        state = checkpoint.load_checkpoint(self.checkpoint, weight_shapes(self.model.config), self.backend)
        if state.step > self.settings.steps:
            raise ModelError("{path} is at step {step} already", path=self.checkpoint, step=state.step)
        self.saved_step = state.step
        return state

    def reports(self) -> Iterator[Report]:
        """Train, saving every so many steps and at the end. Raises ModelError where training cannot go on."""
        batches = self.corpus.batches(self.state.step * self.settings.accumulate)
        if self.answers:
            batches = with_answers(batches, self.answers.batches(self.state.step), self.settings.accumulate)
        steps = train(self.state, self.model.config, batches, self.settings, self.backend)
        while True:
            try:
                progress = next(steps, None)
            except TrainingError as error:
                remedy = Message("try a lower learning rate or more warm-up")
                raise ModelError(
                    "{reason}: {remedy} ({kept})", reason=error.args[0], remedy=remedy, kept=self._kept()
                ) from error
            if progress is None:
                return
            due = progress.step % self.recipe.every == 0 or progress.step == self.settings.steps
            if due:
                self.save()
                self.last = Report(progress, self._validated(), self._samples(), saved=True)
            else:
                self.last = Report(progress)
            yield self.last

    def save(self) -> None:
        """Write the checkpoint. Raises ModelError where that fails; the one before is then still there."""
        try:
            checkpoint.save_checkpoint(self.checkpoint, self.state, self._about, self.backend)
        except OSError as error:
            raise ModelError(
                "{path} cannot be written: {reason} ({kept})",
                path=self.checkpoint,
                reason=error.strerror or error,
                kept=self._kept(),
            ) from error
        self.saved_step = self.state.step

    def finish(self) -> Model:
        """Write the model's folder and return the model, its weights as they are on disk: float16, measured so."""
        weights = {name: as_half(self.backend.to_numpy(a)).astype(np.float32) for name, a in self.state.best.items()}
        card = replace(self.model.card, trained=True, seed=None, length_penalty=self.recipe.length_penalty)
        if self.recipe.limits:
            card = replace(card, limits=self.recipe.limits)
        model = Model(card, self.model.config, weights, self.model.tokenizer, self.model.target_tokenizer)
        if self.validation:
            measured = figures(model, self.held_out, self.validation)
        else:
            measured = {"training_loss": round(evaluate(weights, model.config, self.corpus.once()), 4)}
        model.card = replace(card, measured={"steps": self.state.step} | measured)
        try:
            save_model(model, self.folder, half=True)
        except OSError as error:
            raise ModelError(
                "{path} cannot be written: {reason} ({kept})",
                path=error.filename or self.folder,
                reason=error.strerror or error,
                kept=self._kept(),
            ) from error
        return model

    def _kept(self) -> Message:
        if self.saved_step is None:
            return Message("no checkpoint was written")
        return Message("the checkpoint of step {step} is in {path}", step=self.saved_step, path=self.checkpoint)

    def _validated(self) -> float | None:
        if self.validation is None:
            return None
        return evaluate(self.state.best, self.model.config, self.validation.once(), self.backend)

    def _samples(self) -> tuple[Pair, ...]:
        weights = {name: self.backend.to_numpy(array) for name, array in self.state.best.items()}
        card = replace(self.model.card, trained=True)
        model = Model(card, self.model.config, weights, self.model.tokenizer, self.model.target_tokenizer)
        if model.config.architecture == "encoder_only":
            return tuple((text, filled(model, model.trace(text))) for text in self.recipe.samples)
        return tuple((text, model.generate(text, maximum=SAMPLE_TOKENS).text) for text in self.recipe.samples)


def untrained_model(recipe: Recipe) -> Model:
    """The model of the recipe's folder, untrained, with the recipe's config. Raises ModelError."""
    model = load_without_weights(recipe.folder)
    try:
        model.config = model.config.changed(**recipe.config)
    except (ConfigError, TypeError) as error:
        raise ModelError("{path}: config: {reason}", path=recipe.folder / FILE_NAME, reason=error) from None
    both = model.config.architecture == "encoder_decoder"
    return turned_round(model) if both and recipe.reads == "swapped" else model


def turned_round(model: Model, seed: int = 0) -> Model:
    """The untrained model that reads what this one writes and writes what it reads."""
    config = model.config.changed(
        vocabulary=model.config.target_vocabulary, target_vocabulary=model.config.vocabulary
    )  # fmt: skip
    card = replace(model.card, name=f"{model.name}-back", trained=False, measured={}, config=config.as_dict())
    return Model(card, config, initialise(config, seed), model.target_tokenizer, model.tokenizer)


def read_corpus(recipe: Recipe, data: Path | None) -> tuple[list[Pair], list[Pair]]:
    """What to train on and what to validate on; where there are no targets, each sentence beside nothing."""
    if recipe.generate:
        made = dict(recipe.generate)
        return generated_rows(**made), generated_rows(made["table"], recipe.held_out, made["seed"] + 1)
    if recipe.files and data is None:
        file = recipe.files[0].file
        raise ModelError("the corpus is not in the recipe: name the folder of {file} with --data", file=file)
    if recipe.reads == "poems":
        return read_poem_pairs(recipe, data)
    mains: list[Pair] = list(recipe.pairs)
    held_out: list[Pair] = []
    for number, one in enumerate(recipe.files):
        assert data is not None
        pairs = read_either(data / one.file)
        if recipe.reads == "swapped":
            pairs = [(source, target) for target, source in pairs]
        if not number:
            pairs, held_out = split(pairs, recipe.held_out, SPLIT_SEED)
        mains += without(pairs, held_out) * one.times
    if recipe.one_translation:
        mains = first_of_each(mains)
    more = joined(mains, recipe.joined, SPLIT_SEED) + as_typed(mains, recipe.as_typed, SPLIT_SEED)
    return mains + without(more, held_out), held_out


def read_poem_pairs(recipe: Recipe, data: Path | None) -> tuple[list[Pair], list[Pair]]:
    """The neighbouring lines and couplets of poems; `held_out` counts whole poems of the first file."""
    mains: list[Poem] = []
    held_out: list[Poem] = []
    for number, one in enumerate(recipe.files):
        assert data is not None
        poems = read_poems(data / one.file)
        if not number:
            poems, held_out = split_poems(poems, recipe.held_out, SPLIT_SEED)
        mains += poems_without(poems, held_out) * one.times
    return neighbours(mains), neighbours(held_out)


def read_either(path: Path) -> list[Pair]:
    """The pairs of a .tsv file, or the sentences of any other."""
    if path.suffix == ".tsv":
        return read_pairs(path)
    return [(line, line) for line in read_lines(path)]


def encoded(model: Model, pairs: Sequence[Pair], recipe: Recipe) -> Corpus:
    """The corpus in the model's ids, of the kind that its architecture learns from."""
    order = (recipe.batch, recipe.settings.seed, min(recipe.longest, model.config.maximum_positions))
    corpus: Corpus
    if model.config.series:
        return SeriesCorpus.of(model, pairs, *order[:2])
    if model.config.architecture == "encoder_decoder":
        corpus = PairCorpus.of(model, pairs, *order, recipe.piece_dropout)
    elif model.config.architecture == "decoder_only":
        corpus = NextWordCorpus.of(model, [source for source, _target in pairs], *order)
    else:
        alone = [(source, "" if target == source else target) for source, target in pairs]
        corpus = MaskedCorpus.of(model, alone, *order)
    return replace(corpus, budget=recipe.batch_tokens)


def answer_corpus(model: Model, recipe: Recipe, data: Path | None, pairs: Sequence[Pair]) -> AnswerCorpus:
    """The answers of a recipe in the model's ids, to the sentences of these pairs. Raises ModelError."""
    if model.config.architecture != "encoder_decoder":
        raise ModelError("{name} does not answer a sentence by another: leave out answers", name=model.name)
    if data is None:
        file = recipe.answers
        raise ModelError("the corpus is not in the recipe: name the folder of {file} with --data", file=file)
    rows = read_answers(data / recipe.answers)
    longest = min(recipe.longest, model.config.maximum_positions)
    return AnswerCorpus.of(model, rows, pairs, recipe.answer_tokens, recipe.settings.seed, longest)


def _vocabularies(model: Model) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(one.labels) for one in (model.tokenizer, model.target_tokenizer))


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Where two descriptions of a training differ: the field's name, and its value in each."""
    flat_before, flat_now = dict(flattened(before)), dict(flattened(json.loads(json.dumps(now))))
    for name in sorted(flat_now):
        if flat_before.get(name) != flat_now[name]:
            yield name, flat_before.get(name), flat_now[name]


def flattened(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The innermost fields with their names."""
    for name, value in data.items():
        if isinstance(value, dict):
            yield from flattened(value)
        else:
            yield name, value
