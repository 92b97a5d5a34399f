"""What is said of a head's habit: a word that fits under a thumbnail, and a line. Pure functions, no widget."""

from __future__ import annotations

from tutor.course import habits
from tutor.course.habits import Habit
from tutor.display.language import N_, _
from tutor.display.prose import label
from tutor.display.titles import PARTS, STACKS
from tutor.engine.trace import Node

# At most four cells each, in every language: so much a thumbnail has at the least.
WORDS = {
    habits.SELF: N_("self"),
    habits.BEFORE: "−1",
    habits.AFTER: "+1",
    habits.FIRST: N_("1st"),
    habits.LAST: N_("last"),
    habits.SAME: N_("same"),
    habits.COPY: N_("copy"),
    habits.ONE: N_("one"),
    habits.SPREAD: N_("wide"),
    habits.MIXED: "·",
}
SENTENCES = {
    habits.SELF: N_("mostly to the token itself"),
    habits.BEFORE: N_("mostly to the token before"),
    habits.AFTER: N_("mostly to the token after"),
    habits.FIRST: N_("mostly to the first token"),
    habits.LAST: N_("mostly to the last token"),
    habits.SAME: N_("mostly to where the same token stood"),
    habits.COPY: N_("mostly to what followed the same token before"),
    habits.ONE: N_("mostly to “{0}”"),
}


def word(habit: Habit) -> str:
    """The habit in at most four cells."""
    return _(WORDS[habit.kind])


def sentence(habit: Habit, node: Node) -> str:
    """The habit in a line: where its weight goes, how much of it, and how much even shares would give."""
    if habit.kind == habits.SPREAD:
        return _("spread out over all it may look at")
    if habit.kind == habits.MIXED:
        return _("to no single place: here one thing, there another")
    where = _(SENTENCES[habit.kind])
    if habit.kind == habits.ONE:
        where = where.format(label(node.labels[-1], habit.key))
    return _("{0}: {1:.0%} of its weight (even shares: {2:.0%})").format(where, habit.share, habit.even)


def block_title(stack: str, kind: str) -> str:
    """`decoder · cross-attention`."""
    return f"{_(STACKS[stack])} · {_(PARTS[kind])}"
