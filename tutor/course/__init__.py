"""Lessons as data: format, loader, hand-size programs, exercises, progress. Imports nothing by itself."""
