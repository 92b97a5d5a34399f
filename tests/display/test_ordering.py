"""What nodes are called that are to be put in order."""

from tutor.display.ordering import titles_of


def test_within_one_sub_layer_a_short_title_tells_them_apart():
    names = [f"encoder.0.self_attention.{part}" for part in ("scores", "weights", "output")]
    assert titles_of(names) == ["scores", "attention weights", "output projection"]


def test_across_sub_layers_the_title_says_in_which_they_lie():
    titles = titles_of(["encoder.output", "decoder.0.self_attention.output", "decoder.0.cross_attention.weights"])
    assert titles[0].endswith("encoder output")
    assert "self-attention" in titles[1] and "cross-attention" in titles[2]
