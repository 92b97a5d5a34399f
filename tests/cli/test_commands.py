"""The commands in this process: what they print, and that bad input is answered with one line and a status."""

import json

import click
import numpy as np
import pytest
from click.testing import CliRunner

import tutor
from tutor.cli import cli
from tutor.course.lesson_file import load_lesson
from tutor.course.progress import Progress
from tutor.display.language import set_language

NODE = "encoder.0.self_attention.scaled"


@pytest.fixture
def run():
    def invoke(*arguments, **keywords):
        return CliRunner().invoke(cli, list(arguments), prog_name="tutor", **keywords)

    yield invoke
    set_language("en")


def all_commands(group=cli, path=()):
    for name, command in group.commands.items():
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from all_commands(command, (*path, name))


@pytest.mark.parametrize("command", all_commands(), ids=" ".join)
def test_every_command_has_help_with_an_example(run, command):
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert "Example: tutor " + command[0] in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "No such command"),
        (["trace"], "Missing argument"),
        (["trace", ""], "the sentence is empty"),
        (["trace", " \t\n"], "the sentence is empty"),
        (["trace", "hi", "--model", "nope"], "nope: no such model"),
        (["trace", "hi", "--node", "encoder.9.scores"], "no node called encoder.9.scores"),
        (["trace", "hi", "--node", "lens.9.logits"], "no node called lens.9.logits"),
        (["trace", "hi", "--set", "causal_mask"], "key=value"),
        (["trace", "hi", "--set", "causal_musk=false"], "did you mean causal_mask"),
        (["trace", "hi", "--set", "causal_mask=perhaps"], "causal_mask"),
        (["trace", "hi", "--set", "d_model=7"], "d_model"),
        (["trace", "hi", "--backend", "abacus"], "abacus"),
        (["trace", "hi", "--output", "no/such/folder/x.npz"], "there is no folder"),
        (["trace", "hi", "--format", "xml"], "xml"),
        (["explain", "hi", NODE, "0"], "head,query,key"),
        (["explain", "hi", NODE, "0,0,99"], "key goes from 0 to"),
        (["explain", "hi", NODE, "0,0,zebra"], "no 'zebra' on key"),
        (["explain", "a a", NODE, "0,0,a"], "give the number"),
        (["explain", "hi", "scoles", "0"], "no node called scoles"),
        (["start", "no-such-lesson", "--plain"], "no lesson"),
        (["start", "--model", "nope", "--plain"], "nope: no such model"),
        (["start", "--sentence", "", "--plain"], "the sentence is empty"),
        (["lessons", "check", "no/such.yaml"], "cannot be read"),
        (["lessons", "new", "Bad Name"], "cannot be an id"),
        (["models", "show", "nope"], "nope: no such model"),
        (["progress", "import", "no-such.json"], "no-such.json"),
        (["bench", "--only", "speed"], "no measurement 'speed'"),
        (["trace", "hi", "--node", "\x1b[31mred\u202e"], "no node matches"),
    ],
)
def test_bad_input_is_one_line_and_a_status(run, arguments, said):
    result = run(*arguments)
    assert result.exit_code not in (0, None)
    assert said in result.output
    assert result.output.strip().count("\n") <= (1 if arguments[:2] == ["lessons", "check"] else 0)
    assert "\x1b" not in result.output and "\u202e" not in result.output
    assert isinstance(result.exception, SystemExit)


def test_json_lists_every_node_and_weight(run):
    result = run("trace", "The river froze last night", "--format", "json")
    data = json.loads(result.stdout)
    trace = tutor.load_model("translator").trace("The river froze last night")
    assert [node["name"] for node in data["nodes"]] == list(trace.names)
    assert [node["name"] for node in data["weights"]] == list(trace.weight_names)
    for described in (*data["nodes"], *data["weights"]):
        node = trace[described["name"]]
        assert described["operation"] == node.op
        assert described["operands"] == list(node.inputs)
        assert described["shape"] == list(node.shape) == [len(labels) for labels in described["labels"]]
        assert described["axes"] == list(node.axes)
    assert data["trained"] == trace.trained and data["text"] == trace.text and data["target"] == trace.target


def test_json_of_one_node_holds_its_numbers(run):
    sentence = "I am a student"
    data = json.loads(run("trace", sentence, "--node", "decoder.0.self_attention.masked", "--format", "json").stdout)
    (node,) = data["nodes"]
    expected = tutor.load_model("translator").trace(sentence)["decoder.0.self_attention.masked"].value
    assert np.array_equal(np.asarray(node["values"], dtype=float).astype(np.float32), expected)
    assert "-inf" in str(node["values"])  # which JSON has no number for


def test_npz_holds_every_array(run, tmp_path):
    path = tmp_path / "with no ending"
    assert run("trace", "马无夜草不肥", "--model", "proverbs", "--output", str(path)).exit_code == 0
    trace = tutor.load_model("proverbs").trace("马无夜草不肥")
    with np.load(path) as arrays:
        assert sorted(arrays.files) == sorted((*trace.names, *trace.weight_names))
        for name in arrays.files:
            assert np.array_equal(arrays[name], trace[name].value, equal_nan=True)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_setting_changes_the_run(run):
    masked = ["trace", "I am a student", "--node", "decoder.0.self_attention.weights", "--format", "json"]
    with_mask = json.loads(run(*masked).stdout)["nodes"][0]["values"]
    without = json.loads(run(*masked, "--set", "causal_mask=false").stdout)["nodes"][0]["values"]
    assert with_mask[0][0][0] == 1.0 and without[0][0][0] < 1.0


def test_the_table_names_operation_shape_and_operands(run):
    output = run("trace", "I am a student", "--model", "translator").output
    line = next(line for line in output.splitlines() if line.startswith(NODE + " "))
    assert "scale" in line and "head=" in line and line.endswith("encoder.0.self_attention.scores")


def test_a_sentence_can_come_from_standard_input(run):
    result = run("trace", "-", "--node", "tokens", input="I am a student\n")
    assert "sentence: I am a student" in result.output


@pytest.mark.parametrize("index", ["0,3,0", "0,student,I", "0,-2,i"])
def test_explain_shows_the_arithmetic_and_the_ways_on(run, index):
    result = run("explain", "I am a student", NODE, index)
    assert result.exit_code == 0
    value = tutor.load_model("translator").trace("I am a student")[NODE].value[0, 3, 0]
    assert f"{NODE} 0,3,0 (head 1, query student, key I) = {value:.6g}" in result.output
    assert "encoder.0.self_attention.scores 0,3,0" in result.output
    recomputed = result.output.partition("recomputed from its terms:")[2].split()[0]
    assert float(recomputed) == pytest.approx(float(value), rel=1e-4)


def test_explain_folds_a_long_sum(run):
    output = run("explain", "I am a student", "encoder.0.feed_forward.hidden", "0,0").output
    trace = tutor.load_model("translator").trace("I am a student")
    shown = output.partition("terms, largest first:\n")[2].partition("\n\n")[0].splitlines()
    values = [float(line.split("=")[0]) for line in shown]
    assert "the sum of the other" in shown[-1]
    assert values[:-1] == sorted(values[:-1], key=abs, reverse=True)
    assert sum(values) == pytest.approx(float(trace["encoder.0.feed_forward.hidden"].value[0, 0]), abs=1e-4)


def test_explain_walks_to_a_weight(run):
    output = run("explain", "I am a student", "encoder.embedding.token", "0,0").output
    assert "encoder.embedding.token.table" in output
    name, index = output.partition("  1  ")[2].split()[:2]
    last = run("explain", "I am a student", name, index).output
    assert "A weight" in last and "The walk ends here." in last


def test_models_are_listed_and_shown(run):
    listed = run("models").output
    assert "proverbs" in listed and "translator" in listed and "parameters" in listed
    shown = run("models", "show", "proverbs").output
    model = tutor.load_model("proverbs")
    assert f"{model.parameters:,} parameters" in shown and "d_model: 6" in shown
    assert all(name in shown for name in model.weights)


def test_lessons_are_listed(run):
    output = run("lessons").output
    assert "masks" in output and "[ ]" in output


def test_all_lessons_pass_the_check(run):
    result = run("lessons", "check")
    assert result.exit_code == 0, result.output
    assert "no problem found" in result.output


def test_the_check_names_file_and_line(run, tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("format: 1\nid: bad\nunit: three\n", encoding="utf-8")
    result = run("lessons", "check", str(bad))
    assert result.exit_code == 1
    assert f"{bad}:3: unit" in result.output


def test_a_new_lesson_is_a_valid_one(run, tmp_path):
    assert run("lessons", "new", "my-lesson", "--folder", str(tmp_path)).exit_code == 0
    assert load_lesson(tmp_path / "my-lesson.yaml").id == "my-lesson"
    assert run("lessons", "check", str(tmp_path / "my-lesson.yaml")).exit_code == 0
    assert run("lessons", "new", "my-lesson", "--folder", str(tmp_path)).exit_code != 0


def test_the_schema_is_json_schema(run):
    schema = json.loads(run("lessons", "schema").output)
    assert schema["$schema"].startswith("https://json-schema.org/") and "steps" in schema["properties"]


def test_progress_is_exported_imported_and_reset(run, tmp_path):
    Progress().record("masks", 3, done=True)
    assert run("progress", "export", str(tmp_path / "p.json")).exit_code == 0
    assert "[x] masks" in run("progress").output
    assert run("progress", "reset", input="n\n").exit_code != 0
    assert "[x] masks" in run("progress").output
    assert run("progress", "reset", "--yes").exit_code == 0
    assert "[x] masks" not in run("progress").output
    assert run("progress", "import", str(tmp_path / "p.json")).exit_code == 0
    assert "[x] masks" in run("progress").output


def test_doctor_finds_everything_in_order(run):
    result = run("doctor")
    assert result.exit_code == 0, result.output
    assert "model proverbs" in result.output and "lessons" in result.output and "fail" not in result.output


def test_doctor_says_what_to_do_about_a_folder_it_cannot_use(run, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TUTOR_DATA", str(tmp_path / "file" / "data"))
    result = run("doctor")
    assert result.exit_code == 1
    line = next(line for line in result.output.splitlines() if line.startswith("fail"))
    assert "data folder" in line and "->" in line


def test_the_logit_lens_is_printed_and_explained_by_name(run):
    sentence = ("马无夜草不肥", "--model", "proverbs")
    done = run("trace", *sentence, "--node", "lens.decoder.*.probabilities")
    assert done.exit_code == 0 and "lens.decoder.0.probabilities" in done.output
    assert "lens.decoder.embedding.probabilities" in done.output and "lens.at." not in done.output
    done = run("explain", *sentence[:1], "lens.0.probabilities", "0,1", *sentence[1:])
    assert done.exit_code == 0 and "lens.decoder.0.logits" in done.output
