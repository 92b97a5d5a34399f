"""The slider over d_k: a head of any width on random queries and keys, with and without the division by √d_k."""

from __future__ import annotations

from functools import partial

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal

from tutor.app import width_lines as lines
from tutor.app.dialogs.glossary import GlossaryDialog
from tutor.app.dialogs.help import HelpDialog
from tutor.app.keys import width_keys
from tutor.app.walk import Stop
from tutor.app.widgets.drawn import Drawn
from tutor.app.widgets.key_line import Hint, KeyLine
from tutor.app.widgets.title_bar import TitleBar
from tutor.app.widgets.too_small import FittedScreen, TooSmall
from tutor.app.width_state import Slider, WidthView
from tutor.display.flow import wrapped
from tutor.display.language import _
from tutor.display.safe import fit
from tutor.engine.widths import SIDES


class WidthScreen(FittedScreen[tuple[WidthView, Stop | None]]):
    """Dismisses with where the slider stands, and with the cell to open in the trace or None."""

    BINDINGS = [
        Binding("left,minus", "turn(-1)", show=False),
        Binding("right,plus", "turn(1)", show=False),
        Binding("home", "turn(-100)", show=False),
        Binding("end", "turn(100)", show=False),
        Binding("up", "row(-1)", show=False),
        Binding("down", "row(1)", show=False),
        Binding("pageup", "row(-10)", show=False),
        Binding("pagedown", "row(10)", show=False),
        Binding("tab", "side", show=False, priority=True),
        Binding("shift+tab", "side", show=False, priority=True),
        Binding("m,space", "mark", show=False),
        Binding("r", "anew", show=False),
        Binding("enter", "open", show=False),
        Binding("e", "open('entropy')", show=False),
        Binding("s", "open('slope')", show=False),
        Binding("i", "glossary", show=False),
        Binding("question_mark,f1", "help", show=False),
        Binding("escape", "leave", show=False),
    ]
    CSS = """
    WidthScreen {
        background: $surface; layout: vertical;
        #strip { height: 7; border: round $panel-lighten-1; border-title-color: $text-muted; padding: 0 1; }
        #rows { height: 1fr; }
        #undivided, #divided {
            width: 1fr; height: 1fr; border: round $panel-lighten-1; border-title-color: $text-muted;
            border-subtitle-color: $text; padding: 0 1;
        }
        &.-at-undivided #undivided, &.-at-divided #divided { border: round $accent; border-title-color: $text; }
        &.-at-undivided #undivided:nocolor, &.-at-divided #divided:nocolor { border: heavy $accent; }
        #said { height: 3; padding: 0 1; }
    }
    """

    def __init__(self, slider: Slider, model: str = "", language: str = "en") -> None:
        super().__init__()
        self.slider, self._model, self._language = slider, model, language

    def compose(self) -> ComposeResult:
        yield TooSmall()
        yield TitleBar()
        yield Drawn(id="strip")
        with Horizontal(id="rows"):
            for side in SIDES:
                yield Drawn(id=side)
        yield Drawn(id="said")
        yield KeyLine()

    def on_mount(self) -> None:
        self._show()

    def change_language(self, language: str) -> None:
        """Say everything in another language; the slider stays."""
        self._language = language
        self.refresh(recompose=True)

    async def recompose(self) -> None:
        """New widgets that show the same."""
        await super().recompose()
        self._show()

    def _show(self) -> None:
        slider, view = self.slider, self.slider.view
        bar = self.query_one(TitleBar)
        bar.left = _("a head of any width") + " ▸ d_k = " + str(view.width)
        bar.right = _("seed {0}").format(view.seed)
        bar.warning = _("random numbers, nothing learned")
        strip = self.query_one("#strip", Drawn)
        strip.border_title = _("mean over the rows, in percent of an even row")
        strip.show(lambda width, _height: lines.strip(slider, width))
        for side in SIDES:
            pane = self.query_one(f"#{side}", Drawn)
            pane.border_title = lines.heading(side, view.width)
            pane.border_subtitle = lines.row_said(slider, side)
            pane.show(partial(lines.bars, slider, side))
            self.set_class(view.side == side, f"-at-{side}")
        self.query_one("#said", Drawn).show(self._said)
        self.query_one(KeyLine).hints = self._hints()

    def _said(self, width: int, _height: int) -> Text:
        figures = Text(fit(lines.figures(self.slider), width), style="bold", end="")
        return Text("\n", end="").join([figures, wrapped(Text(lines.task(self.slider, self._language), end=""), width)])

    def _hints(self) -> tuple[Hint, ...]:
        marking = (Hint("m", _("here it is"), "screen.mark"),) if self.slider.goal is not None else ()
        return (
            Hint("← →", "d_k", "screen.turn(1)"),
            *marking,
            Hint("↑ ↓", _("row"), "screen.row(1)"),
            Hint("enter", _("why this weight"), "screen.open"),
            Hint("e", _("why this entropy"), "screen.open('entropy')"),
            Hint("s", _("this slope"), "screen.open('slope')"),
            Hint("r", _("draw anew"), "screen.anew"),
            Hint("tab", _("side"), "screen.side"),
            Hint("?", _("keys"), "screen.help"),
        )

    # What the learner does.

    def action_turn(self, by: int) -> None:
        """A wider head, or a narrower one."""
        self.slider.turn(by)
        self._show()

    def action_row(self, by: int) -> None:
        """Another token's row."""
        self.slider.move(by)
        self._show()

    def action_side(self) -> None:
        """The other side is the one to open numbers of."""
        self.slider.view = self.slider.view.other_side()
        self._show()

    def action_mark(self) -> None:
        """Here it is: judged against this sentence's numbers."""
        self.slider.mark()
        self._show()

    def action_anew(self) -> None:
        """Other random numbers for the same sentence."""
        self.slider.draw_anew()
        self._show()

    def action_open(self, measure: str = "") -> None:
        """The row's largest weight in the trace, or its entropy or slope, to be walked home."""
        self.dismiss((self.slider.view, self.slider.stop(measure)))

    def action_glossary(self) -> None:
        """The terms of this screen."""
        self.app.push_screen(GlossaryDialog("d_k", str(self.slider.trace.info.get("text", ""))))

    def action_help(self) -> None:
        """All keys of this screen."""
        self.app.push_screen(HelpDialog(width_keys()))

    def action_leave(self) -> None:
        """Back to the trace, where the learner was."""
        self.dismiss((self.slider.view, None))
