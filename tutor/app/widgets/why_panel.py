"""Why this number: the formula, the numbers put in, a sentence, and the operands to walk on to."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tutor.display import prose
from tutor.display.flow import wrapped
from tutor.display.formula import render
from tutor.display.language import _, sentences
from tutor.display.numbers import number
from tutor.display.safe import fit
from tutor.engine.explanation import Cell, Explanation
from tutor.engine.trace import Trace

SHOWN_OPERANDS = 24
DIGITS = 4
TOLD_BY_OPERAND = ("copy", "look_up", "mask")  # of these the operand is the answer


@dataclass(frozen=True)
class WhyView:
    """What the panel shows: a cell explained, or why it is not (a blank of an exercise)."""

    trace: Trace
    why: Explanation
    formula: str
    hidden: bool = False  # the learner is to find this number
    extra: tuple[str, ...] = ()  # further lines: the letters of a token, a symbol's meaning
    covered: bool = False  # a prediction is asked for: what it is made from would tell
    asked: str = ""  # the formula of a question, which need not be that of the cell


class WhyPanel(Vertical):
    """Above, the arithmetic of one cell; below, its operands. Enter on one of them walks there."""

    DEFAULT_CSS = """
    WhyPanel { height: 1fr; }
    WhyPanel VerticalScroll { scrollbar-size-vertical: 1; }
    WhyPanel Static { padding: 0 1; height: auto; }
    WhyPanel OptionList {
        border: none; padding: 0; background: $surface; scrollbar-size-vertical: 1; scrollbar-gutter: stable;
    }
    WhyPanel OptionList:focus { background: $boost; border: none; }
    WhyPanel .-none { display: none; }
    """

    class Follow(Message):
        """The learner wants to go to an operand."""

        def __init__(self, cell: Cell) -> None:
            self.cell = cell
            super().__init__()

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._view: WhyView | None = None
        self._cells: tuple[Cell, ...] = ()
        self._text_lines = 0
        self._shared = (0, 0)  # the heights of the text and of the list, as last set

    def compose(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            yield Static(id="why-text")
        yield OptionList(id="operands")

    def show(self, view: WhyView) -> None:
        """Explain another cell."""
        self._view = view
        self._cells = () if view.covered else view.why.leading_cells(SHOWN_OPERANDS)
        self._draw_text()
        width = max(20, self.size.width - 4)
        sides = partners(view)
        self._list([operand_line(view, place, cell, width, sides) for place, cell in enumerate(self._cells, 1)])
        self._share_height(len(self._cells))

    def _list(self, lines: list[Text]) -> None:
        """Only what changed is drawn anew: a list of the same length keeps its place on the screen."""
        operands = self.query_one(OptionList)
        if operands.option_count == len(lines):
            for place, line in enumerate(lines):
                operands.replace_option_prompt_at_index(place, line)
        else:
            operands.clear_options()
            operands.add_options([Option(line) for line in lines])
        operands.set_class(not lines, "-none")
        if lines:
            operands.highlighted = 0

    def _share_height(self, options: int) -> None:
        """The text gets what it needs, as long as a third is left for the operands where they need it."""
        scroll, height = self.query_one(VerticalScroll), max(2, self.size.height)
        text = min(self._text_lines, height - min(options, height // 3))
        listed = max(1, min(options, height - text))
        if (text, listed) != self._shared:
            self._shared = (text, listed)
            scroll.styles.height = text
            self.query_one(OptionList).styles.height = listed
        if scroll.scroll_offset.y:
            scroll.scroll_home(animate=False)

    @property
    def chosen(self) -> Cell | None:
        """The operand that Enter would walk to while the panel has the focus."""
        place = self.query_one(OptionList).highlighted
        return self._cells[place] if place is not None and place < len(self._cells) else None

    def on_resize(self) -> None:
        if self._view is not None:
            self.show(self._view)

    def _draw_text(self) -> None:
        assert self._view is not None
        width = max(20, self.size.width - 3)
        text = why_text(self._view, width)
        lines, self._text_lines = self._text_lines, text.plain.count("\n") + 1
        self.query_one("#why-text", Static).update(text, layout=lines != self._text_lines)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_index < len(self._cells):
            self.post_message(self.Follow(self._cells[event.option_index]))


def why_text(view: WhyView, width: int) -> Text:
    """Everything above the operands, as lines of at most `width` cells where the formulas allow."""
    why, trace = view.why, view.trace
    name = prose.cell_name(trace, why.node, why.index)
    text = Text(end="")
    value = "?" if view.hidden else number(why.result, DIGITS)
    text.append(f"{fit(name, max(8, width - cell_len(value) - 3))} = {value}\n", style="bold")
    for formula in (view.asked, view.formula):
        if formula:
            text.append("\n" + "\n".join(render(formula, width)) + "\n")
    if view.covered:
        return text.append("\n").append_text(wrapped(Text(_("Covered until you have predicted.")), width))
    if view.hidden:
        yours = Text(_("This number is yours to find, from the numbers below. x: answer, h: hint."))
        text.append("\n").append_text(wrapped(yours, width)).append("\n")
        return text.append("\n" + _("made from"), style="dim") if why.leading_cells(1) else text
    if why.kind not in ("leaf", "copy", "look_up", "rule") or why.facts.get("arithmetic"):
        text.append("\n" + "\n".join(render("= " + why.substituted, width)) + "\n", style="bold")
    said = sentences(prose.sentence(trace, why), prose.rest(why))
    if said:
        text.append("\n").append_text(wrapped(Text(said), width)).append("\n")
    if view.extra:
        lines = [wrapped(Text(line), width, 2) for line in view.extra]
        text.append("\n").append_text(Text("\n").join(lines)).append("\n")
    if trace[why.node].changed and why.kind != "changed":
        edited = Text(_("Another number of this matrix was changed by you."))
        text.append_text(wrapped(edited, width)).append("\n")
    if why.leading_cells(1):
        text.append("\n" + _("made from"), style="dim")
    return text


def partners(view: WhyView) -> dict[Cell, float]:
    """What the term of each operand shown contributes: e to a score, or the product whose second factor it is."""
    if view.hidden or view.why.kind in ("function", "mask"):  # whose operands are not multiplied
        return {}
    is_softmax = view.why.kind == "softmax"
    terms = view.why.leading_terms(SHOWN_OPERANDS)
    return {term.cells[-1]: term.value for term in terms if len(term.cells) == (1 if is_softmax else 2)}


def operand_line(view: WhyView, place: int, cell: Cell, width: int, sides: dict[Cell, float] | None = None) -> Text:
    """`1 scores[I, student]      8.80`; with what its term contributes, from `sides`, which `partners` tells."""
    trace = view.trace
    told = view.hidden and view.why.kind in TOLD_BY_OPERAND
    value = "" if told else number(cell.value, DIGITS)
    side = (partners(view) if sides is None else sides).get(cell)
    partner = "" if side is None else f" → {number(side, 3)}"
    mark = "×" if partner and view.why.kind != "softmax" else f"{place}" if place < 10 else " "
    if width - cell_len(value) - cell_len(partner) < 12:
        partner = ""  # the name of what it is matters more
    room = max(6, width - cell_len(value) - cell_len(partner) - 4)
    name = prose.cell_name(trace, cell.node, cell.index)
    if cell_len(name) > room:
        name = fit(prose.cell_name(trace, cell.node, cell.index, last_only=True), room)
    gap = " " * max(1, width - cell_len(name) - cell_len(value) - cell_len(partner) - 2)
    line = Text(f"{mark} ", style="dim", no_wrap=True, end="")
    return line.append(name).append(gap).append(value, style="bold").append(partner, style="dim")
