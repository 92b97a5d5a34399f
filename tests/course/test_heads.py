"""The heads of the lessons are kept between two starts, and never when they might be stale."""

import os

import pytest

from tutor.course import heads, load
from tutor.course.files import lesson_files
from tutor.course.load import load_course


@pytest.fixture(autouse=True)
def own_data(tmp_path, monkeypatch):
    monkeypatch.setenv("TUTOR_DATA", str(tmp_path / "data"))


@pytest.fixture
def reads(monkeypatch):
    """How many times the files were read."""
    real, counted = load._read_heads, []
    monkeypatch.setattr(load, "_read_heads", lambda *args: counted.append(1) or real(*args))
    return counted


def as_plain(course):
    return [(entry.path, entry.header, entry.step_count) for entry in course.lessons]


def test_the_second_start_reads_no_lesson_and_shows_the_same(reads):
    first = load_course()
    second = load_course()
    assert len(reads) == 1
    assert as_plain(second) == as_plain(first)
    assert second.lessons[0].lesson.steps


@pytest.mark.parametrize("change", ["touched", "longer", "one more", "one less"])
def test_a_changed_lesson_is_read_again(tmp_path, monkeypatch, reads, change):
    folder = tmp_path / "lessons"
    folder.mkdir()
    for path in lesson_files()[:2]:
        (folder / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(load, "lesson_files", lambda _folder=None: lesson_files(folder))
    before = load_course()
    path = before.lessons[0].path
    stat = path.stat()
    if change == "touched":
        text = path.read_bytes().replace(b"minutes: 1", b"minutes: 2")
        assert len(text) == stat.st_size
        path.write_bytes(text)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    elif change == "longer":
        path.write_bytes(path.read_bytes().replace(b"minutes: 1", b"minutes: 21"))
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    elif change == "one more":
        (folder / "99-more.yaml").write_bytes(lesson_files()[2].read_bytes())
    else:
        path.unlink()
    after = load_course()
    assert len(reads) == 2
    assert as_plain(after) != as_plain(before)


def test_a_broken_lesson_is_told_of_at_every_start(tmp_path, monkeypatch):
    (tmp_path / "broken.yaml").write_text("id: [", encoding="utf-8")
    monkeypatch.setattr(load, "lesson_files", lambda _folder=None: lesson_files(tmp_path))
    assert [len(load_course().problems) for _ in range(2)] == [1, 1]


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"of": [], "version": "0", "heads": []}', b"[1, 2"])
def test_what_was_kept_and_cannot_be_read_is_written_anew(tmp_path, reads, content):
    kept = tmp_path / "data" / heads.FILE_NAME
    first = load_course()
    kept.write_bytes(content)
    assert as_plain(load_course()) == as_plain(load_course()) == as_plain(first)
    assert len(reads) == 2


def test_a_folder_that_cannot_be_written_to_changes_nothing(tmp_path, reads):
    (tmp_path / "data").write_text("a file in its place", encoding="utf-8")
    assert as_plain(load_course()) == as_plain(load_course())
    assert len(reads) == 2


def test_another_folder_is_read_as_it_is(tmp_path, reads):
    assert load_course(tmp_path).lessons == ()
    assert not (tmp_path / "data").exists()
