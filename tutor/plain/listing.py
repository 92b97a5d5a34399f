"""The list of lessons for the command line, with what is done."""

from collections.abc import Iterator

from rich.cells import cell_len

from tutor.course.load import load_course
from tutor.course.progress import Progress
from tutor.display.language import _, current_language
from tutor.display.safe import pad, safe


def lesson_lines() -> Iterator[str]:
    """The course by unit: a mark for what is done, each lesson's id, minutes and title."""
    language = current_language()
    course, progress = load_course(), Progress()
    longest = max((cell_len(lesson.id) for lesson in course.lessons), default=0)
    for unit in course.units:
        yield f"{unit.id}  {safe(unit.title.get(language))}"
        for lesson in unit.lessons:
            mark = "x" if progress.done(lesson.id) else " "
            minutes = _("{0} min").format(lesson.minutes)
            title = safe(lesson.title.get(language))
            yield f"  [{mark}] {pad(lesson.id, longest)}  {pad(minutes, 7, 'right')}  {title}"
    for problem in course.problems:
        yield _("left out: {0}").format(safe(problem.one_line()))
    yield ""
    yield _("begin one with: tutor start ID")
