"""Curves and labelled points out of characters."""

import numpy as np
import pytest
from rich.cells import cell_len

from tutor.display.plot import AXIS_WIDTH, curve, places, schedule, span_of


def heights(lines):
    """The row of the topmost dot in every column that has one."""
    return [next(row for row, line in enumerate(lines) if line[at] != " ") for at in range(len(lines[0]))]


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(("width", "height"), [(78, 10), (40, 6), (12, 3), (1, 1)])
def test_it_is_as_large_as_asked(width, height, log):
    drawn = curve([3.7, 2.0, 0.5], width, height, log)
    lines = [tick + line for tick, line in zip(drawn.ticks, drawn.lines, strict=True)] + [drawn.below]
    assert len(lines) == max(3, height)
    assert width < 12 or {cell_len(line) for line in lines} == {width}


def test_a_falling_line_falls():
    drawn = curve(list(np.linspace(4, 0, 50)), AXIS_WIDTH + 40, 12)
    *lines, rule = drawn.lines
    falling = heights(lines)
    assert falling == sorted(falling) and falling[0] == 0 and falling[-1] == 9
    assert set(rule) == {"─"}
    assert drawn.ticks[0].startswith("     4 ┤") and drawn.ticks[9].startswith("     0 ┤")


def test_a_spike_among_many_values_is_seen():
    values = [1.0] * 5000
    values[3333] = 10.0
    top = curve(values, AXIS_WIDTH + 40, 8).lines[0]
    spike = top.index(next(filter(str.strip, top)))
    assert spike == pytest.approx(3333 / span_of(5000) * 40, abs=1)


def test_an_exponential_is_straight_on_a_logarithmic_scale():
    drawn = curve([10 ** (-step / 10) for step in range(50)], AXIS_WIDTH + 50, 12, log=True)
    rows = heights(drawn.lines[:-1])
    assert np.abs(np.diff(rows, n=2)).max() <= 1
    assert "1 ┤" in drawn.ticks[0] and "1.3e-5 ┤" in drawn.ticks[-2]


@pytest.mark.parametrize("values", [[], [2.5], [0.0, 0.0], [1e9, 1e-9]])
def test_edges(values):
    for log in (False, True):
        assert len(curve(values, 40, 8, log).lines) == 7


def test_the_axis_keeps_its_span_for_a_while():
    assert [span_of(count) for count in (0, 50, 51, 100, 101, 400)] == [50, 50, 100, 100, 200, 400]


def test_labels_stand_where_their_points_are():
    points = np.array([[-1.0, 1.0], [1.0, -1.0], [0.0, 0.0]])
    found = places(points, ["黄", "河", "入"], 21, 11, (1.0, 1.0))
    assert [(place.row, place.column) for place in found] == [(0, 0), (10, 19), (5, 10)]


def test_no_two_labels_share_a_cell_and_none_stands_outside():
    chance = np.random.default_rng(0)
    points = chance.standard_normal((60, 2)) * 0.2
    labels = ["黄", "<end>", "x"] * 20
    taken = set()
    for place in places(points, labels, 40, 12, (1.0, 1.0)):
        cells = {(place.row, place.column + i) for i in range(cell_len(labels[place.which]))}
        assert not cells & taken
        assert all(0 <= row < 12 and 0 <= column < 40 for row, column in cells)
        taken |= cells
    assert len(taken) > 60


@pytest.mark.parametrize(("width", "height"), [(78, 4), (40, 7), (12, 3)])
def test_a_schedule_is_as_large_as_asked_and_marks_the_present(width, height):
    rates = [0.1 * min(1, step / 20) for step in range(1, 101)]
    for now in (0, 30, 100):
        drawn = schedule(rates, now, width, height)
        lines = [tick + line for tick, line in zip(drawn.ticks, drawn.lines, strict=True)] + [drawn.rule]
        assert len(lines) == height and {cell_len(line) for line in lines} == {width}
        assert drawn.past == round(now / 100 * (width - AXIS_WIDTH))
        assert drawn.rule.index("▲") == min(width - 1, AXIS_WIDTH + drawn.past) and drawn.rule.count("▲") == 1
        assert "0.10 ┤" in drawn.ticks[0]


def test_a_schedule_rises_and_stays():
    drawn = schedule([min(1, step / 20) for step in range(1, 101)], 0, AXIS_WIDTH + 50, 7)
    rising = heights(drawn.lines)
    assert rising == sorted(rising, reverse=True) and rising[0] == 5 and set(rising[10:]) == {0}


def test_both_curves_share_an_axis():
    longer = curve([3.0, 2.0], 60, 8, span=span_of(300))
    assert longer.below.endswith("400") and curve([3.0, 2.0], 60, 8).below.endswith("50")
