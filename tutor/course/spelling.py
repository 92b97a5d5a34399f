"""What a misspelt word was meant to be."""

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that `word` is likely a slip of, or the empty string."""
    found = difflib.get_close_matches(word, list(known), 1, 0.55)
    return found[0] if found else ""
