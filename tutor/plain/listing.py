"""Lists for the command line: lessons with what is done, models and their cards, and what is wrong with lessons."""

from collections.abc import Iterator

from rich.cells import cell_len

from tutor.course.load import load_course
from tutor.course.progress import Progress
from tutor.display.language import _, current_language, listed
from tutor.display.safe import pad, safe
from tutor.models.registry import available, load_model


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


def model_lines() -> Iterator[str]:
    """The shipped models, smallest first."""
    language = current_language()
    models = available()
    longest = max((cell_len(model.name) for model in models), default=0)
    for model in models:
        trained = _("trained") if model.trained else _("untrained: its weights are random")
        facts = f"{model.architecture}, " + _("{0} parameters, {1}").format(f"{model.parameters:,}", trained)
        yield f"{pad(model.name, longest)}  {safe(model.title[language])}"
        yield f"{' ' * longest}  {facts}"


def card_lines(name: str) -> Iterator[str]:
    """A model's card, its config and the shape of every weight."""
    language = current_language()
    model = load_model(name)
    card = model.card
    trained = _("trained") if model.trained else _("untrained: its weights are random")
    yield _("{0}: {1}").format(safe(model.name), safe(card.title[language]))
    yield _("{0} parameters, {1}").format(f"{model.parameters:,}", trained)
    for heading, texts in ((_("summary"), card.summary), (_("limits"), card.limits), (_("data"), card.data)):
        yield _("{0}: {1}").format(heading, safe(" ".join(texts[language].split())))
    if card.measured:
        figures = (f"{safe(name)} {value:g}" for name, value in card.measured.items())
        yield _("{0}: {1}").format(_("measured"), listed(figures))
    yield ""
    yield _("config:")
    yield from (f"  {key}: {safe(str(value))}" for key, value in model.config.as_dict().items())
    yield ""
    yield _("weights:")
    longest = max(map(len, model.weights), default=0)
    for weight, array in model.weights.items():
        yield f"  {pad(safe(weight), longest)}  {' × '.join(map(str, array.shape))}"
