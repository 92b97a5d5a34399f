"""The lesson format as a JSON Schema, for editors."""

from typing import Any

import msgspec

from tutor.course.schema import GOAL_KINDS, PREDICTIONS, REACHES, STEP_KINDS, Header, Matrix, Program, Text


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a lesson file, for editors."""
    parts = (Header, *STEP_KINDS.values(), Matrix, Text)
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
    components["Prediction"]["oneOf"] = [{"required": [kind]} for kind in PREDICTIONS]
    components["Reach"]["oneOf"] = [{"required": [kind]} for kind in REACHES]
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
