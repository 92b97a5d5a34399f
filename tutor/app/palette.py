"""The command palette: every lesson, term, model, theme and setting by name; a screen adds its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from typing import Any

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.markup import escape

from tutor.app.dialogs.glossary import GlossaryDialog
from tutor.app.dialogs.model import ModelDialog
from tutor.course.errors import LessonError
from tutor.course.glossary import load_glossary
from tutor.course.questions import load_bank
from tutor.display.language import _, current_language
from tutor.display.safe import safe
from tutor.models.registry import available

Command = tuple[str, str, Callable[[], Any], bool]  # title, help, what it does, whether it is offered unasked

# What is found in the middle of a word comes after what begins one; a matrix whose very name it is comes first.
VERY_NAME, WORD_START, INSIDE = 2.0, 1.0, 0.6


class TutorPalette(CommandPalette):
    """The palette in the interface's language, drawn as quietly as the rest."""

    DEFAULT_CSS = """
    TutorPalette SearchIcon { display: none; }
    TutorPalette > Vertical { margin-top: 2; width: 84; max-width: 96%; background: $surface; }
    TutorPalette > Vertical:dark { background: $surface; }
    TutorPalette #--input, TutorPalette #--input.--list-visible { border: round $accent; }
    TutorPalette CommandInput, TutorPalette CommandInput:focus { padding: 0 1; height: 1; border: none; }
    TutorPalette CommandList { scrollbar-size-vertical: 1; max-height: 70vh; border: none; padding: 1 0; }
    TutorPalette CommandList, TutorPalette CommandList:dark { background: $surface; }
    TutorPalette CommandList > .option-list--option-highlighted { background: $panel; color: $foreground; }
    """

    def __init__(self) -> None:
        super().__init__(placeholder=_("a lesson, a term, a matrix, a setting …"), id="--command-palette")


class TutorCommands(Provider):
    """Words of the query may come in any order, in either language; nothing is read as markup."""

    def commands(self) -> Iterator[Command]:
        """All commands, the most useful first."""
        app: Any = self.app
        screen: Any = self.screen
        language = current_language()
        if hasattr(screen, "action_help"):
            yield _("Keys of this screen"), "", screen.action_help, True
        for entry in app.course.lessons:
            yield (
                _("Lesson: {0}").format(entry.title.get(language)),
                entry.summary.get(language),
                partial(_open_lesson, app, entry.id),
                True,
            )
        yield _("Explore freely"), _("your sentence without a lesson"), lambda: app.explore(app.sentence), True
        yield _("Watch it learn"), _("a small model trains on screen"), partial(_train, app), True
        yield _("Review"), _("interview questions, and what you missed"), app.review, True
        yield _("Glossary"), _("terms and symbols"), lambda: app.push_screen(GlossaryDialog()), True
        yield from self._settings(app)
        yield from self._screens_own(screen)
        yield from self._terms(app, language)

    def _settings(self, app: Any) -> Iterator[Command]:
        yield "中文 / English", _("language"), lambda: app.set_language("en" if app.language == "zh" else "zh"), True
        yield (
            _("Model …"),
            _("choose the model"),
            lambda: app.push_screen(ModelDialog(app.model_name), _taker(app)),
            True,
        )
        for info in available():
            title = _("Model: {0}").format(info.title[current_language()])
            said = _("trained") if info.trained else _("untrained")
            yield title, said, partial(app.set_model, info.name), False
        for name in sorted(app.available_themes):
            yield _("Theme: {0}").format(name), "", partial(setattr, app, "theme", name), False
        yield _("Quit"), _("nothing is lost"), app.action_quit, True

    def _screens_own(self, screen: Any) -> Iterator[Command]:
        offered = getattr(screen, "screen_commands", None)
        for title, said, run in offered() if offered else ():
            yield title, said, run, True
        commands = getattr(screen, "node_commands", None)
        for title, run, *help_ in commands() if commands else ():
            yield _("Go to {0}").format(title), help_[0] if help_ else "", run, False

    def _terms(self, app: Any, language: str) -> Iterator[Command]:
        try:
            entries = load_glossary().entries
        except LessonError:
            return
        for entry in entries:
            symbol = f"  {entry.symbol}" if entry.symbol else ""
            title = _("Term: {0}").format(entry.term.get(language) + symbol)
            yield title, "", partial(_look_up, app, entry.term.en), False

    async def discover(self) -> Hits:
        """What is offered before anything is typed."""
        for title, said, run, unasked in self.commands():
            if unasked:
                yield DiscoveryHit(Content(safe(title)), run, text=safe(title), help=literal(said))  # type: ignore[arg-type]

    async def search(self, query: str) -> Hits:
        """The commands in which every word of the query occurs."""
        words = query.casefold().split()
        found = False
        everything = chain(self.commands(), questions(self.app))
        for place, (title, said, run, _unasked) in enumerate(everything):
            title = safe(title)
            score = match(title, words) or 0.5 * match(f"{title} {safe(said)}", words)
            if score and said.casefold() == query.strip().casefold():
                score = VERY_NAME
            if score:
                found = True
                # The order above decides between equals.
                yield Hit(score - place / 1e6, self._marked(title, words), run, text=title, help=literal(said))
        if not found:
            nothing = _("Nothing of that name.")
            yield Hit(INSIDE, Content(nothing), lambda: None, text=nothing)

    def _marked(self, title: str, words: list[str]) -> Content:
        content, small = Content(title), title.casefold()
        style = self.match_style
        for word in words:
            at = small.find(word)
            if at >= 0 and style is not None and len(small) == len(title):
                content = content.stylize(style, at, at + len(word))  # type: ignore[arg-type]
        return content


def questions(app: Any) -> Iterator[Command]:
    """Every question of the interview bank; found by what is asked, in the interface's language."""
    language = current_language()
    for question in load_bank().questions:
        title = _("Question: {0}").format(question.question.get(language))
        yield title, "", partial(app.ask_question, question.id), False


def match(text: str, words: list[str]) -> float:
    """How well a text fits: 0 where a word is missing, at most 1 where every word begins one of the text's."""
    small = text.casefold()
    scores = []
    for word in words:
        at = small.find(word)
        if at < 0:
            return 0.0
        begins = at == 0 or not small[at - 1].isalnum() or f" {word}" in small
        scores.append(WORD_START if begins else INSIDE)
    return sum(scores) / len(scores) if scores else 0.0


def literal(text: str) -> str | None:
    """Text that the palette, which reads markup, shows as it is."""
    return escape(safe(text)) or None


def _open_lesson(app: Any, lesson: str) -> None:
    app.open_lesson(lesson, app.sentence)


def _train(app: Any) -> None:
    from tutor.app.screens.training import TrainingScreen  # late: it brings NumPy, which the first paint does without

    app.push_screen(TrainingScreen(language=current_language()))


def _look_up(app: Any, term: str) -> None:
    app.push_screen(GlossaryDialog(term, app.sentence))


def _taker(app: Any) -> Callable[[str | None], None]:
    return lambda name: app.set_model(name) if name else None
