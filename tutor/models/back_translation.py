"""Pairs out of sentences that have no translation beside them, by models of both directions.

    python -m tutor.models.back_translation DATA FOLDER MODEL

trains, in FOLDER, the translator turned round, and has it translate the sentences of DATA/tatoeba_chinese.txt that
stand in no pair: a translator that learns from such pairs learns to write what people wrote (Sennrich et al. 2016b).
Then MODEL, which translates forward, does the same with DATA/tatoeba_english.txt, the one turned round learns on from
that as well, and translates once more (Hoang et al. 2018). Only what a model is sure of is kept, in these files of
DATA, the source first: back_translated_1.tsv, forward_translated.tsv, back_translated_2.tsv.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tutor.models.checkpoint import FILE_NAME as CHECKPOINT
from tutor.models.corpus import Pair, read_lines, read_pairs
from tutor.models.errors import told_in_one_line
from tutor.models.model import Model
from tutor.models.recipe import CorpusFile, Recipe, find_recipe, read_recipe
from tutor.models.registry import load_model
from tutor.models.training_run import TrainingRun

CHINESE, ENGLISH = "tatoeba_chinese.txt", "tatoeba_english.txt"
FORWARD, BACK = "forward_translated.tsv", ("back_translated_1.tsv", "back_translated_2.tsv")
TRAININGS: tuple[Mapping[str, Any], ...] = (  # what is different from the translator's own
    {"steps": 9000, "warmup": 800},
    {"steps": 6000, "warmup": 200, "learning_rate": 0.001, "seed": 2},
)
LONGEST_CHINESE, LONGEST_ENGLISH = 40, 150  # characters
# The mean log-probability of a token. Below it, much is made up, and a translator that learns from it becomes worse.
SURE_BACK, SURE_FORWARD = (-0.45, -0.6), -0.4


def alone(lines: Iterable[str], known: Iterable[str], longest: int) -> list[str]:
    """The sentences that are not among the known ones, each once, in their order; long ones left out."""
    known = set(known)
    return [line for line in dict.fromkeys(lines) if line not in known and len(line) <= longest]


def translated(model: Model, lines: Sequence[str], sure: float) -> Iterator[Pair]:
    """Each sentence and what the model makes of it; left out where it makes nothing or is not sure."""
    for number, line in enumerate(lines, 1):
        answer = model.generate(line)
        said = " ".join(answer.text.split())
        if said and answer.log_probability / (len(answer.ids) + 1) >= sure:
            yield line, said
        if number % 1000 == 0:
            print(f"{number} of {len(lines)} translated", flush=True)


def train_back(recipe: Recipe, data: Path, folder: Path, begin: Path | None = None, **settings: Any) -> Model:
    """The translator of a recipe, trained the other way, in FOLDER. What an earlier call did there is gone on with.

    `begin` is the folder of the model whose weights come in place of random ones. Raises ModelError.
    """
    if (folder / "model.yaml").exists():
        return load_model(folder)
    swapped = replace(recipe, reads="swapped", samples=())
    stopped = (folder / CHECKPOINT).exists()
    others = [] if stopped or begin is None else [begin]
    run = TrainingRun(swapped, data, folder, resume=stopped, begin=others, **settings)
    for report in run.reports():
        if report.validation is not None:
            print(f"step {report.progress.step}: validation {report.validation:.3f}", flush=True)
    return run.finish()


def write_pairs(path: Path, pairs: Iterable[Pair]) -> None:
    """One pair a line, source, tab, target, as `read_pairs` reads them."""
    with path.open("w", encoding="utf-8") as out:
        out.writelines(f"{source}\t{target}\n" for source, target in pairs)


def turned(pairs: Iterable[Pair]) -> Iterator[Pair]:
    """What was made of a sentence before the sentence."""
    return ((said, line) for line, said in pairs)


def main(data: Path, folder: Path, model: str | Path) -> None:
    """Both rounds."""
    recipe = read_recipe(find_recipe("translator"))
    pairs = read_pairs(data / recipe.files[0].file)
    chinese = alone(read_lines(data / CHINESE), (target for _source, target in pairs), LONGEST_CHINESE)
    english = alone(read_lines(data / ENGLISH), (source for source, _target in pairs), LONGEST_ENGLISH)
    first, second = (folder / f"round-{number}" for number in (1, 2))

    back = train_back(recipe, data, first, **TRAININGS[0])
    write_pairs(data / BACK[0], turned(translated(back, chinese, SURE_BACK[0])))
    write_pairs(data / FORWARD, translated(load_model(model), english, SURE_FORWARD))
    both = replace(recipe, files=(*recipe.files, CorpusFile(FORWARD)))
    back = train_back(both, data, second, begin=first, **TRAININGS[1])
    write_pairs(data / BACK[1], turned(translated(back, chinese, SURE_BACK[1])))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    with told_in_one_line():
        main(*map(Path, sys.argv[1:]))
