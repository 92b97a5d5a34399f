"""The kinds of exercises whose question and answers are made from the trace, as types."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar

from msgspec import Meta

from tutor.course.schema_parts import Config, Formula, Hints, NodeName, Part, Place, Text


class Shape(Part, frozen=True):
    """The shape of a node for the learner to choose among those that slips would give.

    `mistakes` names the slips to offer, from tutor/course/shapes.py; without it, all that differ here.
    """

    kind: ClassVar[str] = "shape"
    look_at: ClassVar[Mapping[str, Place]] = MappingProxyType({})
    shape: NodeName
    mistakes: Annotated[tuple[str, ...], Meta(description="names from tutor/course/shapes.py")] = ()
    say: Text | None = None
    title: Text | None = None
    formula: Formula | None = None
    config: Config | None = None
    hints: Hints = ()

    @property
    def show(self) -> str:
        return self.shape
