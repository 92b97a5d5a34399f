"""The search as a tree that scrolls both ways, and keeps the step looked at in view."""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tutor.display.search_tree import Part, Rows

KINDS = ("line", "best", "alive", "lost", "ended")


class SearchTree(ScrollView, can_focus=False):
    """Lines of parts; the best hypothesis is bold, what was dropped is dim, the chosen candidate stands out."""

    DEFAULT_CSS = """
    SearchTree { height: 1fr; min-height: 3; padding: 0 1; scrollbar-size: 1 1; background: $surface; }
    SearchTree > .tree--line { color: $foreground 40%; }
    SearchTree > .tree--best { color: $text-success; text-style: bold; }
    SearchTree > .tree--alive { color: $foreground; }
    SearchTree > .tree--lost { color: $foreground 50%; text-style: dim; }
    SearchTree > .tree--ended { color: $text-accent; }
    """
    COMPONENT_CLASSES = {f"tree--{kind}" for kind in KINDS}

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: Rows = []
        self._chosen = (-1, -1)

    @property
    def lines(self) -> list[str]:
        """The rows as plain text."""
        return ["".join(part.text for part in row) for row in self._rows]

    def show(self, rows: Rows, step: int, place: int) -> None:
        """Another tree; `step` and `place` say which candidate is chosen."""
        self._rows, self._chosen = rows, (step, place)
        self.virtual_size = Size(max((cell_len(line) for line in self.lines), default=0), len(rows))
        self.refresh()
        self.call_after_refresh(self._to_the_chosen)

    def _to_the_chosen(self) -> None:
        for y, row in enumerate(self._rows):
            x = 0
            for part in row:
                if (part.step, part.place) == self._chosen:
                    self.scroll_to_region(Region(x, y, cell_len(part.text), 1), animate=False, force=True)
                    return
                x += cell_len(part.text)

    def render_line(self, y: int) -> Strip:
        """One line of what can be seen."""
        at, width = y + self.scroll_offset.y, self.size.width
        if at >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        strip = Strip([Segment(part.text, self._style(part)) for part in self._rows[at]])
        left = self.scroll_offset.x
        return strip.crop(left, left + width).extend_cell_length(width, self.rich_style)

    def _style(self, part: Part) -> Style:
        style = self.get_component_rich_style(f"tree--{part.kind}")
        return style + Style(reverse=True) if (part.step, part.place) == self._chosen else style
