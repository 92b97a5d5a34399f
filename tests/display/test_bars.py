"""Bars are as long as their share, in exactly the cells they are given."""

import math

import pytest
from rich.cells import cell_len

from tutor.display.bars import bar


@pytest.mark.parametrize(
    ("share", "cells", "drawn"),
    [
        (0, 4, "    "),
        (1, 4, "████"),
        (0.5, 4, "██  "),
        (0.53125, 4, "██▏ "),
        (0.25, 1, "▎"),
        (2, 3, "███"),
        (-1, 3, "   "),
    ],
)
def test_its_length_is_the_share(share, cells, drawn):
    assert bar(share, cells) == drawn


def test_what_is_there_always_shows():
    assert bar(1e-12, 5) == "▏    "
    assert bar(math.nan, 5) == "     "


def test_it_never_shrinks_and_fills_its_cells():
    lengths = [len(bar(number / 1000, 7).rstrip()) for number in range(1001)]
    assert lengths == sorted(lengths) and {cell_len(bar(number / 1000, 7)) for number in range(1001)} == {7}
