"""A small reader for the LaTeX of formulas: text in, tree out.

It knows what lessons and operations use. Anything else it reads as the plain name of the command, and says so
in `Formula.complete`, so that a formula is never lost.
"""

import re
from dataclasses import dataclass

from texicode import symbols_art

from tutor.display.latex_shape import WRITTEN_SPACE, settle, stretch
from tutor.display.latex_symbols import (
    ACCENTS,
    DOUBLE_STRUCK,
    FENCED_MATRICES,
    FONTS,
    FUNCTIONS,
    IGNORED,
    OPERATORS,
    OWN_SYMBOLS,
    SPACES,
    TEXTS,
    Accent,
    Atom,
    Fenced,
    Fraction,
    Matrix,
    Root,
    Row,
    Script,
    Tree,
    symbol,
)
from tutor.display.safe import safe

DEEPEST = 40
LONGEST = 20_000


@dataclass(frozen=True)
class Formula:
    tree: Tree
    complete: bool = True


_TOKEN = re.compile(r"\\[A-Za-z]+\*? ?|\\.|[{}^_&]|\d+(?:\.\d+)?(?:e[+-]?\d+)?|\s+|.", re.DOTALL)


class LatexError(ValueError):
    """A formula that cannot be read: too deep or too long."""


def read(latex: str) -> Formula:
    """The tree of a formula. LatexError where it is nested too deeply or too long."""
    if len(latex) > LONGEST:
        raise LatexError("the formula is too long")
    # The space after a command only ends its name.
    tokens = [token.rstrip(" ") or token for token in _TOKEN.findall(safe(re.sub(r"\s+", " ", latex).strip()))]
    reader = _Reader(tokens)
    tree = reader.lines()
    return Formula(tree, reader.complete)


@dataclass
class _Reader:
    tokens: list[str]
    at: int = 0
    depth: int = 0
    complete: bool = True

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def skip_space(self) -> None:
        while self.peek() == " ":
            self.at += 1

    def lines(self) -> Tree:
        """A whole formula; `\\\\` outside an environment starts a new line."""
        rows = [self.row(("\\\\",))]
        while self.at < len(self.tokens):
            if self.take() == "\\\\":
                rows.append(self.row(("\\\\",)))
            else:  # a brace too many
                self.complete = False
                rows[-1] = Row((rows[-1], self.row(("\\\\",))))
        return rows[0] if len(rows) == 1 else Matrix("aligned", tuple((row,) for row in rows))

    def row(self, stop: tuple[str, ...]) -> Row:
        """Everything up to (not including) a stop token."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise LatexError("the formula is nested too deeply")
        children: list[Tree] = []
        while self.peek() and self.peek() not in (*stop, "}"):
            token = self.take()
            if token in ("^", "_"):
                self.script(token, children)
            else:
                children.extend(self.part(token))
        self.depth -= 1
        return Row(tuple(stretch(settle(children))))

    def group(self) -> Tree:
        """An argument: what stands in braces, or the next single thing."""
        self.skip_space()
        if self.peek() != "{":
            parts = self.part(self.take())
            return parts[0] if len(parts) == 1 else Row(tuple(parts))
        self.take()
        row = self.row(())
        if self.take() != "}":
            self.complete = False
        if row.children == (Atom(",", "comma"),):  # 1{,}024
            return Atom(",")
        return row.children[0] if len(row.children) == 1 else row

    def raw_group(self) -> str:
        """An argument as it is written: \\text{…}, \\begin{…}, a colour."""
        self.skip_space()
        if self.peek() != "{":
            return self.take()
        self.take()
        text, open_braces = "", 1
        while self.peek():
            token = self.take()
            open_braces += (token == "{") - (token == "}")
            if not open_braces:
                return text
            text += token if token in ("{", "}") else re.sub(r"^\\([^A-Za-z])$", r"\1", token)
        self.complete = False
        return text

    def script(self, token: str, children: list[Tree]) -> None:
        while children and children[-1] == WRITTEN_SPACE:
            children.pop()
        base = children.pop() if children else Atom("")
        script = self.group()
        if not isinstance(base, Script) or (base.below if token == "_" else base.above) is not None:
            base = Script(base)
        if token == "_":
            children.append(Script(base.base, script, base.above))
        else:
            children.append(Script(base.base, base.below, script))

    def part(self, token: str) -> list[Tree]:
        if token == "{":
            self.at -= 1
            return [self.group()]
        if token.startswith("\\") and len(token) > 1:
            return self.command(token[1:])
        if token == " ":
            return [WRITTEN_SPACE]
        if token == "~":
            return [Atom(" ", "space")]
        if token == "&":
            return []
        if token == "'":
            return [Atom("′")]
        return [symbol(token)] if token else []

    def command(self, name: str) -> list[Tree]:
        if name in SPACES:
            return [Atom(" " * SPACES[name], "space")] if SPACES[name] else []
        if name in ("frac", "dfrac", "tfrac", "cfrac"):
            return [Fraction(self.group(), self.group())]
        if name in ("binom", "dbinom"):
            return [Matrix("pmatrix", ((self.group(),), (self.group(),)))]
        if name == "sqrt":
            return [self.root()]
        if name in TEXTS:
            return [Atom(self.raw_group(), "word")]
        if name in FONTS:
            return [self.font(name)]
        if name in ACCENTS:
            return [Accent(ACCENTS[name], self.group())]
        if name in ("color", "textcolor", "colorbox"):
            self.raw_group()
            return []
        if name in ("overset", "underset", "stackrel"):
            script, base = self.group(), self.group()
            return [Script(base, script) if name == "underset" else Script(base, None, script)]
        if name == "left":
            return [self.fenced()]
        if name == "begin":
            return [self.environment()]
        return [] if name in IGNORED else [self.named(name)]

    def named(self, name: str) -> Atom:
        if name in OPERATORS:
            return Atom(OWN_SYMBOLS[name], "operator")
        if name in FUNCTIONS:
            return Atom(name, "function")
        text = OWN_SYMBOLS.get(name)
        if text is None:
            text = "".join(symbols_art.symbols.get(name, ())).strip()
        if not text and name not in OWN_SYMBOLS:
            self.complete = False
            return Atom(name, "word")
        return symbol(text)

    def font(self, name: str) -> Tree:
        body = self.group()
        if name in ("underbrace", "overbrace"):  # the brace and what is written under it are dropped
            self.skip_space()
            if self.peek() in ("_", "^"):
                self.take()
                self.group()
            return body
        if name == "mathbb" and isinstance(body, Atom):
            return Atom(DOUBLE_STRUCK.get(body.text, body.text))
        parts = body.children if isinstance(body, Row) else (body,)
        if all(isinstance(part, Atom) and part.kind in ("ordinary", "space", "word") for part in parts):
            word = "".join(part.text for part in parts if isinstance(part, Atom))
            return Atom(word, "function" if name == "operatorname" else "word" if len(word) > 1 else "ordinary")
        return body

    def root(self) -> Root:
        self.skip_space()
        if self.peek() != "[":
            return Root(self.group())
        self.take()
        degree = self.row(("]",))
        self.take()
        return Root(self.group(), degree)

    def fenced(self) -> Tree:
        left = self.delimiter()
        body = self.row(("\\right",))
        if self.take() != "\\right":
            self.complete = False
            return Fenced(left, body, "")
        right = self.delimiter()
        if len(body.children) == 1 and isinstance(body.children[0], Matrix) and left + right in FENCED_MATRICES:
            return Matrix(FENCED_MATRICES[left + right], body.children[0].rows)
        return Fenced(left, body, right)

    def delimiter(self) -> str:
        self.skip_space()
        token = self.take()
        if token == ".":
            return ""
        return self.named(token[1:]).text if token.startswith("\\") else token

    def environment(self) -> Tree:
        name = self.raw_group().rstrip("*")
        if name in ("array", "tabular"):
            self.raw_group()
        rows: list[list[Tree]] = [[]]
        while True:
            rows[-1].append(self.row(("&", "\\\\", "\\end")))
            token = self.take()
            if token == "\\\\":
                rows.append([])
            elif token != "&":
                break
        if token == "\\end":
            self.raw_group()
        else:
            self.complete = False
        if len(rows) > 1 and rows[-1] == [Row()]:
            rows.pop()
        return Matrix(name, tuple(tuple(row) for row in rows))
