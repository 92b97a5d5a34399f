"""Spans of time in words, rounded to their largest unit."""

import pytest

from tutor.display.dates import DAY, HOUR, MINUTE, moment, span
from tutor.display.language import set_language


@pytest.fixture(autouse=True)
def english_again():
    yield
    set_language("en")


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (-5, "under 1 min", "不到 1 分钟"),
        (44, "under 1 min", "不到 1 分钟"),
        (60, "1 min", "1 分钟"),
        (5.5 * MINUTE - 1e-6, "6 min", "6 分钟"),
        (5.5 * MINUTE + 1e-6, "6 min", "6 分钟"),
        (HOUR - 1e-3, "1 h", "1 小时"),
        (23 * HOUR, "23 h", "23 小时"),
        (DAY - 1, "1 day", "1 天"),
        (8.2 * DAY, "8 days", "8 天"),
        (91 * DAY, "3 months", "3 个月"),
        (1000 * DAY, "3 years", "3 年"),
    ],
)
def test_span(seconds, english, chinese):
    assert span(seconds) == english
    set_language("zh")
    assert span(seconds) == chinese


def test_moment_is_local_time(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        assert moment(0) == "1970-01-01 08:00"
    finally:
        monkeypatch.undo()
        time.tzset()
