"""`tutor lessons check`: what is wrong with lessons, one line a problem."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tutor.course.check import check_files
from tutor.course.check_questions import check_questions
from tutor.course.errors import LessonError
from tutor.course.files import lesson_files
from tutor.course.questions import question_files, sorted_out
from tutor.display.language import _, listed, ngettext
from tutor.display.latex import LatexError, read
from tutor.display.messages import translated
from tutor.display.safe import safe
from tutor.plain.streams import working


def problems_of(files: Sequence[Path]) -> tuple[LessonError, ...]:
    """Everything wrong with these files of lessons or of questions; where none is named, with the whole course."""
    lessons, questions = _looked_at(files)
    with working(_("checking")):
        return (*check_files(lessons, undrawable), *check_questions(questions))


def _looked_at(files: Sequence[Path]) -> tuple[Sequence[Path], Sequence[Path]]:
    return sorted_out(files) if files else (lesson_files(), question_files())


def undrawable(latex: str) -> str | None:
    """Why a formula cannot be drawn in two dimensions, or None where it can."""
    try:
        return None if read(latex).complete else _("it has a command that is not known")
    except (LatexError, RecursionError) as error:
        return str(error) or _("it is nested too deeply")


def problem_lines(problems: Sequence[LessonError], files: Sequence[Path]) -> Iterator[str]:
    """A line for every problem, and one that says what was looked at."""
    for problem in problems:
        yield safe(problem.one_line(translated))
    lessons, questions = map(len, _looked_at(files))
    found, parts = len(problems), []
    if lessons:
        parts.append(ngettext("{0} lesson checked", "{0} lessons checked", lessons).format(lessons))
    if questions:
        sheets = ngettext("{0} file of questions checked", "{0} files of questions checked", questions)
        parts.append(sheets.format(questions))
    outcome = ngettext("{0} problem", "{0} problems", found).format(found) if found else _("no problem found")
    yield _("{0}: {1}").format(listed(parts), outcome)
