"""Dates and spans of time in the interface's language."""

from datetime import datetime

from tutor.display.language import _, ngettext

MINUTE, HOUR, DAY, MONTH, YEAR = 60, 3600, 86_400, 30.44 * 86_400, 365.25 * 86_400


def span(seconds: float) -> str:
    """A time rounded to its largest unit: `10 min`, `3 h`, `8 days`, `5 months`."""
    if seconds < 0.75 * MINUTE:
        return _("under 1 min")
    if seconds < 0.99 * HOUR:
        return _("{0} min").format(_rounded(seconds / MINUTE))
    if seconds < 0.99 * DAY:
        return _("{0} h").format(_rounded(seconds / HOUR))
    if seconds < 2 * MONTH:
        days = _rounded(seconds / DAY)
        return ngettext("{0} day", "{0} days", days).format(days)
    if seconds < 2 * YEAR:
        return _("{0} months").format(_rounded(seconds / MONTH))
    return _("{0} years").format(_rounded(seconds / YEAR))


def _rounded(count: float) -> int:
    # A clock's last digits must not decide between 5 and 6 for five and a half.
    return max(1, int(count + 0.501))


def moment(seconds: float) -> str:
    """A date and time of day where the learner is: `2025-11-25 14:05`."""
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M")
