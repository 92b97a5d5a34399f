"""Tables made up: the same for the same seed, the shipped files among them, and as unlike as their description says."""

import numpy as np
import pytest

from tutor.models.series import generated
from tutor.models.series.generated import ACTIVITIES, EXAMPLES, GENERATORS, day_night, example_text, sensors
from tutor.models.series.table import read_table
from tutor.models.series.window import FOLDER


@pytest.mark.parametrize("name", GENERATORS)
def test_a_seed_is_a_table(name):
    one, same, other = (GENERATORS[name](100, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.numbers, same.numbers)
    assert one.classes == same.classes and not np.array_equal(one.numbers, other.numbers)
    assert one.numbers.shape == (100, len(one.variables)) and len(one.times) == 100


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_shipped_examples_are_what_their_first_line_says(name):
    path = FOLDER / f"{name}.csv"
    text = path.read_text(encoding="utf-8")
    assert text == example_text(name) and text.startswith("# Generated, not measured: ")
    generator, steps, seed = EXAMPLES[name]
    made, read = GENERATORS[generator](steps, seed), read_table(path)
    np.testing.assert_allclose(read.numbers, made.numbers, atol=1e-4)
    assert (read.variables, read.times, read.classes) == (made.variables, made.times, made.classes)
    assert path.stat().st_size < 20_000


def test_days_have_nights():
    table = day_night(24 * 40, 3)
    temperature, load, light = table.numbers.T
    hour = np.arange(len(light)) % 24
    assert not light[(hour <= 6) | (hour >= 18)].any() and light[hour == 12].mean() > 20
    assert temperature[hour == 15].mean() > temperature[hour == 5].mean() + 2
    assert load[hour == 19].mean() > load[hour == 2].mean() + 100
    assert table.times[25] == "Tue 01h"


def test_activities_differ_in_what_they_swing():
    table = sensors(3000, 3)
    classes = np.array(table.classes)
    assert set(classes) == set(ACTIVITIES)
    spread = {one: table.numbers[classes == one].std(axis=0) for one in ACTIVITIES}
    upright, turning = generated.SENSORS.index("acc_z"), generated.SENSORS.index("gyro_z")
    assert spread["walking"][upright] > 2 * spread["standing"][upright]
    assert spread["turning"][turning] > 2 * spread["walking"][turning]
