"""Pairs out of sentences that have no translation beside them, where models of both directions agree on one.

    python -m tutor.models.agreement DATA BACK MODEL …

has the MODELs, which answer as one, translate the sentences of DATA/tatoeba_english.txt that stand in no pair, and
BACK, which translates the other way, those of DATA/tatoeba_chinese.txt. Of several candidates the one is taken that
its writer and the other side find likeliest; it is kept where both are sure enough, and where no word is lost that the
lexicon of the pairs knows (`lexicon.py`). Written, in DATA, the source first: distilled.tsv, from which a model learns
what several know (Kim and Rush 2016), and back_translated_3.tsv.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tutor.engine.ensemble import beam_each, log_probability_each
from tutor.models.back_translation import (
    CHINESE,
    ENGLISH,
    LONGEST_CHINESE,
    LONGEST_ENGLISH,
    alone,
    turned,
    write_pairs,
)
from tutor.models.corpus import Pair, padded, read_lines, read_pairs
from tutor.models.errors import told_in_one_line
from tutor.models.lexicon import learn, says_its_words
from tutor.models.model import Model
from tutor.models.recipe import find_recipe, read_recipe
from tutor.models.registry import load_model
from tutor.models.training_run import read_corpus

DISTILLED, BACK_TRANSLATED = "distilled.tsv", "back_translated_3.tsv"
BEAMS, BATCH, LONGER = 5, 64, 20  # an answer has at most so many tokens more than its sentence
JUDGE = 0.5  # what the other side's opinion counts beside the writer's
# The writer's and the judge's mean log-probability of a token. What was made up is seen by the judge.
SURE_FORWARD, SURE_BACK = (-0.6, -1.2), (-0.8, -2.0)


@dataclass(frozen=True)
class Translation:
    """A sentence, what was made of it, and the mean log-probabilities of a token of each, given the other."""

    line: str
    said: str
    writer: float
    judge: float


def translations(
    writers: Sequence[Model], judges: Sequence[Model], lines: Iterable[str], beams: int = BEAMS
) -> Iterator[Translation]:
    """The best translation of each sentence, the short ones first; where the writers come to no end, none."""
    model = writers[0]
    rows = sorted(((tuple(model.read(line).ids), line) for line in lines), key=lambda row: len(row[0]))
    for start in range(0, len(rows), BATCH):
        best: dict[str, Translation] = {}
        for found in _candidates(writers, judges, rows[start : start + BATCH], beams):
            if found.line not in best or _worth(found) > _worth(best[found.line]):
                best[found.line] = found
        yield from best.values()
        print(f"{min(start + BATCH, len(rows))} of {len(rows)} translated", flush=True)


def _worth(found: Translation) -> float:
    return found.writer + JUDGE * found.judge


def _candidates(
    writers: Sequence[Model], judges: Sequence[Model], rows: Sequence[tuple[tuple[int, ...], str]], beams: int
) -> list[Translation]:
    """Every candidate for each sentence, which comes with its ids."""
    writer, judge = writers[0], judges[0]
    config, ids = writer.config, padded([ids for ids, _line in rows], writer.config.pad_id)
    answers = beam_each([one.weights for one in writers], config, ids, beams, ids.shape[1] + LONGER)
    made = [
        (row, said, one.log_probability / (len(one.ids) + 1))
        for row, hypotheses in zip(rows, answers, strict=True)
        for one in hypotheses
        if (said := " ".join(writer.target_tokenizer.decode(list(one.ids)).split()))
    ]
    if not made:
        return []
    theirs = padded([judge.read(said).ids for _row, said, _certainty in made], judge.config.pad_id)
    right = padded([ids for (ids, _line), _said, _certainty in made], judge.config.pad_id)
    opinions = log_probability_each([one.weights for one in judges], judge.config, theirs, right)
    return [
        Translation(line, said, certainty, float(opinion) / len(ids))
        for ((ids, line), said, certainty), opinion in zip(made, opinions, strict=True)
    ]


def sure(found: Iterable[Translation], least: tuple[float, float]) -> Iterator[Pair]:
    """The pairs that both sides are sure enough of."""
    return ((one.line, one.said) for one in found if one.writer >= least[0] and one.judge >= least[1])


def main(data: Path, back: Path, *models: Path) -> None:
    """Both files."""
    forward, backward = [load_model(model) for model in models], [load_model(back)]
    if any(model.config != forward[0].config for model in forward):
        sys.exit("Only models of one config can answer as one: train them by recipes of the same model.")
    recipe = read_recipe(find_recipe("translator"))
    lexicon = learn(read_corpus(recipe, data)[0])  # of what is not held out
    pairs = read_pairs(data / recipe.files[0].file)
    english = alone(read_lines(data / ENGLISH), (source for source, _target in pairs), LONGEST_ENGLISH)
    chinese = alone(read_lines(data / CHINESE), (target for _source, target in pairs), LONGEST_CHINESE)
    agreed = sure(translations(forward, backward, english), SURE_FORWARD)
    write_pairs(data / DISTILLED, (pair for pair in agreed if says_its_words(lexicon, pair)))
    agreed = turned(sure(translations(backward, forward, chinese), SURE_BACK))
    write_pairs(data / BACK_TRANSLATED, (pair for pair in agreed if says_its_words(lexicon, pair)))


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    with told_in_one_line():
        main(*map(Path, sys.argv[1:]))
