"""What a learner types as a number: reading it, and deciding whether it is near enough to the one wanted."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

RELATIVE = 0.005  # half a percent
NOISE = 1e-6  # of the matrix's largest number: what float32 leaves where the true number is 0
NOISE_IN_PROGRAMS = 1e-12  # the same of float64, in which hand-size programs are computed
MAXIMUM_LENGTH = 120

_MINUS = str.maketrans(
    {
        "−": "-",
        "–": "-",
        "—": "-",
        "‐": "-",
        "‑": "-",
        "﹣": "-",
        "ー": "-",
        "。": ".",
        "、": ",",
        "·": "*",
        "×": "*",
        "∙": "*",
        "⋅": "*",
        "✕": "*",
        "÷": "/",
        "∕": "/",
        "⁄": "/",
        "：": "/",
        ":": "/",
        "＝": "=",
        "′": "",
        "'": "",
        "_": "",
    }
)
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?(?:e[-+]?[0-9]{1,3})?|\.[0-9]+(?:e[-+]?[0-9]{1,3})?")
_FUNCTIONS = {
    **{"√": math.sqrt, "sqrt": math.sqrt, "exp": math.exp, "e^": math.exp, "ln": math.log, "log": math.log},
    **{"sin": math.sin, "cos": math.cos, "tanh": math.tanh},
}
_TOKEN = re.compile(rf"\s*(?:({_NUMBER.pattern})|(√|sqrt|exp|e\^|ln|log|sin|cos|tanh|[-+*/()^]))")
_INFINITE = {"inf", "infinity", "∞", "oo", "无穷", "无穷大", "無窮", "無窮大"}


@dataclass(frozen=True)
class Answer:
    """A number as typed: its value, half a unit of its last digit, its significant digits (0 where it was computed)."""

    value: float
    half_unit: float = 0.0
    digits: int = 0
    computed: bool = False


def readings(text: str) -> tuple[Answer, ...]:
    """What `text` may mean, likeliest first; empty where it is no number. A comma may be a point or a separator."""
    if len(text) > MAXIMUM_LENGTH:
        return ()
    plain = unicodedata.normalize("NFKC", text.translate(_MINUS)).translate(_MINUS).strip().lower()
    plain = plain.removeprefix("=").removeprefix("≈").strip()
    if infinite := _infinity(plain):
        return (Answer(infinite),)
    variants = [plain]
    if "," in plain:
        point, separated = plain.replace(",", "."), plain.replace(",", "")
        variants = [separated] if "." in plain else [point, separated]
    found = [answer for variant in variants if (answer := _one(variant)) is not None]
    return tuple(dict.fromkeys(found))


def _infinity(plain: str) -> float:
    negative = plain.startswith(("-", "负", "負"))
    word = plain.lstrip("-+").removeprefix("正").removeprefix("负").removeprefix("負").strip()
    return (-math.inf if negative else math.inf) if word in _INFINITE else 0.0


def _one(plain: str) -> Answer | None:
    percent = plain.endswith("%")
    body = plain[:-1].strip() if percent else plain
    sign = -1.0 if body.startswith("-") else 1.0
    number = body[1:].strip() if body.startswith(("-", "+")) else body
    if _NUMBER.fullmatch(number):
        return _typed(number, sign, 0.01 if percent else 1.0)
    try:
        value = _Arithmetic(body).value()
    except (ValueError, ZeroDivisionError, OverflowError):
        return None
    return Answer(value / 100 if percent else value, computed=True) if math.isfinite(value) else None


def _typed(number: str, sign: float, unit: float) -> Answer | None:
    value = float(number)
    if not math.isfinite(value):
        return None
    mantissa, _, exponent = number.partition("e")
    decimals = len(mantissa.partition(".")[2]) - int(exponent or 0)
    digits = len(mantissa.replace(".", "").lstrip("0"))
    if value == 0:
        digits = max(decimals, 1)  # 0.00 says two digits about a number near zero
    return Answer(sign * value * unit, 0.5 * 10.0 ** min(-decimals, 300) * unit, digits)


class _Arithmetic:
    """Sums, products, quotients, powers, roots, e^x, ln, sin, cos, tanh and brackets; nothing is executed."""

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        at = 0
        while at < len(text):
            if (match := _TOKEN.match(text, at)) is None:
                if not text[at:].strip():
                    break
                raise ValueError(text)
            self.tokens.append(match.group(1) or match.group(2))
            at = match.end()
        self.at = 0

    def value(self) -> float:
        result = self.sum()
        if self.at != len(self.tokens):
            raise ValueError("left over")
        return result

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def sum(self) -> float:
        result = self.product()
        while self.peek() in ("+", "-"):
            result = result + self.product() if self.take() == "+" else result - self.product()
        return result

    def product(self) -> float:
        result = self.factor()
        while self.peek() in ("*", "/"):
            result = result * self.factor() if self.take() == "*" else result / self.factor()
        return result

    def factor(self) -> float:
        if self.peek() in ("-", "+"):
            return -self.factor() if self.take() == "-" else self.factor()
        base = self.atom()
        if self.peek() != "^":
            return base
        self.take()
        return math.pow(base, self.factor())

    def atom(self) -> float:
        token = self.take()
        if token in _FUNCTIONS:
            return _FUNCTIONS[token](self.factor() if token == "e^" else self.atom())
        if token == "(":
            result = self.sum()
            if self.take() != ")":
                raise ValueError("an open bracket")
            return result
        return float(token)


def accepts(expected: float, answer: Answer, noise: float = NOISE, whole: bool = False) -> bool:
    """Whether `answer` is `expected` as sensibly rounded: two significant digits or more, or within half a percent.

    Where numbers are `whole`, half a percent may be many: the nearest must be the right one.
    """
    if not math.isfinite(expected) or not math.isfinite(answer.value):
        return answer.value == expected
    distance = abs(answer.value - expected)
    near = RELATIVE * abs(expected)
    if distance <= max(noise, min(near, 0.5) if whole else near):
        return True
    # A learner rounds half either way, and the numbers on screen are themselves rounded.
    return answer.digits >= 2 and distance <= answer.half_unit * (1 + 1e-6)


def too_coarse(expected: float, answer: Answer) -> bool:
    """Whether `answer` is `expected` rounded so far that it cannot be told from a guess."""
    if answer.computed or answer.digits >= 2 or not math.isfinite(expected) or not math.isfinite(answer.value):
        return False
    return abs(answer.value - expected) <= answer.half_unit


def matches(value: float, answer: Answer, noise: float = NOISE, whole: bool = False) -> bool:
    """Whether `answer` looks like `value`, a number the learner may have got by a mistake."""
    return not math.isnan(value) and accepts(value, answer, noise, whole)


def shown(value: float) -> str:
    """A number for a sentence: four significant digits, but large whole numbers in full; a true minus sign."""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.0f}" if 1000 <= abs(value) < 2**53 and value == round(value) else f"{value:.4g}"
    text = text.replace("e-0", "e-")
    if "e" in text and abs(value) >= 1:
        text = str(Decimal(text).quantize(Decimal(1)))
    return text.replace("-", "−") if text != "-0" else "0"
