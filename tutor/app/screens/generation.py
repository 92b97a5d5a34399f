"""What the model writes, step by step: the candidates, the search as a tree, and settings to turn while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from tutor.app import generation_present as present
from tutor.app.candidate_lines import candidate_lines
from tutor.app.dialogs.glossary import GlossaryDialog
from tutor.app.dialogs.help import HelpDialog
from tutor.app.dials import SETTINGS, turns
from tutor.app.generation_state import Generated, GenerationState, Wish, all_settings, generate, provenance
from tutor.app.keys import generation_keys
from tutor.app.tracing import model_called
from tutor.app.walk import Walk
from tutor.app.widgets.candidate_list import CandidateList
from tutor.app.widgets.dial import Dial
from tutor.app.widgets.key_line import KeyLine
from tutor.app.widgets.prose import Prose
from tutor.app.widgets.search_tree import SearchTree
from tutor.app.widgets.sentence_bar import SentenceBar
from tutor.app.widgets.sentence_input import SentenceInput
from tutor.app.widgets.title_bar import TitleBar
from tutor.app.widgets.too_small import FittedScreen, TooSmall
from tutor.display.language import _
from tutor.display.safe import safe
from tutor.display.search_tree import search_tree

DROPPED_SHOWN = 3  # of one hypothesis; of a beam search all are
SCROLL_MARGIN = 3  # cells that the list keeps free for padding and its scrollbar


class GenerationScreen(FittedScreen[tuple[dict[str, Any], ...]]):
    """Dismisses with the settings of every generation that the learner saw."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    BINDINGS = [
        Binding("n,space,right", "step(1)", show=False),
        Binding("p,left", "step(-1)", show=False),
        Binding("home", "step(-100000)", show=False),
        Binding("end", "step(100000)", show=False),
        Binding("down", "candidates", show=False),
        Binding("enter", "open", show=False),
        Binding("s", "dial('strategy')", show=False),
        Binding("t", "dial('temperature')", show=False),
        Binding("slash", "sentence", show=False),
        Binding("pageup", "scroll_tree(-1)", show=False),
        Binding("pagedown", "scroll_tree(1)", show=False),
        Binding("i", "glossary", show=False),
        Binding("question_mark,f1", "help", show=False),
        Binding("escape", "leave", show=False),
    ]
    CSS = """
    GenerationScreen {
        background: $surface; layout: vertical;
        #notice { height: auto; max-height: 2; padding: 0 1; color: $text-warning; }
        .-none { display: none; }
        #dials { height: 1; padding: 0 1; }
        .heading { height: 1; padding: 0 1; background: $panel; color: $text; text-style: bold; }
        .heading:nocolor { text-style: bold underline; }
        #candidates { max-height: 60%; }
        #cache { height: auto; max-height: 2; padding: 0 1; color: $text-muted; }
    }
    """

    class Written(Message):
        """A worker has finished."""

        def __init__(self, result: Generated) -> None:
            self.result = result
            super().__init__()

    def __init__(
        self, model: str, sentence: str, settings: Mapping[str, Any], language: str, backend: str = "numpy"
    ) -> None:
        super().__init__()
        self.state = GenerationState(Wish(model, sentence, all_settings(settings), backend))
        self.language = language
        self._busy: Wish | None = None

    def compose(self) -> ComposeResult:
        settings = self.state.wish.settings
        yield TooSmall()
        yield TitleBar()
        yield SentenceBar(self.state.wish.sentence, "", with_target=False, id="bar")
        yield Prose(id="notice")
        with Horizontal(id="dials"):
            for setting in SETTINGS:
                yield Dial(setting, settings[setting.name])
        yield Static(id="step-heading", classes="heading")
        yield CandidateList(id="candidates")
        yield Static(id="tree-heading", classes="heading")
        yield SearchTree(id="tree")
        yield Static(id="cache")
        yield KeyLine()

    def on_mount(self) -> None:
        self._show()
        self._run()
        self.action_candidates()

    def change_language(self, language: str) -> None:
        """Say everything in another language; the step and what was typed stay."""
        self.language = language
        self.refresh(recompose=True)

    async def recompose(self) -> None:
        """New widgets, in the same state and with the keys where they were."""
        focused = self.focused.id if self.focused is not None else None
        await super().recompose()
        self._show()
        if self.state.error:
            self._run()  # what is wrong is said by those who compute
        target = self.query(f"#{focused}") if focused else None
        (target.first() if target else self.query_one(CandidateList).lines).focus()

    # Running: at most one generation at a time, the latest wish wins, and what is out of date is dropped.

    def _run(self) -> None:
        if self._busy is None:
            wish = self._busy = self.state.wish
            self.run_worker(lambda: self.post_message(self.Written(generate(wish))), thread=True)

    def on_generation_screen_written(self, event: Written) -> None:
        self._busy = None
        if event.result.wish != self.state.wish:
            self._run()
        else:
            self.state = self.state.accepted(event.result)
            self._show()

    # Showing.

    def _show(self) -> None:
        state = self.state
        bar = self.query_one(TitleBar)
        bar.left, bar.right = present.title(state), Path(state.wish.model).name
        bar.warning = _("untrained") if state.found is not None and not state.found.trained else ""
        said, notice = present.notice(state), self.query_one("#notice", Prose)
        notice.content = Content(safe(said))
        notice.set_class(not said, "-none")
        for setting in SETTINGS:
            dial = self.query_one(f"#dial-{setting.name}")
            dial.display = turns(setting.name, state.wish.settings["strategy"])
        self._show_step()
        self.query_one(KeyLine).hints = present.hints(state, self.focused)

    def _show_step(self) -> None:
        state = self.state
        for part in ("#step-heading", "#candidates", "#tree-heading", "#tree", "#cache"):
            self.query_one(part).set_class(state.step is None, "-none")
        if state.step is None or state.found is None:
            return
        decode = model_called(state.found.model).target_tokenizer.decode
        prefixes = [decode(ids) for ids in state.found.prefixes(state.number)]
        heads, lines = candidate_lines(state, prefixes, self.size.width - SCROLL_MARGIN)
        heading = present.step_heading(state, prefixes, self.size.width)
        self.query_one("#step-heading", Static).update(Content(heading))
        self.query_one(CandidateList).show(heads, lines, state.place)
        self.query_one("#tree-heading", Static).update(Content(present.answer_heading(state.found, self.size.width)))
        most = None if state.found.settings.strategy == "beam" else DROPPED_SHOWN
        self.query_one(SearchTree).show(search_tree(state.steps, state.number, most), state.number, state.place)
        self.query_one("#cache", Static).update(present.cache_line(state.step.work, self.size.width))

    def on_resize(self, event: events.Resize) -> None:
        """The columns fill another width."""
        self.call_after_refresh(self._show)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self.query_one(KeyLine).hints = present.hints(self.state, self.focused)

    # What the learner does.

    def on_dial_turned(self, event: Dial.Turned) -> None:
        self.state = self.state.turned(event.name, event.value)
        self._show()  # the chances follow at once, from the probabilities that are there; the rest when it is written
        self._run()

    def on_sentence_bar_edited(self, event: SentenceBar.Edited) -> None:
        self.state = replace(self.state, wish=replace(self.state.wish, sentence=event.sentence))
        self.app.sentence = event.sentence  # type: ignore[attr-defined]
        self._run()

    def on_sentence_bar_entered(self) -> None:
        self.action_candidates()

    def on_candidate_list_moved(self, event: CandidateList.Moved) -> None:
        if self.state.step is not None and event.place < len(self.state.step.candidates):
            self.state = replace(self.state, place=event.place)
            self._show()

    def on_candidate_list_opened(self, event: CandidateList.Opened) -> None:
        self.action_open()

    def action_step(self, by: int) -> None:
        """Another step of the generation."""
        if self.state.steps:
            self.state = self.state.at(self.state.number + by)
            self._show()

    def action_candidates(self) -> None:
        """Give the candidates the keys."""
        self.query_one(CandidateList).lines.focus()

    def action_dial(self, name: str) -> None:
        """Give a setting the keys."""
        dial = self.query_one(f"#dial-{name}", Dial)
        if name == "temperature" and not dial.display:
            dial = self.query_one("#dial-strategy", Dial)
        dial.focus()

    def action_open(self) -> None:
        """The trace in which this probability is a cell."""
        state = self.state
        if state.found is None or state.step is None or state.candidate is None:
            return
        request, stop = provenance(state.found, state.step, state.candidate, state.wish.backend)
        self.app.open_trace(request, Walk((stop,)))  # type: ignore[attr-defined]

    def action_sentence(self) -> None:
        """Type another sentence."""
        self.query_one("#bar", SentenceBar).focus_on("sentence")

    def action_scroll_tree(self, by: int) -> None:
        """Another part of a tree too large for its place."""
        tree = self.query_one(SearchTree)
        tree.scroll_relative(y=by * max(1, tree.size.height - 1), animate=False)

    def action_glossary(self) -> None:
        """The terms of decoding."""
        strategy = self.state.wish.settings["strategy"]
        start = {"greedy": "greedy decoding", "beam": "beam search", "sample": "temperature"}[strategy]
        self.app.push_screen(GlossaryDialog(start, self.state.wish.sentence))

    def action_help(self) -> None:
        """All keys of this screen."""
        self.app.push_screen(HelpDialog(generation_keys()))

    def action_leave(self) -> None:
        """From an input or a setting to the candidates, and then back to the screen below."""
        if isinstance(self.focused, Input | SentenceInput | Dial) and self.state.step is not None:
            self.action_candidates()
        else:
            self.dismiss(self.state.ran)
