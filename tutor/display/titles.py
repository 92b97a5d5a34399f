"""What the nodes of a trace are called on screen, and one line about each."""

from __future__ import annotations

from tutor.display.counts import ABOUT_COUNT, COUNT, COUNT_PARTS, COUNT_TITLES
from tutor.display.language import N_, _
from tutor.display.series_words import ABOUT_SERIES, ABOUT_TOKEN_OF_NUMBERS, SERIES_AXES, SERIES_PARTS, SERIES_TITLES
from tutor.display.shares import ABOUT_SHARE, SHARE, SHARE_TITLES
from tutor.display.steps import ABOUT_STEP, STEP, STEP_TITLES
from tutor.display.widths import WIDTH, about_width, width_place, width_title
from tutor.engine.layers import STORED
from tutor.engine.lens import PREFIX as LENS
from tutor.engine.trace import Node

GRADIENT = "gradient."
STACKS = {"encoder": N_("encoder"), "decoder": N_("decoder")}
PARTS = {
    "self_attention": N_("self-attention"),
    "cross_attention": N_("cross-attention"),
    "feed_forward": N_("feed-forward"),
    "embedding": N_("embedding"),
    "transform": N_("before the logits"),
    "pooled": N_("pooler"),
    "masked_word": N_("masked word"),
    "next_sentence": N_("next sentence"),
    "sequence_classification": N_("class of the sentence"),
    "token_classification": N_("class of each token"),
    "question_answering": N_("answer in the text"),
    **SERIES_PARTS,
}
TITLES = {
    "tokens": N_("tokens"),
    "decoder.tokens": N_("target tokens"),
    "segments": N_("segments"),
    "encoder.mask": N_("encoder mask"),
    "decoder.mask": N_("decoder mask"),
    "mask": N_("mask"),
    "cross_mask": N_("cross-attention mask"),
    "embedding.token": N_("token embedding"),
    "embedding.scaled": N_("token embedding × √d_model"),
    "embedding.position": N_("position"),
    "embedding.segment": N_("segment"),
    "embedding.sum": N_("sum of embeddings"),
    "embedding.output": N_("embedding + position"),
    "query_projection": N_("query, all heads"),
    "key_projection": N_("key, all heads"),
    "value_projection": N_("value, all heads"),
    "query": N_("query"),
    "key": N_("key"),
    "value": N_("value"),
    "query_norm": N_("query, normed"),
    "key_norm": N_("key, normed"),
    "query_rotated": N_("query, rotated"),
    "key_rotated": N_("key, rotated"),
    "key_repeated": N_("key, shared out"),
    "value_repeated": N_("value, shared out"),
    "scores": N_("scores"),
    "scaled": N_("scaled scores"),
    "logits.scaled": N_("decoder output / √d_model"),
    "positioned": N_("scores + distance"),
    "masked": N_("masked scores"),
    "window_mask": N_("mask with window"),
    "relative.bucket": N_("bucket of the distance"),
    "relative.bias": N_("what distance adds"),
    "relative.table": N_("table of distances"),
    "pixels": N_("pixels"),
    "embedding.patches": N_("squares of pixels"),
    "embedding.patch": N_("square embedding"),
    "class.row": N_("class token"),
    "weights": N_("attention weights"),
    "heads": N_("weighted values"),
    "heads_kept": N_("heads kept"),
    "concat": N_("heads joined"),
    "self_attention.output": N_("output projection"),
    "cross_attention.output": N_("output projection"),
    "residual": N_("add (residual)"),
    "norm": N_("norm"),
    "feed_forward.hidden": N_("hidden layer"),
    "feed_forward.gate": N_("gate"),
    "feed_forward.up": N_("up"),
    "feed_forward.activation": N_("activation"),
    "feed_forward.product": N_("gated product"),
    "feed_forward.output": N_("second layer"),
    "encoder.output": N_("encoder output"),
    "decoder.output": N_("decoder output"),
    "transform.hidden": N_("linear map"),
    "transform.activation": N_("activation"),
    "pooled.first": N_("first position"),
    "pooled.hidden": N_("linear map"),
    "pooled": N_("pooled"),
    "question_answering.each": N_("start and end, place by place"),
    "logits": N_("logits"),
    "probabilities": N_("probabilities"),
    "targets": N_("right tokens"),
    "losses": N_("loss at every place"),
    "loss": N_("loss"),
    "layers": N_("layer by layer"),
    "token.table": N_("embedding table"),
    "position.table": N_("position table"),
    "segment.table": N_("segment table"),
    **SERIES_TITLES,
}
WEIGHTS = {"weight": N_("weights"), "bias": N_("bias"), "scale": N_("scale"), "shift": N_("shift")}
ABOUT = {
    "tokens": N_("The pieces of the sentence, each with its number in the vocabulary."),
    "mask": N_("Who may look at whom: 1 is allowed, 0 is hidden."),
    "cross_mask": N_("Which words of the source each target word may look at."),
    "embedding.token": N_("One row of the table for every token."),
    "embedding.scaled": N_("The rows, made √d_model times as large."),
    "embedding.position": N_("Waves that tell the positions apart. Without them, word order is invisible."),
    "embedding.segment": N_("One row of a small table for the first sentence, another for the second."),
    "embedding.sum": N_("What was looked up, added: token, position and, where there are two sentences, segment."),
    "segments": N_("Which sentence each token belongs to: 0 the first, 1 the second."),
    "embedding.output": N_("What the blocks receive: token and position in one vector."),
    "query_projection": N_("What each token asks for: the vectors times W^Q."),
    "key_projection": N_("What each token offers to be found by: the vectors times W^K."),
    "value_projection": N_("What each token hands over when looked at: the vectors times W^V."),
    "query": N_("The queries of one head: its own slice of the features."),
    "key": N_("The keys of one head: its own slice of the features."),
    "value": N_("The values of one head: its own slice of the features."),
    "query_norm": N_("The queries of a head, each brought to one length, then scaled."),
    "key_norm": N_("The keys of a head, each brought to one length, then scaled."),
    "query_rotated": N_("The queries, turned by their position: in a dot product only the distance remains."),
    "key_rotated": N_("The keys, turned by their position: in a dot product only the distance remains."),
    "key_repeated": N_("Fewer heads of keys than of queries: each is used by several query heads."),
    "value_repeated": N_("Fewer heads of values than of queries: each is used by several query heads."),
    "logits.scaled": N_("Made smaller before the same table that looked tokens up reads words off it."),
    "positioned": N_("The scores, and what the distance between the two words adds."),
    "window_mask": N_("Who may look at whom, and no further back than the window."),
    "relative.bucket": N_("How far apart two words are, far distances taken together."),
    "relative.bias": N_("One learned number for every head and bucket of distances; all layers share it."),
    "pixels": N_("The picture: its channels, rows and columns."),
    "embedding.patches": N_("The picture cut into squares, each a row of pixels."),
    "embedding.patch": N_("Each square through one linear map: its word vector."),
    "scores": N_("Every query's dot product with every key: how well they match."),
    "scaled": N_("The scores over √d_k, so that their size does not grow with the width."),
    "masked": N_("The scores again, with -∞ wherever looking is not allowed."),
    "weights": N_("Each row shares out a whole of 1 over the words looked at."),
    "heads": N_("The mixture of the values that each word takes, by its weights."),
    "concat": N_("The heads' results, side by side again."),
    "self_attention.output": N_("The heads' results mixed into one vector of width d_model."),
    "cross_attention.output": N_("The heads' results mixed into one vector of width d_model."),
    "residual": N_("The input is added back: the sub-layer only has to learn the difference."),
    "norm": N_("Each row brought to mean 0 and deviation 1, then scaled and shifted."),
    "feed_forward.hidden": N_("Every position by itself through a wider layer."),
    "feed_forward.activation": N_("What is negative is silenced; the rest passes."),
    "feed_forward.output": N_("Back to width d_model."),
    "encoder.output": N_("What the encoder knows of every word: the decoder's keys and values."),
    "decoder.output": N_("What the decoder knows at every place: the next word is read off it."),
    "transform.hidden": N_("Each position once more through a linear map, before words are read off it."),
    "transform.norm": N_("Brought to one scale: now it is compared with the row of every word."),
    "pooled.first": N_("The row of [CLS]. It stands for no word, so that it can stand for the whole."),
    "pooled.hidden": N_("That row through a linear map of its own."),
    "pooled": N_("The pair of sentences in one row: what the next-sentence question is answered from."),
    "next_sentence.logits": N_("Two numbers: for “it follows” and for “it does not”."),
    "next_sentence.probabilities": N_("How likely the second sentence is to follow the first."),
    "next_sentence.targets": N_("The right answer: 0 it follows, 1 it does not."),
    "next_sentence.losses": N_("How surprised the model is by the right answer: -ln of its probability."),
    "next_sentence.loss": N_("What not knowing whether it follows adds to the loss."),
    "masked_word.loss": N_("The mean of the losses at the words that were asked for."),
    "sequence_classification.logits": N_("One number for every class, read off the whole sentence."),
    "sequence_classification.probabilities": N_("The classes' logits as shares of 1."),
    "token_classification.logits": N_("At every place one number for every class."),
    "token_classification.probabilities": N_("At every place the classes' logits as shares of 1."),
    "question_answering.each": N_("At every place: could the answer start here, could it end here."),
    "question_answering.logits": N_("The same, a row for the start and a row for the end."),
    "question_answering.probabilities": N_("Where the answer starts, and where it ends: shares of 1 over all places."),
    "logits": N_("One number for every word of the vocabulary: the higher, the likelier."),
    "probabilities": N_("The logits as shares of 1: what could come next at every place."),
    "targets": N_("The token that should come next at every place."),
    "losses": N_("How surprised the model is by the right token: -ln of its probability."),
    "loss": N_("The mean of the losses. Training makes this one number smaller."),
    **ABOUT_SERIES,
}


# Where an encoder answers by itself, it says what stands at a place, not what comes next.
ABOUT_MASKED = {
    "probabilities": N_("The logits as shares of 1: what could stand at every place."),
    "targets": N_("The right token where one is asked for; elsewhere padding, which is not counted."),
}


ABOUT_LENS = {
    "layers": N_("What each layer gives at this position, the embedding first."),
    "logits": N_("What stands above the last layer, applied to the output of an earlier one."),
    "probabilities": N_("What the model would say if it stopped here: the logits read off this early, as shares of 1."),
}


def _look_up(table: dict[str, str], name: str) -> str | None:
    words = name.split(".")
    return table.get(".".join(words[-2:])) or table.get(words[-1])


def short_title(name: str) -> str:
    """The node's own title without its place: "scaled scores"; the name itself where it is not one of ours."""
    owner, _point, last = name.rpartition(".")
    if name.startswith(WIDTH):
        return width_title(name)
    if name.startswith(COUNT) and last in COUNT_TITLES:
        return _(COUNT_TITLES[last])
    if name.startswith(SHARE) and last in SHARE_TITLES:
        return _(SHARE_TITLES[last])
    if name.startswith(STEP) and last in STEP_TITLES:
        return f"{short_title(owner.removeprefix(STEP))} · {_(STEP_TITLES[last])}"
    if owner and last in WEIGHTS:
        return f"{short_title(owner)} · {_(WEIGHTS[last])}"
    if name.startswith(GRADIENT):
        if last.startswith("part") and last[4:].isdigit():  # one of the roads by which it came back
            return f"{short_title(owner)} · " + _("part {0}").format(last[4:])
        return f"∂L/∂ {short_title(name.removeprefix(GRADIENT))}"
    found = _look_up(TITLES, name)
    return _(found) if found else name.rsplit(".", 1)[-1] if "." in name else name


def place(name: str) -> str:
    """Where the node stands: "encoder 1 · self-attention"; empty for what stands alone."""
    if name.startswith(WIDTH):
        return width_place(name)
    words = name.split(".")[:-1]
    words = words[name.startswith((GRADIENT, STEP, LENS, COUNT, SHARE)) :]
    parts = [_("logit lens")] if name.startswith(LENS) else []
    if parts and words[0] == "at":
        last = words[1] == "last"
        parts.append(_("last position") if last else _("position {0}").format(int(words[1]) + 1))
    elif parts and words[-1] == "embedding":
        parts.append(_(PARTS["embedding"]))
    if words and words[0] in STACKS:
        stack = words.pop(0)
        layer = f" {int(words.pop(0)) + 1}" if words and words[0].isdigit() else ""
        parts.append(_(STACKS[stack]) + layer)
    if name.startswith(COUNT):
        parts += [_(COUNT_PARTS[word]) for word in words if word in COUNT_PARTS]
    parts += [_(PARTS[word]) for word in words if word in PARTS and word != "embedding"]
    return " · ".join(parts)


def long_title(name: str) -> str:
    """Place and title: "encoder 1 · self-attention · scaled scores"; the title alone where it names the place."""
    where, title = place(name), short_title(name)
    return f"{where} · {title}" if where and not title.startswith(where) else title


def about(node: Node) -> str:
    """One line on what the node's numbers mean; empty where there is none."""
    if node.name.startswith(GRADIENT):
        return _(
            "How much the loss would grow for each 1 added to a number: the chain rule, walked back from the loss."
        )
    if node.name.startswith(STEP):
        found = ABOUT_STEP.get(node.name.rpartition(".")[2])
        return _(found) if found else ""
    if node.name.startswith(SHARE):
        return _(ABOUT_SHARE)
    if node.name.startswith(WIDTH):
        return about_width(node.name)
    if node.name.startswith(COUNT):
        return _(ABOUT_COUNT[node.name.rpartition(".")[2]])
    if node.name.startswith(LENS) and (found := _look_up(ABOUT_LENS, node.name)):
        return _(found)
    if node.is_weight and node.name not in STORED:
        return _("Numbers that training sets. Every sentence meets the same ones.")
    found = _look_up(_about_encoder(node), node.name) or _look_up(ABOUT, node.name)
    return _(found) if found else ""


def _about_encoder(node: Node) -> dict[str, str]:
    """What is to be said otherwise where a node belongs to an encoder, or looks positions up."""
    if node.op == "position_rows":
        return {"embedding.position": N_("One learned row for every position. Without them, word order is invisible.")}
    if node.op == "linear":
        return {"embedding.token": ABOUT_TOKEN_OF_NUMBERS}
    return ABOUT_MASKED if node.axis_keys[:1] == ("position@encoder",) and "." not in node.name else {}


AXES = {
    "head": N_("head"),
    "layer": N_("layer"),
    "query": N_("query"),
    "key": N_("key"),
    "position": N_("position"),
    "feature": N_("feature"),
    "vocabulary": N_("vocabulary"),
    "input": N_("input"),
    "output": N_("output"),
    "segment": N_("segment"),
    "class": N_("class"),
    "bucket": N_("bucket"),
    "channel": N_("channel"),
    "row": N_("row"),
    "column": N_("column"),
    "patch": N_("square"),
    "pixel": N_("pixel"),
    "mixed": N_("mixed"),
    "weight": N_("weight"),
    "side": N_("side"),
    "numbers": N_("numbers"),
    "hidden": N_("hidden"),
    "dimension": N_("dimension"),
    "token": N_("token"),
    "state": N_("state"),
    "hears": N_("who hears"),
    "heard": N_("who is heard"),
    "network": N_("network"),
    "part": N_("part"),
    "width": N_("width"),
    "length": N_("length"),
    "d_k": "d_k",
    **SERIES_AXES,
}


def axis_title(axis: str) -> str:
    """The axis' name on screen."""
    return _(AXES[axis]) if axis in AXES else axis
