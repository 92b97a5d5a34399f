"""`tutor train`: what it shows, and that nothing that can happen to it costs more than a few steps."""

import io
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from rich.cells import cell_len
from rich.console import Console

import tutor
from tutor.cli import cli
from tutor.display.language import set_language
from tutor.models.checkpoint import FILE_NAME, read_notes
from tutor.models.errors import ModelError
from tutor.models.recipe import find_recipe, read_recipe
from tutor.models.registry import SHIPPED
from tutor.models.training_run import TrainingRun
from tutor.train_display import Speed, command_to_go_on, show_training, stop_asked

ROOT = Path(__file__).parents[2]
STEPS = 60


@pytest.fixture
def run():
    def invoke(*arguments):
        return CliRunner().invoke(cli, ["train", *map(str, arguments)], prog_name="tutor")

    yield invoke
    set_language("en")


@pytest.fixture
def recipe(tmp_path):
    """The hand-size model in a folder of its own, trained with all that hangs on chance."""
    folder = tmp_path / "small"
    shutil.copytree(SHIPPED / "proverbs", folder)
    data = yaml.safe_load((folder / "recipe.yaml").read_text(encoding="utf-8"))
    data["training"] |= {"steps": STEPS, "dropout": 0.1, "average": 0.9}
    data |= {"batch": 2, "every": 10}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return folder


def started(*arguments, **keywords):
    """`tutor train` as a process."""
    command = [sys.executable, "-m", "tutor", "train", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "encoding": "utf-8"}
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | {"OPENBLAS_NUM_THREADS": "1"}, **pipes | keywords)


def wait_for_step(process, path, step):
    """Until the checkpoint is at least at a step."""
    for _moment in range(3000):
        if path.exists() and read_notes(path)["step"] >= step:
            return
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    raise AssertionError("no checkpoint came")


def check_same_model(one, other):
    assert (one / FILE_NAME).read_bytes() == (other / FILE_NAME).read_bytes()
    ours, theirs = tutor.load_model(one), tutor.load_model(other)
    assert ours.card == theirs.card
    for name, array in ours.weights.items():
        np.testing.assert_array_equal(array, theirs.weights[name])


def test_it_says_how_it_goes_and_writes_a_model(run, tmp_path):
    result = run("proverbs", "--output", tmp_path / "mine")
    assert result.exit_code == 0
    assert "step 400/400  loss 0.0" in result.output and "tokens/s" in result.output
    assert "马无夜草不肥 → 人无横财不富" in result.output
    assert "\x1b" not in result.output, "a pipe gets no colours"
    assert "written to" in result.output and "tutor start --model" in result.output
    model = tutor.load_model(tmp_path / "mine")
    assert model.trained and model.trace("天行健").target == "君子以自强不息"
    size = (tmp_path / "mine" / "weights.safetensors").stat().st_size
    assert size < 2 * model.parameters + 6000


def test_steps_seed_and_the_folder_have_defaults(run, tmp_path, monkeypatch, recipe):
    monkeypatch.chdir(tmp_path)
    result = run(recipe, "--steps", "7", "--seed", "3")
    assert result.exit_code == 0 and "step 7/7" in result.output
    notes = read_notes(tmp_path / "small-trained" / FILE_NAME)
    assert notes["step"] == 7 and notes["recipe"]["training"]["seed"] == 3


def test_it_speaks_chinese(run, tmp_path, monkeypatch, recipe):
    monkeypatch.setenv("TUTOR_LANG", "zh")
    result = run(recipe, "--steps", "5", "--output", tmp_path / "out")
    assert result.exit_code == 0 and "步" in result.output and "损失" in result.output
    assert "written" not in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "nope: no such recipe"),
        (["translator"], "name the folder of tatoeba_en_zh.tsv with --data"),
        (["translator", "--data", "."], "tatoeba_en_zh.tsv is not there"),
        (["translator", "--data", "no/such/folder"], "no/such/folder"),
        (["proverbs", "--resume", "--output", "nowhere"], "nothing to go on with"),
        (["proverbs", "--resume", "--begin", "proverbs"], "--begin and --resume exclude each other"),
        (["proverbs", "--begin", "speaker"], "speaker cannot be where proverbs begins"),
        (["proverbs", "--steps", "0"], "--steps"),
        (["proverbs", "--backend", "abacus"], "abacus"),
    ],
)
def test_bad_input_is_one_line_and_a_status(run, arguments, said):
    result = run(*arguments)
    assert result.exit_code not in (0, None) and isinstance(result.exception, SystemExit)
    assert said in result.output and result.output.strip().count("\n") == 0


def test_a_training_that_diverges_is_one_line_and_a_status(run, tmp_path, recipe):
    data = yaml.safe_load((recipe / "recipe.yaml").read_text(encoding="utf-8"))
    data["training"] |= {"learning_rate": 1.0e30, "clip": 0, "warmup": 0}
    (recipe / "recipe.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    result = run(recipe, "--output", tmp_path / "out")
    assert result.exit_code == 1 and "try a lower learning rate" in result.output
    assert result.output.strip().count("\n") == 0


@pytest.mark.real
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_it_goes_on_bit_for_bit_after_being_killed(run, tmp_path, recipe):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert run(recipe, "--output", whole).exit_code == 0
    process = started(recipe, "--output", killed)
    wait_for_step(process, killed / FILE_NAME, 20)
    process.kill()
    process.wait(30)
    assert not (killed / "model.yaml").exists(), "it was killed too late to show anything"
    again = started(recipe, "--output", killed, "--resume")
    output, errors = again.communicate(timeout=60)
    assert again.returncode == 0, errors
    assert f"step {STEPS}/{STEPS}" in output
    check_same_model(whole, killed)


@pytest.mark.real
@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C is no signal there")
def test_ctrl_c_saves_and_says_how_to_go_on(run, tmp_path, recipe):
    whole, stopped = tmp_path / "whole", tmp_path / "stopped here"
    assert run(recipe, "--output", whole).exit_code == 0
    process = started(recipe, "--output", stopped)
    wait_for_step(process, stopped / FILE_NAME, 10)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and not errors
    step = read_notes(stopped / FILE_NAME)["step"]
    assert 10 <= step < STEPS and f"stopped at step {step} of {STEPS} and saved" in output
    assert f"go on with: tutor train {recipe} --output '{stopped}' --resume" in output
    assert run(recipe, "--output", stopped, "--resume").exit_code == 0
    check_same_model(whole, stopped)


@pytest.mark.real
@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files as Linux does")
def test_a_full_disk_is_one_line_and_keeps_the_checkpoint(tmp_path, recipe):
    import resource

    out = tmp_path / "out"
    room = 12_000  # the state before the first step fits, the moments beside it do not

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    process = started(recipe, "--output", out, preexec_fn=limit)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 1 and errors.count("\n") == 1
    assert "checkpoint.safetensors cannot be written" in errors and "no checkpoint was written" in errors
    assert not list(out.iterdir())


def test_a_terminal_gets_a_bar_and_foreign_text_stays_text(tmp_path, recipe):
    found = read_recipe(find_recipe(recipe)).changed(steps=12)
    for width in (40, 80, 200):
        folder = tmp_path / f"[bold]{width}[/]"
        training = TrainingRun(found, None, folder)
        training.recipe = replace(training.recipe, samples=("[/red]天\x1b[2J",))
        training.model.card = replace(training.model.card, name="[red]\x1b[31mname")
        screen = io.StringIO()
        console = Console(file=screen, force_terminal=True, width=width, highlight=False, color_system=None)
        assert show_training(training, "tutor train …", console)
        text = screen.getvalue()
        assert "12/12" in text and "\x1b[2J" not in text and "[/red]天" in text.replace("\n", "")
        assert f"[bold]{width}[/]" in text and "[red]" in text and "\x1b[31m" not in text
        lines = text.replace("\x1b[2K", "").replace("\x1b[1A", "").replace("\r", "\n").split("\n")
        assert all(cell_len(line) <= width for line in lines if "tokens/s" in line or "12/12" in line)
        assert "loss" in text and "tokens/s" in text


def test_the_second_ctrl_c_ends_at_once():
    with stop_asked() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_speed_is_tokens_over_time(monkeypatch):
    now = iter([0.0, 1.0, 2.0, 4.0])
    monkeypatch.setattr("tutor.train_display.time.monotonic", lambda: next(now))
    speed = Speed()
    assert [speed.after(100) for _ in range(3)] == [100, 100, 75]


def test_the_command_to_go_on_is_quoted():
    line = command_to_go_on("translator", Path("my data"), Path("out"), "torch")
    assert line == "tutor train translator --output out --resume --data 'my data' --backend torch"


def test_errors_of_a_training_are_known_ones(tmp_path):
    with pytest.raises(ModelError):
        TrainingRun(read_recipe(find_recipe("translator")), tmp_path, tmp_path / "out")


def test_a_models_card_shows_what_was_measured(run, tmp_path, recipe):
    assert run(recipe, "--steps", "5", "--output", tmp_path / "out").exit_code == 0
    output = CliRunner().invoke(cli, ["models", "show", str(tmp_path / "out")], prog_name="tutor").output
    assert "measured: steps 5, training_loss" in output
