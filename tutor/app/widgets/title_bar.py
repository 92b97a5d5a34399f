"""The top line: where the learner is on the left, which model and how it runs on the right."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

from tutor.display.safe import fit, safe


class TitleBar(Widget):
    """One line; the left part gives way when there is no room for both."""

    DEFAULT_CSS = """
    TitleBar { height: 1; background: $primary-background; color: $text; padding: 0 1; }
    """

    left: reactive[str] = reactive("")
    right: reactive[str] = reactive("")
    warning: reactive[str] = reactive("")

    def render(self) -> Text:
        width = self.size.width
        warning = f" {safe(self.warning)} " if self.warning else ""
        right = fit(safe(self.right), max(0, width - cell_len(warning) - 14))
        left = fit(safe(self.left), max(0, width - cell_len(right) - cell_len(warning) - 3))
        gap = " " * max(1, width - cell_len(left) - cell_len(right) - cell_len(warning) - bool(warning))
        line = Text(left, style="bold", no_wrap=True, end="")
        line.append(gap).append(right, style="dim")
        if warning:
            line.append(" ").append(warning, style="bold reverse")
        return line
