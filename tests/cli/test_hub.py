"""`tutor models add` and the list of models, with a stand-in for the network."""

import io

import pytest
from click.testing import CliRunner
from rich.console import Console

pytest.importorskip("huggingface_hub")

from tests.models.test_hub import NAME, cache, online, remote  # noqa: F401  (fixtures)
from tutor.cli import cli
from tutor.display.language import set_language
from tutor.plain.hub import add_model


@pytest.fixture
def run():
    def invoke(*arguments):
        return CliRunner().invoke(cli, list(arguments), prog_name="tutor")

    yield invoke
    set_language("en")


def test_a_model_is_added_listed_and_used_by_name(run, online):  # noqa: F811
    before = run("models").output
    assert NAME not in before and "tutor models add" in before
    added = run("models", "add", NAME)
    assert added.exit_code == 0, added.output
    assert "downloading model.safetensors" in added.stderr and f"tutor start --model {NAME}" in added.stderr
    listed = run("models").output
    assert f"{NAME}  LlamaForCausalLM, 0 MB" in listed
    assert "sentence: 5 8 2 1 7" in run("trace", "5 8 2 1 7", "--model", NAME).output
    assert run("generate", "5 8", "--model", NAME, "--maximum", "2").exit_code == 0
    assert NAME in run("models", "show", NAME).output
    assert "already there" in run("models", "add", NAME).stderr


def test_ctrl_c_says_how_to_go_on(run, online):  # noqa: F811
    online.fails["model.safetensors"] = KeyboardInterrupt()
    result = run("models", "add", NAME)
    assert result.exit_code == 130
    assert result.stderr.splitlines()[-1].endswith(f"tutor models add {NAME}")


def test_a_refusal_is_one_line_in_the_language_of_the_interface(run, online, monkeypatch):  # noqa: F811
    online.fails["info"] = ConnectionError("no route")
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    result = run("models", "add", NAME)
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert "连不上" in line and "--model" in line
    assert run("models", "add", "proverbs").exit_code == 1


def test_at_a_terminal_there_is_a_bar_of_bytes(online):  # noqa: F811
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    assert add_model(NAME, console)
    said = console.file.getvalue()
    assert "model.safetensors" in said and "kB" in said and "━" in said
