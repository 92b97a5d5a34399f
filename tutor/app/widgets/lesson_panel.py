"""The lesson's words, and what the learner does: a question's choices, a number to fill in, a switch to set."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tutor.app.widgets.explanation_input import ExplanationInput
from tutor.app.widgets.number_input import NumberInput
from tutor.display.flow import emphasis, markdown, wrapped
from tutor.display.safe import safe


@dataclass(frozen=True)
class LessonView:
    """What the panel shows of a step. All text is already in the interface's language."""

    heading: str = ""
    say: str = ""  # Markdown
    question: str = ""
    choices: tuple[tuple[str, str], ...] = ()  # (mark, text)
    closed: bool = False  # whether there is nothing left to choose
    literal: bool = False  # whether question, choices and verdict hold no Markdown: tokens may look like it
    sheet: tuple[str, ...] = ()  # numbers beside a question, line by line
    placeholder: str = ""  # of the field for a sentence; empty where none is asked for
    points: tuple[tuple[str, str], ...] = ()  # (mark, text) to compare with; a heading has no mark
    answer_to: str = ""  # the cell to fill in, such as "scaled[I, student]"
    verdict: str = ""
    good: bool | None = None
    hints: tuple[str, ...] = ()


class LessonPanel(VerticalScroll):
    """Scrolls when the text is long; the answer field or the choices come right below it."""

    DEFAULT_CSS = """
    LessonPanel { padding: 0 1; scrollbar-size-vertical: 1; }
    LessonPanel Static { height: auto; }
    LessonPanel OptionList { height: auto; border: none; padding: 0; background: $surface; max-height: 20; }
    LessonPanel OptionList:focus { background: $boost; border: none; }
    LessonPanel NumberInput, LessonPanel NumberInput:focus {
        border: none; height: 1; padding: 0 1; background: $boost; width: 30;
    }
    LessonPanel .-none { display: none; }
    LessonPanel #verdict.-good { color: $text-success; }
    LessonPanel #verdict.-bad { color: $text-warning; }
    """

    class Chosen(Message):
        """A choice of a question."""

        def __init__(self, place: int) -> None:
            self.place = place
            super().__init__()

    class Filled(Message):
        """A number for the blank that is asked for."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    class Explained(Message):
        """A sentence of the learner's own."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._view = LessonView()
        self._waiting: LessonView | None = None  # what to show as soon as the panel is on screen
        self._shown: tuple[LessonView, int] | None = None
        self._choices_width = 0  # for which the choices on screen were wrapped

    def compose(self) -> ComposeResult:
        yield Static(id="say")
        yield Static(id="question")
        yield ExplanationInput(id="explanation", compact=True, select_on_focus=False)
        yield Static(id="points")
        yield OptionList(id="choices")
        yield Static(id="asked")
        yield NumberInput(id="answer", compact=True, select_on_focus=False)
        yield Static(id="verdict")
        yield Static(id="hints")

    def show(self, view: LessonView) -> None:
        """Another step, or the same step after an answer."""
        if not self.size.width:  # not laid out, or hidden: the words would be broken for a screen that is not there
            self._waiting = view
            return
        self._waiting = None
        width = max(20, self.size.width - 3)
        if (view, width) == self._shown:
            return
        self._shown = (view, width)
        before, self._view = self._view, view
        self._text("#say", _said(view, width))
        question = [wrapped(_line(view, view.question, "bold"), width)] if view.question else []
        question += [Text(line, no_wrap=True, end="") for line in view.sheet]
        self._text("#question", Text("\n", end="").join(question) if question else None)
        points = [_point(mark, text, width) for mark, text in view.points]
        self._text("#points", Text("\n", end="").join(points) if points else None)
        self._text("#asked", Text(f"{view.answer_to} = ?", style="bold") if view.answer_to else None)
        self._text("#verdict", wrapped(_line(view, view.verdict), width) if view.verdict else None)
        hints = Text("\n").join(wrapped(emphasis(f"○ {hint}"), width, 2) for hint in view.hints)
        self._text("#hints", hints if view.hints else None)
        verdict = self.query_one("#verdict")
        verdict.set_class(view.good is True, "-good")
        verdict.set_class(view.good is False, "-bad")
        self._show_choices(before)
        explanation = self.query_one(ExplanationInput)
        explanation.set_class(not view.placeholder, "-none")
        explanation.placeholder = view.placeholder
        # In a panel made anew, in another language, what was typed stays.
        if before.question and view.question != before.question:
            explanation.value = ""
        answer = self.query_one("#answer", Input)
        answer.set_class(not view.answer_to, "-none")
        if before.answer_to and view.answer_to != before.answer_to:
            answer.value = ""
        if view.points and not before.points:
            self.call_after_refresh(self.scroll_to_widget, self.query_one("#points"), animate=False, top=True)
        elif (view.say, view.question) != (before.say, before.question) and not view.verdict:
            self.scroll_home(animate=False)
        elif view != before and (view.verdict or view.hints):
            self.call_after_refresh(self._scroll_down, view.hints == before.hints)

    def _scroll_down(self, keep_answer: bool) -> None:
        """To what was said last; below a verdict the hints may be too long for the field to stay in view."""
        self.scroll_end(animate=False)
        if keep_answer and self._view.answer_to:
            self.call_after_refresh(self.scroll_to_widget, self.query_one("#answer"), animate=False)

    def on_resize(self) -> None:
        self.show(self._waiting or self._view)

    def _text(self, selector: str, text: Text | None) -> None:
        static = self.query_one(selector, Static)
        static.set_class(text is None, "-none")
        static.update(text or "")

    def _show_choices(self, before: LessonView) -> None:
        choices = self.query_one(OptionList)
        choices.set_class(not self._view.choices, "-none")
        width = max(20, self.size.width - 6)
        if self._view.choices == before.choices and width == self._choices_width:
            return
        self._choices_width = width
        at = choices.highlighted if len(before.choices) == len(self._view.choices) else 0
        choices.clear_options()
        lines = [wrapped(_line(self._view, f"{mark}  {text}"), width, 3) for mark, text in self._view.choices]
        choices.add_options([Option(line) for line in lines])
        if self._view.choices:
            choices.highlighted = at or 0

    def focus_answer(self) -> bool:
        """Put the focus on what is to be answered; False where there is nothing."""
        view = self._waiting or self._view
        if view.placeholder:
            self.query_one(ExplanationInput).focus()
            return True
        if view.points:
            self.focus()  # so that the arrows scroll; the grades are letters
            return True
        if view.answer_to:
            self.query_one("#answer", Input).focus()
        elif view.choices and not view.closed:
            self.query_one(OptionList).focus()
        return bool(view.answer_to or (view.choices and not view.closed))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(self.Chosen(event.option_index))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        explains = isinstance(event.input, ExplanationInput)
        if not explains:
            event.input.select_all()  # should it be wrong, the next number takes its place
        self.post_message(self.Explained(event.value) if explains else self.Filled(event.value))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.input.has_focus:
            self.scroll_to_widget(event.input, animate=False)  # it may be above the hints, out of sight


def _point(mark: str, text: str, width: int) -> Text:
    if not mark:
        return wrapped(Text(safe(text), style="bold underline", end=""), width)
    return wrapped(Text(f"{mark} {safe(text)}", end=""), width, 2)


def _line(view: LessonView, text: str, style: str = "") -> Text:
    return Text(safe(text), style, end="") if view.literal else emphasis(text, style, "underline" if style else "bold")


def _said(view: LessonView, width: int) -> Text | None:
    parts = [wrapped(Text(safe(view.heading), style="bold underline"), width)] if view.heading else []
    parts += [markdown(view.say, width)] if view.say else []
    return Text("\n").join(parts) if parts else None
