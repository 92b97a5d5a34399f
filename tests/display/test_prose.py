"""What the words beside a number say of how it was made."""

import numpy as np
import pytest

import tutor
from tutor.display import prose
from tutor.display.language import set_language
from tutor.display.titles import short_title
from tutor.engine.counting import total
from tutor.engine.ops import OPERATIONS
from tutor.engine.recorder import Recorder
from tutor.engine.trace import Trace


def softmax_of(row: list[float]) -> Trace:
    record = Recorder({})
    scores = record.input("scores", np.array([row]), ("query", "key"))
    record("weights", OPERATIONS["softmax"], scores)
    return Trace.of(record)


@pytest.mark.parametrize(("language", "said"), [("en", "largest, 7.25"), ("zh", "这一行最大的 7.25")])
def test_a_softmax_says_what_it_takes_off_every_score(language, said):
    trace = softmax_of([3.5, 7.25])
    set_language(language)
    try:
        assert said in prose.sentence(trace, trace.explain("weights", (0, 0)))
    finally:
        set_language("en")


def test_a_softmax_that_takes_nothing_off_does_not_speak_of_it():
    trace = softmax_of([-1.0, 0.0])
    assert "taken off" not in prose.sentence(trace, trace.explain("weights", (0, 0)))


def test_a_number_of_the_joined_heads_says_its_head():
    record = Recorder({})
    heads = record.input("heads", np.arange(12.0).reshape(3, 2, 2), ("head", "query", "feature"))
    record("concat", OPERATIONS["join_heads"], heads)
    trace = Trace.of(record)
    assert "from head 3" in prose.sentence(trace, trace.explain("concat", (0, 4)))


def test_what_is_left_out_of_a_sum_is_called_a_product_only_where_it_is_one():
    record = Recorder({})
    long = record.input("long", np.arange(8.0).reshape(8, 1), ("weight", "numbers"))
    row = record.input("row", np.ones((1, 8)), ("query", "weight"))
    record("total", total, long)
    record("product", OPERATIONS["matmul"], row, long)
    trace = Trace.of(record)
    assert "the other 4 add up to 6" in prose.rest(trace.explain("total", ()))
    assert "the other 4 products add up to 6" in prose.rest(trace.explain("product", (0, 0)))


def test_a_part_of_a_gradient_says_by_which_road_it_came_back():
    trace = tutor.load_model("proverbs").trace("天行健", target="君子以厚德载物")
    parts = trace.gradient("encoder.0.self_attention.norm").inputs
    roads = [prose.cell_name(trace, part, (0, 1)) for part in parts]
    assert roads == ["∂norm ← residual[天, 1]", "∂norm ← hidden[天, 1]"]
    assert [short_title(part) for part in parts] == ["∂L/∂ norm · part 1", "∂L/∂ norm · part 2"]
