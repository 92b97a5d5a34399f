"""The words of a review: the grades a learner gives, and what the points of an answer are called."""

from collections.abc import Sequence

from tutor.display.dates import moment, span
from tutor.display.language import N_, _

# What each of the grades 1 to 4 means, in a word and in a sentence.
WORDS = (N_("again"), N_("hard"), N_("good"), N_("easy"))
MEANINGS = (
    N_("I did not know it."),
    N_("I would have passed, with effort."),
    N_("I had the points of a good answer."),
    N_("I had those of an excellent one, without thinking long."),
)
# Above the points of an answer, from what it must hold to what makes it excellent.
HEADINGS = (N_("Needed to pass"), N_("A good answer also says"), N_("An excellent answer also says"))


def choices(waits: Sequence[float]) -> list[tuple[str, str, str]]:
    """For each grade its key, its word, and how long until the card would come again (`waits`, in seconds)."""
    return [(str(place), _(word), span(wait)) for place, (word, wait) in enumerate(zip(WORDS, waits, strict=True), 1)]


def nothing_due(next_due: float | None, new_left: int, now: float) -> list[str]:
    """What to say when no card is to be asked now: when the next one is, and how many were never asked."""
    lines = [_("Nothing is due now.")]
    if next_due is not None:
        lines.append(_("The next card is due on {0}, in {1}.").format(moment(next_due), span(next_due - now)))
    if new_left:
        lines.append(_("{0} questions were never asked; today's new ones are done.").format(new_left))
    elif next_due is None:
        lines.append(_("There is no card here yet."))
    return lines


def comes_again(due: float, now: float) -> str:
    """`Next in 8 days, on 2025-11-25 14:05.`"""
    return _("Next in {0}, on {1}.").format(span(due - now), moment(due))
