"""Formulas become MathML as in mathml.txt. After a wanted change: python -m tests.worksheet.test_mathml"""

from __future__ import annotations

import pathlib
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.course.files import lesson_files
from tutor.course.lesson_file import load_lesson
from tutor.engine.formulas import FORMULAS
from tutor.engine.ops import OPERATIONS
from tutor.worksheet.mathml import mathml

GOLDEN = pathlib.Path(__file__).parent / "mathml.txt"
SPACE = "{http://www.w3.org/1998/Math/MathML}"
ARGUMENTS = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3}
CORE = {*ARGUMENTS, "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "msqrt", "mtable", "mtr", "mtd"}


def cases() -> list[tuple[str, str]]:
    lines = GOLDEN.read_text(encoding="utf-8").splitlines()
    return list(zip(lines[::3], lines[1::3], strict=False))


def elements(written: str) -> list[ElementTree.Element]:
    """The elements of a formula; fails where it is not well-formed, or an element has too many arguments."""
    found = list(ElementTree.fromstring(written).iter())
    for element in found:
        name = element.tag.removeprefix(SPACE)
        assert name in CORE, name
        assert len(element) == ARGUMENTS.get(name, len(element)), written
    return found


@pytest.mark.parametrize(("latex", "written"), cases(), ids=[latex for latex, _written in cases()])
def test_golden(latex: str, written: str) -> None:
    assert mathml(latex) == written


def formulas() -> list[str]:
    steps = (step for path in lesson_files() for step in load_lesson(path).steps)
    lessons = {step.formula for step in steps if step.formula}
    return sorted({*FORMULAS.values(), *(one.formula for one in OPERATIONS.values() if one.formula), *lessons})


@pytest.mark.parametrize("latex", formulas())
def test_every_formula_of_the_engine_and_the_lessons_is_mathml(latex: str) -> None:
    assert len(elements(mathml(latex))) > 2


def test_a_word_is_one_identifier_and_a_number_one_number() -> None:
    texts = [element.text for element in elements(mathml(r"\mathrm{scaled} = \frac{8.80}{\sqrt{48}}")) if element.text]
    assert texts == ["scaled", "=", "8.80", "48"]


@pytest.mark.parametrize(
    "latex", [r"\frac{1}{", "x}}", r"\left(x", r"\unknown{x}", "{" * 500, "x" * 30000], ids=range(6)
)
def test_a_broken_formula_is_a_line_of_text(latex: str) -> None:
    assert mathml(latex).startswith('<span class="formula-text">')


PIECES = st.sampled_from(
    [r"\frac", r"\sqrt", "{", "}", "^", "_", r"\sum", "x", "12", r"\text{<b>我&}", r"\left(", r"\right)", "<", "&",
     r"\begin{cases}", r"\end{cases}", r"\\", r"\mathrm{ab}", r"\hat", " ", "=", r"\max", "(", ")", r"\underbrace", "-"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=25).map("".join) | st.text(max_size=30))
def test_anything_is_well_formed_and_nothing_in_it_is_markup(latex: str) -> None:
    written = mathml(latex)
    if written.startswith("<math"):
        elements(written)
    else:
        assert len(list(ElementTree.fromstring(written).iter())) == 1


if __name__ == "__main__":
    GOLDEN.write_text("".join(f"{latex}\n{mathml(latex)}\n\n" for latex, _written in cases()), encoding="utf-8")
