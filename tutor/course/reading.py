"""A YAML tree to the types of the lesson format, with every problem's line, field and remedy gathered on the way."""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from tutor.course import schema
from tutor.course.reading_collections import CollectionReader
from tutor.course.reading_values import MISSING
from tutor.course.spelling import nearest
from tutor.course.yaml_tree import Scalar, Sequence, Tree

__all__ = ["MISSING", "Reader"]


class Reader(CollectionReader):
    """Reads a lesson's parts, those too that are told apart by their fields."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.special |= {
            schema.Step: self.step,
            schema.ProgramStep: self.program_step,
            schema.Goal: self.goal,
            schema.Prediction: self.prediction,
            schema.Reach: self.reach,
        }

    def step(self, tree: Tree, path: str) -> Any:
        example = " or ".join(f"{kind}: …" for kind in reversed(schema.STEP_KINDS))
        if (mapping := self.mapping(tree, path, example)) is None:
            return MISSING
        names = [key.value for key, _ in mapping.pairs]
        kinds = [name for name in schema.STEP_KINDS if name in names]
        if not kinds:
            guess = next((g for name in names if (g := nearest(name, schema.STEP_KINDS))), "")
            return self.problem(
                tree,
                path,
                f"is not a step: it has none of {', '.join(reversed(schema.STEP_KINDS))}",
                f"Did you mean {guess}?" if guess else "Start it with `- show: NODE`",
            )
        step = self.struct(tree, schema.STEP_KINDS[kinds[0]], path)
        if isinstance(step, schema.Try) and step.goal.kind == "config" and step.show is None:
            remedy = "Name the matrix that the switch changes: show: NODE"
            return self.problem(tree, f"{path}.show", "is missing", remedy)
        if isinstance(step, schema.Try) and step.goal.reach is not None and step.show is None:
            # What is to be reached is what is looked at.
            reach = step.goal.reach
            return msgspec.structs.replace(step, show=reach.node, look_at=step.look_at or reach.at)
        return step

    def goal(self, tree: Tree, path: str) -> Any:
        goal = self.struct(tree, schema.Goal, path)
        if goal is MISSING:
            return MISSING
        if (given := self.only_one(tree, goal, schema.GOAL_KINDS, path)) is MISSING:
            return MISSING
        if (goal.solution is not None) != (given == "reach"):
            problem = "is missing" if given == "reach" else f"has no meaning beside {given}"
            return self.problem(tree, f"{path}.solution", problem, "solution: {…} proves that a reach can be reached")
        if goal.settings and given in ("config", "reach"):
            return self.problem(tree, f"{path}.settings", f"has no meaning beside {given}", "Leave it out")
        return goal

    def only_one(self, tree: Tree, part: Any, kinds: tuple[str, ...], path: str) -> Any:
        """Which of the kinds a part is of; MISSING once it is told that it is of none or of several."""
        given = [kind for kind in kinds if getattr(part, kind) is not None]
        if len(given) == 1:
            return given[0]
        problem = f"asks for {' and '.join(given)} at once" if given else "asks for nothing"
        return self.problem(tree, path, problem, f"Give exactly one of {', '.join(kinds)}")

    def reach(self, tree: Tree, path: str) -> Any:
        found = self.struct(tree, schema.Reach, path)
        if found is MISSING or self.only_one(tree, found, schema.REACHES, path) is MISSING:
            return MISSING
        if found.changes is False:
            return self.problem(tree, f"{path}.changes", "can only be true", "Write changes: true")
        return found

    def prediction(self, tree: Tree, path: str) -> Any:
        found = self.struct(tree, schema.Prediction, path)
        if found is MISSING or (given := self.only_one(tree, found, schema.PREDICTIONS, path)) is MISSING:
            return MISSING
        if bool(found.than) != (given == "larger"):
            problem = "is missing" if given == "larger" else f"has no meaning beside {given}"
            return self.problem(tree, f"{path}.than", problem, "than: {…} names the other cell of larger:")
        return found

    def program_step(self, tree: Tree, path: str) -> Any:
        """`name: {operation: [operands], parameter: value}`"""
        example = "name: {operation: [operand, …]}"
        if (outer := self.mapping(tree, path, example)) is None:
            return MISSING
        if len(outer.pairs) != 1:
            return self.problem(tree, path, f"names {len(outer.pairs)} matrices", f"One step is one matrix: {example}")
        (key, body), before = outer.pairs[0], len(self.problems)
        name = self.within(key, self.text(key, path), get_args(schema.Name)[1], path)
        inside = f"{path}.{key.value}"
        self.lines[inside] = key.line
        if (mapping := self.mapping(body, inside, "{operation: [operand, …]}")) is None or name is MISSING:
            return MISSING
        optional = {"axes": tuple[schema.Name, ...], "labels": dict[str, tuple[str, ...]], "formula": str}
        values: dict[str, Any] = {"name": name, "parameters": {}}
        for field, (_, value) in self.keys(mapping, inside).items():
            here = f"{inside}.{field}"
            if field in optional:
                values[field] = self.read(value, optional[field], here)
            elif "operation" not in values:
                values["operation"] = field
                operands = Sequence(value.line) if isinstance(value, Scalar) else value
                if isinstance(value, Scalar) and isinstance(operands, Sequence):
                    operands.items.append(value)
                values["operands"] = self.read(operands, tuple[str, ...], here)
            else:
                values["parameters"][field] = self.read(value, schema.Setting, here)
        if "operation" not in values:
            return self.problem(body, inside, "names no operation", f"Write {example}")
        return schema.ProgramStep(**values) if len(self.problems) == before else MISSING
