"""`tutor lessons check`: what is wrong with lessons, one line a problem."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tutor.course.check import check_files
from tutor.course.errors import LessonError
from tutor.course.load import lesson_files
from tutor.display.language import _, ngettext
from tutor.display.latex import LatexError, read
from tutor.display.safe import safe
from tutor.plain.streams import working


def problems_of(files: Sequence[Path]) -> tuple[LessonError, ...]:
    """Everything wrong with these lesson files, or with all lessons of the course where none is named."""
    with working(_("checking")):
        return check_files(files or None, undrawable)


def undrawable(latex: str) -> str | None:
    """Why a formula cannot be drawn in two dimensions, or None where it can."""
    try:
        return None if read(latex).complete else _("it has a command that is not known")
    except (LatexError, RecursionError) as error:
        return str(error) or _("it is nested too deeply")


def problem_lines(problems: Sequence[LessonError], files: Sequence[Path]) -> Iterator[str]:
    """A line for every problem, and one that says what was looked at."""
    for problem in problems:
        yield safe(problem.one_line())
    checked, found = len(files) or len(lesson_files()), len(problems)
    looked_at = ngettext("{0} lesson checked", "{0} lessons checked", checked).format(checked)
    outcome = ngettext("{0} problem", "{0} problems", found).format(found) if found else _("no problem found")
    yield _("{0}: {1}").format(looked_at, outcome)
