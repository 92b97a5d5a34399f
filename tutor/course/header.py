"""A lesson's head: what the course map needs to know of it. Apart from the steps, so that the map is drawn without."""

from typing import Annotated

from msgspec import Meta

from tutor.course.schema_parts import Identifier, Part, Text

FORMAT = 1


class Header(Part, frozen=True):
    """What the course map needs to know of a lesson, without its steps."""

    format: Annotated[int, Meta(ge=FORMAT, le=FORMAT)]
    id: Identifier
    unit: Annotated[int, Meta(ge=0, le=99, description="number of the curriculum unit")]
    title: Text
    summary: Text
    minutes: Annotated[int, Meta(ge=1, le=240)]
    assumes: Annotated[tuple[Identifier, ...], Meta(description="lessons to do before")] = ()
    model: Identifier | None = None
    sentence: Text | None = None
    target: Text | None = None
    pad_to: Annotated[int, Meta(ge=1, le=512, description="pad the source to this length")] | None = None
