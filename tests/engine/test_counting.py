"""The weights counted: every part's total against the arrays themselves, and every count explained."""

import math

import pytest

import tutor
from tests.engine import small
from tutor.display.prose import cell_name
from tutor.engine.config import TransformerConfig
from tutor.engine.counting import part_of
from tutor.engine.trace import TraceError
from tutor.engine.transformer import weight_shapes


@pytest.fixture(scope="module", params=["proverbs", "translator", "speaker"])
def model(request):
    return tutor.load_model(request.param)


def test_the_total_is_the_number_of_the_models_parameters(model):
    trace = model.trace("She likes cats")
    assert trace.count().value == model.parameters
    assert trace.count().shape == () and "count.total" in trace


def test_parts_are_those_of_the_arrays(model):
    trace = model.trace("She likes cats")
    layer = f"{model.config.stacks[-1]}.0"
    expected = sum(array.size for name, array in model.weights.items() if name.startswith(f"{layer}."))
    assert trace.count(f"count.{layer}.total").value == expected
    each = trace.count(f"count.{layer}.feed_forward.each")
    wide = model.config.d_model * model.config.d_ff
    assert dict(zip(each.labels[0], each.value[:, 0], strict=True))["hidden.weight"] == wide
    assert trace.count("count.embeddings.total").value >= model.config.vocabulary * model.config.d_model


def test_every_count_is_explained(model):
    trace = model.trace("She likes cats")
    trace.count()
    names = [name for name in trace._counts if not name.endswith(".sizes")]
    for name in names:
        node = trace[name]
        why = trace.explain(name, (0,) * len(node.shape))
        assert why.evaluate() == node.at((0,) * len(node.shape))
        small.check_braces(why.formula, name)
    assert math.prod(cell.value for cell in trace.explain(names[0], (1, 0)).cells) == trace[names[0]].at((1, 0))


def test_a_layer_is_the_sum_of_its_sublayers():
    trace = tutor.load_model("translator").trace("She likes cats")
    parts = trace.count("count.decoder.1.total").inputs
    kinds = ("self_attention", "cross_attention", "feed_forward")
    assert parts == tuple(f"count.decoder.1.{kind}.total" for kind in kinds)


def test_a_switch_that_needs_no_table_leaves_its_numbers_out():
    model = tutor.load_model("speaker")
    c = model.config
    without = model.trace("She likes cats", config={"position": "rotary"}).count().value
    assert model.parameters - without == c.maximum_positions * c.d_model


def test_every_weight_has_a_part():
    config = TransformerConfig(d_model=8, heads=2, d_ff=16, vocabulary=10, norm_position="pre", final_norm=True)
    parts = {part_of(name) for name in weight_shapes(config)}
    assert {"encoder.5.feed_forward", "decoder.0.cross_attention", "embeddings", "rest"} <= parts
    assert part_of("encoder.norm.scale") == part_of("logits.bias") == "rest"


def test_what_is_not_there_is_refused_with_what_is_near():
    trace = tutor.load_model("proverbs").trace("天行健")
    with pytest.raises(TraceError, match=r"count\.encoder\.0\.total"):
        trace.count("count.encoder.7.total")


def test_parts_are_told_apart_by_name():
    trace = tutor.load_model("translator").trace("She likes cats")
    whole = trace.count()
    names = [cell_name(trace, cell.node, cell.index) for cell in trace.explain(whole.name, ()).cells]
    assert "encoder.0" in names and "embeddings" in names and len(set(names)) == len(names)
    assert cell_name(trace, whole.name, ()) == "total"
