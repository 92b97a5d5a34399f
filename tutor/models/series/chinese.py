"""The shipped examples in Chinese: asked for by a Chinese name, a table has Chinese columns, hours and classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

EXAMPLES = {"昼夜": "day", "行走": "walk"}
DAYS = {"Mon": "周一", "Tue": "周二", "Wed": "周三", "Thu": "周四", "Fri": "周五", "Sat": "周六", "Sun": "周日"}
WORDS = {
    "temperature": "气温",
    "load": "负荷",
    "light": "光照",
    **{f"acc_{axis}": f"加速度{axis}" for axis in "xyz"},
    **{f"gyro_{axis}": f"角速度{axis}" for axis in "xyz"},
    "walking": "行走",
    "standing": "站立",
    "turning": "转身",
}
Words = Mapping[str, str]


def words_for(name: str, times: Sequence[str]) -> Words:
    """What to call columns, classes and these time labels of the table of that name; empty but for an example's."""
    return WORDS | {time: _time(time) for time in times} if name in EXAMPLES else {}


def said(names: Sequence[str], words: Words) -> tuple[str, ...]:
    """Names in those words, where there are any."""
    return tuple(words.get(name, name) for name in names)


def _time(time: str) -> str:
    """周一06时 for Mon 06h, 0.1秒 for 0.1s."""
    day, _blank, hour = time.partition(" ")
    if day in DAYS:
        return f"{DAYS[day]}{hour.removesuffix('h')}时"
    return f"{time.removesuffix('s')}秒" if time.endswith("s") else time
