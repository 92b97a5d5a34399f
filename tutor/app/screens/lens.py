"""The logit lens: what the model would say after every layer, and its likeliest words at every position."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.message import Message
from textual.widgets import Static

from tutor.app import lens_lines
from tutor.app.dialogs.glossary import GlossaryDialog
from tutor.app.dialogs.help import HelpDialog
from tutor.app.keys import lens_keys
from tutor.app.lens_state import Reading, Row, View
from tutor.app.walk import Stop
from tutor.app.widgets.key_line import Hint, KeyLine
from tutor.app.widgets.lens_list import LensList
from tutor.app.widgets.title_bar import TitleBar
from tutor.app.widgets.too_small import FittedScreen, TooSmall
from tutor.display.language import _
from tutor.display.safe import safe, safe_text


class LensScreen(FittedScreen[Stop | None]):
    """Dismisses with the cell to open in the trace, or with None."""

    BINDINGS = [
        Binding("left", "turn(-1)", show=False),
        Binding("right", "turn(1)", show=False),
        Binding("v,L,C", "other_view", show=False),
        Binding("w", "why", show=False),
        Binding("i", "glossary", show=False),
        Binding("question_mark,f1", "help", show=False),
        Binding("escape", "leave", show=False),
    ]
    CSS = """
    LensScreen {
        background: $surface; layout: vertical;
        #where, #said { height: 1; padding: 0 1; }
        #said { color: $text-muted; }
        LensList { padding: 0 1; }
    }
    """

    class Read(Message):
        """A worker has read the rows of a view."""

        def __init__(self, key: tuple[bool, int], rows: tuple[Row, ...]) -> None:
            self.key, self.rows = key, rows
            super().__init__()

    def __init__(self, reading: Reading, view: View, model: str = "") -> None:
        super().__init__()
        self._reading, self._model = reading, model
        self.view = view
        self._rows: dict[tuple[bool, int], tuple[Row, ...]] = {}
        self._busy: View | None = None

    def compose(self) -> ComposeResult:
        yield TooSmall()
        yield TitleBar()
        yield Static(id="where")
        yield Static(id="said")
        yield LensList(id="rows")
        yield KeyLine()

    def on_mount(self) -> None:
        self._show()
        self.query_one(LensList).focus()
        self._read()

    def change_language(self, language: str) -> None:
        """Say everything in another language; the view stays."""
        self.refresh(recompose=True)

    async def recompose(self) -> None:
        """New widgets with the same rows."""
        await super().recompose()
        self._show()
        self.query_one(LensList).focus()

    # Reading: at most one view at a time, the latest wins.

    def _read(self) -> None:
        if self._busy is None and self.view.key not in self._rows:
            view = self._busy = self.view

            def work() -> None:
                self.post_message(self.Read(view.key, self._reading.rows(view)))

            self.run_worker(work, thread=True)

    def on_lens_screen_read(self, event: Read) -> None:
        self._busy = None
        self._rows[event.key] = event.rows
        self._show()
        self._read()

    # Showing.

    def _show(self) -> None:
        reading, view = self._reading, self.view
        bar = self.query_one(TitleBar)
        bar.left = _("logit lens") if view.by_layer else _("likeliest words everywhere")
        bar.right = self._model
        bar.warning = "" if reading.trace.info.get("trained", True) else _("untrained")
        rows = self._rows.get(view.key, ())
        self.query_one("#where", Static).update(self._where())
        self.query_one("#said", Static).update(safe_text(self._said(rows)))
        heading = partial(lens_lines.heading, reading, view)
        self.query_one(LensList).show(heading, lambda width: lens_lines.lines(reading, view, rows, width), view.row)
        turn = _("position") if view.by_layer else _("layer")
        other = _("all positions") if view.by_layer else _("all layers")
        self.query_one(KeyLine).hints = (
            Hint("←→", turn, "screen.turn(1)"),
            Hint("enter", _("the layer's output"), "screen.open"),
            Hint("w", _("why so likely"), "screen.why"),
            Hint("v", other, "screen.other_view"),
            Hint("i", _("glossary"), "screen.glossary"),
            Hint("esc", _("back"), "screen.leave"),
            Hint("?", _("keys"), "screen.help"),
        )

    def _where(self) -> Text:
        reading, view = self._reading, self.view
        if not view.by_layer:
            last = reading.layers - 1
            if view.layer == last:
                said = _("after the last layer: the model's own answers")
            elif view.layer:
                said = _("after layer {0} of {1}").format(view.layer, last)
            else:
                said = _("before the first layer of {0}: the embedding alone").format(last)
            return safe_text(said, "bold")
        line = Text(f"{view.position + 1}/{len(reading.tokens)} ", style="bold", no_wrap=True)
        room = max(20, self.size.width - len(line) - 4)
        for token, chosen in lens_lines.tokens_around(reading, view.position, room):
            line.append(" ").append(token, "bold reverse" if chosen else "dim")
        return line

    def _said(self, rows: tuple[Row, ...]) -> str:
        """What the rows mean, in a line."""
        reading, view = self._reading, self.view
        if not rows:
            return _("reading …")
        if not view.by_layer:
            if reading.is_masked:
                return _("What could stand at each position.")
            return _("What could come after each position; • came next, at its rank.")
        word = safe(reading.words[rows[-1].watched])
        if reading.is_masked:
            return _("What would stand here, after each layer; • its answer in the end: “{0}”").format(word)
        return _("What would come next, after each layer; • its answer in the end: “{0}”").format(word)

    def on_resize(self, event: events.Resize) -> None:
        """Another number of columns fits."""
        self.call_after_refresh(self._show)

    # What the learner does.

    def _to(self, view: View) -> None:
        self.view = view
        self._show()
        self._read()

    def action_turn(self, by: int) -> None:
        """Another position where the rows are layers; another layer where they are positions."""
        self._to(self.view.moved(0, by, self._reading.layers, len(self._reading.tokens)))

    def on_lens_list_moved(self, event: LensList.Moved) -> None:
        self.view = self.view.moved(event.row - self.view.row, 0, self._reading.layers, len(self._reading.tokens))

    def action_other_view(self) -> None:
        """All layers at one position, or all positions after one layer."""
        self._to(replace(self.view, by_layer=not self.view.by_layer))

    def on_lens_list_opened(self, event: LensList.Opened) -> None:
        self.action_open()

    def action_open(self) -> None:
        """The output of the layer at the position."""
        self.dismiss(Stop(self._reading.outputs[self.view.layer], (self.view.position, 0)))

    def action_why(self) -> None:
        """The likeliest word's probability in this row, to be walked home."""
        rows = self._rows.get(self.view.key)
        if rows:
            token = rows[self.view.row].candidates[0].token
            self.dismiss(Stop(self._reading.node(self.view), (self.view.row, token)))

    def action_glossary(self) -> None:
        """The terms of what is read off."""
        self.app.push_screen(GlossaryDialog("logit lens", str(self._reading.trace.info.get("text", ""))))

    def action_help(self) -> None:
        """All keys of this screen."""
        self.app.push_screen(HelpDialog(lens_keys()))

    def action_leave(self) -> None:
        """Back to the trace, where the learner was."""
        self.dismiss(None)
