"""Where the learner's data lie, and the one thing in them that is wanted before anything else: the language."""

import contextlib
import os
from pathlib import Path

import platformdirs

PROGRESS = "progress.sqlite"


def data_folder() -> Path:
    """The folder of the learner's data: TUTOR_DATA where set, else the user's data folder of this platform."""
    chosen = os.environ.get("TUTOR_DATA")
    return (
        Path(chosen).expanduser() if chosen else Path(platformdirs.user_data_dir("transformer-tutor", appauthor=False))
    )


def kept_language() -> str | None:
    """The language that the learner chose on the screen, read without all that progress needs; None without one."""
    file = data_folder() / PROGRESS
    if not file.is_file():
        return None
    import sqlite3  # a newcomer's help does not wait for it

    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(file, timeout=0.1)) as connection:
        row = connection.execute("SELECT value FROM setting WHERE name = 'language'").fetchone()
        return row[0] if row else None
    return None
