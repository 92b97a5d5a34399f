"""One series read three ways, by variable, by instant and by patch: the three attention maps side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Static

from tutor.app.dialogs.help import HelpDialog
from tutor.app.keys import map_keys
from tutor.app.tracing import Request, Result, compute
from tutor.app.walk import Stop
from tutor.app.widgets.attention_map import AttentionMap
from tutor.app.widgets.key_line import Hint, KeyLine
from tutor.app.widgets.title_bar import TitleBar
from tutor.app.widgets.too_small import FittedScreen, TooSmall
from tutor.display.language import _
from tutor.display.safe import fit, safe, safe_text
from tutor.engine.trace import Trace

KINDS = ("variable", "instant", "patch")


@dataclass(frozen=True)
class MapChoice:
    """What the learner opened: the trace with the series read so, and the cell."""

    result: Result
    stop: Stop


class SeriesMapsScreen(FittedScreen[MapChoice | None]):
    """Dismisses with the map to open, or with None."""

    BINDINGS = [
        Binding("escape,M", "leave", show=False),
        Binding("left", "pick(-1)", show=False),
        Binding("right", "pick(1)", show=False),
        Binding("up", "layer(-1)", show=False),
        Binding("down", "layer(1)", show=False),
        Binding("left_square_bracket", "head(-1)", show=False),
        Binding("right_square_bracket", "head(1)", show=False),
        Binding("enter", "open", show=False),
        Binding("question_mark,f1", "help", show=False),
    ]
    CSS = """
    SeriesMapsScreen {
        background: $surface; layout: vertical;
        #said { height: 2; padding: 0 1; background: $panel; color: $text; }
    }
    """

    class Read(Message):
        """One way of reading is there."""

        def __init__(self, kind: str, result: Result) -> None:
            self.kind, self.result = kind, result
            super().__init__()

    def __init__(self, request: Request, own: str) -> None:
        """`own` is the kind of token that the model itself has; for the others its kin stand in."""
        super().__init__()
        self._request, self._own = request, own
        self._at = KINDS.index(str(request.config.get("series_tokens", own)))
        self._layer, self._head = 0, 0
        self._traces: dict[str, Trace] = {}
        self._results: dict[str, Result] = {}
        self._errors: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        yield TooSmall()
        yield TitleBar()
        with Horizontal():
            for kind in KINDS:
                yield AttentionMap(id=kind)
        yield Static(id="said")
        yield KeyLine()

    def on_mount(self) -> None:
        self._show()
        self.run_worker(self._read_all, thread=True)

    def change_language(self, language: str) -> None:
        """Say everything in another language; the map stays picked."""
        self.refresh(recompose=True)
        self.call_after_refresh(self._show)

    def _read_all(self) -> None:
        others = {name: value for name, value in self._request.config.items() if name != "series_tokens"}
        for kind in KINDS:
            if self.is_attached:
                config = others if kind == self._own else others | {"series_tokens": kind}
                asked = replace(self._request, config=config, edits={})
                self.post_message(self.Read(kind, compute(asked)))

    def on_series_maps_screen_read(self, event: Read) -> None:
        if event.result.trace is None:
            self._errors[event.kind] = event.result.error
        else:
            self._traces[event.kind], self._results[event.kind] = event.result.trace, event.result
        self._show()

    # What is seen.

    def _show(self) -> None:
        bar = self.query_one(TitleBar)
        bar.left = _("one series, three attention maps")
        bar.right = _("layer {0} · head {1}").format(self._layer + 1, self._head + 1)
        bar.warning = "" if all(trace.trained for trace in self._traces.values()) else _("untrained")
        for kind in KINDS:
            self._show_map(kind)
        titles = {
            "variable": _("A token is a variable with its whole history (iTransformer): variables look at variables."),
            "instant": _("A token is an instant with all its variables: instants look at instants."),
            "patch": _("A token is a patch of one variable (PatchTST): patches look at patches, each in its variable."),
        }
        hint = _("Rows ask, columns are looked at; the brightest is its map's largest weight.")
        self.query_one("#said", Static).update(
            safe_text(titles[KINDS[self._at]], "bold").append(f"\n{hint}", "not bold")
        )
        self.query_one(KeyLine).hints = (
            Hint("← →", _("another map"), "screen.pick(1)"),
            Hint("↑ ↓", _("layer"), "screen.layer(1)"),
            Hint("[ ]", _("head"), "screen.head(1)"),
            Hint("enter", _("open its numbers"), "screen.open"),
            Hint("esc", _("back"), "screen.leave"),
            Hint("?", _("keys"), "screen.help"),
        )

    def _show_map(self, kind: str) -> None:
        names = {"variable": _("by variable"), "instant": _("by instant"), "patch": _("by patch")}
        one, trace = self.query_one(f"#{kind}", AttentionMap), self._traces.get(kind)
        one.set_class(kind == KINDS[self._at], "-picked")
        one.border_title = names[kind]
        if trace is None:
            one.show(None, self._errors.get(kind, ""))
            return
        node = trace[self._matrix]
        one.border_title = f"{names[kind]} {'×'.join(map(str, node.shape[-2:]))}"
        _head, query, key = self._strongest(kind)
        rows, columns = node.labels[-2:]
        said = f"{fit(safe(rows[query]), 14)} → {fit(safe(columns[key]), 14)}  {node.at((self._head, query, key)):.2f}"
        one.show(node.value[self._head], said)

    @property
    def _matrix(self) -> str:
        return f"encoder.{self._layer}.self_attention.weights"

    def _strongest(self, kind: str) -> tuple[int, int, int]:
        """The largest weight that a token gives to another than itself; of a token alone its own."""
        weights = self._traces[kind][self._matrix].value[self._head].copy()
        if len(weights) > 1:
            weights[range(len(weights)), range(len(weights))] = -1.0
        query, key = divmod(int(weights.argmax()), weights.shape[1])
        return self._head, query, key

    # What is picked.

    def action_pick(self, by: int) -> None:
        """Another of the three maps."""
        self._at = max(0, min(self._at + by, len(KINDS) - 1))
        self._show()

    def action_layer(self, by: int) -> None:
        """The same heads a layer on, in all three."""
        self._layer = max(0, min(self._layer + by, self._least("encoder_layers") - 1))
        self._show()

    def action_head(self, by: int) -> None:
        """Another head, in all three."""
        self._head = (self._head + by) % self._least("heads")
        self._show()

    def _least(self, field: str) -> int:
        return min((getattr(trace.config, field) for trace in self._traces.values()), default=1)

    def action_open(self) -> None:
        """The picked map's numbers in the trace, at its largest weight."""
        kind = KINDS[self._at]
        if kind in self._traces:
            self.dismiss(MapChoice(self._results[kind], Stop(self._matrix, self._strongest(kind))))

    def action_help(self) -> None:
        """All keys of this screen."""
        self.app.push_screen(HelpDialog(map_keys()))

    def action_leave(self) -> None:
        """Back to the trace, where the learner was."""
        self.dismiss(None)
