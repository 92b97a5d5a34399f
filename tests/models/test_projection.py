"""Points in the plane of the largest spread, and that they do not jump."""

import numpy as np

from tutor.models.projection import Projection


def table(seed=0, rows=20):
    return np.random.default_rng(seed).standard_normal((rows, 6)).astype(np.float32)


def test_the_plane_shows_the_most_of_the_spread():
    flat = np.zeros((20, 6), np.float32)
    flat[:, [1, 4]] = table()[:, :2] * [5, 2]
    projection = Projection()
    points = projection.points(flat)
    assert projection.share > 0.999
    distances = np.linalg.norm(flat[:, None] - flat[None], axis=-1)
    assert np.allclose(np.linalg.norm(points[:, None] - points[None], axis=-1), distances, atol=1e-4)
    assert points[:, 0].var() >= points[:, 1].var()
    projection.points(table())
    assert 0.3 < projection.share < 0.9


def test_a_small_change_moves_every_point_a_little():
    # Equal spreads are where principal axes turn about freely.
    values = np.concatenate([np.eye(6), -np.eye(6)]).astype(np.float32)[:, [0, 1]].repeat(1, axis=0)
    values = np.concatenate([values, np.zeros((12, 4), np.float32)], axis=1)
    projection = Projection()
    points = projection.points(values)
    chance = np.random.default_rng(1)
    for _frame in range(50):
        values = values + chance.standard_normal(values.shape).astype(np.float32) * 0.01
        moved = projection.points(values)
        assert np.abs(moved - points).max() < 0.2
        points = moved


def test_the_first_look_is_always_the_same():
    assert np.array_equal(Projection().points(table()), Projection().points(table()))


def test_one_point_for_all_rows():
    projection = Projection()
    assert not projection.points(np.ones((5, 6), np.float32)).any()
    assert projection.share == 1.0
