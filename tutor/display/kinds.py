"""What the kinds of a lesson's steps are called, where a step has no title of its own."""

from tutor.display.language import N_

KINDS = {
    "ask": N_("question"),
    "exercise": N_("exercise"),
    "try": N_("try it"),
    "audit": N_("find the slips"),
    "explain": N_("explain it"),
    "match": N_("match matrix and formula"),
    "order": N_("put in order"),
    "predict": N_("predict first"),
    "shape": N_("choose the shape"),
}
