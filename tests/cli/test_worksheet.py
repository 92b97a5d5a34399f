"""`tutor worksheet`: files beside each other, the standard output, and clear answers to bad input."""

import pytest
from click.testing import CliRunner

from tutor.cli import cli
from tutor.display.language import set_language


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments, **keywords):
        return CliRunner().invoke(cli, ["worksheet", *arguments], prog_name="tutor", **keywords)

    yield invoke
    set_language("en")


def test_a_sheet_and_its_key_beside_it(run, tmp_path):
    result = run("attention-by-hand", "--key", "-o", "sheet.html")
    assert result.exit_code == 0 and result.stdout == ""
    assert "sheet.html written" in result.stderr and "sheet-key.html written" in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sheet-key.html", "sheet.html"]
    assert 'td class="answer"' in (tmp_path / "sheet-key.html").read_text(encoding="utf-8")
    assert 'td class="answer"' not in (tmp_path / "sheet.html").read_text(encoding="utf-8")


def test_without_a_name_the_lessons_own(run, tmp_path):
    assert run("attention-by-hand").exit_code == 0
    assert run("attention-by-hand", "--format", "md", "--with-key").exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["attention-by-hand.html", "attention-by-hand.md"]


def test_the_standard_output(run, tmp_path):
    result = run("attention-by-hand", "-o", "-", "--lang", "zh")
    assert result.exit_code == 0 and result.stdout.startswith("# 手算注意力与前馈")
    assert run("attention-by-hand", "-o", "-", "--format", "html").stdout.startswith("<!DOCTYPE html>")
    assert not list(tmp_path.iterdir())


def test_the_learners_sentence(run, tmp_path):
    assert run("masks", "--sentence", "<b>我</b> & $x$", "-o", "a.md", "--seed", "4", "--cells", "1").exit_code == 0
    assert r"\<b\>我\</b\> \& \$x\$" in (tmp_path / "a.md").read_text(encoding="utf-8")


def test_a_template(run):
    result = run("attention-by-hand", "--blank", "-o", "-")
    assert result.exit_code == 0 and "$Z = X \\cdot A$" in result.stdout and " 11 " not in result.stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["no-such-lesson"], "no-such-lesson"),
        (["masks", "-o", "sheet.pdf"], "should end in .html or .md"),
        (["masks", "-o", "no/folder/sheet.html"], "there is no folder for"),
        (["masks", "-o", "."], "is a folder"),
        (["masks", "-o", "-", "--key"], "--key writes a second file"),
        (["masks", "--sentence", "  "], "the sentence is empty"),
        (["masks", "--model", "no-such-model"], "no-such-model"),
        (["masks", "--blank"], "--blank is for lessons with a program"),
        (["masks", "--cells", "0"], "--cells"),
        (["attention-by-hand", "--sentence", "I am"], "works on given numbers"),
        (["attention-by-hand", "--blank", "--cells", "2"], "--blank leaves every cell blank"),
    ],
)
def test_bad_input_is_one_line_and_no_file(run, tmp_path, arguments, complaint):
    result = run(*arguments)
    assert result.exit_code != 0 and result.stdout == ""
    assert complaint in result.stderr and result.stderr.count("\n") == 1 and "Traceback" not in result.stderr
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written(run, tmp_path):
    (tmp_path / "a.html").mkdir()
    assert "is a folder" in run("attention-by-hand", "-o", "a.html").stderr
    result = run("attention-by-hand", "-o", "x" * 300 + ".html")
    assert result.exit_code != 0 and result.stderr.count("\n") == 1
