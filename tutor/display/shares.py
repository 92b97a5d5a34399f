"""Words for what heads attend to: `share.decoder.before` and its kin."""

from tutor.display.language import N_
from tutor.engine.sharing import PREFIX as SHARE

__all__ = ["ABOUT_SHARE", "OF_SHARE", "SHARE", "SHARE_TITLES"]

SHARE_TITLES = {
    "itself": N_("share of the token itself"),
    "before": N_("share of the token before"),
    "after": N_("share of the token after"),
    "first": N_("share of the first token"),
    "largest": N_("share of the token that gets most"),
}
ABOUT_SHARE = N_("How much of its weight each head gives there, on average over the rows of this sentence.")
OF_SHARE = N_("The mean of those weights, row by row of this head.")
