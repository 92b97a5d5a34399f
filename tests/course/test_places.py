"""What a lesson may show, found in a trace."""

import pytest

from tests.engine import small
from tutor.course.places import cell_label, cell_labels, find_node, is_at_hand
from tutor.engine.explanation import Cell
from tutor.engine.trace import TraceError
from tutor.models.registry import load_model


def test_the_logit_lens_is_found_by_its_name_a_glob_or_short():
    trace = small.trace(small.config(**small.CONFIGS["GPT-2"]))
    assert not is_at_hand(trace, "lens.0.probabilities")
    node = find_node(trace, "lens.0.probabilities")
    assert node.name == "lens.decoder.0.probabilities" and is_at_hand(trace, node.name)
    assert find_node(trace, "lens.decoder.*.probabilities") is node
    assert find_node(trace, "lens.at.2.logits").axes == ("layer", "vocabulary")
    with pytest.raises(TraceError, match=r"lens\.decoder\.0\.logits"):
        find_node(trace, "lens.1.logits")


def test_shares_are_found_in_whichever_stack_there_is():
    trace = small.trace(small.config(**small.CONFIGS["GPT-2"]))
    assert not is_at_hand(trace, "share.decoder.before")
    node = find_node(trace, "share.encoder.before")
    assert node.name == "share.decoder.before" and is_at_hand(trace, node.name)
    with pytest.raises(TraceError, match=r"share\.decoder\.largest"):
        find_node(trace, "share.decoder.largst")


def test_counts_are_found_in_whichever_stack_there_is():
    trace = small.trace(small.config(**small.CONFIGS["GPT-2"]))
    assert find_node(trace, "count.encoder.0.total").name == "count.decoder.0.total"


def test_a_gradient_is_not_called_by_the_name_of_what_it_is_the_gradient_of():
    trace = load_model("proverbs").trace("天行健", target="君子以自强不息")
    node = find_node(trace, "decoder.0.feed_forward.hidden")
    gradient = find_node(trace, f"gradient.{node.name}")
    assert cell_label(node, (0, 1)).startswith("hidden[")
    assert cell_label(gradient, (0, 1)).startswith("∂hidden[")
    cells = trace.explain(gradient.name, (0, 1)).cells
    assert any(label.startswith("∂") for label in cell_labels(trace, cells))
    both = [Cell(one.name, (0, 1), 0.0) for one in (node, gradient)]
    assert [label.partition("[")[0] for label in cell_labels(trace, both)] == ["hidden", "∂hidden"]
