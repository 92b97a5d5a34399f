"""What is said while a model trains: how it stands, what one step did, what broke and what to do."""

from __future__ import annotations

from tutor.display.language import N_, _
from tutor.display.messages import translated
from tutor.display.numbers import number
from tutor.display.safe import safe
from tutor.engine.message import Message

# By the names of tutor.models.live_training.SABOTAGES: what is done, and what to expect.
SABOTAGES = {
    "rate": (
        N_("learning rate × 100"),
        N_(
            "Every step overshoots. Expect the loss to jump above where it began, "
            "and all that was learned to be lost within a few steps."
        ),
    ),
    "overflow": (
        N_("learning rate × 10¹⁴"),
        N_(
            "One step makes the weights so large that their products no longer fit a 32-bit number. "
            "Expect a loss that is not a number, and the end."
        ),
    ),
    "labels": (
        N_("right answers shuffled"),
        N_(
            "From new weights; at every step the right characters change places at random. Expect the loss to fall a "
            "little and then stop near 3: how frequent each character is, is all there is to learn."
        ),
    ),
    "peek": (
        N_("no causal mask"),
        N_(
            "From new weights; in training each place may look at the very characters it is to say. Expect a loss "
            "near 0, and wrong answers: when it writes by itself, there is nothing to copy from."
        ),
    ),
    "zeros": (
        N_("all weights begin at 0"),
        N_(
            "From zeros instead of random numbers. Where both factors of a product are 0, so are both gradients: "
            "attention and the encoder never move. Expect the same answer to every question."
        ),
    ),
}


def title_of(sabotage: str) -> str:
    """What a sabotage does, in a few words; empty for none."""
    return _(SABOTAGES[sabotage][0]) if sabotage else ""


def expectation(sabotage: str) -> str:
    """What to expect of a sabotage."""
    return _(SABOTAGES[sabotage][1])


def trouble(failure: Message | None, risen: bool) -> str:
    """What is wrong; empty where nothing is."""
    if failure is not None:
        return _("The numbers ran over: {0}. Nothing can be learned from here.").format(translated(failure))
    if risen:
        return _("The loss is above where it began: it gets worse, not better. A lower learning rate may help.")
    return ""


def step_said(before: float, after: float, length: float, rate: float) -> str:
    """One step in a line: the loss around it, how long the gradients were, the learning rate."""
    return _("loss {0} → {1} · gradients {2} long · learning rate {3}").format(
        number(before, 4), number(after, 4), number(length, 3), f"{rate:.3g}"
    )


def change_said(cell: str, old: float, new: float) -> str:
    """The weight that one step changed most."""
    return _("largest change: {0} from {1} to {2}").format(safe(cell), number(old, 4), number(new, 4))
