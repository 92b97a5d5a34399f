"""What the key-value cache saved, in words."""

from tutor.display.language import _
from tutor.engine.cache import Work


def cache_lines(work: Work) -> tuple[str, str]:
    """What a step computed, what it had at hand, and what it would have computed without a cache."""
    return (
        _("positions: {0}").format(_counted(work.positions, work.positions_reused)),
        _("rows of keys and values: {0}").format(_counted(work.rows, work.rows_reused)),
    )


def _counted(new: int, reused: int) -> str:
    return _("{0} computed, {1} reused; without a cache {2}").format(f"{new:,}", f"{reused:,}", f"{new + reused:,}")
