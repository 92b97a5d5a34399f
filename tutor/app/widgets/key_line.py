"""The bottom line: the next useful key first, then the others that fit. Every one of them can be clicked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from tutor.display.safe import fit, safe


@dataclass(frozen=True)
class Hint:
    """A key, what it does, and the action that a click on it runs."""

    key: str
    text: str
    action: str


class KeyLine(Widget):
    """One line of hints; those that do not fit are left out from the end, the last one (help) stays."""

    DEFAULT_CSS = """
    KeyLine {
        height: 1; padding: 0 1; background: $panel; color: $text-muted; link-style: none; link-color: $text-muted;
    }
    """

    hints: reactive[Sequence[Hint]] = reactive((), always_update=False)
    leading = True  # whether the first hint is the one to be read first

    def render(self) -> Content:
        parts: list[Content] = []
        for place, hint in enumerate(self._fitting()):
            click = Style.from_meta({"@click": hint.action})
            parts.append(Content.styled(hint.key, Style(bold=True) + click))
            text = fit(safe(hint.text), max(8, self.size.width - 20))
            weight = Style(bold=True) if place == 0 and self.leading else Style()
            parts.append(Content.styled(f" {text}", weight + click))
            parts.append(Content("  "))
        return Content.assemble(*parts)

    def _fitting(self) -> list[Hint]:
        if not self.hints:
            return []
        *most, last = self.hints
        room = self.size.width - self._width(last)
        kept: list[Hint] = []
        for hint in most:
            room -= self._width(hint)
            if room < 0 and kept:
                break
            kept.append(hint)
        return [*kept, last]

    @staticmethod
    def _width(hint: Hint) -> int:
        return cell_len(hint.key) + cell_len(safe(hint.text)) + 3
