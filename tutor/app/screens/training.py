"""Watch it learn: a model small enough trains on screen, and can be stepped, steered, broken and opened."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

from textual.binding import Binding
from textual.message import Message

from tutor.app import training_words as words
from tutor.app.dialogs.help import HelpDialog
from tutor.app.dialogs.sabotage import SabotageDialog
from tutor.app.screens.training_view import PANES, SPEEDS, AttentionView, TrainingView
from tutor.app.tracing import Request, keep_model
from tutor.app.training_watch import TABLES, Watch
from tutor.app.walk import Walk
from tutor.app.widgets.answer_list import AnswerList
from tutor.app.widgets.matrix import MatrixView
from tutor.models.live_training import WARM_UPS, LiveTraining, Sabotage
from tutor.models.recipe import DECAYS, find_recipe, read_recipe

PICTURE = 1 / 20  # seconds from one to the next, where the machine keeps up
PATIENCE = 2.0  # seconds that the worker waits for a picture to be drawn


class TrainingScreen(TrainingView):
    """Dismisses with the goals reached, of which a lesson may want one (see `training_watch`).

    Raises ModelError where nothing can be watched.

    A worker trains in small slices and asks for a picture after each; whatever reads or changes the training holds
    the lock.
    """

    BINDINGS = [
        Binding("space", "run", show=False),
        Binding("s,n", "single", show=False),
        Binding("left", "rate(0.5)", show=False),
        Binding("right", "rate(2)", show=False),
        Binding("w", "warmup(1)", show=False),
        Binding("W", "warmup(-1)", show=False),
        Binding("d", "decay", show=False),
        Binding("up", "speed(1)", show=False),
        Binding("down", "speed(-1)", show=False),
        Binding("r", "restart", show=False),
        Binding("b", "sabotage", show=False),
        Binding("enter,o", "open", show=False),
        *(Binding(str(pair + 1), f"pair({pair})", show=False) for pair in range(9)),
        Binding("left_square_bracket", "attention(-1)", show=False),
        Binding("right_square_bracket", "attention(1)", show=False),
        Binding("e", "table", show=False),
        Binding("l", "log", show=False),
        Binding("tab", "next_pane(1)", show=False, priority=True),
        Binding("shift+tab", "next_pane(-1)", show=False, priority=True),
        Binding("question_mark,f1", "help", show=False),
        Binding("escape", "leave", show=False),
    ]

    class Advanced(Message):
        """The worker has trained on; there is a new picture."""

    def __init__(
        self,
        recipe: str = "proverbs",
        settings: Mapping[str, Any] | None = None,
        language: str = "en",
        wanted: str = "",
    ) -> None:
        training = Watch(LiveTraining(read_recipe(find_recipe(recipe)), **(settings or {})), wanted)
        super().__init__(recipe, training.frame())
        self.training, self.language = training, language
        self._lock = threading.Lock()
        self._stop: threading.Event | None = None  # set to stop the worker; None while none runs
        self._drawn = threading.Event()

    def change_language(self, language: str) -> None:
        """Say everything in another language; the training goes on."""
        self.language = language
        self.refresh(recompose=True)

    async def recompose(self) -> None:
        """New widgets that show the same."""
        await super().recompose()
        self._show()

    # The worker.

    @property
    def running(self) -> bool:
        """Whether the worker trains."""
        return self._stop is not None

    def _begin(self) -> None:
        steps = self.training.live.recipe.settings.steps
        end = (self.look.step // steps + 1) * steps
        stop = self._stop = threading.Event()
        self.run_worker(lambda: self._train(stop, end), thread=True, group="training")

    def _train(self, stop: threading.Event, end: int) -> None:
        while not stop.is_set():
            begun = time.monotonic()
            self._drawn.clear()
            with self._lock:
                if stop.is_set():
                    return
                self.training.advance(min(SPEEDS[self._speed], end - self.training.live.step))
                self.look = self.training.frame()
                if self.look.failure is not None or self.look.step >= end:
                    stop.set()
            self.post_message(self.Advanced())
            self._drawn.wait(PATIENCE)
            stop.wait(max(0.0, PICTURE - (time.monotonic() - begun)))

    def on_training_screen_advanced(self) -> None:
        if self._stop is not None and self._stop.is_set():
            self._stop = None
        self._show()
        if self.is_current:
            self.call_after_refresh(self._drawn.set)
        else:  # behind a dialog nothing is drawn
            self._drawn.set()

    def _pause(self) -> None:
        if self._stop is not None:
            self._stop.set()
            self._drawn.set()
            self._stop = None

    def on_unmount(self) -> None:
        self._pause()

    def _look_again(self) -> None:
        """After the training was changed by hand. Holds the lock already."""
        self.look = self.training.frame()
        self._show()

    # What the learner does.

    def action_run(self) -> None:
        """Train, or pause."""
        if self.running:
            self._pause()
        elif self.look.failure is None:
            self._begin()
        self._show()

    def action_single(self) -> None:
        """One step by hand, and what it changed."""
        self._pause()
        with self._lock:
            self.training.step_closely()
            self._look_again()

    def action_rate(self, factor: float) -> None:
        """Another learning rate, from the next step on."""
        with self._lock:
            self.training.live.change_rate(self.training.live.learning_rate * factor)
            self._look_again()

    def action_warmup(self, by: int) -> None:
        """A longer warm-up, or a shorter one; the rate of the next step follows from it."""
        with self._lock:
            live = self.training.live
            known = sorted({*WARM_UPS, live.warmup})
            at = known.index(live.warmup) + by
            live.change_warmup(known[max(0, min(at, len(known) - 1))])
            self._look_again()

    def action_decay(self) -> None:
        """Another way for the learning rate to fall after the warm-up."""
        with self._lock:
            live = self.training.live
            live.change_decay(DECAYS[(DECAYS.index(live.decay) + 1) % len(DECAYS)])
            self._look_again()

    def action_speed(self, by: int) -> None:
        """More steps, or fewer, from one picture to the next."""
        self._speed = min(len(SPEEDS) - 1, max(0, self._speed + by))
        self._show()

    def action_restart(self) -> None:
        """From other random weights; what was broken is whole again."""
        self._pause()
        with self._lock:
            self.training.restart()
            self._look_again()

    def action_sabotage(self) -> None:
        """Break it on purpose."""
        self._pause()
        self._show()
        self.app.push_screen(SabotageDialog(), self._spoil)

    def _spoil(self, sabotage: Sabotage | None) -> None:
        if sabotage is None:
            return
        with self._lock:
            self.training.spoil(sabotage)
            self._look_again()
        self._begin()

    def action_pair(self, pair: int) -> None:
        """Look at another pair of the corpus."""
        if pair < len(self.look.answers):
            with self._lock:
                self.training.pair = pair
                self._look_again()

    def action_next_pair(self) -> None:
        """The next pair."""
        self.action_pair((self.look.pair + 1) % len(self.look.answers))

    def on_answer_list_chosen(self, event: AnswerList.Chosen) -> None:
        self.action_pair(event.pair)

    def action_attention(self, by: int) -> None:
        """Another head, or another layer's attention."""
        with self._lock:
            self.training.place += by
            self._look_again()
        self.action_pane("attention")

    def action_table(self) -> None:
        """The embeddings of the other side."""
        with self._lock:
            self.training.table = next(table for table in TABLES if table != self.training.table)
            self._look_again()
        self.action_pane("embedding")

    def action_log(self) -> None:
        """The loss on a logarithmic scale, where small losses can be told apart; and back."""
        self._logarithmic = not self._logarithmic
        self.action_pane("loss")
        self._show()

    def action_pane(self, pane: str) -> None:
        """Bring a pane to the front."""
        self.pane = pane
        self._show_panes()

    def action_next_pane(self, by: int) -> None:
        """The next pane round."""
        self.action_pane(PANES[(PANES.index(self.pane) + by) % len(PANES)])

    def on_matrix_view_opened(self, event: MatrixView.Opened) -> None:
        self.pane = "attention"
        self.action_open()

    def action_open(self) -> None:
        """The model as it is now on the trace screen, at the numbers of the pane in front."""
        self._pause()
        self._show()
        with self._lock:
            model = self.training.live.present_model()
            question, right = self.training.live.pairs[self.look.pair]
            stop = self.training.stop(self.pane, self.query_one(AttentionView).cursor)
        keep_model(model)
        request = Request(model=model.name, sentence=question, target=right)
        self.app.open_trace(request, Walk((stop,)))  # type: ignore[attr-defined]

    def action_help(self) -> None:
        """All keys of this screen."""
        self.app.push_screen(HelpDialog(words.training_keys()))

    def action_leave(self) -> None:
        """Back, with what was reached."""
        self._pause()
        self.dismiss(frozenset(self.training.goals))
