"""All heads of the model on this sentence, a thumbnail each, to pick one from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.message import Message
from textual.widgets import Static

from tutor.app import head_words
from tutor.app.dialogs.glossary import GlossaryDialog
from tutor.app.dialogs.help import HelpDialog
from tutor.app.keys import head_keys
from tutor.app.walk import Stop
from tutor.app.widgets.head_grid import HeadGrid
from tutor.app.widgets.head_picture import Picture, Section
from tutor.app.widgets.key_line import Hint, KeyLine
from tutor.app.widgets.title_bar import TitleBar
from tutor.app.widgets.too_small import FittedScreen, TooSmall
from tutor.course.habits import WEIGHTS, Habit, attention_blocks, habits
from tutor.display.language import _
from tutor.display.safe import safe, safe_text
from tutor.display.thumbnail import reduced
from tutor.engine.trace import Trace

FINEST = 128  # numbers a side that are kept of every head


class HeadGridScreen(FittedScreen[Stop | None]):
    """Dismisses with the cell to open, or with None."""

    BINDINGS = [
        Binding("escape,H", "leave", show=False),
        Binding("i", "glossary", show=False),
        Binding("question_mark,f1", "help", show=False),
    ]
    CSS = """
    HeadGridScreen {
        background: $surface; layout: vertical;
        #sentence { height: 1; padding: 0 1; color: $text-muted; }
        HeadGrid { padding: 0 1; }
        #picked { height: 2; padding: 0 1; background: $panel; color: $text; }
        #picked:nocolor { text-style: bold; }
    }
    """

    class Drawn(Message):
        """The picture of one layer is there."""

        def __init__(self, name: str, weights: np.ndarray, found: tuple[Habit, ...]) -> None:
            self.name, self.weights, self.found = name, weights, found
            super().__init__()

    def __init__(self, trace: Trace, here: Stop | None = None, model: str = "") -> None:
        super().__init__()
        self._trace, self._here, self._model = trace, here, model
        self._blocks = attention_blocks(trace)
        self._found: dict[str, tuple[Habit, ...]] = {}
        self._weights: dict[str, np.ndarray] = {}

    def compose(self) -> ComposeResult:
        yield TooSmall()
        yield TitleBar()
        yield Static(id="sentence")
        yield HeadGrid(id="grid")
        yield Static(id="picked")
        yield KeyLine()

    def on_mount(self) -> None:
        self._dress()
        self._begin()
        self.run_worker(self._draw_all, thread=True)

    def change_language(self, language: str) -> None:
        """Say everything in another language; the head stays picked."""
        self.refresh(recompose=True)

    async def recompose(self) -> None:
        """New widgets with the same pictures and the same head."""
        cursor = self._grid.cursor
        await super().recompose()
        self._dress()
        self._begin(cursor)
        for name in self._weights:
            self._add(name)

    def _dress(self) -> None:
        bar = self.query_one(TitleBar)
        bar.left, bar.right = _("all heads"), self._model
        bar.warning = "" if self._trace.info.get("trained", True) else _("untrained")
        self.query_one("#sentence", Static).update(safe_text(str(self._trace.info.get("text", ""))[:500]))
        self.query_one(KeyLine).hints = (
            Hint("enter", _("open its weights"), "screen.open"),
            Hint("↑↓←→", _("pick a head"), "screen.help"),
            Hint("+ −", _("size"), "screen.zoom(1)"),
            Hint("i", _("glossary"), "screen.glossary"),
            Hint("esc", _("back"), "screen.leave"),
            Hint("?", _("keys"), "screen.help"),
        )

    @property
    def _grid(self) -> HeadGrid:
        return self.query_one(HeadGrid)

    def _begin(self, cursor: tuple[int, int] | None = None) -> None:
        sections = []
        for block in self._blocks:
            heads, _queries, keys = self._trace[block.names[0]].shape
            sections.append(Section(head_words.block_title(block.stack, block.kind), block.names, heads, keys))
        self._grid.show(sections, cursor or self._first(sections))
        self._grid.focus()
        self._tell()

    def _first(self, sections: list[Section]) -> tuple[int, int]:
        """The head that the learner stands on, if on any."""
        if self._here is None:
            return 0, 0
        name = f"{'.'.join(self._here.node.split('.')[:3])}.weights"
        names = [name for section in sections for name in section.names]
        if name not in names:
            return 0, 0
        has_head = self._here.node in self._trace and self._trace[self._here.node].axes[:1] == ("head",)
        return names.index(name), self._here.index[0] if has_head else 0

    # The pictures: made layer by layer in a worker, those in view first.

    def _draw_all(self) -> None:
        for name in self._in_order():
            if not self.is_attached:
                return
            weights = reduced(self._trace[name].value, FINEST)
            self.post_message(self.Drawn(name, weights, habits(self._trace, name)))

    def _in_order(self) -> Iterator[str]:
        names = [name for block in self._blocks for name in block.names]
        start = max(0, self._first([Section("", tuple(names), 1, 1)])[0] - 3) if names else 0
        yield from names[start:] + names[:start]

    def on_head_grid_screen_drawn(self, event: Drawn) -> None:
        self._found[event.name], self._weights[event.name] = event.found, event.weights
        self._add(event.name)
        if event.name == self._grid.picked[0]:
            self._tell()

    def _add(self, name: str) -> None:
        words = tuple(head_words.word(habit) for habit in self._found[name])
        self._grid.add({name: Picture(self._weights[name], words)})

    # The picked head.

    def on_head_grid_moved(self, event: HeadGrid.Moved) -> None:
        self._tell()

    def _tell(self) -> None:
        name, head = self._grid.picked
        node = self._trace[name]
        match = WEIGHTS.fullmatch(name)
        assert match is not None
        where = _("{0}, layer {1} of {2} · head {3} of {4}").format(
            head_words.block_title(match[1], match[3]),
            int(match[2]) + 1,
            next(len(block.names) for block in self._blocks if name in block.names),
            head + 1,
            node.shape[0],
        )
        found = self._found.get(name)
        said = _("It attends {0}.").format(head_words.sentence(found[head], node)) if found else "…"
        said = self._with_scale(said, (node.shape[-2], node.shape[-1]))
        self.query_one("#picked", Static).update(safe_text(where, "bold").append(f"\n{safe(said)}", "not bold"))

    def _with_scale(self, said: str, shape: tuple[int, int]) -> str:
        """What is said of a head and, where there is room, how its picture was made."""
        queries, keys = self._grid.blocks(*shape)
        if max(queries, keys) <= 1:
            return said
        scale = _("A dot: the largest weight of {0} queries × {1} keys.").format(queries, keys)
        return f"{said}  {scale}" if cell_len(said) + cell_len(scale) + 4 <= self.size.width else said

    def on_head_grid_opened(self, event: HeadGrid.Opened) -> None:
        self.action_open()

    def action_open(self) -> None:
        """The picked head's weights in the trace, at the largest weight of its last query."""
        name, head = self._grid.picked
        row = self._trace[name].value[head, -1]
        self.dismiss(Stop(name, (head, self._trace[name].shape[1] - 1, int(row.argmax()))))

    def action_zoom(self, by: int) -> None:
        """Larger or smaller thumbnails."""
        self._grid.action_zoom(by)
        self._tell()

    def on_resize(self, event: events.Resize) -> None:
        """The thumbnails have another size."""
        self.call_after_refresh(self._tell)

    def action_glossary(self) -> None:
        """The terms of attention."""
        self.app.push_screen(GlossaryDialog("attention", str(self._trace.info.get("text", ""))))

    def action_help(self) -> None:
        """All keys of this screen."""
        self.app.push_screen(HelpDialog(head_keys()))

    def action_leave(self) -> None:
        """Back to the trace, where the learner was."""
        self.dismiss(None)
