"""Words for heads of any width on random numbers: `width.64.divided.weights` and its kin."""

from tutor.display.language import N_, _
from tutor.engine.widths import PREFIX as WIDTH

__all__ = ["DRAWN", "OF_WIDTH", "SIDES", "WIDTH", "about_width", "width_place", "width_title"]

WIDTH_TITLES = {
    "query": N_("query"),
    "key": N_("key"),
    "scores": N_("scores"),
    "scaled": N_("scaled scores"),
    "weights": N_("weights"),
    "surprise": N_("share × surprise"),
    "entropy": N_("entropy of each row"),
    "own_slope": N_("slope of each share"),
    "slope": N_("slope of each row"),
}
MEAN_TITLES = {"entropy": N_("mean entropy of the rows"), "slope": N_("mean slope of the rows")}
SIDES = {"undivided": N_("not divided"), "divided": N_("divided by √d_k")}
ABOUT_WIDTH = {
    "query": N_(
        "Numbers drawn at random, mean 0 and variance 1, a row for each token of the sentence. Nothing learned."
    ),
    "key": N_("Numbers drawn at random, mean 0 and variance 1, a row for each token of the sentence. Nothing learned."),
    "scores": N_("Every random query's dot product with every random key. The wider, the larger."),
    "scaled": N_("The scores over √d_k: of one size at every width."),
    "weights": N_("Each row shares out a whole of 1. Random queries and keys, no trained head."),
    "surprise": N_("Each share times its surprise: -p ln p."),
    "entropy": N_("How evenly a row is shared out, in nats: ln n where all n get the same, 0 where one gets all."),
    "own_slope": N_("How much a share gives way where its own score is nudged: p (1 - p)."),
    "slope": N_("How much a row still gives way: the sum of p (1 - p). Where it is 0, no gradient comes through."),
}
OF_WIDTH = {
    "first_columns": N_("The same number: a head of width {0} takes the first {0} of those drawn."),
    "surprise": N_("The share times how surprising it is: rare things surprise, but weigh little."),
    "own_slope": N_("Steepest at a share of one half; at 0 and at 1 it is flat."),
    "row_sum": N_("The row, added up."),
    "mean_of_each": N_("The mean over the rows of this width."),
}
DRAWN = N_("Drawn at random for the token “{0}”: mean 0, variance 1. No model had a part in it.")


def width_title(name: str) -> str:
    """What a node of `width.…` is called."""
    words = name.split(".")
    titles = MEAN_TITLES if words[1] in SIDES else WIDTH_TITLES
    return _(titles[words[-1]])


def width_place(name: str) -> str:
    """Whose: "random numbers · d_k = 64 · not divided"."""
    words = name.split(".")[1:-1]
    parts = [_(SIDES[word]) if word in SIDES else f"d_k = {word}" for word in words]
    return " · ".join([_("random numbers"), *parts])


def about_width(name: str) -> str:
    """A line on what its numbers mean."""
    return _(ABOUT_WIDTH[name.rpartition(".")[2]])
