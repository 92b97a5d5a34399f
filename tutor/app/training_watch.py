"""What there is to see of a training at one moment, computed in the worker: plain data, no widget."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tutor.app.walk import Stop
from tutor.display import prose
from tutor.display.plot import span_of
from tutor.engine.message import Message
from tutor.engine.trace import Node, Trace
from tutor.engine.training import Progress
from tutor.models.live_training import Answer, LiveTraining, Sabotage, Stepped
from tutor.models.projection import Projection

TABLES = ("decoder.embedding.token.table", "encoder.embedding.token.table")
RIGHT, STEPPED, BROKEN, WARMED = "right", "stepped", "broken", "warmed"  # what a lesson may ask the learner to reach
ROOM = 1.1  # a picture reaches a little further than its outermost point


@dataclass(frozen=True)
class Picture:
    """A table's rows as points in a plane: those that the corpus knows."""

    table: str
    points: np.ndarray
    labels: tuple[str, ...]
    chosen: frozenset[int]  # those of the chosen pair
    reach: tuple[float, float]
    share: float


@dataclass(frozen=True)
class Frame:
    """One look at a training."""

    step: int
    seed: int
    rate: float
    losses: tuple[float, ...]
    last: Progress | None
    answers: tuple[Answer, ...]
    pair: int
    picture: Picture
    attention: Node
    head: int
    sabotage: str
    failure: Message | None
    risen: bool
    stepped: Stepped | None  # while the last step was taken by hand
    vocabulary: int  # how many tokens there are to choose among
    cell: str = ""  # the weight that changed most in it
    smoothing: float = 0.0
    dropout: float = 0.0
    warmup: int = 0
    decay: str = "none"
    peak: float = 0.0  # what the learning rate rises to and falls from
    rates: tuple[float, ...] = ()  # of every step so far, then those that are planned, as far as the picture reaches
    done: bool = False  # whether the goal of the lesson was reached

    @property
    def has_schedule(self) -> bool:
        """Whether the learning rate changes from step to step, or was changed."""
        return len(set(self.rates)) > 1

    @property
    def right(self) -> int:
        """How many answers are right."""
        return sum(answer.is_right for answer in self.answers)


@dataclass
class Watch:
    """A training, what of it the learner looks at, and which goals were reached, perhaps the one `wanted`."""

    live: LiveTraining
    wanted: str = ""
    pair: int = 0
    table: str = TABLES[0]
    place: int = -1  # of the attention looked at, among all of them; the last is the cross-attention
    goals: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._stepped: Stepped | None = None
        self._forget()

    def _forget(self) -> None:
        self._projections = {table: Projection() for table in TABLES}
        self._reach = {table: (1.0, 1.0) for table in TABLES}

    def advance(self, steps: int) -> None:
        """Train on."""
        self._stepped = None
        self.live.advance(steps)

    def step_closely(self) -> None:
        """One step, to be looked at."""
        self._stepped = self.live.step_closely()
        if self._stepped is not None:
            self.goals.add(STEPPED)

    def restart(self) -> None:
        """Other random weights."""
        self._stepped = None
        self.live.restart(seed=self.live.seed + 1)
        self._forget()

    def spoil(self, sabotage: Sabotage) -> None:
        """Break it on purpose."""
        self._stepped = None
        self.live.spoil(sabotage)
        if sabotage.anew:
            self._forget()

    def frame(self) -> Frame:
        """How it stands now."""
        live = self.live
        answers = live.answers()
        if all(answer.is_right for answer in answers):
            self.goals.add(RIGHT)
        if live.broken:
            self.goals.add(BROKEN)
        if live.warmed:
            self.goals.add(WARMED)
        trace = live.trace(self.pair)
        attention, head = self._attention(trace)
        return Frame(
            step=live.step,
            seed=live.seed,
            rate=live.rate,
            losses=tuple(live.losses),
            last=live.history[-1] if live.history else None,
            answers=answers,
            pair=self.pair,
            picture=self._picture(),
            attention=attention,
            head=head,
            sabotage=live.sabotage.name,
            failure=live.failure,
            risen=live.has_risen,
            stepped=self._stepped,
            vocabulary=live.model.config.output_vocabulary,
            cell=self._cell(trace),
            smoothing=live.recipe.settings.smoothing,
            dropout=live.recipe.settings.dropout,
            warmup=live.warmup,
            decay=live.decay,
            peak=live.learning_rate * live.sabotage.rate_factor,
            rates=self._rates(),
            done=self.wanted in self.goals,
        )

    def _rates(self) -> tuple[float, ...]:
        live = self.live
        past = [progress.learning_rate for progress in live.history]
        span = span_of(max(len(past), live.warmup + 1))  # a warm-up is seen whole
        return (*past, *live.rates(len(past) + 1, span))

    def _cell(self, trace: Trace) -> str:
        step = self._stepped
        return prose.cell_name(trace, step.weight, step.index, full=True) if step else ""

    def _attention(self, trace: Trace) -> tuple[Node, int]:
        nodes = [trace[name] for name in trace.find("*attention.weights")]
        heads = [(node, head) for node in nodes for head in range(node.shape[0])]
        self.place %= len(heads)
        return heads[self.place]

    def _picture(self) -> Picture:
        known = self._known(self.table)
        rows = sorted(set().union(*known))
        points = self._projections[self.table].points(self.live.state.weights[self.table][rows])
        largest = ROOM * np.abs(points).max(axis=0)
        x, y = np.maximum(self._reach[self.table], largest).tolist()
        self._reach[self.table] = (x, y)
        model = self.live.model
        tokenizer = model.target_tokenizer if self.table.startswith("decoder") else model.tokenizer
        chosen = frozenset(place for place, number in enumerate(rows) if number in known[self.pair])
        labels = tuple(tokenizer.label(number) for number in rows)
        return Picture(self.table, points, labels, chosen, (x, y), self._projections[self.table].share)

    def _known(self, table: str) -> list[set[int]]:
        """For every pair the ids that the encoder, or the decoder, reads of it: the rows that training moves."""
        config = self.live.model.config
        if table.startswith("decoder"):
            return [{config.start_id, *target} for _source, target in self.live.corpus.pairs]
        return [{*source, config.end_id} for source, _target in self.live.corpus.pairs]

    def stop(self, pane: str, cell: tuple[int, int]) -> Stop:
        """Where the numbers of a pane stand in a trace; `cell` is the row and column of the attention."""
        if pane == "embedding":
            return Stop(self.table, ())
        if pane == "attention":
            node, head = self._attention(self.live.trace(self.pair))
            return Stop(node.name, (head, *cell))
        return Stop("loss", ())
