"""Formulas as MathML, read by the same reader that draws them on the terminal, so that paper and screen agree.

Only elements of MathML Core are used, which browsers draw by themselves. Source: https://www.w3.org/TR/mathml-core/
"""

from __future__ import annotations

import re
from html import escape

from tutor.display.formula import linear
from tutor.display.latex import LatexError, read
from tutor.display.latex_symbols import Accent, Atom, Fenced, Fraction, Matrix, Root, Row, Script, Tree

_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_FENCES = {"pmatrix": "()", "bmatrix": "[]", "Bmatrix": "{}", "vmatrix": "||", "Vmatrix": "‖‖", "cases": "{ "}
_MARKS = {
    "\u0302": "^", "\u0304": "¯", "\u0303": "~", "\u20d7": "→", "\u0307": "˙", "\u0308": "¨", "\u0301": "´",
    "\u0300": "`", "\u030c": "ˇ", "\u0306": "˘", "\u030a": "˚",
}  # fmt: skip
_SPACE = 0.2  # em, of one space of the reader's
_MINUS = {"-": "−"}


def mathml(latex: str, large: bool = True) -> str:
    """The formula as a `math` element; one that cannot be read whole is a line of text instead.

    `large` is for a formula that stands by itself: its fractions are as large as its letters.
    """
    try:
        formula = read(latex)
        complete, body = formula.complete, _write(formula.tree)
    except (LatexError, RecursionError):
        complete, body = False, ""
    if not complete:
        return f'<span class="formula-text">{escape(linear(latex))}</span>'
    style = ' displaystyle="true"' if large else ""
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML"{style}>{body}</math>'


def _write(tree: Tree | None) -> str:
    match tree:
        case None:
            return "<mrow></mrow>"
        case Atom():
            return _atom(tree)
        case Row(children):
            return _row(children)
        case Fraction(above, below):
            return f"<mfrac>{_write(above)}{_write(below)}</mfrac>"
        case Root(body, None):
            return f"<msqrt>{_write(body)}</msqrt>"
        case Root(body, degree):
            return f"<mroot>{_write(body)}{_write(degree)}</mroot>"
        case Script():
            return _script(tree)
        case Fenced(left, body, right):
            return _fenced(left, _write(body), right)
        case Accent(mark, body):
            return f'<mover accent="true">{_write(body)}<mo>{escape(_MARKS.get(mark, mark))}</mo></mover>'
        case Matrix(environment, rows):
            return _matrix(environment, rows)
    raise TypeError(tree)


def _row(children: tuple[Tree, ...]) -> str:
    """Several parts as the single element that an argument must be."""
    if len(children) == 1:
        return _write(children[0])
    parts = (_atom(child, alone=False) if isinstance(child, Atom) else _write(child) for child in children)
    return f"<mrow>{''.join(parts)}</mrow>"


def _atom(atom: Atom, alone: bool = True) -> str:
    text = escape(_MINUS.get(atom.text, atom.text))
    if atom.kind == "space":
        return f'<mspace width="{len(atom.text) * _SPACE:.1f}em"></mspace>'
    if atom.kind in ("relation", "binary", "comma"):
        return f"<mo>{text}</mo>"
    if atom.kind == "sign":
        return f'<mo form="prefix">{text}</mo>'
    if atom.kind in ("open", "close"):
        return f'<mo stretchy="false">{text}</mo>'
    if atom.kind == "operator":
        return f'<mo largeop="true" movablelimits="false">{text}</mo>'
    if _NUMBER.fullmatch(atom.text):
        return f"<mn>{text}</mn>"
    if atom.kind == "function":
        # A thin space keeps "max x" apart; before a bracket the bracket does.
        return f"<mi>{text}</mi>" if alone else f'<mi>{text}</mi><mspace width="0.1em"></mspace>'
    if not atom.text or " " in atom.text or not atom.text.isalpha() and atom.kind == "word":
        return f"<mtext>{text}</mtext>"
    return f"<mi>{text}</mi>"  # a word of several letters stands upright, a single letter slanted


def _script(tree: Script) -> str:
    base = _write(tree.base)
    limits = isinstance(tree.base, Atom) and tree.base.kind == "operator"
    sub, sup, both = ("munder", "mover", "munderover") if limits else ("msub", "msup", "msubsup")
    if tree.below is not None and tree.above is not None:
        return f"<{both}>{base}{_write(tree.below)}{_write(tree.above)}</{both}>"
    name, script = (sub, tree.below) if tree.below is not None else (sup, tree.above)
    return f"<{name}>{base}{_write(script)}</{name}>"


def _fenced(left: str, body: str, right: str) -> str:
    fences = [f'<mo fence="true" stretchy="true">{escape(side)}</mo>' if side.strip() else "" for side in (left, right)]
    return f"<mrow>{fences[0]}{body}{fences[1]}</mrow>"


def _matrix(environment: str, rows: tuple[tuple[Tree, ...], ...]) -> str:
    written = "".join("<mtr>" + "".join(f"<mtd>{_write(cell)}</mtd>" for cell in row) + "</mtr>" for row in rows)
    table = f"<mtable>{written}</mtable>"
    fences = _FENCES.get(environment)
    return _fenced(fences[0], table, fences[1]) if fences else table
