"""The lesson format: what a lesson file may hold, as types. Unknown fields are errors; text is English and Chinese."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

FORMAT = 1
NO_LINES: Mapping[str, int] = MappingProxyType({})

Identifier = Annotated[
    str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", description="lower case letters, digits and hyphens")
]
NodeName = Annotated[str, Meta(min_length=1, description="a node's name, or a glob: the first match is taken")]
Name = Annotated[str, Meta(pattern=r"^[^\W\d]\w*$", description="a letter, then letters, digits or underscores")]
Formula = Annotated[str, Meta(min_length=1, description="LaTeX; put it in single quotes")]
Place = int | Literal["first", "last", "largest"]
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
    Literal["right", "stepped", "broken"],
    Meta(description="every answer right; a single step taken by hand; a loss that is no number or rose"),
]
Settings = Annotated[dict[str, Setting], Meta(description="where the generation or the training begins")]
Hints = Annotated[tuple[Text, ...], Meta(description="from a nudge to the arithmetic, never the number")]


class Show(Part, frozen=True):
    """Show a node and say something about it."""

    kind: ClassVar[str] = "show"
    show: NodeName
    say: Text
    title: Text | None = None
    formula: Formula | None = None
    look_at: LookAt = {}
    config: Config | None = None
    hints: Hints = ()


class Cells(Part, frozen=True):
    """Which node has cells left blank, how many, and the mistakes to recognise."""

    fill: NodeName
    cells: Annotated[int, Meta(ge=1, le=24)] = 3
    mistakes: Annotated[tuple[str, ...], Meta(description="names from tutor/course/mistakes.py")] = ()


class Fill(Part, frozen=True):
    """Cells of a node for the learner to compute."""

    kind: ClassVar[str] = "exercise"
    exercise: Cells
    say: Text | None = None
    title: Text | None = None
    formula: Formula | None = None
    config: Config | None = None
    hints: Hints = ()

    @property
    def show(self) -> str:
        return self.exercise.fill


class Choice(Part, frozen=True):
    """One answer offered, and why it is right or wrong."""

    text: Text
    why: Text
    right: bool = False


class Ask(Part, frozen=True):
    """A question with choices, exactly one of them right."""

    kind: ClassVar[str] = "ask"
    ask: Text
    choices: Annotated[tuple[Choice, ...], Meta(min_length=2, max_length=6)]
    show: NodeName | None = None
    say: Text | None = None
    title: Text | None = None
    formula: Formula | None = None
    look_at: LookAt = {}
    config: Config | None = None
    hints: Hints = ()


class Goal(Part, frozen=True):
    """What must have happened, exactly one of `config`, `generate` and `train`.

    `settings` are where the generation or the training begins, as far as they are not its own defaults.
    """

    config: Config | None = None
    generate: Generation | None = None
    train: TrainingGoal | None = None
    settings: Settings = {}

    @property
    def kind(self) -> str:
        """Which of the GOAL_KINDS it is."""
        return next(kind for kind in GOAL_KINDS if getattr(self, kind) is not None)


GOAL_KINDS = ("config", "generate", "train")


class Try(Part, frozen=True, rename={"goal": "try"}):
    """Something for the learner to do: set a switch of the model, generate, or train. `show` is needed for a switch."""

    kind: ClassVar[str] = "try"
    goal: Goal
    say: Text
    show: NodeName | None = None
    title: Text | None = None
    formula: Formula | None = None
    look_at: LookAt = {}
    hints: Hints = ()


class Comparison(Part, frozen=True):
    """A matrix as someone printed it, the same matrix recomputed, and how exactly it was printed.

    `decimals` are those of the printed matrix, where trailing zeros may have been dropped from all of its numbers.
    `covered` hides the recomputed matrix until the learner has marked the printed one.
    """

    printed: NodeName
    recomputed: NodeName
    decimals: Annotated[int, Meta(ge=0, le=9)] | None = None
    covered: bool = False


class Audit(Part, frozen=True):
    """A printed matrix in which the learner marks the cells that are slips."""

    kind: ClassVar[str] = "audit"
    config: ClassVar[None] = None
    look_at: ClassVar[Mapping[str, Place]] = MappingProxyType({})
    audit: Comparison
    say: Text
    title: Text | None = None
    formula: Formula | None = None
    hints: Hints = ()

    @property
    def show(self) -> str:
        return self.audit.printed


Step = Show | Fill | Ask | Try | Audit
STEP_KINDS: dict[str, type] = {"try": Try, "exercise": Fill, "ask": Ask, "audit": Audit, "show": Show}


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


class Lesson(Header, frozen=True, kw_only=True):
    """A whole lesson. Exactly one of `model` and `program` is given."""

    steps: tuple[Step, ...]
    program: Program | None = None
    origin: Origin = Origin()


NOT_IN_FILES = frozenset({"origin"})


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a lesson file, for editors."""
    parts = (Header, Show, Fill, Ask, Try, Audit, Matrix, Text)
    (header, *_), components = msgspec.json.schema_components(parts, ref_template="#/$defs/{name}")
    lesson = components.pop("Header")
    lesson["title"] = "Lesson"
    lesson["description"] = "A lesson of the Transformer tutor."
    lesson["properties"]["steps"] = {
        "type": "array",
        "minItems": 1,
        "items": {"oneOf": [{"$ref": f"#/$defs/{part.__name__}"} for part in STEP_KINDS.values()]},
    }
    lesson["properties"]["program"] = {"$ref": "#/$defs/Program"}
    lesson["required"].append("steps")
    lesson["oneOf"] = [{"required": ["model"]}, {"required": ["program"]}]
    # An `ask` or a `try` may also carry `show`; a plain `show` may carry neither, which its own fields already say.
    components["Program"] = _program_schema()
    components["Goal"]["oneOf"] = [{"required": [kind]} for kind in GOAL_KINDS]
    components["Try"]["anyOf"] = [
        {"required": ["show"]},
        *({"properties": {"try": {"required": [kind]}}} for kind in GOAL_KINDS if kind != "config"),
    ]
    for name in ("model", "sentence", "target", "pad_to"):
        _drop_null(lesson["properties"][name])
    for component in components.values():
        for field in component.get("properties", {}).values():
            _drop_null(field)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **lesson, "$defs": components}


def _drop_null(field: dict[str, Any]) -> None:
    # An optional field is left out of a file, never written as null, so editors should not offer null.
    if "anyOf" in field and {"type": "null"} in field["anyOf"]:
        rest = [option for option in field.pop("anyOf") if option != {"type": "null"}]
        field.pop("default", None)
        field.update(rest[0] if len(rest) == 1 else {"anyOf": rest})


def _program_schema() -> dict[str, Any]:
    names = {"type": "array", "items": {"type": "string"}}
    labels = {"type": "object", "additionalProperties": names}
    step = {
        "type": "object",
        "minProperties": 1,
        "properties": {"axes": names, "labels": labels, "formula": {"type": "string"}},
        "description": "the first field names the operation and lists its operands; others are its parameters",
    }
    return {
        "title": "Program",
        "description": Program.__doc__,
        "type": "object",
        "additionalProperties": False,
        "required": ["matrices", "steps"],
        "properties": {
            "symbols": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Text"}},
            "matrices": {"type": "object", "minProperties": 1, "additionalProperties": {"$ref": "#/$defs/Matrix"}},
            "steps": {
                "type": "array",
                "minItems": 1,
                "items": {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": step},
            },
        },
    }
