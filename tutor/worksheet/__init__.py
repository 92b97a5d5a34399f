"""Lessons on paper: a sheet with blanks and its key, as HTML or Markdown."""
