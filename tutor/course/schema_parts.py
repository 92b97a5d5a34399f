"""What every part of a lesson file is made of: text in both languages, names of nodes, places in them."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Identifier = Annotated[
    str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", description="lower case letters, digits and hyphens")
]
NodeName = Annotated[str, Meta(min_length=1, description="a node's name, or a glob: the first match is taken")]
Name = Annotated[str, Meta(pattern=r"^[^\W\d]\w*$", description="a letter, then letters, digits or underscores")]
Formula = Annotated[str, Meta(min_length=1, description="LaTeX; put it in single quotes")]
Place = int | Literal["first", "last", "largest"]
Spot = int | Literal["first", "last", "self"]
Setting = bool | int | float | str | tuple[str, ...]
Number = int | float
Values = tuple[Any, ...]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of everything a lesson file holds."""


class Text(Part, frozen=True):
    """The same words in English and in Chinese."""

    en: Annotated[str, Meta(min_length=1)]
    zh: Annotated[str, Meta(min_length=1)]

    def get(self, language: str) -> str:
        """The words in `language` ("en" or "zh…"; anything else is English)."""
        return self.zh if language.lower().startswith("zh") else self.en


LookAt = Annotated[dict[str, Place], Meta(description="axis: number from 0, first, last or largest")]
Config = Annotated[dict[str, Setting], Meta(min_length=1, description="fields of the model's config to change")]
Generation = Annotated[
    dict[str, Setting],
    Meta(min_length=1, description="settings to generate with; temperature_at_least: 2 and the like are limits"),
]
TrainingGoal = Annotated[
    Literal["right", "stepped", "broken", "warmed"],
    Meta(
        description="every answer right; a single step taken by hand; a loss that is no number or rose; "
        "every answer right at the highest learning rate, reached by a warm-up"
    ),
]
Settings = Annotated[dict[str, Setting], Meta(description="where the generation or the training begins")]
Hints = Annotated[tuple[Text, ...], Meta(description="from a nudge to the arithmetic, never the number")]


class Titled(Part, frozen=True, kw_only=True):
    """What every kind of step may have: a heading, a formula in place of the node's own, and graded hints."""

    title: Text | None = None
    formula: Formula | None = None
    hints: Hints = ()


GRADES = ("passing", "good", "excellent")
SomePoints = Annotated[tuple[Text, ...], Meta(min_length=1, max_length=6)]


class Points(Part, frozen=True):
    """What an answer must say to pass, what a good one says besides, and what an excellent one says besides that."""

    passing: SomePoints
    good: SomePoints
    excellent: SomePoints


class Wrong(Part, frozen=True):
    """What is often said, and why it is wrong."""

    says: Text
    why: Text
