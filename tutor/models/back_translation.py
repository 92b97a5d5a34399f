"""Pairs out of sentences of the target language alone, by a model trained the other way (Sennrich et al. 2016b).

    python -m tutor.models.back_translation DATA FOLDER

trains, in FOLDER, the translator turned round on the first file of its recipe, and has it translate the sentences of
DATA/tatoeba_chinese.txt that stand in no pair. Those it is fairly sure of go to DATA/back_translated.tsv:
what the model said, a tab, what was there. A translator that learns from these pairs learns to write what people wrote.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tutor.models.corpus import Pair, read_lines, read_pairs
from tutor.models.folder import save_model
from tutor.models.model import Model
from tutor.models.recipe import Recipe, find_recipe, read_recipe
from tutor.models.registry import load_model
from tutor.models.training_run import TrainingRun
from tutor.models.weights import initialise

ALONE = "tatoeba_chinese.txt"
MADE = "back_translated.tsv"
STEPS, WARMUP = 4500, 600  # with fewer than the translator's the answers are plain and of one kind, and good enough
LONGEST = 40  # characters
SURE = -1.0  # mean log-probability of a token; below it most of what it says is made up


def turned_round(model: Model, seed: int = 0) -> Model:
    """The untrained model that reads what this one writes and writes what it reads."""
    config = model.config.changed(
        vocabulary=model.config.target_vocabulary, target_vocabulary=model.config.vocabulary
    )  # fmt: skip
    card = replace(model.card, name=f"{model.name}-back", trained=False, measured={}, config=config.as_dict())
    return Model(card, config, initialise(config, seed), model.target_tokenizer, model.tokenizer)


def alone(lines: Sequence[str], pairs: Sequence[Pair]) -> list[str]:
    """The sentences that stand in no pair, each once, in their order; long ones left out."""
    known = {target for _source, target in pairs}
    return [line for line in dict.fromkeys(lines) if line not in known and len(line) <= LONGEST]


def translated(model: Model, lines: Sequence[str]) -> Iterator[Pair]:
    """Each sentence after what the model makes of it; left out where it makes nothing or is not sure."""
    for line in lines:
        answer = model.generate(line)
        said = " ".join(answer.text.split())
        if said and answer.log_probability / (len(answer.ids) + 1) >= SURE:
            yield said, line


def train_back(recipe: Recipe, data: Path, folder: Path) -> Model:
    """The translator of a recipe, trained the other way. Raises ModelError."""
    save_model(turned_round(load_model(recipe.folder)), folder / "untrained")
    settings = replace(recipe.settings, steps=STEPS, warmup=WARMUP)
    turned = replace(
        recipe, folder=folder / "untrained", files=recipe.files[:1], reads="swapped", settings=settings, samples=()
    )
    run = TrainingRun(turned, data, folder / "trained")
    for report in run.reports():
        if report.validation is not None:
            print(f"step {report.progress.step} of {STEPS}: validation {report.validation:.3f}", flush=True)
    return run.finish()


def main(data: Path, folder: Path) -> None:
    """Train the model that translates back, unless FOLDER has one, and write the pairs."""
    recipe = read_recipe(find_recipe("translator"))
    trained = folder / "trained"
    ready = (trained / "model.yaml").exists()
    model = load_model(trained) if ready else train_back(recipe, data, folder)
    lines = alone(read_lines(data / ALONE), read_pairs(data / recipe.files[0].file))
    with (data / MADE).open("w", encoding="utf-8") as out:
        for number, (said, line) in enumerate(translated(model, lines), 1):
            out.write(f"{said}\t{line}\n")
            if number % 1000 == 0:
                print(f"{number} of {len(lines)} translated", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
