"""Series on the command line: a table in place of the sentence, in both languages and line by line."""

import pytest
from click.testing import CliRunner

from tutor.cli import cli
from tutor.display.language import set_language


@pytest.fixture
def run():
    def invoke(*arguments, **keywords):
        return CliRunner().invoke(cli, list(arguments), prog_name="tutor", **keywords)

    yield invoke
    set_language("en")


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "my own.csv"
    path.write_text("wind,rain\n" + "\n".join(f"{n % 7},{n * n % 11}" for n in range(40)), encoding="utf-8")
    return path


def test_a_table_in_place_of_the_sentence(run, table):
    result = run("trace", str(table), "--model", "forecaster", "--node", "forecast")
    assert result.exit_code == 0
    assert "forecast: off by " in result.output and "same as last" in result.output
    assert "wind" in result.output and "own mean and deviation" in result.output


def test_the_three_kinds_of_token(run):
    for kind, count in (("variable", 3), ("instant", 24), ("patch", 12)):
        result = run("trace", "day", "--model", "forecaster", "--set", f"series_tokens={kind}")
        assert f"head=4 query={count} key={count}" in result.output


def test_what_is_said_of_which_stretch(run):
    result = run("trace", "walk", "--model", "activity")
    assert result.exit_code == 0 and "0.0s to " in result.output


def test_a_bad_table_is_answered_with_one_line(run, table):
    table.write_text("wind,rain\n1,2\n3,much\n", encoding="utf-8")
    result = run("trace", str(table), "--model", "forecaster")
    assert result.exit_code == 1
    assert result.stderr.endswith("my own.csv:3: column rain: 'much' is no number\n") and not result.stdout


def test_the_lesson_line_by_line(run, table):
    said = run("start", "time-series", "--plain", input=f"sentence {table}\nnext\nquit\n").output
    assert "Step 2 of" in said and "wind" in said
    said = run("start", "time-series", "--plain", "--lang", "zh", input="quit\n").output
    assert "时间序列" in said and "时间步 × 变量" in said
