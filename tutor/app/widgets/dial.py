"""A setting that is turned with ← and →: every step is told at once, so that holding the key is a drag."""

from __future__ import annotations

from typing import Any

from rich.cells import cell_len
from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from tutor.app.dials import Setting
from tutor.display.language import _
from tutor.display.safe import pad


class Dial(Widget, can_focus=True):
    """`temperature ◂0.70▸`; the arrows are there while it has the keys."""

    DEFAULT_CSS = """
    Dial { width: auto; height: 1; margin: 0 1 0 0; color: $text-muted; }
    Dial:focus { color: $text; }
    """
    BINDINGS = [
        Binding("left,minus", "turn(-1)", show=False),
        Binding("right,plus", "turn(1)", show=False),
        Binding("home", "turn(-1000)", show=False),
        Binding("end", "turn(1000)", show=False),
    ]

    value: reactive[Any] = reactive(None)

    class Turned(Message):
        """Another value."""

        def __init__(self, name: str, value: Any) -> None:
            self.name, self.value = name, value
            super().__init__()

    def __init__(self, setting: Setting, value: Any) -> None:
        super().__init__(id=f"dial-{setting.name}")
        self._setting = setting
        self._values = setting.with_value(value)
        self.set_reactive(Dial.value, value)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """The title and the longest value."""
        return cell_len(_(self._setting.title)) + self._room + 3

    @property
    def _room(self) -> int:
        return max(cell_len(self._setting.written(value)) for value in self._values)

    def render(self) -> Content:
        left, right = "◂▸" if self.has_focus else "  "
        written = pad(self._setting.written(self.value), self._room, "center")
        value = Content.styled(f"{left}{written}{right}", Style(bold=True, reverse=self.has_focus))
        return Content.assemble(f"{_(self._setting.title)} ", value)

    def action_turn(self, by: int) -> None:
        """Some values on, or back; not beyond the ends."""
        at = self._values.index(self.value) + by
        value = self._values[max(0, min(at, len(self._values) - 1))]
        if value != self.value:
            self.value = value
            self.post_message(self.Turned(self._setting.name, value))

    def on_click(self, event: events.Click) -> None:
        """On the title it takes the keys; left and right of the value's middle it turns."""
        into = event.x - cell_len(_(self._setting.title)) - 1
        if into >= 0:
            self.action_turn(1 if into > self._room // 2 else -1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel turns it, too."""
        self.action_turn(1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """And back."""
        self.action_turn(-1)
