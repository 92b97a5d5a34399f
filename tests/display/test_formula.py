"""Every formula in formulas.txt is drawn as it is there. After a wanted change: python -m tests.display.test_formula"""

import pathlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tutor.display.formula import linear, render
from tutor.engine.formulas import FORMULAS
from tutor.engine.ops import OPERATIONS

GOLDEN = pathlib.Path(__file__).parent / "formulas.txt"


def cases() -> list[tuple[str, str]]:
    blocks = GOLDEN.read_text(encoding="utf-8").removesuffix("\n").split("\n\n$ ")
    return [(latex.removeprefix("$ "), drawn) for latex, drawn in (block.split("\n", 1) for block in blocks)]


def drawing(latex: str) -> str:
    return "\n".join(render(latex)) + "\n  > " + linear(latex)


@pytest.mark.parametrize(("latex", "drawn"), cases(), ids=[latex for latex, _drawn in cases()])
def test_golden(latex: str, drawn: str) -> None:
    assert drawing(latex) == drawn


@pytest.mark.parametrize("latex", [*FORMULAS.values(), *(operation.formula for operation in OPERATIONS.values())])
def test_every_formula_of_the_engine_is_drawn(latex: str) -> None:
    lines = render(latex)
    assert not any(re.search(r"\\|TeXicode|\{|\?", line) for line in lines)
    assert not re.search(r"\\[a-zA-Z]", linear(latex))
    if r"\frac" in latex:
        assert len(lines) >= 3 and "╶" in "".join(lines)


def test_a_fraction_is_centred_on_wide_characters() -> None:
    above, line, below = render(r"\frac{\text{查询} \cdot \text{键}}{\sqrt{48}}")
    assert cell_len(line) == 11
    assert above == " 查询 · 键"
    assert below == "    √48"


def test_too_wide_is_one_line_wrapped() -> None:
    latex = r"\mathrm{softmax}(x) = \frac{e^{1.27}}{e^{0.82} + e^{0.11} + e^{-0.40} + e^{1.27}} = 0.47"
    assert len(render(latex, 60)) == 3
    narrow = render(latex, 24)
    assert all(cell_len(line) <= 24 for line in narrow)
    assert " ".join(" ".join(narrow).split()) == linear(latex)


@pytest.mark.parametrize(
    "latex",
    [r"\frac{1}{", "x}}", r"\left(x", r"\begin{matrix} 1 & 2", "^", "_", r"\unknown{x}", "{" * 500, "x" * 30000],
    ids=range(9),
)
def test_a_broken_formula_is_still_text(latex: str) -> None:
    assert render(latex, 40)
    assert not any("TeXicode" in line for line in render(latex, 40))


def test_foreign_text_in_a_formula_is_safe() -> None:
    assert "\x1b" not in "".join(render("\\text{\x1b[31m}")) + linear("\\text{\x1b[31m}")


PIECES = st.sampled_from(
    [r"\frac", r"\sqrt", "{", "}", "^", "_", r"\sum", "x", "12", r"\text{我}", r"\left(", r"\right)", r"\begin{cases}",
     r"\end{cases}", "&", r"\\", r"\mathrm{ab}", r"\hat", " ", "=", r"\cdot", "(", ")", "[", "]", r"\underbrace", "-"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=25).map("".join) | st.text(max_size=30), st.none() | st.integers(1, 60))
def test_anything_is_drawn_somehow_within_the_width(latex: str, width: int | None) -> None:
    lines = render(latex, width)
    assert lines
    if width is not None and width > 2:
        assert all(cell_len(line) <= width for line in lines)


if __name__ == "__main__":
    text = "\n\n$ ".join(f"{latex}\n{drawing(latex)}" for latex, _drawn in cases())
    GOLDEN.write_text(f"$ {text}\n", encoding="utf-8")
