"""`recipe.yaml`: how a model is trained, so that anyone with the corpus can repeat it.

format: 1
pairs: [[白日依山尽, 黄河入海流], …]   # the corpus written out; or `sentences: […]` where there is no target
corpus: pairs.tsv           # or a file of --data FOLDER; a list mixes several: [pairs.tsv, {file: more.tsv, times: 2}]
generate: {table: day_night, steps: 20000, seed: 1}   # or a table made up (`series/generated.py`)
reads: poems                # the corpus has whole poems (`poems.py`) or, if `swapped`, pairs with the target first; an
                            # encoder-decoder is then trained turned round, with each tokenizer in the other's place
held_out: 1000              # so many of the first file's, with no sentence among the others, are kept to validate on;
                            # of a table made up, so many steps are made of the next seed
batch: 64                   # sentences
batch_tokens: 1000          # or, in place of as many sentences, so many tokens in each batch, padding included
piece_dropout: 0.1          # so often a merge of two pieces of a source is left out (`Tokenizer.respelt`)
one_translation: true       # of the pairs with the same source, the first alone is learnt from
joined: 40000               # so many pairs more are made of two of these, one after the other (`corpus.joined`)
as_typed: 30000             # and so many with a source as people type it, without capitals or marks (`corpus.as_typed`)
answers: answers.tsv        # a file of --data FOLDER with answers to learn from whole (`risk.py`), and
answer_tokens: 2000         # so many tokens of them in each step; training has `risk`, what they weigh there
attention_gain: 0.7071      # so many times as large are the random query, key and value (`weights.initialise`)
longest: 64                 # tokens; longer sentences are left out
config: {…}                 # what is to be different from the model's config
training: {steps: 9000, …}  # the fields of tutor.engine.training.Settings
samples: [I am a student.]  # answered now and then
every: 500                  # steps from one checkpoint, validation and sample to the next
limits: {en: …, zh: …}      # what the trained model's card says of its limits
length_penalty: 2.0         # and of beam search, where another than 1 serves it better

It lies in the folder of the model it trains, whose config and tokenizers it takes.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from tutor.engine.training import Settings
from tutor.models.card import FORMAT, TEXTS, Texts, is_number, read_mapping
from tutor.models.corpus import Pair
from tutor.models.errors import Message, ModelError
from tutor.models.registry import SHIPPED, within
from tutor.models.series.generated import GENERATORS

FILE_NAME = "recipe.yaml"
READS = ("lines", "swapped", "poems")
DECAYS = ("none", "inverse_sqrt", "cosine")


@dataclass(frozen=True)
class CorpusFile:
    """A file of the corpus, and how often each of its sentences stands in an epoch."""

    file: str
    times: int = 1


@dataclass(frozen=True)
class Recipe:
    """What a model learns from and how."""

    folder: Path
    settings: Settings
    files: tuple[CorpusFile, ...] = ()
    reads: str = "lines"
    pairs: tuple[Pair, ...] = ()  # written out in the recipe
    generate: Mapping[str, Any] = field(default_factory=dict)
    held_out: int = 0
    batch: int = 64
    batch_tokens: int = 0
    piece_dropout: float = 0.0
    one_translation: bool = False
    joined: int = 0
    as_typed: int = 0
    answers: str = ""
    answer_tokens: int = 2000
    attention_gain: float = 1.0
    longest: int = 64
    config: Mapping[str, Any] = field(default_factory=dict)
    samples: tuple[str, ...] = ()
    every: int = 500
    limits: Texts | None = None
    length_penalty: float = 1.0

    def changed(self, **settings: Any) -> Recipe:
        """The same with other settings: steps, seed, …"""
        return replace(self, settings=replace(self.settings, **settings))

    def as_dict(self) -> dict[str, Any]:
        """Plain data: what makes a training what it is, without what only shows it."""
        names = [
            "held_out",
            "batch",
            "batch_tokens",
            "longest",
            "config",
            *(["piece_dropout"] if self.piece_dropout else []),
            *(["one_translation"] if self.one_translation else []),
            *(["joined"] if self.joined else []),
            *(["as_typed"] if self.as_typed else []),
            *(["answers", "answer_tokens"] if self.answers else []),
            *(["attention_gain"] if self.attention_gain != 1 else []),
            *(["reads"] if self.reads != "lines" else []),
            *(["generate"] if self.generate else []),
        ]
        training = asdict(self.settings)
        if self.settings.accumulate == 1:  # as in what was begun before there was a choice
            del training["accumulate"]
        if not self.settings.risk:
            del training["risk"]
        return {name: getattr(self, name) for name in names} | {"training": training}


def find_recipe(name: str | Path) -> Path:
    """The recipe of a shipped model, a further one beside it (translator/again), that of a folder, or the file itself.

    Raises ModelError.
    """
    shipped = sorted(path.parent.name for path in SHIPPED.glob(f"*/{FILE_NAME}"))
    if str(name) in shipped or name in within(FILE_NAME):
        return SHIPPED / name / FILE_NAME
    further = {f"{path.parent.name}/{path.stem}": path for path in SHIPPED.glob("*/*.yaml")}
    if str(name) in further:
        return further[str(name)]
    try:
        for path in (Path(name) / FILE_NAME, Path(name)):
            if path.is_file():
                return path
    except (OSError, ValueError):  # a name no file system can hold
        pass
    raise ModelError(
        "{name}: no such recipe; there are {names}, or give a {file}",
        name=str(name),
        names=", ".join(shipped),
        file=FILE_NAME,
    )


def read_recipe(path: str | Path) -> Recipe:
    """The recipe in a file. Raises ModelError naming the file, the field and what it should be."""
    path = Path(path)
    data = read_mapping(path)
    if data.pop("format", None) != FORMAT:
        raise ModelError("{path}: format: must be {format}", path=path, format=FORMAT)
    _check(data, RULES, path)
    given = [name for name in ("corpus", "pairs", "sentences", "generate") if name in data]
    if len(given) != 1:
        raise ModelError("{path}: must have one of corpus, pairs, sentences and generate", path=path)
    for name in ("joined", "as_typed"):
        if name in data and ("generate" in data or data.get("reads") == "poems"):
            raise ModelError(
                "{path}: {field}: this is for pairs and sentences, not for poems or a table", path=path, field=name
            )
    training = data.pop("training", {})
    _check(training, SETTINGS, path, "training.")
    if ("answers" in data) != bool(training.get("risk")):
        raise ModelError("{path}: answers and training.risk go together: give both or none", path=path)
    corpus = data.pop("corpus", [])
    files = [corpus] if isinstance(corpus, str) else corpus
    pairs = [tuple(pair) for pair in data.pop("pairs", [])] + [(line, "") for line in data.pop("sentences", [])]
    return Recipe(
        folder=path.parent,
        settings=Settings(**training),
        files=tuple(CorpusFile(one) if isinstance(one, str) else CorpusFile(**one) for one in files),
        pairs=tuple(pairs),
        samples=tuple(data.pop("samples", ())),
        **data,
    )


Rule = tuple[str, Callable[[Any], bool]]


def _check(data: Mapping[str, Any], rules: Mapping[str, Rule], path: Path, place: str = "") -> None:
    for name, value in data.items():
        if name not in rules:
            near = difflib.get_close_matches(str(name), rules, 1)
            if near:
                raise ModelError(
                    "{path}: {field}: there is no such field; did you mean {near}?",
                    path=path,
                    field=f"{place}{name}",
                    near=near[0],
                )
            raise ModelError("{path}: {field}: there is no such field", path=path, field=f"{place}{name}")
        rule, accepts = rules[name]
        if not accepts(value):
            raise ModelError("{path}: {field}: must be {rule}", path=path, field=f"{place}{name}", rule=rule)


def _is_whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) and text for text in value)


def _are_pairs(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(_are_texts(pair) and len(pair) == 2 for pair in value)


def _is_file(value: Any) -> bool:
    if isinstance(value, dict) and set(value) <= {"file", "times"} and _is_whole(value.get("times", 1), 1):
        value = value.get("file")
    return isinstance(value, str) and bool(value)


def _are_files(value: Any) -> bool:
    return _is_file(value) if isinstance(value, str) else isinstance(value, list) and bool(value) and all(
        map(_is_file, value)
    )  # fmt: skip


def _is_table(value: Any) -> bool:
    sizes = isinstance(value, dict) and set(value) == {"table", "steps", "seed"}
    return sizes and value["table"] in GENERATORS and _is_whole(value["steps"], 2) and _is_whole(value["seed"], 0)


COUNT: Rule = (Message("a whole number of at least {least}", least=1), lambda value: _is_whole(value, 1))
COUNT_OR_NONE: Rule = (Message("a whole number of at least {least}", least=0), lambda value: _is_whole(value, 0))
ABOVE_ZERO: Rule = (Message("a number above 0, such as 0.001"), lambda value: is_number(value) and 0 < value < 1e300)
NOT_BELOW_ZERO: Rule = (Message("a number of at least 0"), lambda value: is_number(value) and 0 <= value < 1e300)
SHARE: Rule = (Message("a number from 0 to below 1"), lambda value: is_number(value) and 0 <= value < 1)
NAMED: Rule = (Message("fields with values"), lambda value: isinstance(value, dict))

RULES: dict[str, Rule] = {
    "pairs": (Message("a list of pairs, such as {example}", example="[[天行健, 君子以自强不息]]"), _are_pairs),
    "sentences": (Message("a list of texts"), lambda value: _are_texts(value) and bool(value)),
    "corpus": (
        Message("the name of a file, or a list such as {example}", example="[a.tsv, {file: b.tsv, times: 2}]"),
        _are_files,
    ),
    "generate": (Message("like {example}", example="{table: day_night, steps: 20000, seed: 1}"), _is_table),
    "reads": (Message("one of {choices}", choices=", ".join(READS)), lambda value: value in READS),
    "held_out": COUNT_OR_NONE,
    "batch": COUNT,
    "batch_tokens": COUNT,
    "piece_dropout": SHARE,
    "one_translation": (Message("true or false"), lambda value: isinstance(value, bool)),
    "joined": COUNT,
    "as_typed": COUNT,
    "answers": (Message("the name of a file"), lambda value: isinstance(value, str) and bool(value)),
    "answer_tokens": COUNT,
    "attention_gain": ABOVE_ZERO,
    "longest": COUNT,
    "config": NAMED,
    "training": NAMED,
    "samples": (Message("a list of texts"), _are_texts),
    "every": COUNT,
    "limits": TEXTS,
    "length_penalty": NOT_BELOW_ZERO,
}
SETTINGS: dict[str, Rule] = {
    "steps": COUNT,
    "learning_rate": ABOVE_ZERO,
    "warmup": COUNT_OR_NONE,
    "decay": (Message("one of {choices}", choices=", ".join(DECAYS)), lambda value: value in DECAYS),
    "weight_decay": NOT_BELOW_ZERO,
    "beta_1": SHARE,
    "beta_2": SHARE,
    "epsilon": ABOVE_ZERO,
    "clip": NOT_BELOW_ZERO,
    "dropout": SHARE,
    "smoothing": SHARE,
    "average": SHARE,
    "accumulate": COUNT,
    "risk": NOT_BELOW_ZERO,
    "seed": COUNT_OR_NONE,
}
assert set(SETTINGS) == {one.name for one in fields(Settings)}
