"""Shares as bars, in eighths of a terminal cell."""

import math

EIGHTHS = " ▏▎▍▌▋▊▉"
FULL = "█"


def bar(share: float, cells: int) -> str:
    """A bar as long as `share` of `cells`, padded to exactly `cells`; a share above zero always shows."""
    if not share > 0:  # not-a-number shows nothing
        return " " * cells
    eighths = max(1, math.floor(min(share, 1.0) * cells * 8 + 0.5))
    whole, rest = divmod(eighths, 8)
    return (FULL * whole + (EIGHTHS[rest] if rest else "")).ljust(cells)
