"""Choose a model: what each can do, how large it is, and plainly whether it was trained."""

from __future__ import annotations

from functools import cache

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tutor.app.widgets.key_line import Hint, KeyLine
from tutor.app.widgets.prose import Prose
from tutor.display.language import N_, _, current_language, ngettext
from tutor.display.measured import quality
from tutor.display.safe import safe
from tutor.models import registry
from tutor.models.card import ModelCard, read_card
from tutor.models.errors import ModelError
from tutor.models.registry import ModelInfo, available, find_folder

ARCHITECTURES = {
    "encoder_decoder": N_("encoder–decoder: reads one sentence, writes another"),
    "encoder_only": N_("encoder only: reads a sentence, fills its gaps"),
    "series": N_("encoder only: reads a series of numbers"),
    "decoder_only": N_("decoder only: goes on writing a sentence"),
}


@cache
def _models() -> tuple[ModelInfo, ...]:
    return available()


@cache
def _card(name: str) -> ModelCard | None:
    try:
        return read_card(find_folder(name))
    except ModelError:
        return None


class ModelDialog(ModalScreen[str | None]):
    """Hands back the name of the model taken, or None."""

    BINDINGS = [
        Binding("escape,q", "close", show=False),
        Binding("right", "read(3)", show=False),
        Binding("left", "read(-3)", show=False),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (22, "-high"), (34, "-tall")]
    DEFAULT_CSS = """
    ModelDialog { align: center middle; }
    ModelDialog #box {
        width: 84; max-width: 96%; height: auto; max-height: 94%; border: round $accent; background: $surface;
        border-title-color: $text-accent;
    }
    ModelDialog OptionList, ModelDialog OptionList:focus {
        height: auto; max-height: 8; border: none; padding: 1 1 0 1; background: $surface; background-tint: $surface 0%;
    }
    ModelDialog OptionList > .option-list--option { padding: 0 1; }
    ModelDialog OptionList > .option-list--option-highlighted,
    ModelDialog OptionList:focus > .option-list--option-highlighted { background: $panel; color: $foreground; }
    ModelDialog #about { height: auto; max-height: 11; padding: 1 2; scrollbar-size-vertical: 1; }
    ModelDialog.-tall #about { max-height: 20; }
    ModelDialog.-low #box { height: 94%; }
    ModelDialog.-low #about { height: 1fr; max-height: 100%; padding: 0 2; }
    ModelDialog.-low OptionList { padding: 0 1; }
    ModelDialog KeyLine { background: $surface; padding: 0 2; }
    """

    def __init__(self, current: str = "") -> None:
        super().__init__()
        self._current = current
        self._choices = (*_models(), *registry.downloaded())

    def compose(self) -> ComposeResult:
        language = current_language()
        with Vertical(id="box") as box:
            box.border_title = _("model")
            yield OptionList(
                *(Option(_line(info, info.name == self._current, language), info.name) for info in self._choices)
            )
            with VerticalScroll(id="about", can_focus=False):
                yield Prose(id="model-text")
            yield KeyLine()

    def on_mount(self) -> None:
        """The model in use is highlighted."""
        names = [info.name for info in self._choices]
        self.query_one(OptionList).highlighted = names.index(self._current) if self._current in names else 0
        self.query_one(KeyLine).hints = (
            Hint("enter", _("use this model"), "screen.take"),
            Hint("↑↓", _("choose"), "screen.next"),
            Hint("→", _("read on"), "screen.read(3)"),
            Hint("esc", _("close"), "screen.close"),
        )

    @on(OptionList.OptionHighlighted)
    def _tell(self, event: OptionList.OptionHighlighted) -> None:
        info = next(info for info in self._choices if info.name == event.option.id)
        self.query_one(Prose).content = _about(info, current_language())
        self.query_one("#about").scroll_home(animate=False)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    def action_take(self) -> None:
        """Use the highlighted model."""
        self.query_one(OptionList).action_select()

    def action_next(self) -> None:
        """The next one."""
        self.query_one(OptionList).action_cursor_down()

    def action_read(self, lines: int) -> None:
        """Further down in what is said of the model, or back up."""
        self.query_one("#about").scroll_relative(y=lines, animate=False)

    def action_close(self) -> None:
        """Keep the model."""
        self.dismiss(None)

    def on_click(self, event: events.Click) -> None:
        """A click beside the box closes it."""
        if event.widget is self:
            self.action_close()


def _line(info: ModelInfo, current: bool, language: str) -> Content:
    trained = (_("trained"), "$text-success") if info.trained else (_("untrained"), "$text-warning")
    return Content.assemble(
        ("● " if current else "○ ", "$text-accent"), (safe(info.title[language]), "bold"), "  ", trained
    )


def _about(info: ModelInfo, language: str) -> Content:
    card = _card(info.name)
    parts: list[Content | tuple[str, str] | str] = [safe(info.summary[language]), "\n\n"]
    if card is not None and (said := quality(card.measured)):
        parts += [(_("How good it is: "), "bold"), ("" if language == "zh" else " ").join(said), "\n\n"]
    parts.append((_(ARCHITECTURES.get(info.architecture, info.architecture)), "$foreground-muted"))
    if info.parameters:
        numbers = ngettext("{n} weight", "{n} weights", info.parameters).format(n=f"{info.parameters:,}")
        parts += [(" · ", "$foreground-muted"), (numbers, "$foreground-muted")]
    if card is not None:
        parts += ["\n\n", (safe(card.limits[language]), "$foreground" if info.trained else "$text-warning")]
        parts += ["\n\n", (safe(card.data[language]), "$foreground-muted")]
    return Content.assemble(*parts)
