"""Progress survives two tutors, a killed program, damage, newer versions and folders that cannot be written."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.course import progress_file
from tutor.course.progress import Card, Progress, ProgressError, data_folder

WRITER = """
import sys
from tutor.course.progress import Progress
progress = Progress(sys.argv[1])
assert progress.notice is None, progress.notice
print("ready", flush=True)
sys.stdin.readline()
number = 0
while number != int(sys.argv[3]):
    progress.record_attempt(sys.argv[2], number, str(number), True)
    progress.record(sys.argv[2], number)
    number += 1
    print(number, flush=True)
"""


def start_writer(path, lesson: str, count: int) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), lesson, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=os.getcwd(),
    )


def go(*writers: subprocess.Popen) -> None:
    for writer in writers:
        assert writer.stdout.readline() == "ready\n", writer.stderr.read()
    for writer in writers:
        writer.stdin.write("\n")
        writer.stdin.flush()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "progress.sqlite"


def test_what_is_recorded_is_there_the_next_time(path):
    with Progress(path) as progress:
        assert (progress.done("a"), progress.resume("a"), progress.notice, progress.saved) == (False, 0, None, True)
        progress.record("a", 3)
        progress.record("b", 11, done=True)
        progress.record("b", 0)
        progress.record_attempt("a", 2, "1.27", False, "scaled[1, I]", "unscaled")
        progress.record_attempt("a", 2, "\ud800" + "x" * 1000, True)
        progress.sentence = "[MASK] 我\n"
        progress.language = "zh"
    with Progress(path) as progress:
        assert progress.resume("a") == 3 and not progress.done("a")
        assert progress.done("b") and progress.resume("b") == 0, "opened again, still done"
        assert progress.done_lessons() == {"b"}
        assert list(progress.started_lessons()) == ["b", "a"]
        first, second = progress.attempts("a")
        assert (first.answer, first.right, first.mistake, first.cell) == ("1.27", False, "unscaled", "scaled[1, I]")
        assert second.right and len(second.answer) == 200
        assert progress.solved("a") == {2} and progress.solved("b") == frozenset()
        assert (progress.sentence, progress.language) == ("[MASK] 我\n", "zh")
        assert progress.setting("none", "default") == "default"


def test_resetting_one_lesson_or_all(path):
    progress = Progress(path)
    for lesson in "ab":
        progress.record(lesson, 1, done=True)
        progress.record_attempt(lesson, 0, "1", True)
    progress.language = "zh"
    progress.reset("a")
    assert (progress.done_lessons(), [attempt.lesson for attempt in progress.attempts()]) == ({"b"}, ["b"])
    progress.reset()
    assert (progress.done_lessons(), progress.attempts(), progress.language) == (frozenset(), (), "zh")


def test_the_folder_can_be_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("TUTOR_DATA", str(tmp_path / "mine"))
    assert data_folder() == tmp_path / "mine"
    Progress().record("a", 1)
    assert (tmp_path / "mine" / "progress.sqlite").exists()


def test_two_tutors_write_at_once_and_nothing_is_lost(path):
    writers = [start_writer(path, lesson, 150) for lesson in "ab"]
    go(*writers)
    with Progress(path) as progress:
        for number in range(50):
            progress.record_attempt("c", number, "x", False)
    for writer in writers:
        _, errors = writer.communicate(timeout=60)
        assert writer.returncode == 0, errors
    with Progress(path) as progress:
        for lesson, count in (("a", 150), ("b", 150), ("c", 50)):
            assert [attempt.step for attempt in progress.attempts(lesson)] == list(range(count))
        assert progress.resume("a") == 149 and progress.notice is None


def test_many_tutors_start_at_once_on_a_new_file(path):
    writers = [start_writer(path, str(number), 3) for number in range(4)]
    go(*writers)
    for writer in writers:
        assert writer.communicate(timeout=60)[1] == ""
    assert len(Progress(path).attempts()) == 12


def test_a_killed_program_loses_nothing_it_had_written(path):
    for round_number in range(3):
        writer = start_writer(path, f"round{round_number}", -1)
        go(writer)
        time.sleep(0.15 + 0.1 * round_number)
        os.kill(writer.pid, signal.SIGKILL)
        told = writer.communicate(timeout=30)[0].split()
        with Progress(path) as progress:
            assert progress.notice is None
            steps = [attempt.step for attempt in progress.attempts(f"round{round_number}")]
            assert steps == list(range(len(steps))) and len(steps) >= int(told[-1] if told else 0)
            progress.record("after", round_number)
    assert Progress(path).resume("after") == 2
    assert not list(path.parent.glob("*.broken*"))


def test_threads_share_one_progress(path):
    progress = Progress(path)

    def write(lesson: str) -> None:
        for number in range(40):
            progress.record_attempt(lesson, number, "x", True)

    threads = [threading.Thread(target=write, args=(lesson,)) for lesson in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(len(progress.attempts(lesson)) == 40 for lesson in "abc")


def test_a_newer_file_is_refused_and_left_alone(path):
    Progress(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {progress_file.VERSION + 1}")
    connection.close()
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    with pytest.raises(ProgressError) as caught:
        Progress(path)
    assert "newer" in str(caught.value) and "更新" in caught.value.text.zh
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before


def test_another_programs_database_is_refused_and_left_alone(path):
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE photos (name)")
    connection.close()
    with pytest.raises(ProgressError, match="another program"):
        Progress(path)
    assert sqlite3.connect(path).execute("SELECT name FROM sqlite_master").fetchall() == [("photos",)]


@pytest.mark.parametrize("damage", ["text", "cut", "scrambled"])
def test_a_damaged_file_is_put_aside_and_a_new_one_started(path, damage):
    with Progress(path) as progress:
        for number in range(300):
            progress.record_attempt("a", number, "x" * 50, True)
    content = path.read_bytes()
    damaged = {
        "text": b"this is no database" * 100,
        "cut": content[: len(content) // 3],
        "scrambled": content[:4096] + bytes(reversed(content[4096:])),
    }[damage]
    path.write_bytes(damaged)
    progress = Progress(path)
    (aside,) = path.parent.glob("progress.sqlite.broken-*[0-9]")
    assert aside.read_bytes() == damaged
    assert progress.notice and aside.name in progress.notice.en and aside.name in progress.notice.zh
    progress.record("a", 1)
    progress.close()
    with Progress(path) as again:
        assert again.resume("a") == 1 and again.notice is None


def test_a_folder_that_cannot_be_made_leaves_progress_in_memory(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    progress = Progress(tmp_path / "file" / "progress.sqlite")
    assert not progress.saved and "cannot be saved" in progress.notice.en and "无法保存" in progress.notice.zh
    progress.record("a", 2, done=True)
    assert progress.done("a") and progress.resume("a") == 2


def test_a_path_that_is_a_folder_leaves_progress_in_memory(tmp_path):
    progress = Progress(tmp_path)
    progress.record("a", 2)
    assert not progress.saved and progress.resume("a") == 2


def test_writing_that_fails_later_goes_on_in_memory_with_what_was_there(path):
    progress = Progress(path)
    progress.record("a", 2, done=True)
    progress._connection.execute("PRAGMA query_only = ON")  # as a disk does that became read-only
    progress.record("b", 1)
    assert not progress.saved and progress.notice is not None
    assert progress.done("a") and progress.resume("b") == 1
    assert Progress(path).resume("b") == 0


def test_export_and_import_join_two_machines(tmp_path):
    here, there = Progress(tmp_path / "here.sqlite"), Progress(tmp_path / "there.sqlite")
    here.record("a", 5, done=True)
    here.record_attempt("a", 1, "1.27", True)
    here.sentence = "I am"
    there.record("b", 2)
    there.record("a", 1)
    there.sentence = "你好"
    here.export(tmp_path / "out.json")
    for _ in range(2):  # the second time adds nothing
        there.import_(tmp_path / "out.json")
    assert there.done("a") and there.resume("a") == 1, "the later place wins, done in either is done"
    assert there.resume("b") == 2 and there.sentence == "你好"
    assert [attempt.answer for attempt in there.attempts()] == ["1.27"]
    fresh = Progress(tmp_path / "fresh.sqlite")
    fresh.import_(tmp_path / "out.json")
    assert (fresh.resume("a"), fresh.sentence) == (5, "I am")
    assert json.loads((tmp_path / "out.json").read_text("utf-8"))["format"] == 2
    assert not list(tmp_path.glob(".out*"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not exported progress"),
        (b"\xff\xfe", "not exported progress"),
        (b"[1, 2]", "not exported progress"),
        (b"[" * 100_000, "not exported progress"),
        (b'{"kind": "other", "lessons": [], "attempts": [], "settings": {}}', "not exported progress"),
        (b'{"kind": "transformer-tutor progress", "format": 3, "new": 1}', "newer version"),
        (b'{"lessons": [{"id": "a", "step": "x"}], "attempts": [], "settings": {}}', "lessons[0].step"),
        (
            b'{"lessons": [{"id": "a", "step": -1, "done_at": null, "updated_at": 1}], "attempts": [], "settings": {}}',
            "step",
        ),
    ],
)
def test_an_import_that_is_wrong_changes_nothing(path, tmp_path, content, words):
    progress = Progress(path)
    progress.record("a", 3)
    (tmp_path / "in.json").write_bytes(content)
    with pytest.raises(ProgressError) as caught:
        progress.import_(tmp_path / "in.json")
    assert words in str(caught.value) and caught.value.text.zh
    assert progress.started_lessons() == {"a": 3}


def test_files_that_cannot_be_written_or_read(path, tmp_path):
    progress = Progress(path)
    for wrong in (tmp_path / "none" / "out.json", tmp_path):
        with pytest.raises(ProgressError):
            progress.export(wrong)
        with pytest.raises(ProgressError):
            progress.import_(wrong)


def test_an_export_that_fails_leaves_the_old_file(path, tmp_path, monkeypatch):
    progress = Progress(path)
    progress.export(tmp_path / "out.json")
    before = (tmp_path / "out.json").read_bytes()
    progress.record("a", 1)
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(ProgressError, match="No space left"):
        progress.export(tmp_path / "out.json")
    assert (tmp_path / "out.json").read_bytes() == before and len(list(tmp_path.glob("*out*"))) == 1


@given(st.text(), st.text(), st.text())
def test_any_text_is_kept_or_replaced_but_never_fails(tmp_path_factory, lesson, answer, sentence):
    with Progress(tmp_path_factory.mktemp("data") / "p.sqlite") as progress:
        progress.record(lesson, 1)
        progress.record_attempt(lesson, 1, answer, True)
        progress.sentence = sentence
        assert progress.resume(lesson) == 1 and len(progress.attempts(lesson)) == 1


# -- cards ----------------------------------------------------------------------------------------------------------

VERSION_1 = """
CREATE TABLE lesson (id TEXT PRIMARY KEY, step INTEGER NOT NULL, done_at REAL, updated_at REAL NOT NULL);
CREATE TABLE attempt (id INTEGER PRIMARY KEY, lesson TEXT NOT NULL, step INTEGER NOT NULL, cell TEXT NOT NULL,
  answer TEXT NOT NULL, right INTEGER NOT NULL, mistake TEXT, at REAL NOT NULL);
CREATE INDEX attempt_lesson ON attempt (lesson, step);
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO lesson VALUES ('a', 3, NULL, 1000.0);
INSERT INTO attempt VALUES (1, 'a', 2, 'scaled[1, I]', '1.27', 0, 'unscaled', 1000.0);
INSERT INTO setting VALUES ('language', 'zh');
"""


def write_version_1(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    connection.executescript(VERSION_1)
    connection.executescript(f"PRAGMA application_id = {progress_file.APPLICATION}; PRAGMA user_version = 1")
    connection.close()


def card(name="question/x", due=2000.0, at=1000.0, **changes):
    values = {"state": 2, "step": None, "stability": 3.5, "difficulty": 5.0, "due": due, "last_review": at}
    return Card(id=name, **{**values, **changes})


def test_a_record_from_before_there_were_cards_is_kept_and_takes_cards(path):
    write_version_1(path)
    with Progress(path) as progress:
        assert progress.notice is None and progress.resume("a") == 3 and progress.language == "zh"
        assert [attempt.mistake for attempt in progress.attempts()] == ["unscaled"] and not progress.cards()
        progress.record_review(card(), 3)
    with Progress(path) as again:
        assert again.cards() == {"question/x": card()} and again.resume("a") == 3
    assert sqlite3.connect(path).execute("PRAGMA user_version").fetchone()[0] == progress_file.VERSION


def test_two_tutors_may_bring_an_old_record_up_to_date_together(path):
    write_version_1(path)
    writers = [start_writer(path, lesson, 20) for lesson in "xy"]
    go(*writers)
    assert [writer.wait(60) for writer in writers] == [0, 0]
    for writer in writers:
        writer.stdout.close(), writer.stderr.close(), writer.stdin.close()
    with Progress(path) as progress:
        assert progress.resume("a") == 3 and len(progress.attempts("x")) == len(progress.attempts("y")) == 20


def test_an_old_record_that_cannot_be_written_takes_cards_in_memory(path, monkeypatch):
    write_version_1(path)
    monkeypatch.setattr(progress_file, "connect", lambda _path: (_ for _ in ()).throw(OSError(30, "Read-only")))
    progress = Progress(path)
    progress.record_review(card(), 1)
    assert not progress.saved and progress.resume("a") == 3 and "question/x" in progress.cards()


def test_cards_travel_with_the_record_and_the_later_review_wins(tmp_path):
    here, there = Progress(tmp_path / "here.sqlite"), Progress(tmp_path / "there.sqlite")
    here.record_review(card("question/x", at=1000.0), 3)
    here.record_review(card("question/y", due=9000.0, at=5000.0), 4)
    there.record_review(card("question/x", due=7000.0, at=4000.0), 2)
    there.record_review(card("question/y", due=3000.0, at=2000.0), 1)
    here.export(tmp_path / "out.json")
    for _ in range(2):
        there.import_(tmp_path / "out.json")
    assert {name: one.due for name, one in there.cards().items()} == {"question/x": 7000.0, "question/y": 9000.0}
    grades = [(review.card[-1], review.grade) for review in there.reviews()]
    assert grades == [("x", 3), ("y", 1), ("x", 2), ("y", 4)], "every grade once, whoever gave it"


def test_a_record_exported_before_there_were_cards_is_read(path, tmp_path):
    old = {"kind": "transformer-tutor progress", "format": 1, "settings": {}, "attempts": []}
    old["lessons"] = [{"id": "a", "step": 4, "done_at": None, "updated_at": 1.0}]
    (tmp_path / "in.json").write_text(json.dumps(old))
    progress = Progress(path)
    progress.record_review(card(), 3)
    progress.import_(tmp_path / "in.json")
    assert progress.resume("a") == 4 and "question/x" in progress.cards()


@pytest.mark.parametrize(
    "wrong", [{"state": 9}, {"stability": 0}, {"difficulty": 11}, {"due": -1}, {"due": 1e300}, {"last_review": "x"}]
)
def test_a_card_that_cannot_be_changes_nothing(path, tmp_path, wrong):
    progress = Progress(path)
    progress.record_review(card(), 3)
    progress.record("a", 1)
    progress.export(tmp_path / "in.json")
    data = json.loads((tmp_path / "in.json").read_text())
    data["lessons"][0]["step"] = 7
    data["lessons"][0]["updated_at"] += 1
    data["cards"].append({**data["cards"][0], "id": "question/y", **wrong})
    (tmp_path / "in.json").write_text(json.dumps(data))
    with pytest.raises(ProgressError, match=r"cards\[1\]"):
        progress.import_(tmp_path / "in.json")
    assert progress.resume("a") == 1 and set(progress.cards()) == {"question/x"}


def test_forgetting_a_lesson_keeps_the_cards_and_forgetting_all_does_not(path):
    progress = Progress(path)
    progress.record_review(card(), 3)
    progress.reset("a")
    assert progress.cards() and progress.reviews()
    progress.reset()
    assert not progress.cards() and not progress.reviews()
