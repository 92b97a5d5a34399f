"""The logit lens: what stands above the last layer, read off every layer, as nodes like any other."""

import numpy as np
import pytest

from tests.engine import small
from tests.engine.test_backends import library
from tutor.engine.trace import Trace, TraceError

WORDS = [name for name, changes in small.CONFIGS.items() if "words" in small.config(**changes).tasks]
FIRST = {"BERT": "lens.embedding", "GPT-2": "lens.embedding", "2017": "lens.decoder.embedding"}


def traced(name: str, layers: int = 2, **keywords) -> Trace:
    changes = {"encoder_layers": layers, "decoder_layers": layers} | small.CONFIGS[name]
    return small.trace(small.config(**changes), **keywords)


def places(trace: Trace) -> list[str]:
    """The lenses on one layer each, in order: `lens.embedding`, `lens.decoder.0`, …"""
    lenses = (name.removesuffix(".probabilities") for name in trace.lens_names if name.endswith(".probabilities"))
    return [name for name in lenses if ".at." not in name]


@pytest.mark.parametrize("name", WORDS)
def test_after_the_last_layer_the_lens_reads_the_models_own_numbers(name):
    trace = traced(name)
    last = places(trace)[-1]
    for part in ("logits", "probabilities"):
        np.testing.assert_array_equal(trace.lens(f"{last}.{part}").value, trace[part].value)
    assert not np.allclose(trace.lens(f"{places(trace)[0]}.logits").value, trace["logits"].value)


@pytest.mark.parametrize("name", WORDS)
def test_all_layers_at_one_position_are_the_rows_of_each(name):
    trace = traced(name)
    for position in (0, 2):
        at = trace.lens(f"lens.at.{position}.probabilities")
        rows = [trace.lens(f"{place}.probabilities").value[position] for place in places(trace)]
        assert at.axes == ("layer", "vocabulary") and len(rows) == len(at.value)
        np.testing.assert_allclose(at.value, rows, rtol=2e-5, atol=1e-7)


@pytest.mark.parametrize("name", WORDS)
def test_every_cell_is_explained(name):
    trace = traced(name, 1)
    for lens in trace.lens_names:
        if ".at." not in lens or ".at.1." in lens:
            trace.lens(lens)
            for index in small.indices(trace[lens]):
                small.check_cell(trace, lens, index)


def test_a_layers_output_is_what_the_next_one_reads():
    """After the norm of the second sub-layer where norms come last; before any norm where they come first."""
    post, pre = traced("BERT"), traced("GPT-2")
    assert post.lens("lens.at.1.layers").inputs == (
        "embedding.output",
        "encoder.0.feed_forward.norm",
        "encoder.1.feed_forward.norm",
    )
    assert pre.lens("lens.at.1.layers").inputs[1:] == (
        "decoder.0.feed_forward.residual",
        "decoder.1.feed_forward.residual",
    )


@pytest.mark.parametrize("name", FIRST)
def test_names(name):
    trace = traced(name)
    stack = "encoder" if name == "BERT" else "decoder"
    assert places(trace) == [FIRST[name], f"lens.{stack}.0", f"lens.{stack}.1"]
    assert trace.lens("lens.1.logits") is trace.lens(f"lens.{stack}.1.logits") is trace[f"lens.{stack}.1.logits"]
    assert trace.lens("lens.*.probabilities").name == f"{FIRST[name]}.probabilities"
    assert trace.lens("lens.at.2.l*s").name == "lens.at.2.layers"


def test_nothing_is_read_off_before_it_is_asked_for():
    trace = traced("GPT-2")
    assert "lens.decoder.0.logits" not in trace and not any(name.startswith("lens.") for name in trace.names)
    trace.lens("lens.0.logits")
    assert "lens.decoder.0.probabilities" in trace and "lens.decoder.1.logits" not in trace


@pytest.mark.parametrize("pattern", ["lens.2.logits", "lens.at.4.logits", "lens.decoder.0.nothing", "lens."])
def test_no_such_lens(pattern):
    with pytest.raises(TraceError, match="nearest: lens"):
        traced("GPT-2").lens(pattern)


def test_a_model_without_words_has_no_lens():
    trace = small.trace(small.config(**small.CONFIGS["classification"]))
    for ask in (lambda: trace.lens("lens.0.logits"), lambda: trace.lens_names):
        with pytest.raises(TraceError, match="no head that chooses words"):
            ask()


def test_a_change_on_the_way_is_seen_from_its_layer_on():
    changed = {"decoder.1.feed_forward.residual": np.square}
    plain, edited = traced("GPT-2"), traced("GPT-2", change=changed)
    for name, same in (("lens.0.logits", True), ("lens.1.logits", False)):
        assert np.array_equal(plain.lens(name).value, edited.lens(name).value) == same


def test_a_big_lens_is_forgotten_and_computed_again():
    config = small.config(**small.CONFIGS["GPT-2"] | {"vocabulary": 70_000, "decoder_layers": 3})
    trace = small.trace(config, bound=2_500_000)
    values = [trace.lens(f"lens.{layer}.logits").value.copy() for layer in range(3)]
    assert not trace["lens.decoder.0.logits"].at_hand
    for layer in range(3):
        np.testing.assert_array_equal(trace[f"lens.decoder.{layer}.logits"].value, values[layer])


@pytest.mark.parametrize("backend", ["strict", "torch", "jax"])
def test_other_arrays(backend):
    ours, theirs = (traced("GPT-2", backend=one) for one in (None, library(backend)))
    for name in ("lens.0.probabilities", "lens.at.1.probabilities"):
        np.testing.assert_allclose(theirs.lens(name).value, ours.lens(name).value, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", WORDS)
def test_the_last_position_has_a_name_for_sentences_of_any_length(name):
    trace = traced(name)
    count = len(trace["logits"].value)
    for part in ("layers", "logits", "probabilities"):
        last = trace.lens(f"lens.at.last.{part}")
        assert last.name == f"lens.at.last.{part}"
        np.testing.assert_array_equal(last.value, trace.lens(f"lens.at.{count - 1}.{part}").value)
