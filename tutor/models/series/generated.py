"""Tables made up by rule and chance: what the series models learn from, and the examples beside this file.

Nothing here was measured. The same seed gives the same table. `python -m tutor.models.series.generated` writes the
examples anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SENSORS = ("acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z")
ACTIVITIES = ("walking", "standing", "turning")
RATE = 10  # sensor readings a second
SECONDS = (2.0, 5.0)  # an activity lasts from, to


@dataclass(frozen=True)
class Table:
    """Numbers [step, variable] with the variables' names, a label for every step and, where it has one, its class."""

    numbers: np.ndarray
    variables: tuple[str, ...]
    times: tuple[str, ...]
    classes: tuple[str, ...] = ()


def day_night(steps: int, seed: int) -> Table:
    """Hours of a made-up town: temperature in °C, electric load in kW, light in klx.

    The sun gives light from 6 to 18 o'clock as far as clouds let it; the temperature follows the light by some hours
    and drifts with the weather; the load follows the habits of the day (less at weekends), and rises in the dark and
    in the cold. Noise is small, clouds and weather change slowly.
    """
    chance = np.random.default_rng(seed)
    hours = np.arange(steps)
    of_day, weekend = hours % 24, hours // 24 % 7 >= 5
    sun = np.maximum(0.0, np.sin((of_day - 6) / 12 * np.pi))
    clouds = np.clip(0.35 + 0.3 * _drift(chance, steps, 0.92), 0, 0.9)
    light = 60 * sun * (1 - clouds) * np.exp(0.04 * chance.standard_normal(steps))
    warmth = _follows(light, 0.82)
    temperature = 6 + 0.35 * warmth + 4 * _drift(chance, steps, 0.99) + 0.3 * chance.standard_normal(steps)
    morning, evening = (np.exp(-(((of_day - at) / 2.2) ** 2)) for at in (8, 19))
    habit = np.where(weekend, 0.5 * morning + 0.8 * evening, morning + evening)
    cold, dark = np.maximum(0.0, 14 - temperature), (light < 4) & (of_day >= 5)
    load = 220 + 190 * habit + 9 * cold + 45 * dark + 8 * chance.standard_normal(steps)
    numbers = np.round(np.stack([temperature, load, light], axis=1), 1)
    times = tuple(f"{DAYS[hour // 24 % 7]} {hour % 24:02d}h" for hour in hours.tolist())
    return Table(numbers.astype(np.float32), ("temperature", "load", "light"), times)


def sensors(steps: int, seed: int) -> Table:
    """Readings of a made-up phone in a pocket: acceleration in g and turning rate in degrees a second, on three axes.

    Walking swings up and down twice a second and sways at half of that; standing is gravity and noise; turning spins
    about the upright axis, to either side, with a few steps in it. Strength, pace and phase differ from bout to bout.
    """
    chance = np.random.default_rng(seed)
    numbers, classes = np.zeros((steps, len(SENSORS))), [""] * steps
    at = 0
    while at < steps:
        others = [one for one in ACTIVITIES if not at or one != classes[at - 1]]
        activity = others[int(chance.integers(len(others)))]
        stop = min(steps, at + int(RATE * chance.uniform(*SECONDS)))
        numbers[at:stop] = _bout(chance, activity, stop - at)
        classes[at:stop] = [activity] * (stop - at)
        at = stop
    noise = chance.standard_normal(numbers.shape) * np.array([0.08, 0.08, 0.08, 9.0, 9.0, 9.0])
    times = tuple(f"{step / RATE:.1f}s" for step in range(steps))
    return Table(np.round(numbers + noise, 3).astype(np.float32), SENSORS, times, tuple(classes))


def _bout(chance: np.random.Generator, activity: str, steps: int) -> np.ndarray:
    """One stretch of one activity without noise, [step, variable]."""
    t = np.arange(steps) / RATE
    pace, phase = chance.uniform(1.6, 2.2), chance.uniform(0, 2 * np.pi)
    swing = np.sin(2 * np.pi * pace * t + phase)
    sway = np.sin(np.pi * pace * t + phase / 2)
    strength = {"walking": chance.uniform(0.2, 0.45), "standing": 0.0, "turning": chance.uniform(0.05, 0.2)}[activity]
    out = np.zeros((steps, len(SENSORS)))
    out[:, 2] = 1.0 + strength * swing
    out[:, 0], out[:, 1] = 0.5 * strength * sway, 0.6 * strength * np.cos(2 * np.pi * pace * t + phase)
    out[:, 3], out[:, 4] = 60 * strength * sway, 40 * strength * swing
    if activity == "turning":
        ease = np.sin(np.pi * (np.arange(steps) + 0.5) / steps) ** 0.5
        out[:, 5] = chance.choice([-1, 1]) * chance.uniform(20, 60) * ease
    return out


def _drift(chance: np.random.Generator, steps: int, kept: float) -> np.ndarray:
    """A slow wandering about 0 with deviation 1."""
    pushes = chance.standard_normal(steps) * np.sqrt(1 - kept**2)
    pushes[0] = chance.standard_normal()
    return _follows(pushes / (1 - kept), kept)


def _follows(x: np.ndarray, kept: float) -> np.ndarray:
    """Each step `kept` of the one before and the rest of `x`."""
    out = np.empty(len(x))
    last = 0.0
    for i, value in enumerate(x.tolist()):
        out[i] = last = kept * last + (1 - kept) * value
    return out


GENERATORS: dict[str, Callable[[int, int], Table]] = {"day_night": day_night, "sensors": sensors}
# The shipped examples: name -> (generator, steps, seed). No model has learned from these seeds.
EXAMPLES = {"day": ("day_night", 168, 2024), "walk": ("sensors", 240, 2024)}


def example_text(name: str) -> str:
    """A shipped example as its file has it."""
    generator, steps, seed = EXAMPLES[name]
    table = GENERATORS[generator](steps, seed)
    lines = [f"# Generated, not measured: tutor.models.series.generated.{generator}({steps}, seed={seed})"]
    lines.append(",".join(("time", *table.variables, *(["activity"] if table.classes else []))))
    for step, row in enumerate(table.numbers.tolist()):
        cells = [f"{number:.3f}".rstrip("0").rstrip(".") for number in row]
        lines.append(",".join((table.times[step], *cells, *table.classes[step : step + 1])))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for example in EXAMPLES:
        path = Path(__file__).with_name(f"{example}.csv")
        path.write_text(example_text(example), encoding="utf-8", newline="\n")
