"""Sheets of nodes."""

import numpy as np
import pytest

from tutor.app.planes import LONG, place_text, plane_at
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


def test_a_long_sentence_numbers_its_rows_and_says_where_one_is():
    long = load_model("speaker").trace("the cat sat and " * 10)
    count = long["tokens"].shape[0]
    assert count > LONG
    plane = plane_at(long["decoder.0.self_attention.weights"], (0, 0, 0))
    assert list(plane.row_names[:2]) == ["1 the", "2 cat"] and len(plane.row_names) == count
    assert place_text(plane, (4, 2)) == f"query 5/{count} · key 3/{count}"
    logits = plane_at(long["logits"], (0, 0))
    assert place_text(logits, (4, 17)) == f"position 5/{count} · vocabulary #17"
    table = plane_at(long["embedding.token.table"], (0, 0))
    assert table.row_names is table.labels[0]  # the words of a vocabulary come once


def test_a_table_of_places_has_its_numbers_for_labels_once():
    table = load_model("speaker").trace("the cat")["embedding.position.table"]
    plane = plane_at(table, (0, 0))
    assert plane.values.shape[0] > LONG and plane.row_names[:2] == ("0", "1")
    assert place_text(plane, (4, 17)) == "position #4 · feature #17"


def test_a_short_sentence_is_left_as_it_is(trace):
    plane = plane_at(trace["encoder.0.self_attention.weights"], (0, 0, 0))
    assert plane.row_names is plane.labels[0] and place_text(plane, (1, 1)) == ""
    assert place_text(plane_at(trace["encoder.0.self_attention.query.bias"], (0,)), (0, 3)) == "output #3"
