"""From course and progress to what the home screen shows. Pure functions, no widget."""

from __future__ import annotations

from textual.content import Content

from tutor.app.dialogs.help import Section
from tutor.app.widgets.course_map import DONE, NEW, STARTED, MapItem
from tutor.app.widgets.key_line import Hint
from tutor.course.load import Course, LessonEntry
from tutor.course.progress import Progress
from tutor.display.language import _, listed
from tutor.display.safe import safe
from tutor.models.registry import ModelInfo

MARK = "$text-accent"
QUIET = "$foreground-muted"


def recommended(course: Course, progress: Progress) -> str:
    """The lesson to go on with: the one begun last, else the first that is not done; "" in an empty course."""
    done = progress.done_lessons()
    begun = [lesson for lesson in progress.started_lessons() if lesson in course and lesson not in done]
    left = [entry.id for entry in course.lessons if entry.id not in done]
    return next(iter([*begun, *left, *(entry.id for entry in course.lessons)]), "")


def following(course: Course, progress: Progress, lesson: str) -> str:
    """The lesson after one that was just finished: the next in the course that is not done, else as `recommended`."""
    order, done = [entry.id for entry in course.lessons], progress.done_lessons()
    after = order[order.index(lesson) + 1 :] if lesson in order else []
    return next((one for one in after if one not in done), "") or recommended(course, progress)


def is_example(course: Course, sentence: str) -> bool:
    """Whether this is a lesson's own sentence, in either language, rather than one the learner wrote."""
    given = [entry.header.sentence for entry in course.lessons if entry.header.sentence is not None]
    return any(sentence in (text.en, text.zh) for text in given)


def map_items(course: Course, progress: Progress, language: str) -> list[MapItem]:
    """Every lesson as the course map draws it."""
    done, begun = progress.done_lessons(), progress.started_lessons()
    items = []
    for unit in course.units:
        for entry in unit.lessons:
            mark = DONE if entry.id in done else STARTED if entry.id in begun else NEW
            note = f"{begun[entry.id] + 1}/{entry.step_count}" if mark == STARTED and entry.step_count else ""
            texts = (entry.title.en, entry.title.zh, entry.summary.en, entry.summary.zh, entry.id)
            items.append(
                MapItem(
                    id=entry.id,
                    unit=unit.title.get(language),
                    title=entry.title.get(language),
                    note=note or _("{0} min").format(entry.minutes),
                    mark=mark,
                    searched="\n".join(texts).casefold(),
                )
            )
    return items


def about_lesson(entry: LessonEntry | None, progress: Progress, course: Course, language: str, wide: bool) -> Content:
    """The highlighted lesson: its summary; on a wide screen its title and what it builds on as well."""
    if entry is None:
        return Content("")
    summary = Content(safe(entry.summary.get(language)))
    if not wide:
        return summary
    facts = [_("{0} minutes").format(entry.minutes)]
    if entry.step_count:
        facts.append(_("{0} steps").format(entry.step_count))
    parts: list[Content | tuple[str, str] | str] = [
        (safe(entry.title.get(language)), "bold"),
        "\n",
        (" · ".join(facts), QUIET),
        "\n\n",
        summary,
    ]
    before = [course[name] for name in entry.header.assumes if name in course and not progress.done(name)]
    if before:
        titles = listed(safe(other.title.get(language)) for other in before)
        parts += ["\n\n", (_("Builds on: {0}").format(titles), QUIET)]
    return Content.assemble(*parts)


def about_model(info: ModelInfo | None, language: str, wide: bool) -> Content:
    """The model the lesson would use, and plainly whether it was trained; None where a lesson does without one."""
    if info is None:
        text = _("small matrices of the lesson's own, by hand")
        return Content.assemble((_("model"), f"bold {QUIET}"), "\n" if wide else "  ", text)
    title = safe(info.title[language])
    if not wide:
        trained = _("trained") if info.trained else _("untrained: random weights, real arithmetic")
        return Content.assemble((_("model"), QUIET), "  ", title, (f" · {trained}", QUIET))
    limits = safe(info.summary[language])
    said = (
        _("Trained.")
        if info.trained
        else _("Untrained: its weights are random, so its answers are chance. All the arithmetic is real.")
    )
    return Content.assemble(
        (_("model"), f"bold {QUIET}"),
        "\n",
        (title, "bold"),
        "\n",
        (limits, QUIET),
        "\n\n",
        (said, QUIET if info.trained else "$text-warning"),
    )


def key_hints(
    item: MapItem | None, focus: str, language: str, due: int = 0
) -> tuple[tuple[Hint, ...], tuple[Hint, ...]]:
    """What Enter does now and where else to go; then everything else. Letters are keys only outside the inputs.

    `due` is how many cards of the review are due.
    """
    typing = focus in ("sentence", "search")
    verb = {DONE: _("repeat"), STARTED: _("continue")}.get(item.mark if item else "", _("start"))
    everything = Hint("esc", _("all lessons"), "screen.back")
    first = [Hint("enter", _("{0}: {1}").format(verb, item.title), "screen.start")] if item else []
    if focus == "sentence":
        first.append(Hint("↓", _("choose a lesson"), "screen.down"))
    elif focus == "search":
        first += [Hint("↑↓", _("choose"), "screen.down"), everything]
    else:
        first += [Hint("↑↓", _("choose"), "screen.down"), Hint("tab", _("your sentence"), "screen.sentence")]
    review = _("review ({0} due)").format(due) if due else _("review")
    others = (
        Hint("ctrl+e" if typing else "e", _("explore freely"), "screen.explore"),
        Hint("F5" if typing else "r", review, "screen.review"),
        Hint("ctrl+f" if typing else "/", _("search"), "screen.search"),
        Hint("F2" if typing else "l", "English" if language == "zh" else "中文", "screen.language"),
        Hint("F3" if typing else "m", _("model"), "screen.model"),
        Hint("F4" if typing else "g", _("glossary"), "screen.glossary"),
        Hint("ctrl+q" if typing else "q", _("quit"), "app.quit"),
        Hint("F1" if typing else "?", _("help"), "screen.help"),
    )
    return tuple(first), others


def help_sections() -> list[Section]:
    """The keys of this screen, for the help dialog."""
    return [
        (
            _("Anywhere"),
            (
                ("F1", _("this help")),
                ("F2", _("English or Chinese")),
                ("F3", _("choose the model")),
                ("F4", _("glossary: terms and symbols")),
                ("F5", _("review: interview questions, and what you missed")),
                ("ctrl+e", _("explore your sentence without a lesson")),
                ("ctrl+f", _("search the lessons")),
                ("ctrl+p", _("everything there is, by name")),
                ("ctrl+q", _("quit")),
            ),
        ),
        (
            _("In the sentence"),
            (
                ("enter", _("open the highlighted lesson with this sentence")),
                ("↓  esc", _("to the lessons")),
                ("ctrl+a", _("select all")),
            ),
        ),
        (
            _("In the lessons"),
            (
                ("↑ ↓", _("choose a lesson")),
                ("enter", _("open it")),
                ("tab  s", _("to the sentence")),
                ("e  r  /  l  m  g  q", _("explore, review, search, language, model, glossary, quit")),
            ),
        ),
        (
            _("With the mouse"),
            (
                (_("click"), _("highlight a lesson; act, on a key at the bottom")),
                (_("double click"), _("open a lesson")),
            ),
        ),
        (
            _("The marks"),
            (
                ("○", _("new")),
                ("◐", _("begun")),
                ("●", _("done")),
            ),
        ),
    ]
