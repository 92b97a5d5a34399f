"""What the model answers to each question of its corpus: marked right or wrong, with what just changed."""

from __future__ import annotations

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from tutor.display.safe import pad, safe
from tutor.models.live_training import Answer

PARTS = ("right", "wrong", "fresh", "aside")


class AnswerList(Widget):
    """A line for each: ✓ 白日依山尽 → 黄河入海流. A click chooses one."""

    COMPONENT_CLASSES = {f"answers--{part}" for part in PARTS}
    DEFAULT_CSS = """
    AnswerList {
        height: auto;
        & > .answers--right { color: $text-success; text-style: bold; }
        & > .answers--wrong { color: $text-error; }
        & > .answers--fresh { color: $text-warning; text-style: bold underline; }
        & > .answers--aside { color: $text-muted; }
    }
    """

    class Chosen(Message):
        """The learner wants to look at a pair."""

        def __init__(self, pair: int) -> None:
            self.pair = pair
            super().__init__()

    answers: tuple[Answer, ...] = ()
    pair = 0
    fresh_since = 0

    def show(self, answers: tuple[Answer, ...], pair: int, fresh_since: int) -> None:
        """Show these; what has stood there since `fresh_since` or later has just changed."""
        grown = len(answers) != len(self.answers)
        self.answers, self.pair, self.fresh_since = answers, pair, fresh_since
        self.refresh(layout=grown)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.answers)

    def render(self) -> Text:
        style = {name: self.get_component_rich_style(f"answers--{name}", partial=True) for name in PARTS}
        lines = (self._line(number, answer, style) for number, answer in enumerate(self.answers))
        return Text("\n", end="").join(lines)

    def _line(self, number: int, answer: Answer, style: dict[str, Style]) -> Text:
        widest = max(cell_len(safe(one.question)) for one in self.answers)
        here = "▸" if number == self.pair else " "
        line = Text(f"{here}{number + 1} ", no_wrap=True, end="", style="bold" if number == self.pair else "")
        line.append("✓ " if answer.is_right else "✗ ", style["right" if answer.is_right else "wrong"])
        line.append(pad(safe(answer.question), widest)).append(" → ")
        for token, since in zip(answer.tokens, answer.since, strict=True):
            line.append(safe(token), style["fresh"] if 0 < self.fresh_since <= since else "")
        if not answer.tokens:
            line.append("—", style["aside"])
        if not answer.is_right:
            room = self.size.width - line.cell_len - 3
            aside = f"({safe(answer.right)})"
            if cell_len(aside) <= room:
                line.append(" " * (room - cell_len(aside) + 2) + aside, style["aside"])
        return line

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and offset.y < len(self.answers):
            self.post_message(self.Chosen(offset.y))
