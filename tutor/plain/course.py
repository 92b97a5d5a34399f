"""`tutor start --plain`: choose a lesson and go through it line by line."""

import sys

from tutor.course.errors import LessonError
from tutor.course.fitting import other_model_said
from tutor.course.lesson_file import load_lesson
from tutor.course.load import load_course
from tutor.course.progress import Progress
from tutor.course.schema import Lesson
from tutor.display.language import _, current_language, sentences
from tutor.display.messages import translated
from tutor.display.safe import safe
from tutor.plain.listing import lesson_lines
from tutor.plain.session import Session
from tutor.plain.source import Source
from tutor.plain.talk import EndOfInput, Talk, is_dumb
from tutor.plain.trace_output import shortened


def run_plain(
    lesson: str | None, sentence: str | None, model: str | None, backend: str, progress: Progress, asked_for: bool
) -> None:
    """The whole plain tutor, until the learner leaves or the input ends. Raises what a bad lesson or model raises."""
    talk = Talk()
    language = current_language()
    if not asked_for:
        talk.say(_why_plain())
    if progress.notice:
        talk.say(safe(progress.notice.get(language)))
    try:
        chosen = load_lesson(lesson) if lesson else _chosen(talk)
        while chosen is not None:
            source = Source(chosen, language, model, backend, sentence)
            _say_untrained(talk, source)
            finished = Session(chosen, talk, progress, source, language).run()
            chosen = _chosen(talk) if finished and not lesson else None
    except EndOfInput:
        pass
    talk.say(_("Your place is kept. Until next time."))


def _why_plain() -> str:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        reason = _("The input or the output is no terminal, so there is no screen to draw on.")
    elif is_dumb():
        reason = _("This terminal (TERM=dumb or not set) can only print lines.")
    else:
        reason = ""
    remedy = _("The full screen needs a terminal of at least 80×24 with TERM set, such as xterm-256color.")
    return sentences(reason, remedy, _("Here are the same lessons line by line, as with --plain."))


def _say_untrained(talk: Talk, source: Source) -> None:
    if source.lesson.program:
        return
    trace = source.trace()
    talk.say(_("sentence: {0}").format(shortened(source.sentence or "")))
    if trace.notice:
        talk.say(safe(translated(trace.notice)))
    if source.model not in (None, source.lesson.model) and (notice := other_model_said(source.lesson, trace)):
        talk.say(safe(translated(notice)))
    if not trace.trained:
        talk.say(
            _("The model {0} is untrained: its weights are random, and so are its answers.").format(safe(trace.model))
        )


def _chosen(talk: Talk) -> Lesson | None:
    """The lesson that the learner names by number or id; None to leave."""
    talk.lines(lesson_lines())
    lessons = load_course().lessons
    while lessons:
        line = talk.ask(_("Which lesson? A number from 1 to {0}, its name, or quit").format(len(lessons))).strip()
        if line.lower() in ("quit", "q", "exit", "退出"):
            return None
        name = line
        if line.isdecimal() and 1 <= int(line) <= len(lessons):
            name = lessons[int(line) - 1].id
        if not name:
            continue
        try:
            return load_lesson(name)
        except LessonError as error:
            talk.say(safe(error.problems[0].one_line(translated)))
    return None
