"""The kinds of steps of a lesson, as types."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from tutor.course.schema_drills import Explain, Match, Order, Predict, Reach, Shape, Solution
from tutor.course.schema_parts import (
    Config,
    Generation,
    LookAt,
    NodeName,
    Part,
    Place,
    Settings,
    Text,
    Titled,
    TrainingGoal,
)


class Show(Titled, frozen=True):
    """Show a node and say something about it."""

    kind: ClassVar[str] = "show"
    show: NodeName
    say: Text
    look_at: LookAt = {}
    config: Config | None = None


class Cells(Part, frozen=True):
    """Which node has cells left blank, how many, and the mistakes to recognise."""

    fill: NodeName
    cells: Annotated[int, Meta(ge=1, le=24)] = 3
    mistakes: Annotated[tuple[str, ...], Meta(description="names from tutor/course/mistakes.py")] = ()


class Fill(Titled, frozen=True):
    """Cells of a node for the learner to compute."""

    kind: ClassVar[str] = "exercise"
    exercise: Cells
    say: Text | None = None
    config: Config | None = None

    @property
    def show(self) -> str:
        return self.exercise.fill


class Choice(Part, frozen=True):
    """One answer offered, and why it is right or wrong."""

    text: Text
    why: Text
    right: bool = False


class Ask(Titled, frozen=True):
    """A question with choices, exactly one of them right."""

    kind: ClassVar[str] = "ask"
    ask: Text
    choices: Annotated[tuple[Choice, ...], Meta(min_length=2, max_length=6)]
    show: NodeName | None = None
    say: Text | None = None
    look_at: LookAt = {}
    config: Config | None = None


class WidthGoal(Part, frozen=True):
    """A d_k to find: from which on the rows' `measure`, on average, is below this share of an even row's.

    The rows are those of a head on random queries and keys, `undivided` or `divided` by √d_k.
    """

    below: Annotated[float, Meta(ge=0.01, le=0.99, description="a share of what an even row has")]
    measure: Literal["entropy", "slope"] = "entropy"
    side: Literal["undivided", "divided"] = "undivided"


class Goal(Part, frozen=True):
    """What must have happened, exactly one of `config`, `reach`, `generate`, `train` and `width`.

    What is to be reached comes with a `solution`. `settings` are where the generation, the training or the slider over
    d_k (`width`, `seed`) begins, as far as they are not its own defaults.
    """

    config: Config | None = None
    reach: Reach | None = None
    solution: Solution | None = None
    generate: Generation | None = None
    train: TrainingGoal | None = None
    width: WidthGoal | None = None
    settings: Settings = {}

    @property
    def kind(self) -> str:
        """Which of the GOAL_KINDS it is."""
        return next(kind for kind in GOAL_KINDS if getattr(self, kind) is not None)


GOAL_KINDS = ("config", "reach", "generate", "train", "width")


class Try(Titled, frozen=True, rename={"goal": "try"}):
    """Something for the learner to do: set a switch of the model, bring something about, generate, train, move d_k.

    `show` is needed for a switch.
    """

    kind: ClassVar[str] = "try"
    goal: Goal
    say: Text
    show: NodeName | None = None
    look_at: LookAt = {}


class Comparison(Part, frozen=True):
    """A matrix as someone printed it, the same matrix recomputed, and how exactly it was printed.

    `decimals` are those of the printed matrix, where trailing zeros may have been dropped from all of its numbers.
    `covered` hides the recomputed matrix until the learner has marked the printed one.
    """

    printed: NodeName
    recomputed: NodeName
    decimals: Annotated[int, Meta(ge=0, le=9)] | None = None
    covered: bool = False


class Audit(Titled, frozen=True):
    """A printed matrix in which the learner marks the cells that are slips."""

    kind: ClassVar[str] = "audit"
    config: ClassVar[None] = None
    look_at: ClassVar[Mapping[str, Place]] = MappingProxyType({})
    audit: Comparison
    say: Text

    @property
    def show(self) -> str:
        return self.audit.printed


Step = Show | Fill | Ask | Try | Audit | Shape | Predict | Order | Match | Explain
STEP_KINDS: dict[str, type] = {
    "try": Try,
    "exercise": Fill,
    "ask": Ask,
    "audit": Audit,
    "shape": Shape,
    "predict": Predict,
    "order": Order,
    "match": Match,
    "explain": Explain,
    "show": Show,
}
