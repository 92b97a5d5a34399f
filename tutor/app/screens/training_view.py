"""What the training screen shows and where: its widgets, told what to draw."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from tutor.app import training_words as words
from tutor.app.screens.training_style import CSS
from tutor.app.training_watch import Frame
from tutor.app.widgets.answer_list import AnswerList
from tutor.app.widgets.embedding_map import EmbeddingMap
from tutor.app.widgets.key_line import KeyLine
from tutor.app.widgets.loss_curve import LossCurve
from tutor.app.widgets.matrix import MatrixView
from tutor.app.widgets.tab_line import TabLine
from tutor.app.widgets.title_bar import TitleBar
from tutor.app.widgets.too_small import FittedScreen, TooSmall
from tutor.app.widgets.training_status import TrainingStatus
from tutor.display.language import _
from tutor.display.titles import axis_title

PANES = ("loss", "embedding", "attention")
SPEEDS = (1, 2, 5, 10)  # steps from one picture to the next


class AttentionView(MatrixView, can_focus=False):
    """The attention matrix; the arrows belong to the training, so a click chooses the cell."""


class TrainingView(FittedScreen[frozenset[str]]):
    """Holds the last look at the training and hands it down to the widgets."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    CSS = CSS

    def __init__(self, recipe: str, look: Frame) -> None:
        super().__init__()
        self.recipe, self.look = recipe, look
        self.pane = PANES[0]
        self._speed = 0  # its place in SPEEDS
        self._logarithmic = False

    @property
    def running(self) -> bool:
        """Whether the training goes on by itself."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        yield TooSmall()
        yield TitleBar()
        yield TabLine()
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield AnswerList(id="answers")
                yield LossCurve(id="loss")
            with Vertical(id="right"):
                yield EmbeddingMap(id="embedding")
                yield AttentionView(id="attention")
        yield TrainingStatus()
        yield KeyLine()

    def on_mount(self) -> None:
        self._show()

    def _show(self) -> None:
        look, running = self.look, self.running
        bar = self.query_one(TitleBar)
        bar.left, bar.right = words.title_left(self.recipe, look, running), words.title_right(look, SPEEDS[self._speed])
        bar.warning = words.warning(look)
        answers = self.query_one(AnswerList)
        answers.border_title = _("answers")
        answers.show(look.answers, look.pair, look.step - (words.FRESH if running else 1) + 1)
        curve = self.query_one(LossCurve)
        curve.border_title = _("loss, logarithmic") if self._logarithmic else _("loss")
        curve.border_subtitle = words.schedule_title(look)
        curve.show(look.losses, self._logarithmic, look.rates if look.has_schedule else ())
        picture = self.query_one(EmbeddingMap)
        picture.border_title = words.map_title(look)
        picture.show(look.picture.points, look.picture.labels, look.picture.chosen, look.picture.reach)
        self._show_attention()
        urgent = look.failure is not None or look.risen
        self.query_one(TrainingStatus).show(words.figures(look), words.remark(look, running), urgent)
        self._show_panes()

    def _show_attention(self) -> None:
        node = self.look.attention
        matrix = self.query_one(AttentionView)
        matrix.border_title = words.attention_title(self.look)
        rows, columns = node.labels[1:]
        down, across = (axis_title(axis) for axis in node.axes[1:])
        matrix.set_matrix(node.value[self.look.head], rows, columns, down, across, heat="sequential", limit=1.0)

    def _show_panes(self) -> None:
        for pane in PANES:
            self.set_class(self.pane == pane, f"-at-{pane}")
        tabs = self.query_one(TabLine)
        tabs.tabs = (("loss", _("Loss")), ("embedding", _("Embeddings")), ("attention", _("Attention")))
        tabs.active = self.pane
        self.query_one(KeyLine).hints = words.hints(self.running, self.look.done)
