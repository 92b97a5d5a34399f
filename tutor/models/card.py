"""`model.yaml`: what a model is called, what it can and cannot do, and the config it is built from.

format: 1
name: proverbs
title: {en: …, zh: …}
summary: {en: …, zh: …}
limits: {en: …, zh: …}
data: {en: …, zh: …}        # where what it learned from came from, and under which licence
trained: false
series: {variables: [load, light], classes: [], example: day}   # only of a model that reads series
parameters: 1234            # so that a list of models need not build them
weights: {seed: 7}          # only where the weights come out of a seed; else weights.safetensors holds them
measured: {validation_loss: 2.3}   # where it was trained: any figures by name
length_penalty: 2.0         # of beam search, where another than 1 serves this model better
config: {…}                 # the fields of TransformerConfig
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tutor.models.errors import Message, ModelError
from tutor.models.yaml_text import parse_yaml

FORMAT = 1
FILE_NAME = "model.yaml"
LARGEST_FILE = 1_000_000
LANGUAGES = ("en", "zh")

Texts = dict[str, str]


@dataclass(frozen=True)
class ModelCard:
    """What a reader should know of a model; every text by language."""

    name: str
    title: Texts
    summary: Texts
    limits: Texts
    data: Texts
    trained: bool
    parameters: int
    config: dict[str, Any] = field(repr=False)
    seed: int | None = None  # of the weights, where no file holds them
    measured: dict[str, float] = field(default_factory=dict)  # figures of its quality, by name
    length_penalty: float = 1.0  # of beam search, unless told otherwise
    series: dict[str, Any] = field(default_factory=dict)  # of one that reads series: variables, classes, an example

    @property
    def architecture(self) -> str:
        """The architecture that the config names."""
        return str(self.config.get("architecture", "encoder_decoder"))


def read_card(folder: Path) -> ModelCard:
    """The card in a model's folder. Raises ModelError naming the file, the field and what it should be."""
    path = folder / FILE_NAME
    data = read_mapping(path)
    if data.pop("format", None) != FORMAT:
        raise ModelError("{path}: format: must be {format}", path=path, format=FORMAT)
    fields: dict[str, Any] = {}
    for name, (rule, accepts) in FIELDS.items():
        if name not in data:
            raise ModelError("{path}: {field}: missing; it must be {rule}", path=path, field=name, rule=rule)
        fields[name] = data.pop(name)
        if not accepts(fields[name]):
            raise ModelError("{path}: {field}: must be {rule}", path=path, field=name, rule=rule)
    weights = data.pop("weights", None)
    if weights is not None and not _is_seed(weights):
        raise ModelError("{path}: weights: must be like {example}", path=path, example="{seed: 7}")
    measured = data.pop("measured", {})
    if not _is_figures(measured):
        raise ModelError("{path}: measured: must be like {example}", path=path, example="{validation_loss: 2.3}")
    series = data.pop("series", {})
    if not _is_series(series):
        example = "{variables: [load, light], classes: [], example: day}"
        raise ModelError("{path}: series: must be like {example}", path=path, example=example)
    length_penalty = data.pop("length_penalty", 1.0)
    if not is_number(length_penalty) or not 0 <= length_penalty < math.inf:
        rule = Message("a number of at least 0")
        raise ModelError("{path}: {field}: must be {rule}", path=path, field="length_penalty", rule=rule)
    for name in data:
        raise ModelError("{path}: {field}: there is no such field", path=path, field=name)
    seed = weights["seed"] if weights else None
    return ModelCard(**fields, seed=seed, measured=measured, length_penalty=length_penalty, series=series)


def read_mapping(path: Path) -> dict[str, Any]:
    """The fields of a YAML file. Raises ModelError naming the file and the line."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ModelError("{path}: larger than a model's description can be", path=path)
        data = parse_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError("{path}: there is no such file; a model folder needs one", path=path) from None
    except OSError as error:
        raise ModelError("{path}: cannot be read ({reason})", path=path, reason=error.strerror) from None
    except UnicodeDecodeError:
        raise ModelError("{path}: not UTF-8 text", path=path) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error).partition("\n")[0]
        line = mark.line + 1 if mark else 1
        raise ModelError("{path}:{line}: not valid YAML: {reason}", path=path, line=line, reason=reason) from None
    if not isinstance(data, dict):
        raise ModelError("{path}: must be fields with values, such as name: …", path=path)
    return data


def write_card(card: ModelCard, folder: Path) -> None:
    """Write the card into a model's folder."""
    data: dict[str, Any] = {"format": FORMAT} | {name: getattr(card, name) for name in FIELDS}
    if card.seed is not None:
        data["weights"] = {"seed": card.seed}
    if card.series:
        data["series"] = card.series
    if card.measured:
        data["measured"] = card.measured
    if card.length_penalty != 1:
        data["length_penalty"] = card.length_penalty
    text = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=120)
    (folder / FILE_NAME).write_text(text, encoding="utf-8", newline="\n")


def _is_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(language), str) for language in LANGUAGES)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_seed(value: Any) -> bool:
    return isinstance(value, dict) and list(value) == ["seed"] and _is_count(value["seed"])


def _is_figures(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(name, str) and is_number(figure) for name, figure in value.items()
    )


def is_number(value: Any) -> bool:
    """Whether a field holds a number; `true` is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_series(value: Any) -> bool:
    lists = [value.get(name, []) for name in ("variables", "classes")] if isinstance(value, dict) else [None]
    named = all(isinstance(names, list) and all(isinstance(name, str) for name in names) for names in lists)
    return named and isinstance(value.get("example", ""), str) and set(value) <= {"variables", "classes", "example"}


def _is_config(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(name, str) for name in value)


TEXTS: tuple[str, Callable[[Any], bool]] = (
    Message("texts by language, such as {example}", example="{en: …, zh: …}"),
    _is_texts,
)
FIELDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "name": (Message("a text"), lambda value: isinstance(value, str) and bool(value)),
    "title": TEXTS,
    "summary": TEXTS,
    "limits": TEXTS,
    "data": TEXTS,
    "trained": (Message("true or false"), lambda value: isinstance(value, bool)),
    "parameters": (Message("a whole number"), _is_count),
    "config": (Message("the settings of a Transformer by name"), _is_config),
}
