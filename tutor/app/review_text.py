"""From the cards of a review to what its screen shows. Pure functions, no widget."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from tutor.app.dialogs.help import Section
from tutor.app.widgets.key_line import Hint
from tutor.course.questions import GRADES, Question
from tutor.course.review import ExerciseCard, QuestionCard, ReviewCard, Sitting
from tutor.course.units import unit_title
from tutor.display import grades
from tutor.display.flow import markdown, wrapped
from tutor.display.language import _
from tutor.display.safe import safe

MARKS = ("●", "◆", "★")  # needed to pass, good, excellent: told apart without colour


def title(sitting: Sitting, language: str) -> tuple[str, str]:
    """Left the unit of the card on the table, right how many are to go."""
    card = sitting.current
    if card is None:
        return _("review"), ""
    unit = unit_title(card.unit).get(language)
    return _("review") + f" · {unit}", _("{0} to go").format(sitting.left)


def question(card: ReviewCard, language: str, width: int) -> Text:
    """What is asked."""
    parts = []
    if isinstance(card, ExerciseCard):
        lesson = card.lesson.title.get(language)
        words = _("Missed in the lesson {0}, step {1}").format(lesson, card.step_number + 1)
        parts.append(wrapped(Text(safe(words), style="dim"), width))
    body = markdown(card.asked(language), width)
    if isinstance(card, QuestionCard):
        body.stylize("bold")
    return Text("\n\n", end="").join([*parts, body])


def answer(card: ReviewCard, typed: str, language: str, width: int) -> Text:
    """What the learner typed, then what an answer contains."""
    blocks = [_heading(_("You said"), width), wrapped(Text(safe(typed)), width), Text()] if typed.strip() else []
    if isinstance(card, QuestionCard):
        blocks += _answer(card.question, language, width)
    else:
        blocks.append(wrapped(Text(_("Work it out on the live matrix (o), then grade yourself.")), width))
        told = card.told(language)
        blocks += [Text(), *(_item("●", words, width) for words in told)] if told else []
    return Text("\n", end="").join(blocks)


def _answer(one: Question, language: str, width: int) -> Iterator[Text]:
    for mark, grade, heading in zip(MARKS, GRADES, grades.HEADINGS, strict=True):
        yield _heading(_(heading), width)
        for point in getattr(one.points, grade):
            yield _item(mark, point.get(language), width)
    yield Text()
    yield _heading(_("In short"), width)
    yield markdown(one.answer.get(language), width)
    yield Text()
    yield _heading(_("Often said, but wrong"), width)
    for wrong in one.wrong:
        yield _item("✗", wrong.says.get(language), width)
        yield wrapped(Text("  " + safe(wrong.why.get(language)), style="dim"), width, 2)


def _heading(words: str, width: int) -> Text:
    return wrapped(Text(safe(words), style="bold underline"), width)


def _item(mark: str, words: str, width: int) -> Text:
    return wrapped(Text(f"{mark} {safe(words)}"), width, 2)


def nothing(sitting: Sitting, width: int) -> Text:
    """The end of a sitting, or that nothing is due; and when the next card is."""
    lines = [_("All done: {0} answers graded.").format(sitting.done)] if sitting.done else []
    lines += grades.nothing_due(sitting.next_due, sitting.new_left, sitting.now)
    return Text("\n", end="").join(wrapped(Text(safe(line)), width) for line in lines)


def grade_hints(sitting: Sitting) -> tuple[Hint, ...]:
    """The four grades and when the card would come again."""
    return tuple(
        Hint(key, f"{word} ({later})", f"screen.grade({key})")
        for key, word, later in grades.choices(sitting.foreseen())
    )


def other_hints(sitting: Sitting, revealed: bool, more: int) -> tuple[Hint, ...]:
    """The next useful key first."""
    leave = Hint("esc", _("leave"), "screen.leave")
    keys = Hint("F1", _("help"), "screen.help")
    if sitting.current is None:
        offered = [Hint("m", _("{0} new questions").format(more), "screen.more")] if sitting.new_left else []
        return (*offered, leave, keys)
    look = Hint("o" if revealed else "ctrl+o", _("the live matrix"), "screen.look")
    if revealed:
        return (look, Hint("↑↓", _("scroll"), "screen.scroll(1)"), leave, keys)
    return (Hint("enter", _("show the answer"), "screen.reveal"), look, leave, keys)


def help_sections() -> list[Section]:
    """The keys of the review, for the help dialog."""
    meanings = [(str(place), f"{_(word)}: {_(meaning)}") for place, (word, meaning) in enumerate(_graded(), 1)]
    return [
        (_("The question"), [("enter", _("show the answer")), ("ctrl+o  o", _("the live matrix that answers"))]),
        (_("Your grade, which says when the card comes again"), meanings),
        (
            _("Around"),
            [
                ("↑ ↓", _("scroll")),
                ("m", _("new questions, where nothing is due")),
                ("F4", _("glossary: terms and symbols")),
                ("ctrl+p", _("everything there is, by name")),
                ("F2", _("中文 / English")),
                ("esc", _("leave; every grade is kept")),
            ],
        ),
    ]


def _graded() -> Iterator[tuple[str, str]]:
    return zip(grades.WORDS, grades.MEANINGS, strict=True)
