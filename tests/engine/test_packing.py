"""Arrays in one vector: the same numbers as one by one, whatever becomes of the arrays in between."""

import copy

import numpy as np
import pytest

from tutor.engine import packing
from tutor.engine.packing import Packing
from tutor.engine.training import Settings, State, adamw

SHAPES = {"a": (3, 4), "bias": (5,), "large": (20, 9), "b": (2, 3), "norm": (7,)}
SETTINGS = Settings(learning_rate=0.1, warmup=0, decay="none", weight_decay=0.05, clip=2.0, average=0.9)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(packing, "CHUNK", 16)


def arrays(seed: int) -> dict[str, np.ndarray]:
    chance = np.random.default_rng(seed)
    return {name: chance.normal(size=shape).astype(np.float32) for name, shape in SHAPES.items()}


def one_by_one(state: State, slopes: dict[str, np.ndarray]) -> None:
    """A step as algorithm 2 has it, with each array on its own; shrunk by the length of all of them."""
    shrink = min(1.0, SETTINGS.clip / np.sqrt(sum((g.astype(float) ** 2).sum() for g in slopes.values())))
    state.step += 1
    for name, g in slopes.items():
        m, v = (
            state.first.get(name, 0) * 0.9 + 0.1 * g * shrink,
            state.second.get(name, 0) * 0.98 + 0.02 * (g * shrink) ** 2,
        )
        change = 0.1 * (m / (1 - 0.9**state.step)) / (np.sqrt(v / (1 - 0.98**state.step)) + 1e-9)
        decay = 0.1 * 0.05 if g.ndim > 1 else 0.0
        state.weights[name] = state.weights[name] * (1 - decay) - change
        state.first[name], state.second[name] = m, v


def same(one: State, other: State) -> None:
    for group in ("weights", "first", "second"):
        assert getattr(one, group).keys() == getattr(other, group).keys()
        for name, array in getattr(other, group).items():
            np.testing.assert_allclose(
                getattr(one, group)[name], array, rtol=2e-5, atol=1e-6, err_msg=f"{group} {name}"
            )


def step_both(one: State, other: State, seed: int, *without: str) -> None:
    slopes = {name: array for name, array in arrays(seed).items() if name not in without}
    adamw(one, slopes, SETTINGS)
    one_by_one(other, slopes)
    same(one, other)


def test_it_is_the_same_as_one_by_one():
    one, other = State(arrays(0)), State(arrays(0))
    for seed in range(1, 5):
        step_both(one, other, seed)
    assert one.packing is not None and all(w.base is one.packing.vectors[0] for w in one.weights.values())


def test_weights_without_a_gradient_stay_as_they_are():
    one, other = State(arrays(0)), State(arrays(0))
    step_both(one, other, 1, "a", "norm")
    assert "a" not in one.first
    packed = one.packing
    step_both(one, other, 2, "b")  # `a` and `norm` are new
    assert one.packing is not packed
    packed = one.packing
    step_both(one, other, 3, "large", "bias")
    assert one.packing is packed, "what is missing needs no new vectors"


def test_arrays_put_in_the_place_of_others_count():
    one, other = State(arrays(0)), State(arrays(0))
    step_both(one, other, 1)
    for state in (one, other):
        state.weights["large"] = state.weights["large"] * 2
    step_both(one, other, 2)
    one = copy.deepcopy(one)
    step_both(one, other, 3)


def test_the_gradients_are_left_alone():
    slopes, state = arrays(1), State(arrays(0))
    adamw(state, slopes, SETTINGS)
    for name, array in arrays(1).items():
        np.testing.assert_array_equal(slopes[name], array)


def test_stretches_join_small_neighbours_of_one_kind():
    kinds = [arrays(0), arrays(1)]
    found = Packing(kinds, SHAPES).stretches(SHAPES)
    assert [stretch.names for stretch in found] == [("a",), ("large",), ("b",), ("bias", "norm")]
    parts = [part for stretch in found for _place, part in stretch.parts(arrays(2))]
    assert max(map(len, parts)) <= 16 and sum(map(len, parts)) == sum(array.size for array in arrays(2).values())


def test_weights_of_several_types_keep_them():
    state = State(arrays(0) | {"a": np.ones((3, 4))})
    adamw(state, arrays(1), SETTINGS)
    assert state.weights["a"].dtype == np.float64 and state.weights["b"].dtype == np.float32
