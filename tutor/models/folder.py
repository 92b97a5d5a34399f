"""A model's folder on disk: its card, weights and tokenizer, and the target's tokenizer where that differs."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from tutor.engine.config import ConfigError, TransformerConfig
from tutor.engine.transformer import weight_shapes
from tutor.models.card import FILE_NAME, ModelCard, read_card, write_card
from tutor.models.errors import ModelError
from tutor.models.framing import is_framed
from tutor.models.model import Model
from tutor.models.tokenizer import Tokenizer
from tutor.models.tokenizer_file import load_tokenizer, save_tokenizer
from tutor.models.weights import initialise, load_weights, save_weights

WEIGHTS = "weights.safetensors"
TOKENIZER = "tokenizer.json"
TARGET_TOKENIZER = "target_tokenizer.json"
NO_WORDS = Tokenizer([("bytes", ())])  # of a model that reads numbers
MOST_LAYERS = 1000
MOST_SEEDED = 200_000_000  # parameters; more than that is a slip in a config, not noise anyone wants


def load_folder(folder: Path) -> Model:
    """The model in a folder. Raises ModelError naming the file and what is wrong with it."""
    model = load_without_weights(folder)
    model.weights = read_weights(model.card, model.config, folder)
    if model.config.series:  # folders within are models that read the same series as other tokens
        model.kin = {path.parent.name: load_folder(path.parent) for path in sorted(folder.glob(f"*/{FILE_NAME}"))}
    return model


def load_without_weights(folder: Path) -> Model:
    """The same before it has learned: card, config and tokenizers. Raises ModelError."""
    card = read_card(folder)
    config = read_config(card, folder / FILE_NAME)
    if config.series:
        return Model(card, config, {}, NO_WORDS, NO_WORDS, tuple(card.series.get("classes", ())))
    tokenizer = load_tokenizer(folder / TOKENIZER)
    own_target = (folder / TARGET_TOKENIZER).exists()
    target_tokenizer = load_tokenizer(folder / TARGET_TOKENIZER) if own_target else tokenizer
    check_vocabulary(config, tokenizer, config.vocabulary, folder / TOKENIZER)
    target_path = folder / (TARGET_TOKENIZER if own_target else TOKENIZER)
    check_vocabulary(config, target_tokenizer, config.output_vocabulary, target_path)
    return Model(card, config, {}, tokenizer, target_tokenizer)


def read_config(card: ModelCard, path: Path) -> TransformerConfig:
    """The config that the card describes. Raises ModelError."""
    try:
        config = TransformerConfig.from_dict(card.config)
    except (ConfigError, TypeError) as error:
        raise ModelError("{path}: config: {reason}", path=path, reason=error) from None
    if max(config.encoder_layers, config.decoder_layers) > MOST_LAYERS:
        raise ModelError("{path}: config: more than {most} layers", path=path, most=MOST_LAYERS)
    return config


def check_vocabulary(config: TransformerConfig, tokenizer: Tokenizer, size: int, path: Path) -> None:
    """Raise ModelError where a tokenizer and the config do not count the same tokens."""
    if tokenizer.size != size:
        raise ModelError(
            "{path}: has {found} tokens, the config asks for {expected}", path=path, found=tokenizer.size, expected=size
        )
    named = {"<pad>": (tokenizer.pad_id, config.pad_id)}
    if config.architecture == "encoder_decoder" or is_framed(config, tokenizer):
        named |= {"<start>": (tokenizer.start_id, config.start_id), "<end>": (tokenizer.end_id, config.end_id)}
    for name, (found, number) in named.items():
        if found != number:
            raise ModelError(
                "{path}: {name} must have the id {number}, as the config says", path=path, name=name, number=number
            )


def read_weights(card: ModelCard, config: TransformerConfig, folder: Path) -> dict[str, np.ndarray]:
    """The weights of a model's folder: its file's or, while it is untrained and names a seed, those of the seed.

    Megabytes of noise have no place in a repository, and the seed says the same; training puts a file in its stead.
    """
    if card.seed is None:
        return load_weights(folder / WEIGHTS, weight_shapes(config))
    path = folder / FILE_NAME
    if card.trained:
        raise ModelError("{path}: weights out of a seed are untrained; trained must be false", path=path)
    if sum(math.prod(shape) for shape in weight_shapes(config).values()) > MOST_SEEDED:
        raise ModelError("{path}: config: over {most} parameters, too many to make up", path=path, most=MOST_SEEDED)
    return initialise(config, card.seed)


def save_model(model: Model, folder: str | Path, half: bool = False) -> None:
    """Write a model, weights and all, so that `load_model(folder)` gives it back; its weights as float16 if `half`."""
    folder = Path(folder)
    tokenizers = [t for t in (model.tokenizer, model.target_tokenizer) if isinstance(t, Tokenizer)]
    if len(tokenizers) < 2:
        raise ModelError("{model} was published elsewhere and is not written anew: copy its files", model=model.name)
    folder.mkdir(parents=True, exist_ok=True)
    save_weights(model.weights, folder / WEIGHTS, half)
    if tokenizers[0] is not NO_WORDS:
        save_tokenizer(tokenizers[0], folder / TOKENIZER)
    if tokenizers[1] is not tokenizers[0]:
        save_tokenizer(tokenizers[1], folder / TARGET_TOKENIZER)
    card = replace(model.card, config=model.config.as_dict(), parameters=model.parameters, seed=None)
    write_card(card, folder)
