"""The lesson format: what a lesson file may hold, as types. Unknown fields are errors; text is English and Chinese."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from msgspec import Meta

from tutor.course.header import FORMAT, Header
from tutor.course.schema_drills import (
    PREDICTIONS,
    REACHES,
    Explain,
    Match,
    NewNumber,
    Order,
    Predict,
    Prediction,
    Reach,
    Shape,
    Solution,
)
from tutor.course.schema_parts import (
    Config,
    Formula,
    Generation,
    Identifier,
    LookAt,
    Name,
    NodeName,
    Number,
    Part,
    Place,
    Setting,
    Spot,
    Text,
    Values,
)
from tutor.course.schema_steps import (
    GOAL_KINDS,
    STEP_KINDS,
    Ask,
    Audit,
    Cells,
    Choice,
    Comparison,
    Fill,
    Goal,
    Show,
    Step,
    Try,
    WidthGoal,
)

__all__ = [
    "FORMAT", "GOAL_KINDS", "NOT_IN_FILES", "NO_LINES", "PREDICTIONS", "REACHES", "STEP_KINDS", "Ask", "Audit", "Cells",
    "Choice", "Comparison", "Config", "Explain", "Fill", "Formula", "Generation", "Goal", "Header", "Identifier",
    "Lesson", "LookAt", "Match", "Matrix", "Name", "NewNumber", "NodeName", "Number", "Order", "Origin", "Part",
    "Place", "Predict", "Prediction", "Program", "ProgramStep", "Reach", "Setting", "Shape", "Show", "Solution", "Spot",
    "Step", "Text", "Try", "Values", "WidthGoal",
]  # fmt: skip
NO_LINES: Mapping[str, int] = MappingProxyType({})


class Matrix(Part, frozen=True):
    """A given matrix: numbers in rows, a name for each axis, and optionally labels along an axis."""

    axes: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=3)]
    values: Values
    labels: dict[str, tuple[str, ...]] = {}


class ProgramStep(Part, frozen=True):
    """One computed matrix: `name: {operation: [operands], parameter: value, axes: […], labels: {…}, formula: …}`."""

    name: str
    operation: str
    operands: tuple[str, ...]
    parameters: dict[str, Setting | Number] = {}
    axes: tuple[str, ...] = ()
    labels: dict[str, tuple[str, ...]] = {}
    formula: str | None = None


class Program(Part, frozen=True):
    """A hand-size computation in place of a model: given matrices, then steps."""

    matrices: Annotated[dict[Name, Matrix], Meta(min_length=1)]
    steps: Annotated[tuple[ProgramStep, ...], Meta(min_length=1)]
    symbols: Annotated[dict[str, Text], Meta(description="a line of meaning for each matrix")] = {}


class Origin(Part, frozen=True):
    """Where a lesson was read: the file, and the line of every field by its path (`steps[2].show`)."""

    file: str = ""
    lines: Mapping[str, int] = NO_LINES

    def line(self, field: str) -> int:
        """The line of `field`, or of the nearest field around it; 1 when unknown."""
        while field:
            if field in self.lines:
                return self.lines[field]
            field = field[: max(field.rfind("."), field.rfind("["), 0)]
        return 1


class Lesson(Header, frozen=True, kw_only=True):
    """A whole lesson. Exactly one of `model` and `program` is given."""

    steps: tuple[Step, ...]
    program: Program | None = None
    origin: Origin = Origin()


NOT_IN_FILES = frozenset({"origin"})
