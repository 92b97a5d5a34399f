"""Several answers of a model to each sentence it was trained on, so that it can learn which of them is the better.

    python -m tutor.models.answers DATA MODEL

writes DATA/answers.tsv: a sentence of the pairs and what MODEL's beam search finds. A recipe that names the file as
`answers` makes those likelier that are closer to its translations (`risk.py`; `engine/heads.py`, `expected_risk`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from tutor.engine.ensemble import beam_each
from tutor.models.corpus import padded
from tutor.models.errors import told_in_one_line
from tutor.models.model import Model
from tutor.models.recipe import find_recipe, read_recipe
from tutor.models.registry import load_model
from tutor.models.risk import ANSWERS
from tutor.models.training_run import read_corpus

FILE = "answers.tsv"
BATCH, LONGEST, LONGER = 48, 60, 20  # an answer has at most so many tokens more than its sentence


def answered(model: Model, lines: Iterable[str]) -> Iterator[list[str]]:
    """Each sentence with what the model answers, the likeliest tokens first; short sentences first."""
    rows = [(ids, line) for line in lines if len(ids := tuple(model.read(line).ids)) < LONGEST]
    rows.sort(key=lambda row: len(row[0]))
    for start in range(0, len(rows), BATCH):
        part = rows[start : start + BATCH]
        sentences = padded([ids for ids, _line in part], model.config.pad_id)
        found = beam_each([model.weights], model.config, sentences, ANSWERS, sentences.shape[1] + LONGER)
        for (_ids, line), hypotheses in zip(part, found, strict=True):
            hypotheses = sorted(hypotheses, key=lambda one: -one.log_probability / (len(one.ids) + 1))
            said = (" ".join(model.target_tokenizer.decode(list(one.ids)).split()) for one in hypotheses)
            yield [line, *dict.fromkeys(filter(None, said))]
        print(f"{start + len(part)} of {len(rows)} answered", flush=True)


def main(data: Path, model: Path) -> None:
    """The file."""
    training, _held_out = read_corpus(read_recipe(find_recipe("translator")), data)
    lines = dict.fromkeys(source for source, _target in training)
    rows = answered(load_model(model), lines)
    with (data / FILE).open("w", encoding="utf-8") as out:
        out.writelines("\t".join(row) + "\n" for row in rows)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with told_in_one_line():
        main(*map(Path, sys.argv[1:]))
