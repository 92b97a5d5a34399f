"""On a narrow screen the panes lie behind each other: this line says which is in front."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from tutor.display.safe import fit, safe


class TabLine(Widget):
    """The place in the model as a breadcrumb, then the panes' names; a click brings one to the front."""

    DEFAULT_CSS = """
    TabLine { height: 1; padding: 0 1; color: $text-muted; link-style: none; link-color: $text; }
    """

    tabs: reactive[Sequence[tuple[str, str]]] = reactive(())  # (pane, title)
    active: reactive[str] = reactive("")
    crumb: reactive[str] = reactive("")

    def render(self) -> Content:
        parts: list[Content] = []
        for pane, title in self.tabs:
            style = Style.from_meta({"@click": f"screen.pane('{pane}')"})
            style += Style(bold=True, reverse=True) if pane == self.active else Style()
            parts += [Content.styled(f" {title} ", style), Content(" ")]
        tabs = Content.assemble(*parts)
        room = self.size.width - tabs.cell_length - 1
        return Content.assemble(tabs, Content(" " + fit(safe(self.crumb), room) if room > 8 else ""))
