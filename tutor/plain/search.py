"""`tutor lessons --search`: lessons, questions and terms in which every word occurs, in either language."""

from collections.abc import Iterator

from tutor.course.glossary import load_glossary
from tutor.course.load import LessonEntry, load_course
from tutor.course.questions import load_bank
from tutor.display.language import _, current_language
from tutor.display.safe import safe
from tutor.plain.markdown import flattened, wrapped


def search_lines(words: str, width: int) -> Iterator[str]:
    """What was found, under a heading each; or that nothing was."""
    language = current_language()
    wanted = words.casefold().split()
    lessons = [entry for entry in load_course().lessons if _matches(entry, wanted)]
    questions, terms = load_bank().search(words), load_glossary().search(words)
    if not (lessons or questions or terms):
        yield _("Nothing of that name.")
        return
    if lessons:
        yield _("lessons (tutor start ID)")
    for entry in lessons:
        yield f"  {entry.id}"
        title, summary = (safe(text.get(language)) for text in (entry.title, entry.summary))
        yield from _indented(wrapped(_("{0}: {1}").format(title, summary), width - 4))
    if questions:
        yield _("questions (tutor review --question ID)")
    for question in questions:
        yield f"  {question.id}"
        yield from _indented(wrapped(safe(question.question.get(language)), width - 4))
    if terms:
        yield _("terms")
    for term in terms:
        symbol = f" ({term.symbol})" if term.symbol else ""
        yield f"  {safe(term.term.en)} · {safe(term.term.zh)}{safe(symbol)}"
        yield from _indented(flattened(term.say.get(language), width - 4))


def _indented(lines: list[str] | Iterator[str]) -> Iterator[str]:
    return ("    " + line for line in lines)


def _matches(entry: LessonEntry, wanted: list[str]) -> bool:
    texts = (entry.id, entry.title.en, entry.title.zh, entry.summary.en, entry.summary.zh)
    whole = " ".join(texts).casefold()
    return all(word in whole for word in wanted)
