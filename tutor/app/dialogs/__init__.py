"""Screens that stand over another one and hand back an answer."""
