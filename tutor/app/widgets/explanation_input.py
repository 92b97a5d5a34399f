"""A field for a sentence or two of the learner's own: every letter goes into it."""

from __future__ import annotations

from textual.widgets import Input


class ExplanationInput(Input):
    """Enter hands in what was typed."""

    DEFAULT_CSS = """
    ExplanationInput, ExplanationInput:focus { border: none; height: 1; padding: 0 1; background: $boost; width: 1fr; }
    """
