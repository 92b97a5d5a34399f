"""Formulas in one line: spacing, small characters, wrapping."""

from rich.cells import cell_len, split_graphemes

from tutor.display.latex_symbols import Accent, Atom, Fenced, Fraction, Matrix, Root, Row, Script, Tree

_BRACKETS = {"pmatrix": "()", "bmatrix": "[]", "matrix": "[]", "vmatrix": "||", "Bmatrix": "{}", "Vmatrix": "‖‖"}
# Only forms that common terminal fonts have.
SUPERIOR = dict(
    zip(
        "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW.′ᵀ⊤*∗",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ·′ᵀᵀ**",
        strict=True,
    )
)
INFERIOR = dict(zip("0123456789+-−=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))

TRANSPOSED = (Atom("⊤"), Atom("ᵀ"), Atom("T"))


def narrow(tree: Tree, letters: dict[str, str]) -> str | None:
    """The tree in small raised or lowered characters; None where some of it has no such form."""
    match tree:
        case Atom(text):
            small = [letters.get(character) for character in text.strip()]
            return None if None in small else "".join(filter(None, small))
        case Row(children):
            parts = [narrow(child, letters) for child in children]
            joined = None if None in parts else "".join(filter(None, parts))
            # A raised point and a sign between numbers are too small to be told apart: e⁸·⁴⁴²⁻²·¹.
            summed = any(isinstance(child, Atom) and child.kind == "binary" for child in children)
            return None if joined and summed and "·" in joined else joined
    return None


def _edge(tree: Tree, last: bool) -> Atom:
    """The atom that a neighbour sees."""
    match tree:
        case Atom():
            return tree
        case Row(children) if children:
            return _edge(children[-1 if last else 0], last)
        case Script(base):
            edge = _edge(base, last)
            return Atom("x") if last and edge.kind in ("word", "function") and len(edge.text) < 2 else edge
        case Accent(_mark, body):
            return _edge(body, last)
        case Fenced(left, _body, right):
            return Atom(right or "|", "close") if last else Atom(left or "|", "open")
        case Fraction() | Root() | Matrix():
            return Atom("1", "box")
    return Atom("")


def gap(children: tuple[Tree, ...], index: int) -> int:
    """How many spaces stand before the child at this index."""
    before, after = _edge(children[index - 1], True), _edge(children[index], False)
    transposed = isinstance(child := children[index], Script) and child.above in TRANSPOSED
    if transposed and before.kind == "ordinary" and before.text.isalpha():
        return 1
    if "space" in (before.kind, after.kind) or before.text.endswith(" ") or after.text.startswith(" "):
        return 0
    if "relation" in (before.kind, after.kind):
        return 1
    if after.kind == "binary":
        return int(before.kind != "open")
    if before.kind == "sign":
        return 0
    if before.kind == "binary":
        return 1
    if before.kind == "comma":
        return 1
    if before.kind == "operator":
        return 1
    if after.kind in ("operator", "function"):
        return int(before.kind not in ("open",))
    if before.kind == "function":
        return int(after.kind not in ("open", "close", "comma"))
    if before.kind == "word" and after.kind in ("word", "ordinary", "box"):
        return int(after.text[:1].isalnum() and before.text[-1:].isalnum())
    if after.kind == "word" and before.kind in ("ordinary", "close"):
        return int(after.text[:1].isalnum() and (before.text[-1:].isalnum() or before.kind == "close"))
    return 0


def line_of(tree: Tree) -> str:
    """The tree in one line."""
    match tree:
        case Atom(text):
            return text
        case Row(children):
            return _row(children)
        case Fraction(above, below):
            return f"{_closed(above)} / {_closed(below, True)}"
        case Root(body, degree):
            return f"{'' if degree is None else _raised(degree)}√{_closed(body, True)}"
        case Script():
            return _script(tree)
        case Fenced(left, body, right):
            return left + line_of(body) + right
        case Accent(mark, body):
            text = line_of(body)
            return text[:1] + mark + text[1:]
        case Matrix(environment, rows):
            return _matrix(environment, rows)
    raise TypeError(tree)


def _row(children: tuple[Tree, ...]) -> str:
    written = ""
    for index, child in enumerate(children):
        text = line_of(child)
        before = children[index - 1] if index else None
        space = gap(children, index) if index else 0
        # In one line W_1 X would read as one name, and x / 2(1 + y) as x over all of the rest.
        if isinstance(before, Script) and before.below is not None and text[:1].isalnum():
            space = max(space, 1)
        if isinstance(child, Fraction) and (_multiplies(children, index) or _multiplies(children, index + 1)):
            text = f"({text})"
        written += " " * space + text
    return written


def _multiplies(children: tuple[Tree, ...], index: int) -> bool:
    """Whether nothing but a product stands between this child and the one before it."""
    if not 0 < index < len(children):
        return False
    spaces = [children[at] == Atom(" ", "space") for at in (index - 1, index)]
    if any(spaces):
        return _multiplies(
            children[: index - 1] + children[index:] if spaces[0] else children[:index] + children[index + 1 :],
            index - spaces[0],
        )
    neighbours = _edge(children[index - 1], True), _edge(children[index], False)
    return not any(edge.kind in ("relation", "binary", "comma", "space") for edge in neighbours)


def _closed(tree: Tree, under: bool = False) -> str:
    """In brackets where it would fall apart; the lower side of a fraction falls apart sooner."""
    text = line_of(tree)
    if isinstance(tree, Fraction) or (
        isinstance(tree, Row)
        and any(
            isinstance(part, Fraction)
            or (isinstance(part, Atom) and part.kind in ("binary", "relation", "comma"))
            or (under and isinstance(part, Script | Atom | Fenced) and len(tree.children) > 1)
            for part in tree.children
        )
    ):
        if not (text.lstrip("-−").replace(".", "").isdigit()):
            return f"({text})"
    return text


def _script(tree: Script) -> str:
    base = line_of(tree.base)
    if isinstance(tree.base, Atom) and tree.base.kind == "operator":
        limits = [line_of(part) for part in (tree.below, tree.above) if part is not None]
        return f"{base}[{'…'.join(limits).replace(' = ', '=')}]"
    if isinstance(tree.base, Fraction | Row) and len(base) > 1:
        base = f"({base})"
    below = "" if tree.below is None else _index(tree.below)
    return base + below + ("" if tree.above is None else _raised(tree.above))


def _index(tree: Tree) -> str:
    """x_i for one index; scores[query,key] for several."""
    text = line_of(tree)
    if "," in text:
        return f"[{text.removeprefix('(').removesuffix(')')}]"
    return "_" + _grouped(tree)


def _raised(tree: Tree) -> str:
    small = narrow(tree, SUPERIOR)
    return small if small is not None else "^" + _grouped(tree)


def _grouped(tree: Tree) -> str:
    text = line_of(tree)
    return text if isinstance(tree, Atom | Fenced) or text.isalnum() else f"({text})"


def _matrix(environment: str, rows: tuple[tuple[Tree, ...], ...]) -> str:
    if environment in ("aligned", "align", "gathered", "split"):
        return " ; ".join(" ".join(filter(None, map(line_of, row))) for row in rows)
    if environment == "cases":
        return "{ " + " ; ".join(", ".join(map(line_of, row)).replace(",, ", ", ") for row in rows) + " }"
    brackets = _BRACKETS.get(environment, "[]")
    return brackets[0] + "; ".join(" ".join(map(line_of, row)) for row in rows) + brackets[1]


def wrap(line: str, width: int | None, indent: int = 2) -> list[str]:
    """The line in lines of at most so many cells, broken at spaces, better before an = than elsewhere."""
    if width is None or cell_len(line) <= width or width < 1:
        return [line]
    indent = indent if width > 4 * indent else 0
    lines: list[str] = []
    current = ""
    for word in _words(line, width - indent):
        room = width - (indent if lines else 0)
        joined = f"{current} {word}" if current else word
        if cell_len(joined) > room:
            lines.append(current)
            current = word
        else:
            current = joined
    lines.append(current)
    return [lines[0], *(" " * indent + rest for rest in lines[1:])]


def _words(line: str, width: int) -> list[str]:
    """Words that each fit; a sign stays with the number after it."""
    words: list[str] = []
    for long_word in line.split():
        *pieces, word = _pieces(long_word, width)
        words.extend(pieces)
        if words and words[-1] in ("=", "+", "−", "-", "·", "×", "/", "≈") and cell_len(words[-1] + word) < width:
            words[-1] += " " + word
        elif word:
            words.append(word)
    return words


def _pieces(word: str, width: int) -> list[str]:
    """A word cut into pieces that each fit; a character wider than the width is a piece of its own."""
    if cell_len(word) <= width:
        return [word]
    pieces, used = [""], 0
    for start, stop, cells in split_graphemes(word)[0]:
        if used + cells > width and pieces[-1]:
            pieces.append("")
            used = 0
        pieces[-1] += word[start:stop]
        used += cells
    return pieces
