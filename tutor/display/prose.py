"""What an explanation says in words: one short paragraph for each kind of arithmetic, and the names of cells."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tutor.display.counts import COUNT, OF_COUNT
from tutor.display.language import N_, _, sentences
from tutor.display.numbers import number
from tutor.display.safe import fit, safe
from tutor.display.series_words import OF_SERIES
from tutor.display.shares import OF_SHARE
from tutor.display.steps import OF_STEP, STEP
from tutor.display.titles import GRADIENT
from tutor.display.widths import DRAWN, OF_WIDTH, WIDTH
from tutor.engine.explanation import Explanation
from tutor.engine.layers import STORED
from tutor.engine.trace import Trace

LABEL_WIDTH = 12


def label(labels: Sequence[str], place: int) -> str:
    """A label as shown inside brackets: safe, and short."""
    return fit(safe(labels[place]), LABEL_WIDTH)


def cell_name(trace: Trace, name: str, index: Sequence[int], *, full: bool = False, last_only: bool = False) -> str:
    """`scaled[I, student]`; `full` adds where it stands and the head, `last_only` names the last axis alone."""
    node = trace[name]
    parts = []
    for axis, at, labels in zip(node.axes, index, node.labels, strict=True):
        if axis == "head" and node.axes[0] == "head":
            parts += [f"{_('head')} {labels[at]}"] if full else []
        else:
            parts.append(label(labels, at))
    if last_only:
        parts = ["…", *parts[-1:]] if len(parts) > 1 else parts
    cell = f"[{', '.join(parts)}]" if parts else ""  # a single number, such as the loss, has no place
    return f"{safe(name if full else _road(trace, name) or short_name(name))}{cell}"


def _road(trace: Trace, name: str) -> str:
    """Of one of several parts of a gradient, by which road it came back: `∂norm ← residual`."""
    whole, _point, part = name.rpartition(".")
    if not (name.startswith(GRADIENT) and part.startswith("part") and part[4:].isdigit()):
        return ""
    behind = next((one for one in trace[name].inputs if one.startswith(GRADIENT)), "")
    return f"∂{_last(whole)} ← {_last(behind)}" if behind else ""


def _last(name: str) -> str:
    return name.rpartition(".")[2]


_UNCLEAR_ALONE = ("output", "norm", "residual", "weight", "bias", "table", "scale", "shift", "hidden", "activation")


def short_name(name: str) -> str:
    """The last word of a node's name, and the one before it where it would not be clear alone: `feed_forward.norm`."""
    if name.startswith(GRADIENT):
        return f"∂{short_name(name.removeprefix(GRADIENT))}"
    if name.startswith(STEP):
        weight, _point, part = name.removeprefix(STEP).rpartition(".")
        return f"{short_name(weight)}.{part}"
    if name.startswith(COUNT) and name.endswith(".total"):  # of a part: the part's own name; of all: total
        return name.removeprefix(COUNT).removesuffix(".total")
    words = name.split(".")
    unclear = words[-1] in _UNCLEAR_ALONE or "embedding" in words[-2:-1]
    return ".".join(words[-2:] if unclear else words[-1:])


def sentence(trace: Trace, why: Explanation) -> str:
    """What made this number, in a sentence or two of the interface's language."""
    node = trace[why.node]
    return _BY_KIND.get(why.kind, _sum)(trace, why) if why.kind != "leaf" else _leaf(trace, why, node.is_weight)


def rest(why: Explanation, shown: int = 4) -> str:
    """What the dots of a long sum stand for; empty where nothing is left out."""
    if why.kind != "sum":
        return ""
    _terms, total, count = why.folded(shown)
    if not count:
        return ""
    multiplied = len(why.terms[0].cells) > 1
    said = _("…: the other {0} products add up to {1}.") if multiplied else _("…: the other {0} add up to {1}.")
    return said.format(count, number(total, 4))


def _sum(trace: Trace, why: Explanation) -> str:
    op, names = trace[why.node].op, trace[why.node].inputs
    count = len(why.terms)
    if why.node.startswith(GRADIENT) and op == "linear":
        return _("What came back to each output, times the weight that led there: {0} products, added up.").format(
            count
        )
    if why.node.startswith(GRADIENT) and op in ("dot_products", "matmul"):
        return _("What came back, times the other factor of each product: {0} products, added up.").format(count)
    if op == "linear":
        text = _("The row of {0} times one column of the weight: {1} products, added up.").format(
            safe(short_name(names[0])), count - (len(names) > 2)
        )
        return sentences(text, _("The bias comes on top.")) if len(names) > 2 else text
    if op == "dot_products":
        if count == 1:
            return _("Query row times key row: at width 1 that is a single product.")
        return _("Query row times key row, number by number: {0} products, added up.").format(count)
    if op == "matmul":
        return _("A row of {0} times a column of {1}: {2} products, added up.").format(
            *(safe(short_name(name)) for name in names[:2]), count
        )
    if op == "scale" and why.facts.get("root_of"):
        verb = _("Divided by √{0}.") if why.facts["inverse"] else _("Multiplied by √{0}.")
        return verb.format(why.facts["root_of"])
    if op == "keep_heads":
        return _("This head was switched off: times 0.") if why.result == 0 else _("This head is kept: times 1.")
    if op == "rotate":
        return _("Position {0} turns this pair of features by {1} radians: its cosine and sine mix the two.").format(
            why.facts["position"], number(why.facts["angle"], 4)
        )
    if op in OF_STEP:
        return _(OF_STEP[op])
    if op in _BACK:
        return _(_BACK[op])
    if op == "mean_share":
        return _(OF_SHARE)
    if op in OF_WIDTH:
        return _(OF_WIDTH[op])
    if op in OF_COUNT:
        return _(OF_COUNT[op])
    if op in OF_SERIES:
        return _(OF_SERIES[op])
    if op == "add" and why.node.startswith(COUNT):
        return _("The counts of its parts, added.")
    if op == "add" and why.node.startswith(GRADIENT):
        return _("The number was used in {0} places; what comes back from each is added.").format(count)
    if op == "add":
        return _("The cells at the same place, added.")
    return _("The cells at the same place, multiplied.") if op in ("multiply", "scale") else ""


_BACK = {
    "transposed_product": N_("Every position pulls at this number: what went in there times what came back, added up."),
    "sum_to": N_("It was added at every position, so what comes back from all of them is added up."),
    "softmax_backward": N_("A share can only grow at the cost of the others, so their pull is taken off."),
    "norm_backward": N_("The norm takes out what would only shift or stretch the whole row; the rest comes through."),
    "add_heads": N_("Several query heads shared this number; what comes back from each is added."),
    "collect_bias": N_("What comes back from every pair whose distance falls into this bucket, added."),
    "scatter_rows": N_("What comes back from every place where this row of the table was looked up, added."),
    "place_rows": N_("What comes back from this position's row."),
    "mask_backward": N_("Through the mask: times 1 where looking was allowed, times 0 where not."),
    "cross_entropy": N_(
        "-ln of the right token's probability: the log of the sum of all e^logit, minus its own logit."
    ),
    "cross_entropy_backward": N_(
        "Probability minus target (1 for the right token, 0 for others), times what comes back."
    ),
    "mean_loss": N_("The mean over the positions that are not padding."),
    "mean_loss_backward": N_("Every position has the same share in the mean."),
    "answer_scores": N_("Of each answer, the mean log-probability of its tokens; padding is left out."),
    "answer_scores_backward": N_("Every token of an answer has the same share in its score."),
}


def _copy(trace: Trace, why: Explanation) -> str:
    op = trace[why.node].op
    if op == "split_heads":
        return _("The same number, moved: each head gets its own slice of the row.")
    if op == "join_heads":
        said = _("The same number, moved: the heads' rows stand side by side again. It comes from head {0}.")
        return said.format(why.cells[0].index[0] + 1)
    if op == "repeat_heads":
        return _("The same number again: several query heads share one head of keys and values.")
    if op == "patches":
        return _("The same number, moved: each square of the picture becomes one row.")
    if op in OF_SERIES:
        return _(OF_SERIES[op])
    if op in OF_WIDTH:
        return _(OF_WIDTH[op]).format(trace[why.node].params["count"])
    return _("The same number under another name.") if op == "identity" else _("The same number at another place.")


def _look_up(trace: Trace, why: Explanation) -> str:
    chooser = why.facts.get("chosen_by")
    if chooser is None:
        return _("Row {0} of the table: the row of this position.").format(why.facts["row"])
    if trace[why.node].op == "relative_bias":
        return _("Not computed but looked up: row {0} of the table, the bucket of this distance.").format(
            why.facts["row"]
        )
    token = label(trace[chooser.node].labels[-1], chooser.index[-1])
    return _("Not computed but looked up: row {0} of the table, the row of “{1}”.").format(why.facts["row"], token)


def _softmax(trace: Trace, why: Explanation) -> str:
    said = _(
        "e to this score, over the sum of e to every score of the row ({0} of them). The row adds up to 1."
    ).format(why.count)
    largest = why.facts["maximum"]
    if not largest or not math.isfinite(largest):
        return said
    taken_off = _("The row's largest, {0}, is taken off every score first; that changes no share.")
    return sentences(said, taken_off.format(number(largest, 4)))


def _norm(trace: Trace, why: Explanation) -> str:
    facts = why.facts
    if "mean" not in facts:
        return _("Divided by the row's root mean square {0}.").format(number(facts["deviation"], 4))
    return _("This row of {0} numbers has mean {1} and deviation {2}.").format(
        facts["count"], number(facts["mean"], 4), number(facts["deviation"], 4)
    )


def _function(trace: Trace, why: Explanation) -> str:
    if trace[why.node].op in OF_STEP:
        return _(OF_STEP[trace[why.node].op])
    if why.node.startswith(GRADIENT):
        return _("What came back, times the slope of the function at this number.")
    if trace[why.node].op in OF_SERIES:
        return _(OF_SERIES[trace[why.node].op])
    if trace[why.node].op in OF_WIDTH:
        return _(OF_WIDTH[trace[why.node].op])
    return _("A function of one number, the same for every cell.")


def _mask(trace: Trace, why: Explanation) -> str:
    if why.facts["allowed"]:
        return _("Looking is allowed here, so the score stays.")
    return _("Looking is not allowed here: the score becomes -∞, and e to -∞ is 0.")


def _rule(trace: Trace, why: Explanation) -> str:
    reason = why.facts.get("reason")
    if reason is None:
        return _("A wave, fixed by the position {0} and the feature {1} alone. Nothing here is learned.").format(
            why.facts["position"], why.facts["feature"]
        )
    if reason == "distance":
        return _("The bucket for a key {0} positions after the query. Far distances share one.").format(
            why.facts["position"]
        )
    return {
        "far": _("The key stands too far back: the window of this model does not reach it."),
        "apart": _("The key stands in another part, which is a world of its own: another variable, another answer."),
        "future": _("The key comes later than the query: the future is hidden."),
        "padding": _("The key is padding, filler that nobody wrote: it is hidden."),
        "allowed": _("The query may look at this key."),
    }[reason]


def _changed(trace: Trace, why: Explanation) -> str:
    return _("You put this number here. Before, it was {0}.").format(number(why.facts["original"], 4))


def _leaf(trace: Trace, why: Explanation, is_weight: bool) -> str:
    if why.node in STORED:
        return _("Measured on the data before training, and kept with the model: not learned.")
    if is_weight:
        trained = trace.info.get("trained", True)
        learned = _("A weight: a number set by training.")
        return (
            learned if trained else _("A weight: a number that training sets. This model is untrained: it is random.")
        )
    node = trace[why.node]
    if node.name.startswith(WIDTH):
        return _(DRAWN).format(label(node.labels[0], why.index[0]))
    if node.axes == ("position",) and node.name not in ("series.tokens", "embedding.place"):
        token = label(node.labels[0], why.index[0])
        return _("The token “{0}” has number {1} in the vocabulary.").format(token, int(why.result))
    return _("A number that was given, not computed.")


_BY_KIND = {
    "copy": _copy,
    "look_up": _look_up,
    "softmax": _softmax,
    "norm": _norm,
    "function": _function,
    "mask": _mask,
    "rule": _rule,
    "changed": _changed,
}
