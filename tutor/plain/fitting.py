"""`tutor lessons check --model`: which lessons run on a model, in a table, and why not where one does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tutor.course.check import SENTENCES
from tutor.course.errors import LessonError
from tutor.course.files import lesson_files
from tutor.course.fitting import Fit, fit
from tutor.course.lesson_file import load_lesson
from tutor.course.schema import Lesson
from tutor.display.language import _, current_language, listed, ngettext
from tutor.display.messages import translated
from tutor.display.safe import safe
from tutor.models.registry import load_model
from tutor.plain.streams import counted, working


def fits_of(name: str, files: Sequence[Path]) -> tuple[Fit, ...]:
    """The lessons in these files, by default all, tried on the model called `name`. Raises ModelError, LessonError."""
    language = current_language()
    with working(_("checking")):
        model = load_model(name)
    lessons = [lesson for path in files or lesson_files() if (lesson := _loaded(path, strict=bool(files)))]
    return tuple(
        fit(one, model, language, SENTENCES[language]) for one in counted(lessons, len(lessons), _("checking"))
    )


def _loaded(path: Path, strict: bool) -> Lesson | None:
    """The lesson in a file; of the whole course, a broken one is told of by the check without a model."""
    try:
        return load_lesson(path)
    except LessonError:
        if strict:
            raise
        return None


def fitting_lines(name: str, fits: Sequence[Fit], width: int) -> Iterator[str]:
    """The table, then how many lessons run."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False, width=width)
    table.add_column(_("lessons"), no_wrap=True)
    table.add_column(_("steps"), justify="right", no_wrap=True)
    table.add_column(_("why not"), ratio=1)
    for one in fits:
        table.add_row(Text(safe(one.lesson.id)), _steps(one), Text(_why_not(one)))
    console = Console(width=width, color_system=None, highlight=False, markup=False)
    with console.capture() as capture:
        console.print(table)
    yield from (line.rstrip() for line in capture.get().splitlines())
    yield ""
    on_model = [one for one in fits if one.needs_model]
    whole = sum(one.steps == len(one.lesson.steps) for one in on_model)
    partly = sum(0 < one.steps < len(one.lesson.steps) for one in on_model)
    text = ngettext(
        "{0} of {1} lesson runs on {2}, {3} in part", "{0} of {1} lessons run on {2}, {3} in part", len(on_model)
    )
    yield text.format(whole, len(on_model), safe(name), partly)
    alone = len(fits) - len(on_model)
    if alone:
        yield ngettext("{0} more needs no model", "{0} more need no model", alone).format(alone)
    if whole or partly:
        yield _("open one with: tutor start LESSON --model {0}").format(safe(name))


def _steps(one: Fit) -> str:
    return f"{one.steps}/{len(one.lesson.steps)}" if one.needs_model else "–"


def _why_not(one: Fit) -> str:
    if not one.needs_model:
        return _("its numbers are given: it needs no model")
    return safe(translated(one.refusal)) if one.refusal else "\n".join(reason_lines(one.reasons))


def reason_lines(reasons: Mapping[int, object]) -> Iterator[str]:
    """`step 3: why not`, steps with the same reason together."""
    together: dict[str, list[str]] = {}
    for number, reason in reasons.items():
        together.setdefault(safe(translated(reason)), []).append(str(number + 1))
    for reason, numbers in together.items():
        steps = ngettext("step {0}", "steps {0}", len(numbers)).format(listed(numbers))
        yield _("{0}: {1}").format(steps, reason)
