"""Where the learner stands in a generation: what was asked for, what came back, and which step is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from tutor.app.tracing import FAILURES, Request, model_called
from tutor.app.walk import Stop
from tutor.display.messages import said
from tutor.engine.choosing import Decoding, chances_of
from tutor.engine.decoding import Candidate, Step
from tutor.models.generation import Generation


@dataclass(frozen=True)
class Wish:
    """A generation that is wanted."""

    model: str
    sentence: str
    settings: Mapping[str, Any]
    backend: str = "numpy"


@dataclass(frozen=True)
class Generated:
    """What came back: the generation, or why there is none."""

    wish: Wish
    found: Generation | None = None
    error: str = ""


def generate(wish: Wish) -> Generated:
    """Run the model, in a worker. Errors that the learner can mend come back as words."""
    try:
        model = model_called(wish.model)
        found = model.generate(wish.sentence, backend=wish.backend, with_all=True, **wish.settings)
    except FAILURES as error:
        return Generated(wish, error=said(error))
    return Generated(wish, found)


def all_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """Every setting of a decoding; those not given as they are by default."""
    return {**asdict(Decoding()), **given}


@dataclass(frozen=True)
class GenerationState:
    """Everything the generation screen shows, at one moment."""

    wish: Wish
    result: Generated | None = None  # the last that succeeded
    error: str = ""
    number: int = 0  # of the step looked at
    place: int = 0  # of the candidate chosen in it
    ran: tuple[dict[str, Any], ...] = field(default=())  # the settings of every generation the learner saw

    @property
    def found(self) -> Generation | None:
        """The generation on screen."""
        return self.result.found if self.result else None

    @property
    def steps(self) -> tuple[Step, ...]:
        """Its steps."""
        return self.found.steps if self.found else ()

    @property
    def step(self) -> Step | None:
        """The step looked at."""
        return self.steps[self.number] if self.steps else None

    @property
    def candidate(self) -> Candidate | None:
        """The candidate chosen."""
        return self.step.candidates[self.place] if self.step else None

    def turned(self, name: str, value: Any) -> GenerationState:
        """With another value of a setting."""
        return replace(self, wish=replace(self.wish, settings={**self.wish.settings, name: value}))

    def at(self, number: int) -> GenerationState:
        """At another step, on the first candidate that was taken there."""
        number = max(0, min(number, len(self.steps) - 1))
        candidates = self.steps[number].candidates if self.steps else ()
        taken = (place for place, candidate in enumerate(candidates) if candidate.fate != "dropped")
        return replace(self, number=number, place=next(taken, 0))

    def accepted(self, result: Generated) -> GenerationState:
        """With what a worker brought; what is wrong leaves the last good generation in place."""
        if result.found is None:
            return replace(self, error=result.error)
        ran = (*self.ran, dict(result.wish.settings))
        return replace(self, result=result, error="", ran=ran).at(self.number)

    @property
    def chances(self) -> np.ndarray | None:
        """How likely each token is to be drawn at this step, by the settings as they are now."""
        if self.step is None or self.step.probabilities is None or self.wish.settings["strategy"] != "sample":
            return None
        return chances_of(self.step.probabilities[0], Decoding(**self.wish.settings))

    @property
    def left(self) -> int | None:
        """How many tokens top-k and top-p leave to be drawn; None where nothing is drawn, or nothing cut off."""
        chances = self.chances
        left = int((chances > 0).sum()) if chances is not None else None
        return None if chances is None or left == len(chances) else left

    @property
    def rest(self) -> tuple[int, float, float]:
        """The tokens that are not among the candidates: how many, their probability, and their chance."""
        if self.step is None or self.step.probabilities is None:
            return 0, 0.0, 0.0
        row, chances = self.step.probabilities[0], self.chances
        others = np.ones(len(row), dtype=bool)
        others[[candidate.token for candidate in self.step.candidates]] = False
        chance = float(chances[others].sum()) if chances is not None else 0.0
        return int(others.sum()), float(row[others].sum(dtype=np.float64)), chance


def provenance(found: Generation, step: Step, candidate: Candidate, backend: str) -> tuple[Request, Stop]:
    """The trace in which the candidate's probability is a cell, and the cell."""
    model = model_called(found.model)
    before = found.prefixes(step.number)[candidate.parent]
    ids = before if candidate.token == model.config.end_id else (*before, candidate.token)
    if model.config.architecture == "encoder_decoder":
        text, target_ids = model.target_tokenizer.decode(ids), (model.config.start_id, *ids)
        request = Request(found.model, None, found.prompt, text, found.prompt_ids, target_ids, backend=backend)
        row = len(before)
    else:
        everything = (*found.prompt_ids, *ids)
        request = Request(found.model, None, model.tokenizer.decode(everything), ids=everything, backend=backend)
        row = len(found.prompt_ids) + len(before) - 1
    return request, Stop("probabilities", (row, candidate.token))
