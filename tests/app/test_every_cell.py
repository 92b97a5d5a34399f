"""Every matrix can be asked why, in both languages and at every width, and what it says agrees with its numbers."""

import itertools
import random
import re
from functools import cache

import numpy as np
import pytest
from rich.cells import cell_len

from tutor.app.letters import letters
from tutor.app.present import hint_text
from tutor.app.tracing import Request, compute
from tutor.app.walk import Stop, Walk, fitted, next_cell
from tutor.app.widgets.why_panel import SHOWN_OPERANDS, WhyView, operand_line, why_text
from tutor.course.exercises import make
from tutor.course.lesson_file import load_lesson
from tutor.course.schema import Cells, Fill
from tutor.display import prose
from tutor.display.formula import linear
from tutor.display.language import set_language
from tutor.display.numbers import number
from tutor.display.titles import about, long_title
from tutor.models.registry import load_model

WIDTHS = (20, 38, 78)
EMOJI = "👩\u200d👩\u200d👧\u200d👦 [MASK] naïve שלום [/] \udce9 e\u0301"


def _requests():
    hand = load_lesson("attention-by-hand").program
    sentence = {"model": "translator", "sentence": "I am a student", "target": "我是学生"}
    off = {"causal_mask": False, "position": "none", "heads_off": ("decoder.0.cross_attention.1",)}
    return {
        "proverbs": Request(model="proverbs", sentence="马无夜草不肥", target="人无横财不富"),
        "translator": Request(**sentence),
        "by hand": Request(program=hand),
        "padded": Request(**sentence, pad_to=8),
        "foreign": Request(model="translator", sentence=EMOJI),
        "what-if": Request(**sentence, config=off, edits={"encoder.0.self_attention.scores": (((0, 1, 1), 3.5),)}),
        "by hand, edited": Request(program=hand, edits={"X": (((0, 0), 9.0),)}),
    }


REQUESTS = _requests()
FULLY = ("proverbs", "translator", "by hand")


@cache
def traced(name):
    result = compute(REQUESTS[name])
    assert not result.error
    return result.trace


def cells(trace, name, more=2):
    """Both ends, and some between."""
    shape = trace[name].shape
    chance = random.Random(name)
    corners = itertools.product(*({0, size - 1} for size in shape))
    inner = [tuple(chance.randrange(size) for size in shape) for _cell in range(more)]
    edited = [index for index, _number in REQUESTS["what-if"].edits.get(name, ())]
    return sorted({*itertools.islice(corners, 4), *inner, tuple(size - 1 for size in shape), *edited})


def view_of(trace, name, index, hidden=False):
    request = next(REQUESTS[key] for key in REQUESTS if traced(key) is trace)
    why = trace.explain(name, index)
    return WhyView(trace, why, why.formula, hidden, letters(trace, request, Stop(name, index)))


def squeezed(text):
    return "".join(text.split())


def breakable(line):
    """Whether a line could have been broken: it has a space after its indent."""
    return " " in line.strip()


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_cell_says_why_within_the_width(name, language):
    set_language(language)
    trace = traced(name)
    for place, node in enumerate(trace.names if name in FULLY else trace.names[::6]):
        for number_of_cell, index in enumerate(cells(trace, node, more=1)):
            # Every width for every node, not for every cell.
            width = WIDTHS[(place + number_of_cell) % len(WIDTHS)]
            view = view_of(trace, node, index)
            lines = why_text(view, width).plain.split("\n")
            long = [line for line in lines if cell_len(line) > width and breakable(line)]
            assert not long, (node, index, width, long)
            for line_number, cell in enumerate(view.why.cells[:SHOWN_OPERANDS], 1):
                line = operand_line(view, line_number, cell, width).plain
                assert cell_len(line) <= width, (node, index, width, line)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", ["proverbs", "translator"])
def test_every_weight_says_what_it_is(name, language):
    set_language(language)
    trace = traced(name)
    for node, width in zip(trace.weight_names, itertools.cycle(WIDTHS)):
        view = view_of(trace, node, cells(trace, node, more=0)[-1])
        text = why_text(view, width).plain
        assert view.why.kind == "leaf" and not view.why.cells
        assert squeezed(prose.sentence(trace, view.why)) in squeezed(text)
        assert all(cell_len(line) <= width or not breakable(line) for line in text.split("\n"))


@pytest.mark.parametrize("name", FULLY)
def test_a_cell_to_be_found_is_not_given_away(name):
    trace = traced(name)
    for node in trace.names:
        index = cells(trace, node)[-1]
        view = view_of(trace, node, index, hidden=True)
        if not view.why.cells or view.why.result == int(view.why.result):
            continue
        shown = number(view.why.result, 4)
        assert shown not in why_text(view, 78).plain
        if view.why.kind in ("copy", "look_up", "mask"):
            lines = [operand_line(view, 1, cell, 78).plain for cell in view.why.cells]
            assert not any(shown in line for line in lines), (node, lines)


@pytest.mark.parametrize("name", REQUESTS)
def test_the_numbers_shown_are_the_numbers_computed(name):
    trace = traced(name)
    for node in trace.names if name in FULLY else trace.names[::4]:
        value = trace[node].value
        for index in cells(trace, node):
            why = trace.explain(node, index)
            assert why.result == value[index]
            heading = why_text(view_of(trace, node, index), 78).plain.split("\n")[0]
            assert heading.endswith(f" = {number(float(value[index]), 4)}")
            if why.kind != "changed":
                agrees(why.evaluate(), float(value[index]), scale(why))
            for cell in why.cells:
                assert cell.value == trace[cell.node].value[cell.index]
            last_number_is_the_result(why)
            rest_adds_up(why)


def scale(why):
    finite = [abs(term.value) for term in why.terms if np.isfinite(term.value)]
    return max([1.0, *finite])


def agrees(found, expected, size):
    if np.isfinite(expected):
        assert found == pytest.approx(expected, abs=1e-5 * size)
    else:
        assert found == expected


def last_number_is_the_result(why):
    """The arithmetic as drawn ends in the cell's own number."""
    text = linear(why.substituted).replace("−", "-").replace("∞", "inf")
    found = re.findall(r"-?(?:inf|[\d.]+(?:e-?\d+)?)", text.rpartition("=")[2].rpartition("→")[2])
    if "·10" in text.replace(" ", "").rpartition("=")[2]:
        return  # scientific: mantissa and power stand apart
    assert found, (why.node, text)
    value = float(found[-1])
    assert value == pytest.approx(why.result, rel=1e-3, abs=1e-9), (why.node, why.index, text)


def rest_adds_up(why):
    terms, rest, count = why.folded(4)
    if count and why.kind == "sum":
        total = sum(term.value for term in terms) + rest
        agrees(total, why.result, scale(why))
        assert number(rest, 4) in prose.rest(why)
        assert f"{count}" in prose.rest(why)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", FULLY)
def test_every_node_has_a_name_and_its_own_exercise_has_hints(name, language):
    set_language(language)
    trace = traced(name)
    for node in (*trace.names, *trace.weight_names[::5]):
        assert long_title(node).strip()
        assert isinstance(about(trace[node]), str)
        exercise = make(Fill(exercise=Cells(fill=node, cells=2)), trace)
        for index in exercise.cells[:1]:
            expected = exercise.expected(index)
            number_of_hints = len(exercise.hints(index))
            texts = [hint_text(exercise.hint(at, index), language) for at in range(number_of_hints)]
            assert texts and all(text.strip() for text in texts)
            assert exercise.hint(number_of_hints, index) is None
            assert exercise.grade(index, repr(float(expected))).right or not np.isfinite(expected)


@pytest.mark.parametrize("name", REQUESTS)
def test_enter_alone_ends_everywhere(name):
    """From any cell the walk comes to an end, and every stop on it is a cell of the trace."""
    trace = traced(name)
    for node in trace.names[:: max(1, len(trace.names) // 12)]:
        walk = Walk((fitted(trace, Stop(node, cells(trace, node)[-1])),))
        for _step in range(200):
            cell = next_cell(trace, walk)
            if cell is None:
                break
            assert cell.value == trace[cell.node].value[cell.index]
            walk = walk.to(Stop(cell.node, cell.index))
        else:
            pytest.fail(f"the walk from {node} does not end")


def test_a_questions_formula_stands_above_the_cells_own():
    trace = load_model("proverbs").trace("天行健")
    why = trace.explain("encoder.0.self_attention.residual", (0, 0))
    text = why_text(WhyView(trace, why, why.formula, asked="0.1^6"), 78).plain
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    assert lines[1].startswith("0.1") and lines[2].startswith("residual =") and lines[3].startswith("= ")


@pytest.mark.parametrize("name, multiplied", [("masked", False), ("scores", True)])
def test_only_what_is_multiplied_has_a_sign_of_it(name, multiplied):
    view = view_of(traced("padded"), f"decoder.0.self_attention.{name}", (0, 0, 2))
    lines = [operand_line(view, 1, cell, 78).plain for cell in view.why.cells[:2]]
    assert any(line.startswith("×") for line in lines) == multiplied, lines
