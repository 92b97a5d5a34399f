"""Whether the user wants no colour at all. Apart from the colours, since it is asked before NumPy is loaded."""

import os
from collections.abc import Mapping


def no_colour(environment: Mapping[str, str] | None = None) -> bool:
    """Whether the user asked for no colour: NO_COLOR is set and not empty (no-color.org), or TERM is dumb."""
    if environment is None:
        # Textual takes NO_COLOR out of the environment when an app starts, so how it was is remembered.
        return _AT_START or no_colour(os.environ)
    return bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb"


_AT_START = bool(os.environ.get("NO_COLOR"))
