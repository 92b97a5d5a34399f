"""The kinds of exercises whose question and answers are made from the trace, as types."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar

from msgspec import Meta

from tutor.course.schema_parts import (
    Config,
    LookAt,
    NodeName,
    Number,
    Part,
    Place,
    Points,
    Spot,
    Text,
    Titled,
    Wrong,
)


class Shape(Titled, frozen=True):
    """The shape of a node for the learner to choose among those that slips would give.

    `mistakes` names the slips to offer, from tutor/course/shapes.py; without it, all that differ here.
    """

    kind: ClassVar[str] = "shape"
    look_at: ClassVar[Mapping[str, Place]] = MappingProxyType({})
    shape: NodeName
    mistakes: Annotated[tuple[str, ...], Meta(description="names from tutor/course/shapes.py")] = ()
    say: Text | None = None
    config: Config | None = None

    @property
    def show(self) -> str:
        return self.shape


class Prediction(Part, frozen=True):
    """What is predicted of a covered node; exactly one of `largest`, `sign` and `larger`.

    `largest` asks which cell of a row holds the largest number: `at` names all axes but the one to choose along, which
    is the last of those left out. `sign` asks for the sign of the cell `at`, `larger` whether the number at `at` is
    larger than the one at `than`.
    """

    largest: NodeName | None = None
    sign: NodeName | None = None
    larger: NodeName | None = None
    at: LookAt = {}
    than: LookAt = {}

    @property
    def kind(self) -> str:
        """Which of the PREDICTIONS it is."""
        return next(kind for kind in PREDICTIONS if getattr(self, kind) is not None)


PREDICTIONS = ("largest", "sign", "larger")


class Predict(Titled, frozen=True):
    """Something to predict of a matrix before it is shown; one answer, then it is shown and judged."""

    kind: ClassVar[str] = "predict"
    look_at: ClassVar[Mapping[str, Place]] = MappingProxyType({})
    predict: Prediction
    mistakes: Annotated[tuple[str, ...], Meta(description="names from tutor/course/mistakes.py")] = ()
    say: Text | None = None
    config: Config | None = None

    @property
    def show(self) -> str:
        return str(getattr(self.predict, self.predict.kind))


class Order(Titled, frozen=True):
    """Nodes to put in the order in which they are computed: any order in which nothing comes before what it needs."""

    kind: ClassVar[str] = "order"
    look_at: ClassVar[Mapping[str, Place]] = MappingProxyType({})
    order: Annotated[tuple[NodeName, ...], Meta(min_length=3, max_length=6)]
    say: Text
    show: NodeName | None = None
    config: Config | None = None


class Reach(Part, frozen=True):
    """What the learner is to bring about in a row of a node, or in one cell; exactly one of the REACHES.

    `only` wants nearly all of the row's weight in one cell, `largest` the row's largest number there (`self` is the
    row's own place); `changes` wants another cell than before to be the largest. `above` and `below` speak of the cell
    `at`. The row is that of the last axis that `at` leaves out.
    """

    node: NodeName
    at: LookAt = {}
    only: Spot | None = None
    largest: Spot | None = None
    changes: bool | None = None
    above: Number | None = None
    below: Number | None = None

    @property
    def kind(self) -> str:
        """Which of the REACHES it is."""
        return next(kind for kind in REACHES if getattr(self, kind) is not None)


REACHES = ("only", "largest", "changes", "above", "below")


class NewNumber(Part, frozen=True):
    """A number put into one cell."""

    node: NodeName
    at: LookAt
    number: Number


class Solution(Part, frozen=True):
    """Switches and numbers that reach what is asked for: the proof that it can be reached. Learners do not see it."""

    config: Config | None = None
    numbers: tuple[NewNumber, ...] = ()


class Match(Titled, frozen=True):
    """Matrices of the trace to match with the formulas that gave them; `at` names the head where there are several."""

    kind: ClassVar[str] = "match"
    look_at: ClassVar[Mapping[str, Place]] = MappingProxyType({})
    match: Annotated[tuple[NodeName, ...], Meta(min_length=2, max_length=5)]
    say: Text
    at: LookAt = {}
    show: NodeName | None = None
    config: Config | None = None


class Explain(Titled, frozen=True):
    """Something to explain in a sentence or two; then the learner compares with graded points, and marks themself."""

    kind: ClassVar[str] = "explain"
    explain: Text
    points: Points
    wrong: Annotated[tuple[Wrong, ...], Meta(min_length=1, max_length=4)]
    say: Text | None = None
    show: NodeName | None = None
    look_at: LookAt = {}
    config: Config | None = None
