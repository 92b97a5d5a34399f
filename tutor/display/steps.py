"""What is said of the nodes of an optimiser's step: their titles, a line about each, and how a cell came to be."""

from __future__ import annotations

from tutor.display.language import N_

STEP = "step."
STEP_TITLES = {
    "clipped": N_("clipped gradient"),
    "first_before": N_("m before the step"),
    "second_before": N_("v before the step"),
    "first": N_("running mean m"),
    "second": N_("mean of squares v"),
    "change": N_("change"),
    "after": N_("after the step"),
}
ABOUT_STEP = {
    "clipped": N_("The gradient, made shorter: all gradients together were longer than the limit."),
    "first": N_("Where the gradient has been pointing lately: a running mean."),
    "second": N_("How large the gradient has been lately: a running mean of its squares."),
    "change": N_("What AdamW takes off each weight: its mean gradient over the gradient's usual size, times the rate."),
    "after": N_("The weights after one step: each a little further downhill."),
}
OF_STEP = {
    "running_mean": N_("A share of the old mean, and the rest from the new gradient. Before the first step it is 0."),
    "running_mean_of_squares": N_("The same running mean, of the gradient's square: it has no sign, only a size."),
    "adam_change": N_("Mean over root of mean square: near 1 or -1 where the gradient is steady. Then times the rate."),
    "descend": N_("The weight less its change: one step downhill."),
}
