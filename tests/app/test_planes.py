"""Sheets of nodes."""

import numpy as np
import pytest

from tutor.app.planes import plane_at
from tutor.models.registry import load_model


@pytest.fixture(scope="module")
def trace():
    return load_model("translator").trace("I am a student", target="我是学生")


def test_a_head_is_one_sheet(trace):
    plane = plane_at(trace["encoder.0.self_attention.weights"], (2, 1, 3))
    assert plane.values.shape == (5, 5)
    assert plane.axes == ("query", "key")
    assert plane.index(1, 3) == (2, 1, 3)
    assert plane.place((2, 1, 3)) == (1, 3)
    assert plane.holds((2, 0, 0)) and not plane.holds((1, 0, 0))
    assert np.array_equal(plane.values[1], plane.node.value[2, 1])


def test_a_vector_is_one_row(trace):
    plane = plane_at(trace["tokens"], (3,))
    assert plane.values.shape == (1, 5)
    assert plane.index(0, 3) == (3,)
    assert plane.labels[1][0] == "I"


def test_the_region_of_an_operand_lies_on_its_own_head_only(trace):
    why = trace.explain("encoder.0.self_attention.scores", (2, 1, 3))
    region = why.regions["encoder.0.self_attention.query"]
    assert plane_at(trace["encoder.0.self_attention.query"], (2, 0, 0)).region(region) == (1, slice(None))
    assert plane_at(trace["encoder.0.self_attention.query"], (0, 0, 0)).region(region) is None
