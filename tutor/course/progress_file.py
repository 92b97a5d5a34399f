"""The SQLite file of progress: opening, making, recognising a newer or a broken one."""

from __future__ import annotations

import contextlib
import datetime
import os
import sqlite3
import time
from pathlib import Path

from tutor.course.errors import ProgressError
from tutor.course.schema_parts import Text

APPLICATION = 0x54555452  # "TUTR", in the file's header: another program's database is never written to
WAIT = 5.0  # seconds to wait for another tutor's transaction

# What each version of the file added to the one before; a new file goes through all of them.
_STEPS = (
    """
CREATE TABLE lesson (id TEXT PRIMARY KEY, step INTEGER NOT NULL, done_at REAL, updated_at REAL NOT NULL);
CREATE TABLE attempt (id INTEGER PRIMARY KEY, lesson TEXT NOT NULL, step INTEGER NOT NULL, cell TEXT NOT NULL,
  answer TEXT NOT NULL, right INTEGER NOT NULL, mistake TEXT, at REAL NOT NULL);
CREATE INDEX attempt_lesson ON attempt (lesson, step);
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
""",
    """
CREATE TABLE card (id TEXT PRIMARY KEY, state INTEGER NOT NULL, step INTEGER, stability REAL NOT NULL,
  difficulty REAL NOT NULL, due REAL NOT NULL, last_review REAL NOT NULL);
CREATE INDEX card_due ON card (due);
CREATE TABLE review (card TEXT NOT NULL, grade INTEGER NOT NULL, at REAL NOT NULL, PRIMARY KEY (card, at));
""",
)
VERSION = len(_STEPS)


class Broken(Exception):
    """The file is no SQLite database, or a damaged one."""


def connect(path: Path) -> sqlite3.Connection:
    """The open file, made where there is none. Raises ProgressError, Broken, OSError or sqlite3.Error."""
    _refuse_newer(path, _version_in_header(path))
    # Autocommit: transactions are begun by hand, and are short.
    connection = sqlite3.connect(path, timeout=WAIT, isolation_level=None, check_same_thread=False)
    try:
        _prepare(connection, path)
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            raise Broken(str(error)) from None
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    _refuse_newer(path, version)
    if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise Broken("damaged")
    _wait_for(connection, "PRAGMA journal_mode = WAL")
    # Safe in WAL mode against a killed program; only a power cut may lose the last moments.
    connection.execute("PRAGMA synchronous = NORMAL")
    if version < VERSION:
        _make_tables(connection, path)


def _wait_for(connection: sqlite3.Connection, statement: str) -> None:
    """Run a statement that does not heed the busy timeout: two tutors that start together switch to WAL together."""
    until = time.monotonic() + WAIT
    while True:
        try:
            connection.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.02)


def _make_tables(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another tutor may have made them while we waited.
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0 and connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise _foreign(path)
        for step in _STEPS[version:]:
            for statement in step.split(";"):
                connection.execute(statement)
        if version < VERSION:
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _version_in_header(path: Path) -> int:
    """The version in the file's first bytes, read without touching it (SQLite file format, section 1.3)."""
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except FileNotFoundError:
        return 0
    if len(header) < 100 or not header.startswith(b"SQLite format 3\0"):
        return 0
    return int.from_bytes(header[60:64], "big", signed=True)


def _refuse_newer(path: Path, version: int) -> None:
    if version > VERSION:
        raise ProgressError(
            Text(
                f"{path} was written by a newer version of the tutor (format {version}, this one reads {VERSION}). "
                "It is left as it is: update with `pip install --upgrade transformer-tutor`.",
                f"{path} 由更新版本的 tutor 写成（格式 {version}，本版本只能读 {VERSION}）。文件未作改动："
                "请用 `pip install --upgrade transformer-tutor` 升级。",
            )
        )


def _foreign(path: Path) -> ProgressError:
    return ProgressError(
        Text(
            f"{path} is another program's database. It is left as it is: choose another place with TUTOR_DATA.",
            f"{path} 是别的程序的数据库，未作改动：请用 TUTOR_DATA 指定别的位置。",
        )
    )


def move_aside(path: Path) -> str:
    """Rename a broken file to a .broken-DATE name, and return that; empty where another tutor has done so already."""
    with contextlib.suppress(Broken, sqlite3.Error, ProgressError):
        connect(path).close()
        return ""
    stamp = datetime.datetime.now().strftime("%Y-%m-%d-%H%M%S")
    target = path.with_name(f"{path.name}.broken-{stamp}")
    number = 1
    while target.exists():
        number += 1
        target = path.with_name(f"{path.name}.broken-{stamp}-{number}")
    os.replace(path, target)
    for ending in ("-wal", "-shm"):
        # Left behind they would be read as part of the new file.
        with contextlib.suppress(FileNotFoundError):
            os.replace(f"{path}{ending}", f"{target}{ending}")
    return target.name


def in_memory(path: Path) -> sqlite3.Connection:
    """Progress that lasts until the program ends, with what the file holds, where it can be read."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    # In a folder that cannot be written SQLite reads a file in WAL mode only when told that it cannot change.
    for mode in ("mode=ro", "immutable=1"):
        with contextlib.suppress(OSError, sqlite3.Error, ValueError):
            with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, timeout=1)) as file:
                if 0 < file.execute("PRAGMA user_version").fetchone()[0] <= VERSION:
                    file.backup(connection)
                    _make_tables(connection, path)
                    return connection
    connection.close()
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    _make_tables(connection, path)
    return connection
