"""The commands as processes: pipes, broken pipes, poor terminals, foreign locales, Ctrl+C."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

TUTOR = [sys.executable, "-m", "tutor"]


def tutor(*arguments, **keywords):
    surroundings = os.environ | keywords.pop("env", {})
    return subprocess.run([*TUTOR, *arguments], capture_output=True, env=surroundings, timeout=60, **keywords)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["lessons", "check", "--help"], ["trace"]], ids=" ".join
)
def test_help_is_quick_and_loads_nothing_heavy(arguments):
    listing = (
        f"import sys; sys.argv = ['tutor', *{arguments}]\n"
        "from tutor.cli import main\n"
        "try: main()\n"
        "finally: print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True)
    heavy = {"numpy", "textual", "yaml", "msgspec", "sqlite3"} | ({"rich"} if "--help" in arguments else set())
    assert "tutor.cli" in run.stdout.split() and not heavy & set(run.stdout.split("\n")[-2].split())


@pytest.mark.parametrize("arguments", [["doctor"], ["trace", "hi"], ["explain", "hi", "tokens", "0"], ["lessons"]])
def test_no_colour_in_a_pipe(arguments):
    run = tutor(*arguments, env={"FORCE_COLOR": "", "TERM": "xterm-256color"})
    assert run.returncode == 0, run.stderr
    assert b"\x1b" not in run.stdout


def test_results_and_remarks_go_to_their_own_streams(tmp_path):
    run = tutor("trace", "hi", "--format", "json", "--output", str(tmp_path / "x.npz"))
    json.loads(run.stdout)
    assert b"arrays written" in run.stderr


def test_a_reader_that_leaves_is_no_error():
    run = subprocess.run(
        f"{sys.executable} -m tutor trace 'I am a student' --format json | head -c 20",
        shell=True,
        capture_output=True,
        timeout=60,
    )
    assert run.stdout.startswith(b'{"format": 1') and run.stderr == b""


@pytest.mark.parametrize(
    "locale",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "gbk"},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "arguments",
    [
        ["trace", "我 am ü 👨‍👩‍👧 שלום"],
        ["explain", "我们", "encoder.0.self_attention.weights", "0,0,0"],
        ["lessons"],
        ["doctor"],
        ["start", "masks", "--plain", "--lang", "zh"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_no_locale_breaks_it(locale, arguments):
    run = tutor(*arguments, env=locale, input="next\n你好\nquit\n".encode())
    assert run.returncode == 0, run.stderr.decode(errors="replace")
    assert b"Traceback" not in run.stderr


def test_a_utf8_sentence_survives_a_locale_that_is_not():
    run = tutor("trace", "我", "--format", "json", env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "utf-8"})
    assert json.loads(run.stdout)["text"] == "我"


@pytest.mark.parametrize("form", ["table", "json"])
def test_broken_bytes_and_controls_reach_no_terminal(form):
    sentence = "a\udcff\x1b]0;title\x07 \u202eb [MASK] [/] [b]"
    run = tutor("trace", sentence, "--format", form)
    assert run.returncode == 0, run.stderr
    text = run.stdout.decode("utf-8")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert "[MASK] [/] [b]" in text
    if form == "json":
        assert json.loads(text)["text"] == sentence


def test_a_very_long_sentence_is_cut_with_a_note():
    run = tutor("trace", "-", input=b"cat " * 25_000)
    assert run.returncode == 0, run.stderr
    assert b"tokens long" in run.stdout
    assert len(run.stdout) < 100_000


def test_start_without_a_terminal_explains_and_goes_on_plainly():
    run = tutor("start", input=b"1\nnext\nquit\n")
    assert run.returncode == 0, run.stderr
    text = run.stdout.decode()
    assert "no terminal" in text and "80×24" in text and "Step 1 of" in text
    assert "\x1b" not in text


def test_start_on_bad_input_draws_no_screen():
    run = tutor("start", "no-such-lesson")
    assert run.returncode != 0 and run.stdout == b""
    assert run.stderr.count(b"\n") == 1


@pytest.mark.real
def test_start_on_a_dumb_terminal_is_plain():
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    surroundings = os.environ | {"TERM": "dumb"}
    process = subprocess.Popen([*TUTOR, "start", "masks"], stdin=theirs, stdout=theirs, stderr=theirs, env=surroundings)
    os.close(theirs)
    seen = b""
    while b"> " not in seen:
        seen += os.read(ours, 4096)
    os.write(ours, b"quit\n")
    assert process.wait(20) == 0
    os.close(ours)
    assert b"TERM=dumb" in seen and b"Step 1 of" in seen and b"\x1b" not in seen


@pytest.mark.parametrize("when", ["while reading", "while tracing"])
def test_ctrl_c_is_quiet(when):
    arguments = ["start", "masks", "--plain"] if when == "while reading" else ["trace", "-"]
    process = subprocess.Popen(
        [*TUTOR, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    if when == "while reading":
        while b"Enter: next" not in process.stdout.read1():
            pass
    else:
        time.sleep(0.7)
    process.send_signal(signal.SIGINT)
    _out, errors = process.communicate(timeout=20)
    assert b"Traceback" not in errors
    assert process.returncode == (0 if when == "while reading" else 130)


def test_both_names_of_the_command_are_installed():
    from importlib.metadata import entry_points

    found = {entry.name for entry in entry_points(group="console_scripts") if entry.value == "tutor.cli:main"}
    if not found:
        pytest.skip("runs from the checkout, not from an installed package")
    assert found == {"tutor", "transformer-tutor"}
