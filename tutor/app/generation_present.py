"""From a generation to the words around it: headings, the cache's count, hints. Pure functions, no widget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len
from textual.widgets import Input

from tutor.app.dials import NAMES
from tutor.app.generation_state import GenerationState
from tutor.app.widgets.dial import Dial
from tutor.app.widgets.key_line import Hint
from tutor.display.cache import cache_lines
from tutor.display.language import _
from tutor.display.messages import translated
from tutor.display.safe import fit, fit_end, safe
from tutor.display.search_tree import two_decimals
from tutor.engine.cache import Work
from tutor.models.generation import Generation

MARGINS = 2  # cells beside a line of text, both sides together


def title(state: GenerationState) -> str:
    """`generation · beam`."""
    return _("generation") + " · " + _(NAMES[state.wish.settings["strategy"]])


def notice(state: GenerationState) -> str:
    """What is wrong, or what the model did not read."""
    if state.error or state.found is None:
        return state.error
    return translated(state.found.notice or "")


def step_heading(state: GenerationState, prefixes: Sequence[str], width: int) -> str:
    """Which step, and what is there to go on from: of a long text the end, which the next token follows."""
    heading = _("step {0}/{1}").format(state.number + 1, len(state.steps))
    if len(prefixes) == 1:
        if not prefixes[0]:
            return heading + " · " + _("the first token")
        after = heading + " · " + _("after {0}")
        return after.format(fit_end(safe(prefixes[0]), width - cell_len(after.format("")) - MARGINS))
    return heading + " · " + _("{0} hypotheses go on").format(len(prefixes))


def answer_heading(found: Generation, width: int) -> str:
    """The best answer, as far as there is room for it, and what the model thinks of it."""
    numbers = _("score {0}, probability {1}").format(two_decimals(found.score), f"{found.probability:.3g}")
    cut = "" if found.ended else " " + _("(cut off)")
    said = f"  {numbers}{cut}"
    return f"▸ {fit(safe(found.text), width - cell_len(f'▸ {said}') - MARGINS)}{said}"


def cache_line(work: Work, width: int) -> str:
    """What the key-value cache saved, on one line or two."""
    lines = cache_lines(work)
    line = " · ".join(lines)
    return line if cell_len(line) <= width - MARGINS else "\n".join(lines)


def hints(state: GenerationState, focused: Any) -> tuple[Hint, ...]:
    """The keys that help now."""
    help_hint = Hint("?", _("keys"), "screen.help")
    back = Hint("esc", _("back"), "screen.leave")
    if state.step is None:
        return (Hint("/", _("type a sentence"), "screen.sentence"), back, help_hint)
    steps = Hint("n p", _("step"), "screen.step(1)")
    settings = [
        Hint("s", _("strategy"), "screen.dial('strategy')"),
        Hint("tab", _("setting"), "app.focus_next"),
        Hint("/", _("sentence"), "screen.sentence"),
    ]
    if isinstance(focused, Dial):
        return (
            Hint("← →", _("turn it"), "screen.dial('strategy')"),
            Hint("tab", _("next"), "app.focus_next"),
            steps,
        ) + (
            Hint("↓", _("candidates"), "screen.candidates"),
            back,
            help_hint,
        )
    if isinstance(focused, Input):
        return (Hint("enter", _("done"), "screen.candidates"), back, help_hint)
    where = Hint("enter", _("its trace"), "screen.open")
    return (steps, Hint("↑↓", _("candidate"), "screen.candidates"), where, *settings, back, help_hint)
