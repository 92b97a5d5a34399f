"""What a learner has done, in SQLite: safe with two tutors open at once and when the program is killed.

Every change is one short transaction. Where the folder cannot be written, or the file is broken, learning goes on and
`notice` says so; only a file that a newer version wrote is refused, and left as it is.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tutor.course import progress_file
from tutor.course.data_folder import PROGRESS, data_folder
from tutor.course.errors import ProgressError
from tutor.course.progress_export import Attempt, Card, Export, Place, Review, read_export, write_export
from tutor.course.schema_parts import Text

__all__ = ["Attempt", "Card", "Progress", "ProgressError", "Review", "data_folder"]

_NOT_SAVED = Text(
    "Progress cannot be saved ({reason}). You can go on; it lasts until you quit.",
    "无法保存进度（{reason}）。可以继续学习，进度保留到退出为止。",
)
_BROKEN = Text(
    "The progress file was damaged. It is kept as {name}; a new one was started.",
    "进度文件已损坏，原文件保留为 {name}，已新建一份。",
)
_IMPORT_PLACE = """
INSERT INTO lesson (id, step, done_at, updated_at) VALUES (?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET step = iif(excluded.updated_at > updated_at, excluded.step, step),
  done_at = coalesce(done_at, excluded.done_at), updated_at = max(updated_at, excluded.updated_at)
"""
_IMPORT_ATTEMPT = """
INSERT INTO attempt (lesson, step, cell, answer, right, mistake, at) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
WHERE NOT EXISTS (SELECT 1 FROM attempt WHERE lesson = ?1 AND step = ?2 AND cell = ?3 AND at = ?7)
"""
_PUT_CARD = """
INSERT INTO card (id, state, step, stability, difficulty, due, last_review) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, step = excluded.step, stability = excluded.stability,
  difficulty = excluded.difficulty, due = excluded.due, last_review = excluded.last_review
"""
_IMPORT_CARD = _PUT_CARD + "WHERE excluded.last_review > last_review"
_PUT_REVIEW = "INSERT OR IGNORE INTO review (card, grade, at) VALUES (?, ?, ?)"


class Progress:
    """The learner's progress in the file `path` (by default in the data folder). Usable from several threads."""

    def __init__(self, path: Path | str | None = None, clock: Callable[[], float] = time.time) -> None:
        self.path = Path(path) if path is not None else data_folder() / PROGRESS
        self.clock = clock
        self.notice: Text | None = None
        self.saved = True
        self._lock = threading.RLock()
        self._connection = self._open()

    def _open(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return progress_file.connect(self.path)
        except progress_file.Broken:
            return self._start_anew()
        except (OSError, sqlite3.Error) as error:
            return self._in_memory(error)

    def _start_anew(self) -> sqlite3.Connection:
        try:
            name = progress_file.move_aside(self.path)
            connection = progress_file.connect(self.path)
        except (OSError, sqlite3.Error, progress_file.Broken) as error:
            return self._in_memory(error)
        if name:
            self.notice = Text(_BROKEN.en.format(name=name), _BROKEN.zh.format(name=name))
        return connection

    def _in_memory(self, error: Exception) -> sqlite3.Connection:
        reason = getattr(error, "strerror", None) or str(error)
        self.notice = Text(_NOT_SAVED.en.format(reason=reason), _NOT_SAVED.zh.format(reason=reason))
        self.saved = False
        return progress_file.in_memory(self.path)

    def _change(self, statement: str, *values: Any) -> None:
        self._apply([(statement, values)])

    def _apply(self, changes: Sequence[tuple[str, tuple[Any, ...]]]) -> None:
        """All changes, or none, in one transaction; in memory once the file cannot be written."""
        with self._lock:
            try:
                self._transact(changes)
            except sqlite3.Error as error:
                if not self.saved:
                    raise
                # A full disk, a folder that became read-only: keep what was read, and go on.
                old, self._connection = self._connection, self._in_memory(error)
                with contextlib.suppress(sqlite3.Error):
                    old.close()
                self._transact(changes)

    def _transact(self, changes: Sequence[tuple[str, tuple[Any, ...]]]) -> None:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement, values in changes:
                connection.execute(statement, values)
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise

    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.DatabaseError as error:
                if not self.saved:
                    raise
                # The file was damaged under us.
                self._connection = self._in_memory(error)
                return self._connection.execute(query, values).fetchall()

    # -- lessons --------------------------------------------------------------------------------------------------

    def done(self, lesson: str) -> bool:
        """Whether the lesson was finished."""
        return bool(self._rows("SELECT 1 FROM lesson WHERE id = ? AND done_at IS NOT NULL", lesson))

    def done_lessons(self) -> frozenset[str]:
        """The ids of all finished lessons."""
        return frozenset(row[0] for row in self._rows("SELECT id FROM lesson WHERE done_at IS NOT NULL"))

    def started_lessons(self) -> dict[str, int]:
        """Lessons begun, the latest first, and the step each is at."""
        return dict(self._rows("SELECT id, step FROM lesson ORDER BY updated_at DESC"))

    def resume(self, lesson: str) -> int:
        """The step to go on from; 0 for a lesson not begun."""
        rows = self._rows("SELECT step FROM lesson WHERE id = ?", lesson)
        return int(rows[0][0]) if rows else 0

    def record(self, lesson: str, step: int, done: bool = False) -> None:
        """The learner is at `step` of the lesson, or has finished it. A finished lesson stays finished."""
        now = self.clock()
        self._change(
            "INSERT INTO lesson (id, step, done_at, updated_at) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
            " step = excluded.step, done_at = coalesce(done_at, excluded.done_at), updated_at = excluded.updated_at",
            *(lesson, max(int(step), 0), now if done else None, now),
        )

    # -- answers --------------------------------------------------------------------------------------------------

    def record_attempt(
        self, lesson: str, step: int, answer: str, right: bool, cell: str = "", mistake: str | None = None
    ) -> None:
        """An answer to an exercise's cell or to a question."""
        safe = answer.encode("utf-8", "replace").decode("utf-8")[:200]
        self._change(
            "INSERT INTO attempt (lesson, step, cell, answer, right, mistake, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(lesson, step, cell, safe, int(right), mistake, self.clock()),
        )

    def attempts(self, lesson: str | None = None) -> tuple[Attempt, ...]:
        """The answers given, oldest first."""
        columns = "lesson, step, cell, answer, right, mistake, at"
        rows = self._rows(
            f"SELECT {columns} FROM attempt WHERE ? IS NULL OR lesson = ? ORDER BY at, id", lesson, lesson
        )
        return tuple(Attempt(row[0], row[1], row[2], row[3], bool(row[4]), row[5], row[6]) for row in rows)

    def solved(self, lesson: str) -> frozenset[int]:
        """The steps of the lesson that were answered rightly at least once."""
        return frozenset(row[0] for row in self._rows("SELECT step FROM attempt WHERE lesson = ? AND right", lesson))

    # -- review ---------------------------------------------------------------------------------------------------

    def cards(self) -> dict[str, Card]:
        """Every card that was graded at least once, by its id."""
        rows = self._rows("SELECT id, state, step, stability, difficulty, due, last_review FROM card")
        return {row[0]: Card(*row) for row in rows}

    def due_count(self) -> int:
        """How many graded cards are due."""
        return int(self._rows("SELECT count(*) FROM card WHERE due <= ?", self.clock())[0][0])

    def reviews(self) -> tuple[Review, ...]:
        """Every grade given, oldest first."""
        return tuple(Review(*row) for row in self._rows("SELECT card, grade, at FROM review ORDER BY at, card"))

    def record_review(self, card: Card, grade: int) -> None:
        """A card as it stands after it was graded."""
        review = (card.id, grade, card.last_review)
        self._apply([(_PUT_CARD, msgspec.structs.astuple(card)), (_PUT_REVIEW, review)])

    # -- settings -------------------------------------------------------------------------------------------------

    def setting(self, name: str, default: str | None = None) -> str | None:
        """A setting, such as `language`."""
        rows = self._rows("SELECT value FROM setting WHERE name = ?", name)
        return rows[0][0] if rows else default

    def set_setting(self, name: str, value: str | None) -> None:
        """Keep a setting; None forgets it."""
        if value is None:
            self._change("DELETE FROM setting WHERE name = ?", name)
            return
        safe = value.encode("utf-8", "replace").decode("utf-8")
        self._change("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", name, safe)

    @property
    def sentence(self) -> str | None:
        """The last sentence typed."""
        return self.setting("sentence")

    @sentence.setter
    def sentence(self, sentence: str | None) -> None:
        self.set_setting("sentence", sentence)

    @property
    def language(self) -> str | None:
        """The interface's language, where the learner chose one."""
        return self.setting("language")

    @language.setter
    def language(self, language: str | None) -> None:
        self.set_setting("language", language)

    # -- all of it ------------------------------------------------------------------------------------------------

    def reset(self, lesson: str | None = None) -> None:
        """Forget one lesson, or all lessons, answers and cards. Settings stay."""
        self._apply(
            [
                ("DELETE FROM lesson WHERE ?1 IS NULL OR id = ?1", (lesson,)),
                ("DELETE FROM attempt WHERE ?1 IS NULL OR lesson = ?1", (lesson,)),
                *((f"DELETE FROM {table} WHERE ? IS NULL", (lesson,)) for table in ("card", "review")),
            ]
        )

    def export(self, path: Path | str) -> None:
        """Write everything to a JSON file, whole or not at all. Raises ProgressError."""
        with self._lock:
            lessons = [
                Place(*row) for row in self._rows("SELECT id, step, done_at, updated_at FROM lesson ORDER BY id")
            ]
            settings = dict(self._rows("SELECT name, value FROM setting ORDER BY name"))
            attempts, cards, reviews = list(self.attempts()), list(self.cards().values()), list(self.reviews())
            whole = Export(lessons=lessons, attempts=attempts, settings=settings, cards=cards, reviews=reviews)
            write_export(Path(path), whole)

    def import_(self, path: Path | str) -> None:
        """Add what an exported file holds: done in either is done; of places and cards the later one stays.

        Raises ProgressError, in which case nothing was changed.
        """
        data = read_export(Path(path))
        changes = [(_IMPORT_PLACE, msgspec.structs.astuple(place)) for place in data.lessons]
        changes += [(_IMPORT_ATTEMPT, msgspec.structs.astuple(attempt)) for attempt in data.attempts]
        changes += [(_IMPORT_CARD, msgspec.structs.astuple(card)) for card in data.cards]
        changes += [(_PUT_REVIEW, msgspec.structs.astuple(review)) for review in data.reviews]
        keep_own = "INSERT OR IGNORE INTO setting (name, value) VALUES (?, ?)"
        self._apply([*changes, *((keep_own, setting) for setting in data.settings.items())])

    def close(self) -> None:
        """Close the file; nothing is lost without it."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._connection.close()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
