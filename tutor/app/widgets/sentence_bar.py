"""The learner's own sentence, always in reach; and the target, for models that translate."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label

from tutor.app.widgets.sentence_input import SentenceInput
from tutor.display.language import _


class SentenceBar(Horizontal):
    """Two one-line inputs. The target's placeholder shows what the model itself answered."""

    DEFAULT_CSS = """
    SentenceBar { height: 1; padding: 0 1; }
    SentenceBar Label { color: $text-muted; padding: 0 1 0 0; }
    SentenceBar SentenceInput, SentenceBar SentenceInput:focus {
        border: none; height: 1; padding: 0; width: 3fr; background: $surface;
    }
    SentenceBar SentenceInput:focus { background: $boost; }
    SentenceBar #target { width: 2fr; }
    SentenceBar #target-label { padding: 0 1 0 2; }
    SentenceBar.-no-target #target, SentenceBar.-no-target #target-label { display: none; }
    """

    class Edited(Message):
        """The learner typed in one of the two."""

        def __init__(self, sentence: str, target: str) -> None:
            self.sentence, self.target = sentence, target
            super().__init__()

    class Entered(Message):
        """The learner pressed Enter: back to the matrix."""

    def __init__(self, sentence: str, target: str, *, with_target: bool, id: str | None = None) -> None:
        super().__init__(id=id)
        self._start = (sentence, target)
        self.set_class(not with_target, "-no-target")

    def compose(self) -> ComposeResult:
        sentence, target = self._start
        yield Label(_("sentence ▸"))
        yield SentenceInput(sentence, id="sentence")
        yield Label(_("target ▸"), id="target-label")
        yield SentenceInput(target, id="target")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        values = [self.query_one(f"#{name}", SentenceInput).value for name in ("sentence", "target")]
        if tuple(values) != self._start:
            self._start = (values[0], values[1])
            self.post_message(self.Edited(*values))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Entered())

    def show_answer(self, answer: str) -> None:
        """What the model answered, shown where the learner gave no target."""
        self.query_one("#target", SentenceInput).placeholder = answer

    def focus_on(self, which: str) -> None:
        """Put the cursor into `sentence` or `target`."""
        self.query_one(f"#{which}", SentenceInput).focus()
