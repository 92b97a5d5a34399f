"""`tutor lessons check --model`, and lessons opened on a model that they were not written for."""

import pytest
from click.testing import CliRunner

from tutor.cli import cli
from tutor.course.files import lesson_files
from tutor.display.language import set_language


@pytest.fixture
def run():
    def invoke(*arguments, **words):
        return CliRunner().invoke(cli, list(arguments), prog_name="tutor", **words)

    yield invoke
    set_language("en")


def file_of(name):
    return str(next(path for path in lesson_files() if path.name.endswith(f"-{name}.yaml")))


def test_a_table_says_which_lessons_run_and_why_others_do_not(run):
    names = ("scores-and-scaling", "masks", "bert", "softmax")
    result = run("lessons", "check", "--model", "speaker", *map(file_of, names))
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    found = {line.split()[0]: line for line in lines if line.split() and line.split()[0] in names}
    count, of = found["scores-and-scaling"].split()[1].split("/")
    assert count == of
    assert "it has no encoder.mask" in found["masks"]
    assert "look both ways and fill gaps: encoders alone" in " ".join(result.output.split())
    assert "needs no model" in found["softmax"]
    assert "1 of 3 lessons run on speaker, 1 in part" in lines and "1 more needs no model" in lines


def test_the_same_in_chinese(run, monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    result = run("lessons", "check", "--model", "speaker", file_of("bert"))
    assert "课程" in result.output and "只有编码器" in result.output


def test_an_unknown_model_or_lesson_is_one_line(run):
    for arguments in (("--model", "nope"), ("--model", "speaker", "no/such.yaml")):
        result = run("lessons", "check", *arguments)
        assert result.exit_code == 1 and len(result.stderr.splitlines()) == 1


def test_a_lesson_on_another_model_says_so_at_its_beginning(run, monkeypatch, tmp_path):
    monkeypatch.setenv("TUTOR_DATA", str(tmp_path))
    output = run("start", "cross-attention", "--model", "speaker", "--plain", input="quit\n").output
    assert "speaker is built otherwise:" in output
    output = run("start", "bert", "--model", "speaker", "--plain", input="quit\n").output
    assert "this lesson does not fit speaker" in output
    output = run("start", "the-loss", "--plain", input="quit\n").output
    assert "built otherwise" not in output and "does not fit" not in output
