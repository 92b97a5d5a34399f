"""The names, axes and labels of nodes: the address that lessons, saved progress and screens share.

A name that changes here breaks lessons. The lists are written out so that it cannot change unnoticed.
"""

import numpy as np
import pytest

from tests.engine import small
from tutor.engine.heads import HEADS

ATTENTION = (
    "query_projection query key_projection key value_projection value scores scaled masked weights heads concat output"
).split()


def attention(place, norm="post"):
    before, after = (["norm"], []) if norm == "pre" else ([], ["norm"])
    return [f"{place}.{word}" for word in (*before, *ATTENTION, "residual", *after)]


def feed_forward(place, norm="post", inner=("hidden", "activation")):
    before, after = (["norm"], []) if norm == "pre" else ([], ["norm"])
    return [f"{place}.{word}" for word in (*before, *inner, "output", "residual", *after)]


NAMES = {
    "2017": [
        "tokens",
        "encoder.embedding.token",
        "encoder.embedding.scaled",
        "encoder.embedding.position",
        "encoder.embedding.output",
        "encoder.mask",
        *attention("encoder.0.self_attention"),
        *feed_forward("encoder.0.feed_forward"),
        "encoder.output",
        "decoder.tokens",
        "decoder.embedding.token",
        "decoder.embedding.scaled",
        "decoder.embedding.position",
        "decoder.embedding.output",
        "decoder.mask",
        "decoder.cross_mask",
        *attention("decoder.0.self_attention"),
        *attention("decoder.0.cross_attention"),
        *feed_forward("decoder.0.feed_forward"),
        "decoder.output",
        "logits",
        "probabilities",
    ],
    "BERT": [
        "tokens",
        "embedding.token",
        "embedding.position",
        "segments",
        "embedding.segment",
        "embedding.sum",
        "embedding.output",
        "encoder.mask",
        *attention("encoder.0.self_attention"),
        *feed_forward("encoder.0.feed_forward"),
        "encoder.output",
        "logits.transform.hidden",
        "logits.transform.activation",
        "logits.transform.norm",
        "logits",
        "probabilities",
        "pooled.first",
        "pooled.hidden",
        "pooled",
        "next_sentence.logits",
        "next_sentence.probabilities",
    ],
    "GPT-2": [
        "tokens",
        "embedding.token",
        "embedding.position",
        "embedding.output",
        "decoder.mask",
        *attention("decoder.0.self_attention", "pre"),
        *feed_forward("decoder.0.feed_forward", "pre"),
        "decoder.output",
        "logits",
        "probabilities",
    ],
    "Llama without rotation": [
        "tokens",
        "embedding.token",
        "embedding.output",
        "decoder.mask",
        *attention("decoder.0.self_attention", "pre"),
        *feed_forward("decoder.0.feed_forward", "pre", ("gate", "activation", "up", "product")),
        "decoder.output",
        "logits",
        "probabilities",
    ],
}

# The last word or words of a name -> its axes. The longest that fits is meant.
AXES = {
    "tokens": "position",
    "segments": "position",
    "mask": "query key",
    "window_mask": "query key",
    "bucket": "query key",
    "relative.bias": "head query key",
    "relative.table": "bucket head",
    "logits.scaled": "position feature",
    "positioned": "head query key",
    "query_norm": "head query feature",
    "query_rotated": "head query feature",
    "key_norm": "head key feature",
    "key_rotated": "head key feature",
    "key_repeated": "head key feature",
    "value_repeated": "head key feature",
    "pixels": "channel row column",
    "patches": "patch pixel",
    "embedding.patch": "patch feature",
    "class.row": "feature",
    "cross_mask": "query key",
    "self_attention.query": "head query feature",
    "cross_attention.query": "head query feature",
    "key": "head key feature",
    "value": "head key feature",
    "scores": "head query key",
    "scaled": "head query key",
    "embedding.scaled": "position feature",
    "masked": "head query key",
    "weights": "head query key",
    "heads": "head query feature",
    "heads_kept": "head query feature",
    "logits": "position vocabulary",
    "probabilities": "position vocabulary",
    "token.table": "vocabulary feature",
    "position.table": "position feature",
    "segment.table": "segment feature",
    "next_sentence.logits": "position class",
    "next_sentence.probabilities": "position class",
    "sequence_classification.logits": "position class",
    "sequence_classification.probabilities": "position class",
    "token_classification.logits": "position class",
    "token_classification.probabilities": "position class",
    "question_answering.each": "position class",
    "question_answering.logits": "class position",
    "question_answering.probabilities": "class position",
    "multiple_choice.each": "choice class",
    "multiple_choice.logits": "class choice",
    "multiple_choice.probabilities": "class choice",
    "embedding.place": "position",
    "logits.weight": "input vocabulary",
    "logits.bias": "vocabulary",
    "weight": "input output",
    "bias": "output",
    "scale": "feature",
    "shift": "feature",
}


# The nodes of series have names of their own, whatever a token is; `weight` and `bias` read as everywhere.
OF_SERIES = {
    "series": {
        "": "step variable",
        "tokens": "position",
        "histories": "variable step",
        "patches": "position step",
        "mean": "variable",
        "deviation": "variable",
    },
    "forecast": {
        "": "step variable",
        "each": "variable step",
        "rows": "variable feature",
        "weight": "input step",
        "bias": "step",
    },
}


def axes(name):
    words = name.split(".")
    if name.startswith("embedding.value."):
        return ("input", "feature")[-1 if words[-1] == "bias" else 0 :]
    if words[0] in OF_SERIES:
        return tuple(OF_SERIES[words[0]].get(words[-1], OF_SERIES[words[0]][""]).split())
    if words[-1] in ("weight", "bias") and words[0] in HEADS:
        return ("input", "class")[-1 if words[-1] == "bias" else 0 :]
    found = AXES.get(".".join(words[-2:])) or AXES.get(words[-1]) or "position feature"
    return tuple(found.split())


@pytest.mark.parametrize("name", NAMES)
def test_names_in_the_order_computed(name):
    trace = small.trace(small.config(**small.CONFIGS[name]))
    assert list(trace.names) == NAMES[name]


def test_every_layer_has_its_own_names():
    trace = small.trace(small.config(encoder_layers=3, decoder_layers=2))
    one = NAMES["2017"]
    for i in range(3):
        assert set(attention(f"encoder.{i}.self_attention")) <= set(trace.names)
    assert len(trace.names) == len(one) + 2 * sum(n.startswith("encoder.0") for n in one) + sum(
        n.startswith("decoder.0") for n in one
    )
    assert "encoder.3.self_attention.query" not in trace


@pytest.mark.parametrize("name", small.CONFIGS)
def test_axes_and_the_graph_is_closed(name):
    config = small.config(**small.CONFIGS[name])
    trace = small.trace(config, small.PADDED)
    seen = set(trace.weight_names)
    for node in map(trace.__getitem__, trace.names):
        expected = axes(node.name)
        if config.choices and node.name.startswith(("pooled", "next_sentence")):  # a row for every pair
            expected = ("choice", *expected[1:])
        if config.series_tokens == "instant" and node.name in ("forecast.rows", "forecast.each"):  # all in one row
            expected = ("all", "feature" if node.name == "forecast.rows" else "output")
        assert node.axes == expected, node.name
        assert len(node.axes) == len(node.shape)
        assert set(node.inputs) <= seen, f"{node.name} is made from something the trace does not have"
        assert all(operand is trace[operand.name] for operand in node.operands), node.name
        seen.add(node.name)
    for weight in map(trace.__getitem__, trace.weight_names):
        expected = axes(weight.name)
        if config.series_tokens == "instant" and weight.name.startswith("forecast."):
            expected = ("input", "output")[-len(weight.axes) :]
        assert weight.axes == expected and weight.is_weight and weight.op == "weight" and not weight.inputs


@pytest.mark.parametrize("name", small.CONFIGS)
def test_weights_have_the_shapes_promised_and_all_are_used(name):
    config = small.config(**small.CONFIGS[name])
    trace = small.trace(config, small.PADDED)
    assert set(trace.weight_names) == set(small.weights(config))
    for weight, array in small.weights(config).items():
        assert trace[weight].shape == array.shape
        np.testing.assert_array_equal(trace[weight].value, array)


def test_weight_names_of_the_2017_model():
    def linear(*places):
        return [f"{place}.{kind}" for place in places for kind in ("weight", "bias")]

    def norm(place):
        return [f"{place}.norm.scale", f"{place}.norm.shift"]

    def heads(place):
        return linear(*(f"{place}.{which}" for which in ("query", "key", "value", "output"))) + norm(place)

    def feed(place):
        return linear(f"{place}.hidden", f"{place}.output") + norm(place)

    assert list(small.weights(small.config())) == [
        "encoder.embedding.token.table",
        *heads("encoder.0.self_attention"),
        *feed("encoder.0.feed_forward"),
        "decoder.embedding.token.table",
        *heads("decoder.0.self_attention"),
        *heads("decoder.0.cross_attention"),
        *feed("decoder.0.feed_forward"),
        "logits.weight",
        "logits.bias",
    ]


def test_other_weights_of_other_families():
    names = set(small.weights(small.config(**small.CONFIGS["Llama without rotation"])))
    assert {"embedding.token.table", "decoder.norm.scale", "logits.weight"} <= names
    assert {f"decoder.0.feed_forward.{part}.weight" for part in ("gate", "up", "output")} <= names
    assert not any(name.endswith((".bias", ".shift")) or ".hidden." in name for name in names)
    names = set(small.weights(small.config(**small.CONFIGS["BERT"])))
    assert {"embedding.position.table", "embedding.segment.table", "embedding.norm.scale", "logits.bias"} <= names
    assert "logits.weight" not in names


def test_labels_are_the_tokens_and_the_vocabulary():
    config = small.config(target_vocabulary=11)
    trace = small.trace(config)
    source, target = ("I", "[MASK]", "好", "\u202e"), ("<s>", "[/]", "的")
    labelled = type(trace)(
        [trace[name] for name in trace.names],
        {
            "encoder": source,
            "decoder": target,
            "vocabulary@encoder": tuple("abcdefgh"),
            "vocabulary@decoder": tuple("ABCDEFGHIJK"),
        },
    )
    numbers = ("0", "1", "2", "3", "4", "5")
    assert labelled["tokens"].labels == (source,)
    assert labelled["decoder.0.cross_attention.weights"].labels == (("1", "2"), target, source)
    assert labelled["decoder.0.cross_attention.key"].labels == (("1", "2"), source, ("0", "1", "2"))
    assert labelled["decoder.0.cross_attention.concat"].labels == (target, numbers)
    assert labelled["decoder.cross_mask"].labels == (target, source)
    assert labelled["probabilities"].labels == (target, tuple("ABCDEFGHIJK"))
    assert labelled["logits.weight"].labels == (numbers, tuple("ABCDEFGHIJK"))
    assert labelled["encoder.embedding.token.table"].labels == (tuple("abcdefgh"), numbers)
    assert labelled["decoder.embedding.token.table"].labels == (tuple("ABCDEFGHIJK"), numbers)


def test_without_labels_indices_are_numbered():
    trace = small.trace(small.config())
    assert trace["encoder.0.self_attention.weights"].labels == (("1", "2"), tuple("0123"), tuple("0123"))


@pytest.mark.parametrize(
    ("changes", "node", "formula"),
    [
        ({}, "encoder.embedding.output", r"X = \mathrm{token} + \mathrm{position}"),
        (small.CONFIGS["BERT"], "embedding.sum", r"X = \mathrm{token} + \mathrm{position} + \mathrm{segment}"),
        (small.CONFIGS["BERT"], "embedding.output", r"y = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}"),
        ({"position": "none"}, "encoder.embedding.output", "Y = X"),
        ({}, "encoder.0.self_attention.query_projection", "Q = X W^Q + b^Q"),
        ({"attention_bias": False}, "encoder.0.self_attention.query_projection", "Q = X W^Q"),
        ({}, "encoder.0.self_attention.residual", r"\mathrm{residual} = x + \mathrm{Sublayer}(x)"),
        ({"residual": False}, "encoder.0.self_attention.residual", "Y = X"),
        ({}, "encoder.0.self_attention.weights", r"A = \mathrm{softmax}(\frac{Q K^\top}{\sqrt{d_k}})"),
        ({"scale_scores": False}, "encoder.0.self_attention.weights", r"A = \mathrm{softmax}(Q K^\top)"),
        ({}, "logits", r"\mathrm{logits} = X W + b"),
        ({"output_bias": False}, "logits", r"\mathrm{logits} = X W"),
    ],
)
def test_a_formula_is_that_of_what_was_computed(changes, node, formula):
    found = small.trace(small.config(**changes))[node].formula
    assert found == formula or (formula.startswith("y") and found.startswith(formula))


@pytest.mark.parametrize("name", small.CONFIGS)
def test_every_computed_node_has_a_formula(name):
    trace = small.trace(small.config(**small.CONFIGS[name]))
    for node in map(trace.__getitem__, trace.names):
        assert node.formula or node.op == "input", node.name
        if node.formula:
            small.check_braces(node.formula, node.name)
