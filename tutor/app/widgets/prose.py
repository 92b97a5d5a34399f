"""A few sentences, broken into lines as English and Chinese are."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from tutor.display.safe import ELLIPSIS
from tutor.display.wrapping import breaks


class Prose(Widget):
    """Shows a Content whose text is safe already. As high as it needs to be."""

    DEFAULT_CSS = """
    Prose { height: auto; }
    """

    content: reactive[Content] = reactive(Content(""), layout=True)

    def render(self) -> Content:
        """The lines at the present width; the last one that there is room for says that more would follow."""
        lines = self._lines(self.size.width)
        shown = lines[: max(1, self.size.height)]
        if len(shown) < len(lines):
            shown[-1] = Content.assemble(shown[-1].truncate(self.size.width - 1), ELLIPSIS)
        return Content("\n").join(shown)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The number of lines at some width."""
        return len(self._lines(width))

    def _lines(self, width: int) -> list[Content]:
        lines: list[Content] = []
        for paragraph in self.content.split("\n", allow_blank=True):
            parts = paragraph.divide(breaks(paragraph.plain, max(width, 1)))
            lines += [part.rstrip() for part in parts] or [Content("")]
        return lines
