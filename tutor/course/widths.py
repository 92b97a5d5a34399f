"""A d_k to be found on the slider: where it is on this sentence, and what is to be said of one that was marked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tutor.course.places import find_node
from tutor.course.schema import Text
from tutor.course.schema_steps import WidthGoal
from tutor.engine.trace import Trace
from tutor.engine.widths import PREFIX, WIDTHS

START: dict[str, int] = {"width": WIDTHS[0], "seed": 0}


def started(settings: Mapping[str, Any]) -> dict[str, int]:
    """Where the slider begins."""
    return {**START, **settings}


def even(measure: str, tokens: int) -> float:
    """The entropy, or the slope, of a row that is shared out evenly: no row has more."""
    return float(np.log(tokens)) if measure == "entropy" else 1 - 1 / tokens


def shares(trace: Trace, side: str, measure: str) -> np.ndarray:
    """For every width what the rows have on average, as a share of an even row's; 0 where there is but one token.

    Raises TraceError where the trace has no tokens.
    """
    means = find_node(trace, f"{PREFIX}{side}.{measure}").value.astype(np.float64)
    most = even(measure, trace["tokens"].shape[0])
    return means / most if most else means * 0


def percent(share: float, limit: float | None = None) -> str:
    """A share in whole percents; in tenths where it would else look like the limit it is held against."""
    whole = f"{100 * share:.0f} %"
    return f"{100 * share:.1f} %" if limit is not None and whole == percent(limit) else whole


def sought(goal: WidthGoal, trace: Trace) -> int | None:
    """The width asked for: below there and at all wider heads, but not just before. None where there is none."""
    above = np.flatnonzero(shares(trace, goal.side, goal.measure) >= goal.below)
    first = int(above[-1]) + 1 if above.size else 0
    return WIDTHS[first] if 0 < first < len(WIDTHS) else None


def judged(goal: WidthGoal, trace: Trace, width: int) -> tuple[bool, Text]:
    """Whether the width is the one asked for, and what shows it."""
    found, at = shares(trace, goal.side, goal.measure), WIDTHS.index(width)
    wanted = sought(goal, trace)
    limit = percent(goal.below)

    def told(share: float) -> str:
        return percent(share, goal.below)

    if wanted is None:
        return False, Text(
            "On this sentence there is no such d_k: type another, or draw anew.",
            "这句话上没有这样的 d_k：换一句，或重新抽数。",
        )
    if width == wanted:
        before, here = map(told, found[at - 1 : at + 1])
        return True, Text(
            f"At {WIDTHS[at - 1]} it is {before}, at {width} it is {here}, and it stays below {limit}.",
            f"d_k = {WIDTHS[at - 1]} 时是 {before}，{width} 时是 {here}，此后一直低于 {limit}。",
        )
    if width > wanted:
        return False, Text(
            f"Below it is, {told(found[at])}. But at {WIDTHS[at - 1]}, half as wide, "
            f"it is already: {told(found[at - 1])}.",
            f"这里确实低于：{told(found[at])}。可窄一半，{WIDTHS[at - 1]} 时，已经是 {told(found[at - 1])}。",
        )
    if found[at] >= goal.below:
        return False, Text(f"Here it is still {told(found[at])}: go on.", f"这里还有 {told(found[at])}，再往右。")
    return False, Text(
        f"Here it is {told(found[at])}, but it does not stay below {limit}: look further to the right.",
        f"这里是 {told(found[at])}，但后面又不低于 {limit} 了：再往右看。",
    )
