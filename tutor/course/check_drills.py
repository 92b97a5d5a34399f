"""What can be wrong with exercises made from the trace: solved already, no wrong path, a mistake that is right."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import msgspec

from tutor.course.check_goals import Problem, goal_problems
from tutor.course.drills import QuizError, quizzes
from tutor.course.mistakes import MISTAKES, MistakeError, slips
from tutor.course.ordering import Ordering
from tutor.course.places import PlaceError, find_node
from tutor.course.programs import ProgramError
from tutor.course.reaching import Again, check_place, distance, has_reached, solved
from tutor.course.schema import Explain, Match, Order, Predict, Reach, Shape, Solution, Step, Try
from tutor.course.schema_parts import GRADES
from tutor.course.schema_steps import Goal, WidthGoal
from tutor.course.shapes import SLIPS, slips_of
from tutor.course.spelling import nearest
from tutor.course.widths import sought, started
from tutor.engine.config import ConfigError
from tutor.engine.ops import OperationError
from tutor.engine.trace import Trace, TraceError
from tutor.models.errors import ModelError


def drill_problems(step: Step, trace: Trace, again: Again) -> Iterator[Problem]:
    """The field inside the step, what is wrong, and the remedy; nothing for steps of other kinds."""
    if isinstance(step, Shape):
        yield from _shape(step, trace)
    elif isinstance(step, Predict):
        yield from _predict(step, trace)
    elif isinstance(step, Explain):
        yield from _explain(step)
    elif isinstance(step, Match):
        yield from _match(step, trace)
    elif isinstance(step, Order):
        yield from _order(step, trace)
    elif isinstance(step, Try) and step.goal.reach is not None and step.goal.solution is not None:
        yield from _reach(step.goal.reach, step.goal.solution, trace, again)
    elif isinstance(step, Try) and step.goal.width is not None:
        yield from _width(step.goal, step.goal.width, trace)


def _shape(step: Shape, trace: Trace) -> Iterator[Problem]:
    unknown = list(_unknown("mistakes", step.mistakes, SLIPS))
    yield from unknown
    if unknown:
        return
    try:
        node = find_node(trace, step.shape)
    except TraceError:
        return  # told of already
    for number, name in enumerate(step.mistakes):
        if node.operation is not None and not slips_of(trace, node, name):
            yield f"mistakes[{number}]", f"{name} gives {node.name} its right shape, or none", "Take it out"
    yield from _made(step, trace, "shape")


def _predict(step: Predict, trace: Trace) -> Iterator[Problem]:
    unknown = list(_unknown("mistakes", step.mistakes, MISTAKES))
    yield from unknown
    if unknown:
        return
    try:
        node = find_node(trace, step.show)
        for number, name in enumerate(step.mistakes):
            alone = msgspec.structs.replace(step, mistakes=(name,))
            slips(trace, node, name)
            (quiz,) = quizzes(alone, trace)
            if not any(choice.mistake == name for choice in quiz.choices):
                yield f"mistakes[{number}]", f"{name} predicts the right answer, or none", "Take it out"
    except MistakeError as error:
        yield "mistakes", str(error), "Take it out"
        return
    except (TraceError, QuizError, PlaceError):
        pass  # told below, or already
    yield from _made(step, trace, "predict")


def _explain(step: Explain) -> Iterator[Problem]:
    """What passes must not be what is often said but wrong."""
    points = [point for grade in GRADES for point in getattr(step.points, grade)]
    for number, wrong in enumerate(step.wrong):
        if any(wrong.says in (point, step.explain) for point in points):
            yield f"wrong[{number}]", "is also a point of a right answer", "Take one out"
    for number, point in enumerate(points):
        if point in points[:number]:
            yield "points", f"says twice: {point.en}", "Take one out"


def _match(step: Match, trace: Trace) -> Iterator[Problem]:
    for number, name in enumerate(step.match):
        try:
            find_node(trace, name)
        except TraceError as error:
            yield f"match[{number}]", str(error), "Name a node that `tutor trace` lists"
            return
    yield from _made(step, trace, "match")


def _order(step: Order, trace: Trace) -> Iterator[Problem]:
    for number, name in enumerate(step.order):
        try:
            if find_node(trace, name).operation is None:
                yield f"order[{number}]", f"{name} is given, not computed", "Name computed matrices"
        except TraceError as error:
            yield f"order[{number}]", str(error), "Name a node that `tutor trace` lists"
            return
    try:
        Ordering(step, trace)
    except QuizError as error:
        yield "order", str(error), "Name nodes of which one is made from another"


def _reach(reach: Reach, solution: Solution, trace: Trace, again: Again) -> Iterator[Problem]:
    try:
        check_place(reach, trace)
    except (PlaceError, TraceError) as error:
        yield "try.reach", str(error), "Name a row or a cell that the node has"
        return
    if has_reached(reach, trace, trace):
        yield "try.reach", "is so already, so the step is done before it begins", "Ask for a change"
        return
    try:
        after = solved(solution, trace, again)
    except (ConfigError, ModelError, OperationError, PlaceError, ProgramError, TraceError) as error:
        yield "try.solution", str(error), ""
        return
    if not has_reached(reach, after, trace):
        yield "try.solution", f"does not reach it: {distance(reach, after).en}", "Give one that does"


def _width(goal: Goal, wanted: WidthGoal, trace: Trace) -> Iterator[Problem]:
    if list(goal_problems(goal)):
        return  # told of already
    start = started(goal.settings)
    try:
        trace.width(seed=start["seed"])
        found = sought(wanted, trace)
    except TraceError as error:
        yield "try.width", str(error), "Use a model that reads sentences"
        return
    if found is None:
        yield "try.width", "is below at no d_k, or at all of them", "Ask for another share, or give settings: {seed: …}"
    elif found == start["width"]:
        yield "try.settings.width", "is where it is found already", "Begin elsewhere"


def _made(step: Step, trace: Trace, field: str) -> Iterator[Problem]:
    """Whether the questions can be made, and each has a right answer and a wrong one."""
    try:
        found = quizzes(step, trace)
    except TraceError:
        return  # told of already
    except (QuizError, MistakeError, PlaceError) as error:
        yield field, str(error), "Ask for something else"
        return
    for quiz in found:
        right = sum(choice.right for choice in quiz.choices)
        if right == len(quiz.choices):
            yield field, f"has no wrong answer at {quiz.node}", "Ask for something else"


def _unknown(field: str, names: Sequence[str], known: Collection[str]) -> Iterator[Problem]:
    for number, name in enumerate(names):
        if name in names[:number]:
            yield f"{field}[{number}]", f"{name} is listed twice", "Take one out"
        elif name not in known:
            guess = nearest(name, known)
            remedy = f"Did you mean {guess}?" if guess else f"There are {', '.join(known)}"
            yield f"{field}[{number}]", f"there is no mistake called {name}", remedy
