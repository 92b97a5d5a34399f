"""Formulas in two dimensions for the terminal, and in one line for plain mode.

The boxes are stacked by TeXicode. It counts every character as one cell, knows no spacing and has commands it
cannot draw, so it is handed a rewritten formula in which every character stands for itself, and what comes
back is checked; a formula it cannot draw is written in one line.
"""

from functools import lru_cache

from rich.cells import cell_len, split_graphemes
from texicode import arts, node_data
from texicode.pipeline import render_tex_rows

from tutor.display.latex import Formula, LatexError, read
from tutor.display.latex_symbols import Accent, Atom, Fenced, Fraction, Matrix, Root, Row, Script, Tree
from tutor.display.linear import INFERIOR, SUPERIOR, gap, line_of, narrow, wrap
from tutor.display.safe import safe

# Stand-ins are letters that no formula uses; TeXicode passes them through and never makes them small by itself.
_FIRST_STAND_IN = 0x20000
_SECOND_HALF = chr(0x2F800)  # the second cell of a wide character
_STRETCHING = {"(", ")", "[", "]", "{", "}", "|", "‖", "⌊", "⌋", "⌈", "⌉", ""}
_DELIMITER_NAMES = {"": ".", "{": r"\{", "}": r"\}", "‖": r"\Vert "}
_ENVIRONMENTS = frozenset("matrix pmatrix bmatrix Bmatrix vmatrix Vmatrix cases aligned gathered".split())
_SAME_ENVIRONMENT = {"smallmatrix": "matrix", "array": "matrix", "align": "aligned", "split": "aligned"}
# Operators with limits above and below, one cell high: TeXicode's own ∑ takes three lines of a small screen.
_OPERATORS = {"∑": "tutorsum", "∏": "tutorprod", "∫": "tutorint", "⋃": "tutorcup", "⋂": "tutorcap", "⨁": "tutorplus"}
for _sign, _name in _OPERATORS.items():
    node_data.type_dict["cmnd", _name] = "ctr_base"
    arts.multi_line_leaf_commands[_name] = ([[_sign]], 0)


def render(latex: str, width: int | None = None) -> list[str]:
    """The formula as lines: in two dimensions where it can be drawn and fits so many cells, else one line, wrapped."""
    return list(_render(latex, width))


def linear(latex: str) -> str:
    """The formula in one line: Q Kᵀ / √d_k."""
    try:
        return line_of(read(latex).tree)
    except (LatexError, RecursionError):
        return safe(" ".join(latex.split()))


@lru_cache(1024)
def _render(latex: str, width: int | None) -> tuple[str, ...]:
    try:
        lines = _draw(read(latex))
    except (LatexError, RecursionError):
        lines = None
    if lines and (width is None or max(map(cell_len, lines)) <= width):
        return tuple(lines)
    return tuple(wrap(linear(latex), width))


def _draw(formula: Formula) -> list[str] | None:
    """The lines TeXicode makes of a formula, or None where it cannot draw it."""
    if not formula.complete:
        return None
    writer = _Writer()
    try:
        rows = render_tex_rows(writer.write(formula.tree), False)
    # It raises whatever its tables raise (KeyError, IndexError) on what it does not know.
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    if not rows or rows[0].startswith("TeXicode:"):
        return None
    lines = [writer.restore(row).rstrip() for row in rows]
    while lines and not lines[0]:
        lines.pop(0)
    while lines and not lines[-1]:
        lines.pop()
    margin = min((len(line) - len(line.lstrip(" ")) for line in lines if line), default=0)
    return [line[margin:] for line in lines]


def flat(tree: Tree | None) -> bool:
    """Whether this takes a single line."""
    match tree:
        case None | Atom():
            return True
        case Row(children):
            return all(map(flat, children))
        case Script(Atom(kind="operator")):
            return False
        case Script(base, below, above):
            return flat(base) and _inferior(below) is not None and _superior(above) is not None
        case Fenced(body=body) | Accent(body=body):
            return flat(body)
        case Root(body, degree):
            return degree is None and _short(body) and flat(body)
    return False


def _short(tree: Tree) -> bool:
    """One symbol, perhaps with its index: √d_k needs no roof."""
    if isinstance(tree, Script):
        return isinstance(tree.base, Atom) and tree.base.kind != "operator" and tree.above is None
    return isinstance(tree, Atom)


def _inferior(tree: Tree | None) -> str | None:
    """The script in small low characters, "" for none, None where some character has no such form."""
    return "" if tree is None else narrow(tree, INFERIOR)


def _superior(tree: Tree | None) -> str | None:
    return "" if tree is None else narrow(tree, SUPERIOR)


class _Writer:
    """Writes a tree as the LaTeX that TeXicode draws well."""

    def __init__(self) -> None:
        self.stand_ins: dict[str, str] = {}

    def literal(self, text: str) -> str:
        """Characters that stand for themselves, two for a wide one."""
        written = ""
        for start, stop, width in split_graphemes(text)[0]:
            stand_in = self.stand_ins.setdefault(text[start:stop], chr(_FIRST_STAND_IN + len(self.stand_ins)))
            written += "" if width == 0 else stand_in + _SECOND_HALF * (width - 1)
        return written

    def restore(self, row: str) -> str:
        table = {ord(stand_in): text for text, stand_in in self.stand_ins.items()}
        return row.translate(table | {ord(_SECOND_HALF): ""})

    def write(self, tree: Tree) -> str:
        match tree:
            case Atom(text):
                return self.literal(text)
            case Row(children):
                return self.row(children)
            case Fraction(above, below):
                return rf"\frac{{{self.write(above)}}}{{{self.write(below)}}}"
            case Root():
                return self.root(tree)
            case Script():
                return self.script(tree)
            case Fenced():
                return self.fenced(tree)
            case Accent(mark, body):
                return self.accent(mark, body)
            case Matrix(environment, rows):
                return self.matrix(environment, rows)
        raise TypeError(tree)

    def row(self, children: tuple[Tree, ...]) -> str:
        written = ""
        for index, child in enumerate(children):
            if index:
                written += self.literal(" " * gap(children, index))
            written += self.write(child)
        return written

    def root(self, tree: Root) -> str:
        if tree.degree is None and _short(tree.body):
            return self.literal("√") + self.write(tree.body)
        degree = f"[{self.write(tree.degree)}]" if tree.degree is not None else ""
        return rf"\sqrt{degree}{{{self.write(tree.body)}}}"

    def script(self, tree: Script) -> str:
        base = self.write(tree.base)
        low, high = _inferior(tree.below), _superior(tree.above)
        if isinstance(tree.base, Atom) and tree.base.kind == "operator":
            return "\\" + _OPERATORS[tree.base.text] + self.limits(tree)
        if flat(tree.base) and low is not None and high is not None:
            return base + self.literal(low + high)
        written = "{" + base + "}"
        for sign, script, small in (("_", tree.below, low), ("^", tree.above, high)):
            if script is not None:
                # Beside a tall one, a script in small characters is better made small by TeXicode, which aligns it.
                shrinkable = small is not None and line_of(script).isalnum() and line_of(script).isascii()
                written += f"{sign}{{{line_of(script) if shrinkable else self.small(script, small)}}}"
        return written

    def small(self, script: Tree, small: str | None) -> str:
        return self.literal(small) if small else self.write(_tight(script))

    def limits(self, tree: Script) -> str:
        below = f"_{{{self.write(_tight(tree.below))}}}" if tree.below is not None else ""
        above = f"^{{{self.write(_tight(tree.above))}}}" if tree.above is not None else ""
        return below + above

    def fenced(self, tree: Fenced) -> str:
        body = self.write(tree.body)
        if flat(tree.body) or not {tree.left, tree.right} <= _STRETCHING:
            return self.literal(tree.left) + body + self.literal(tree.right)
        left, right = (_DELIMITER_NAMES.get(side, side) for side in (tree.left, tree.right))
        return rf"\left{left}{body}\right{right}"

    def accent(self, mark: str, body: Tree) -> str:
        if isinstance(body, Atom) and body.text:
            return self.literal(body.text[0] + mark + body.text[1:])
        if isinstance(body, Row) and body.children and isinstance(body.children[0], Atom):
            return self.accent(mark, body.children[0]) + self.row(body.children[1:])
        return self.write(body)

    def matrix(self, environment: str, rows: tuple[tuple[Tree, ...], ...]) -> str:
        environment = _SAME_ENVIRONMENT.get(environment, environment)
        if environment not in _ENVIRONMENTS:
            raise ValueError(environment)
        columns = max(map(len, rows))
        # TeXicode does not fill a short row.
        cells = [[self.cell(cell) for cell in row] + [""] * (columns - len(row)) for row in rows]
        inside = r"\\".join("&".join(cell or self.literal(" ") for cell in row) for row in cells)
        return rf"\begin{{{environment}}}{inside}\end{{{environment}}}"

    def cell(self, tree: Tree) -> str:
        """A cell of a matrix; where equations are lined up at their =, it begins with one."""
        children = tree.children if isinstance(tree, Row) else (tree,)
        aligned = bool(children) and isinstance(children[0], Atom) and children[0].kind == "relation"
        return (self.literal(" ") if aligned else "") + self.write(tree)


def _tight(tree: Tree) -> Tree:
    """Without the spaces of a running formula: i=1 below a ∑."""
    if not isinstance(tree, Row):
        return tree
    spaceless = (child for child in tree.children if child != Atom(" ", "space"))
    return Row(tuple(Atom(child.text) if isinstance(child, Atom) else child for child in spaceless))
