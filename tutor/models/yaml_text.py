"""YAML from strangers: the C parser's speed, without its crash on text nested thousands of levels deep."""

from __future__ import annotations

from typing import Any

import yaml

DEEPEST = 50

# PyYAML may be built without libyaml; both loaders read the same language.
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse_yaml(text: str) -> Any:
    """The plain data of one YAML document. Raises yaml.YAMLError (with `.problem_mark` where the line is known).

    Building a value recurses once a level, in C, where the stack just ends; so the depth is counted first, on the
    parser's events, which are flat.
    """
    try:
        check_depth(text)
        return yaml.load(text, Loader=Loader)
    except ValueError as error:  # a date or a number that YAML lets pass and Python does not: 2001-99-99
        raise yaml.YAMLError(str(error)) from None


def check_depth(text: str) -> None:
    """Raise yaml.MarkedYAMLError where the text is nested deeper than anyone writes by hand."""
    depth = 0
    for event in yaml.parse(text, Loader=Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise yaml.MarkedYAMLError(problem=f"nested over {DEEPEST} levels deep", problem_mark=event.start_mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
