"""A formula in two dimensions and, under it, the same with the numbers of the chosen cell."""

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tutor.display.formula import render


class FormulaView(ScrollView, can_focus=False):
    """Shows LaTeX. The formula keeps its shape and scrolls sideways; the line of numbers is wrapped to the width."""

    DEFAULT_CSS = """
    FormulaView {
        height: auto;
        scrollbar-size: 1 1;
        & > .formula--formula { text-style: bold; }
        & > .formula--substituted { color: $foreground 80%; }
    }
    """
    COMPONENT_CLASSES = {"formula--formula", "formula--substituted"}

    def __init__(
        self, formula: str = "", substituted: str = "", *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._formula, self._substituted = formula, substituted

    @property
    def formula(self) -> str:
        return self._formula

    @property
    def substituted(self) -> str:
        return self._substituted

    def set_formula(self, formula: str, substituted: str = "") -> None:
        """Show another formula (LaTeX), and below it the same with numbers (LaTeX, "" for none)."""
        if (formula, substituted) == (self._formula, self._substituted):
            return
        self._formula, self._substituted = formula, substituted
        self.scroll_to(0, 0, animate=False)
        self._measure()
        self.refresh(layout=True)

    def drawn(self, width: int) -> list[tuple[str, bool]]:
        """The lines, each with whether it belongs to the formula rather than to the numbers."""
        lines = [(line, True) for line in render(self._formula)] if self._formula else []
        if self._substituted:
            numbers = render(self._substituted, max(1, width))
            apart = len(lines) > 1 or len(numbers) > 1
            lines += [("", False)] * (bool(lines) and apart) + [(line, False) for line in numbers]
        return lines

    def _measure(self) -> None:
        lines = self.drawn(self._width)
        self.virtual_size = Size(max((cell_len(line) for line, _formula in lines), default=0), len(lines))

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    def on_resize(self) -> None:
        self._measure()

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return max((cell_len(line) for line, _formula in self.drawn(container.width)), default=0)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        lines = self.drawn(width)
        return len(lines) + any(cell_len(line) > width for line, _formula in lines)  # the scrollbar takes a line

    def render_line(self, y: int) -> Strip:
        lines = self.drawn(self._width)
        base = self.rich_style
        at = y + self.scroll_offset.y
        if at >= len(lines):
            return Strip.blank(self.size.width, base)
        text, is_formula = lines[at]
        strip = Strip([Segment(text, base + self._part("formula" if is_formula else "substituted"))], cell_len(text))
        return strip.crop_extend(self.scroll_offset.x, self.scroll_offset.x + self.size.width, base)

    def _part(self, name: str) -> Style:
        styles = self.get_component_styles(f"formula--{name}")
        style = self.get_component_rich_style(f"formula--{name}", partial=True)
        if styles.has_rule("color"):
            style += Style(color=(self.background_colors[1] + styles.color).rich_color)
        return style
