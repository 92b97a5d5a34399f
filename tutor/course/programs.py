"""Hand-size programs: matrices and operations from a lesson file become the same kind of trace as a model's run."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tutor.course.schema import Matrix, Program, ProgramStep
from tutor.course.spelling import nearest
from tutor.engine.ops import OPERATIONS, Operation, OperationError
from tutor.engine.recorder import Change, Recorder
from tutor.engine.trace import Node, Trace

# Operand number n of these operations holds ids, which are whole numbers.
_IDS = {
    "look_up": (1,),
    "position_rows": (1,),
    "sinusoid": (0,),
    "attention_mask": (0, 1),
    "cross_entropy": (1,),
    "mean_loss": (1,),
}

LARGEST_PARAMETER = 4096  # a width or a number of heads beyond this is a slip, and would fill the memory


class ProgramError(ValueError):
    """A program that cannot run: `field` names the step (or matrix), `message` says why, `remedy` what to do."""

    def __init__(self, field: str, message: str, remedy: str = "") -> None:
        super().__init__(f"{field}: {message}" + (f". {remedy}" if remedy else ""))
        self.field, self.message, self.remedy = field, message, remedy


def run_program(program: Program, change: Mapping[str, Change] | None = None) -> Trace:
    """The trace of a program, in float64. Raises ProgramError for unknown names and shapes that do not fit."""
    record = Recorder({}, change=change)
    labels: dict[str, Sequence[str]] = {}
    nodes: dict[str, Node] = {}
    whole = _id_matrices(program)
    for name, matrix in program.matrices.items():
        nodes[name] = _given(record, name, matrix, labels, name in whole)
    for number, step in enumerate(program.steps):
        field = f"steps[{number}].{step.name}"
        if step.name in nodes:
            raise ProgramError(field, f"{step.name} is already the name of a matrix", "Choose another name")
        nodes[step.name] = _compute(record, step, field, nodes, labels)
    return Trace.of(record, labels, text="", target="", model=None, config=None, trained=True, program=program)


def _id_matrices(program: Program) -> set[str]:
    return {
        operand
        for step in program.steps
        for place, operand in enumerate(step.operands)
        if place in _IDS.get(step.operation, ())
    }


def _given(record: Recorder, name: str, matrix: Matrix, labels: dict[str, Sequence[str]], whole: bool) -> Node:
    field = f"matrices.{name}"
    value = np.asarray(matrix.values, dtype=np.float64)
    if whole:
        if not np.all(value == np.floor(value)):
            raise ProgramError(field, "is used as ids, so it must hold whole numbers")
        value = value.astype(np.int64)
    _check_axes(field, matrix.axes, value.shape)
    node = record.input(name, value, tuple(f"{axis}@{name}" for axis in matrix.axes))
    for axis, given in matrix.labels.items():
        _check_labels(field, axis, given, node)
        labels[f"{axis}@{name}"] = given
    return node


def _compute(
    record: Recorder, step: ProgramStep, field: str, nodes: dict[str, Node], labels: dict[str, Sequence[str]]
) -> Node:
    operation = OPERATIONS.get(step.operation)
    if operation is None:
        guess = nearest(step.operation, OPERATIONS)
        raise ProgramError(
            field,
            f"there is no operation {step.operation}",
            f"Did you mean {guess}?" if guess else f"There are {', '.join(sorted(OPERATIONS))}",
        )
    operands = [_operand(name, field, nodes) for name in step.operands]
    _check_call(operation, step, field)
    try:
        with np.errstate(all="ignore"):
            array = operation.forward(*(node.array for node in operands), **step.parameters)
            axes = _axis_keys(operation, step, operands, np.shape(array), field)
            parameters: dict[str, Any] = dict(step.parameters)
            node = record(step.name, operation, *operands, axes=axes, formula=step.formula or "", **parameters)
    except (OperationError, ValueError, TypeError, IndexError, AttributeError) as error:
        if isinstance(error, ProgramError):
            raise
        shapes = " and ".join(f"{node.name} ({_shape(node)})" for node in operands)
        raise ProgramError(
            field, f"{step.operation} of {shapes} does not fit: {error}", "Check rows and columns"
        ) from None
    for axis, given in step.labels.items():
        _check_labels(field, axis, given, node)
    _carry_labels(step, node, labels)
    return node


def _operand(name: str, field: str, nodes: dict[str, Node]) -> Node:
    if name in nodes:
        return nodes[name]
    guess = nearest(name, nodes)
    raise ProgramError(
        field,
        f"there is no matrix {name} before this step",
        f"Did you mean {guess}?" if guess else f"There are {', '.join(nodes)}",
    )


def _check_call(operation: Operation, step: ProgramStep, field: str) -> None:
    for name, value in step.parameters.items():
        if isinstance(value, int) and abs(value) > LARGEST_PARAMETER:
            raise ProgramError(field, f"{name} is {value}, too large for a hand-size program", "Use a smaller number")
    signature = inspect.signature(operation.forward)
    try:
        signature.bind(*step.operands, **step.parameters)
    except TypeError as error:
        names = [str(one.replace(annotation=one.empty)) for one in signature.parameters.values()]
        message = f"{step.operation} cannot be called so: {error}"
        raise ProgramError(field, message, f"It takes ({', '.join(names)})") from None


def _axis_keys(
    operation: Operation, step: ProgramStep, operands: list[Node], shape: tuple[int, ...], field: str
) -> tuple[str, ...]:
    """The result's axes: as the step gives them, else the operation's own."""
    names = step.axes or tuple(key.partition("@")[0] for key in operation.axes(operands, step.parameters))
    if step.operation == "linear" and not step.axes:
        names = (*names[:-1], operands[1].axes[-1])
    _check_axes(field, names, shape)
    return tuple(f"{name}@{step.name}" for name in names)


def _carry_labels(step: ProgramStep, node: Node, labels: dict[str, Sequence[str]]) -> None:
    for place, (axis, size) in enumerate(zip(node.axes, node.shape, strict=True)):
        if axis in step.labels:
            labels[f"{axis}@{node.name}"] = step.labels[axis]
            continue
        # Columns come from the last operand that has such an axis (A·B has B's columns), rows from the first.
        order = node.operands[::-1] if place == len(node.shape) - 1 else node.operands
        for operand in order:
            for key, length in zip(operand.axis_keys, operand.shape, strict=True):
                if key.partition("@")[0] == axis and length == size and key in labels:
                    labels.setdefault(f"{axis}@{node.name}", labels[key])


def _check_axes(field: str, axes: tuple[str, ...], shape: tuple[int, ...]) -> None:
    if len(axes) != len(shape):
        sizes = "×".join(map(str, shape)) or "a single number"
        raise ProgramError(
            field, f"names {len(axes)} axes ({', '.join(axes)}) but is {sizes}", "Name one axis a dimension"
        )
    if len(set(axes)) != len(axes):
        raise ProgramError(
            field, f"gives two axes one name ({', '.join(axes)})", "Name them apart, such as query and key"
        )


def _check_labels(field: str, axis: str, given: Sequence[str], node: Node) -> None:
    if axis not in node.axes:
        raise ProgramError(
            field, f"has labels for {axis}, which is not one of its axes", f"Axes: {', '.join(node.axes)}"
        )
    size = node.shape[node.axes.index(axis)]
    if len(given) != size:
        raise ProgramError(field, f"has {len(given)} labels for {axis}, which is {size} long", "Give one label each")


def _shape(node: Node) -> str:
    return "×".join(map(str, node.shape)) or "a single number"
