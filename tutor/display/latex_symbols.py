"""The parts of a formula, and the tables of what LaTeX calls them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Atom:
    """One symbol or word. kind: ordinary, word, function, operator (∑), relation, binary, open, close, comma, space."""

    text: str
    kind: str = "ordinary"


@dataclass(frozen=True)
class Row:
    children: tuple["Tree", ...] = ()


@dataclass(frozen=True)
class Fraction:
    above: "Tree"
    below: "Tree"


@dataclass(frozen=True)
class Root:
    body: "Tree"
    degree: "Tree | None" = None


@dataclass(frozen=True)
class Script:
    base: "Tree"
    below: "Tree | None" = None
    above: "Tree | None" = None


@dataclass(frozen=True)
class Fenced:
    left: str
    body: "Tree"
    right: str


@dataclass(frozen=True)
class Accent:
    mark: str
    body: "Tree"


@dataclass(frozen=True)
class Matrix:
    environment: str
    rows: tuple[tuple["Tree", ...], ...]


Tree = Atom | Row | Fraction | Root | Script | Fenced | Accent | Matrix


RELATIONS = frozenset("=<>≤≥≠≈≡∼≃≅∝→←⇒⇐⇔↔⟶⟵↦∈∉∋⊂⊆⊃⊇≪≫∣:")
BINARIES = frozenset("+−-×·÷⊙⊕⊗⊖∗*∘±∓∪∩∧∨⋆∥")
OPENING = {"(": ")", "[": "]", "⌊": "⌋", "⌈": "⌉", "⟨": "⟩"}
CLOSING = frozenset(OPENING.values())

OWN_SYMBOLS = {
    "cdot": "·", "epsilon": "ε", "varepsilon": "ε", "phi": "φ", "lVert": "‖", "rVert": "‖", "Vert": "‖", "|": "‖",
    "intercal": "ᵀ", "triangleq": "≜", "coloneqq": "≔", "dotsc": "…", "dotsb": "⋯", "colon": ":", "lt": "<", "gt": ">",
    "checkmark": "✓", "degree": "°", "infin": "∞", "to": "→", "sim": "∼", "prime": "′", "star": "⋆", "-": "",
    "rhd": "▷", "not": "¬", "longrightarrow": "→", "implies": "⇒", "blacksquare": "■", "square": "□",
    "lbrace": "{", "rbrace": "}", "sum": "∑", "prod": "∏", "int": "∫", "bigcup": "⋃", "bigcap": "⋂", "bigoplus": "⨁",
}  # fmt: skip
FUNCTIONS = frozenset(
    "arccos arcsin arctan arg cos cosh cot deg det dim exp gcd inf ker lg lim ln log max min mod bmod "
    "Pr sec sin sinh sup tan tanh argmax argmin".split()
)
OPERATORS = frozenset({"sum", "prod", "int", "bigcup", "bigcap", "bigoplus"})
FONTS = frozenset(
    "mathrm mathbf mathsf mathtt mathit mathnormal mathcal mathfrak mathscr mathbb boldsymbol bm operatorname "
    "operatorname* underline underbrace overbrace boxed phantom mathop mathbin mathrel mathord".split()
)
TEXTS = frozenset("text textbf textit textrm texttt textsf mbox hbox textnormal".split())
ACCENTS = {
    "hat": "\u0302", "widehat": "\u0302", "bar": "\u0304", "overline": "\u0304", "tilde": "\u0303",
    "widetilde": "\u0303", "vec": "\u20d7", "dot": "\u0307", "ddot": "\u0308", "acute": "\u0301", "grave": "\u0300",
    "check": "\u030c", "breve": "\u0306", "mathring": "\u030a",
}  # fmt: skip
SPACES = {"quad": 2, "qquad": 4, ",": 1, ";": 1, ":": 1, ">": 1, " ": 1, "!": 0, "enspace": 1, "thinspace": 1}
IGNORED = frozenset(
    "displaystyle textstyle scriptstyle scriptscriptstyle limits nolimits nonumber notag mathstrut "
    "left right big bigl bigr bigm Big Bigl Bigr bigg biggl biggr Bigg Biggl Biggr".split()
)
FENCED_MATRICES = {"()": "pmatrix", "[]": "bmatrix", "{}": "Bmatrix", "||": "vmatrix", "‖‖": "Vmatrix"}
DOUBLE_STRUCK = dict(zip("CHNPQRZE", "ℂℍℕℙℚℝℤ𝔼", strict=True))


def symbol(text: str) -> Atom:
    """An atom of the kind its character asks for."""
    kind = "ordinary"
    if text in RELATIONS:
        kind = "relation"
    elif text in BINARIES:
        kind = "binary"
    elif text in OPENING or text == "{":
        kind = "open"
    elif text in CLOSING or text == "}":
        kind = "close"
    elif text in (",", ";"):
        kind = "comma"
    return Atom(text, kind)
