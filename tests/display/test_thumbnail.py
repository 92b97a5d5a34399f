"""Small pictures of matrices."""

import numpy as np
import pytest

from tutor.display.thumbnail import SHADES, pooled, reduced, shade


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 50, 200, 201])
def test_pooling_keeps_the_strongest_of_each_block(size):
    weights = np.random.default_rng(size).random((2, size, size)).astype(np.float32)
    small = pooled(weights, 8, 6)
    assert small.shape[1] <= max(8, 1) and small.shape[2] <= 6 and small.shape[0] == 2
    assert small.shape[1] > 4 and small.shape[2] > 3
    np.testing.assert_array_equal(small.max(axis=(1, 2)), weights.max(axis=(1, 2)))
    blocks = [np.arange(n) * size // n for n in small.shape[1:]] if size > 8 else None
    if blocks is not None:
        rows, columns = (np.append(edges, size) for edges in blocks)
        for row in range(small.shape[1]):
            for column in range(small.shape[2]):
                block = weights[1, rows[row] : rows[row + 1], columns[column] : columns[column + 1]]
                assert small[1, row, column] == block.max()


def test_a_small_matrix_is_enlarged_evenly():
    weights = np.arange(6).reshape(2, 3)
    np.testing.assert_array_equal(pooled(weights, 5, 7), weights.repeat(2, 0).repeat(2, 1))


def test_shades_grow_with_the_share():
    drawn = [SHADES.index(shade(share)) for share in np.linspace(0, 1, 50)]
    assert drawn == sorted(drawn) and set(drawn) == set(range(len(SHADES)))


def test_what_is_kept_is_never_enlarged():
    weights = np.random.default_rng(0).random((3, 5, 90))
    kept = reduced(weights, 40)
    assert kept.shape == (3, 5, 40) and kept.max() == weights.max()
