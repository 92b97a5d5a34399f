"""What a row of a formula means by its spaces, signs and brackets."""

from tutor.display.latex_symbols import Accent, Atom, Fenced, Fraction, Matrix, Root, Row, Script, Tree

WRITTEN_SPACE = Atom(" ", "written")
_FACTORS = ("ordinary", "word", "close", "open", "box", "function")


def settle(children: list[Tree]) -> list[Tree]:
    """Tell a sign from a binary minus, and keep those written spaces that part two factors.

    TeX ignores a space. Here Q K is easier to read than QK, and its author wrote it so.
    """
    result: list[Tree] = []
    for index, child in enumerate(children):
        before = result[-1] if result else None
        after = children[index + 1] if index + 1 < len(children) else None
        if child == WRITTEN_SPACE:
            ended = isinstance(before, Atom) and before.text.endswith(" ")
            if _kind(before) in _FACTORS and _kind(after) in _FACTORS and not ended:
                result.append(Atom(" ", "space"))
            continue
        if isinstance(child, Atom) and child.text in ("+", "-", "−", "±") and child.kind == "binary":
            loose = _kind(before) == "space" and _kind(after) != "space" and after != WRITTEN_SPACE
            if loose or _kind(before) in ("", "relation", "open", "comma", "binary", "function"):
                child = Atom(child.text, "sign")
        result.append(child)
    return result


def _kind(tree: Tree | None) -> str:
    base = tree.base if isinstance(tree, Script) else tree
    return "" if base is None else base.kind if isinstance(base, Atom) else "box"


def tall(tree: Tree | None) -> bool:
    """Whether this takes more than a line because of a fraction or a matrix in it."""
    match tree:
        case Fraction() | Matrix():
            return True
        case Row(children):
            return any(map(tall, children))
        case Root(body=body) | Fenced(body=body) | Accent(body=body):
            return tall(body)
        case Script(base, below, above):
            return any(map(tall, (base, below, above)))
    return False


def stretch(children: list[Tree]) -> list[Tree]:
    """Plain brackets around something tall become brackets that grow with it."""
    opened: list[int] = []
    result: list[Tree] = []
    for child in children:
        result.append(child)
        if isinstance(child, Atom) and child.kind == "open":
            opened.append(len(result) - 1)
        base = child.base if isinstance(child, Script) else child
        if not (isinstance(base, Atom) and base.kind == "close" and opened):
            continue
        start = opened.pop()
        left, inside = result[start], result[start + 1 : -1]
        if isinstance(left, Atom) and any(map(tall, inside)):
            fenced = Fenced(left.text, Row(tuple(inside)), base.text)
            result[start:] = [Script(fenced, child.below, child.above) if isinstance(child, Script) else fenced]
    return result
