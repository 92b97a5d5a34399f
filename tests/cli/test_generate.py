"""`tutor generate`: what it prints, token by token, and what it says when it cannot."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

import tutor
from tutor.cli import cli
from tutor.display.cache import cache_lines
from tutor.display.search_tree import outline
from tutor.models import registry
from tutor.models.model import Model
from tutor.models.weights import initialise
from tutor.plain import generation

SENTENCE = "I am a student"
MODEL = tutor.load_model("translator")


@pytest.fixture
def run():
    def invoke(*arguments, **keywords):
        return CliRunner().invoke(cli, ["generate", *arguments], prog_name="tutor", **keywords)

    return invoke


@pytest.mark.parametrize(
    ("options", "keywords"),
    [
        ([], {}),
        (["--maximum", "3"], {"maximum": 3}),
        (["--strategy", "beam"], {"strategy": "beam"}),
        (["--beams", "2", "--length-penalty", "0"], {"strategy": "beam", "beams": 2, "length_penalty": 0.0}),
        (["--temperature", "0.5", "--seed", "7"], {"strategy": "sample", "temperature": 0.5, "seed": 7}),
        (["--top-k", "5", "--top-p", "0.9"], {"strategy": "sample", "top_k": 5, "top_p": 0.9}),
        (["--set", "residual=false"], {"config": {"residual": False}}),
    ],
)
def test_it_prints_the_answer_alone(run, options, keywords):
    result = run(SENTENCE, *options)
    assert result.exit_code == 0, result.output
    assert result.stdout == MODEL.generate(SENTENCE, **keywords).text + "\n"
    assert ("untrained" in result.stderr) is not MODEL.trained


def test_the_sentence_may_come_from_a_pipe(run):
    assert run("-", input=SENTENCE + "\n").stdout == run(SENTENCE).stdout


def test_every_step_with_its_candidates(run):
    out = MODEL.generate(SENTENCE, strategy="beam", beams=2, maximum=3)
    lines = run(SENTENCE, "--beams", "2", "--maximum", "3", "--steps").stdout.splitlines()
    assert [line for line in lines if line.startswith("step")] == ["step 1", "step 2", "step 3"]
    shown = [line.split() for line in lines if line.startswith("  ")]
    candidates = [one for step in out.steps for one in step.candidates]
    rows = [row for row in shown if row[-1] in ("kept", "ended") or len(row) == 7 and row[-1].isdigit()]
    for row, one in zip(rows, candidates, strict=True):
        assert row[0] == one.label
        assert float(row[1]) == pytest.approx(one.logit, abs=1e-3)
        assert float(row[2]) == pytest.approx(one.probability, abs=1e-4)
        assert float(row[4]) == pytest.approx(one.total, abs=1e-3)
        assert float(row[5]) == pytest.approx(one.score, abs=1e-3)
        assert int(row[6]) == one.parent + 1
        assert ("kept" in row) == (one.fate == "kept")
    start = lines.index(f"  {outline(out.steps)[0]}")
    assert lines[start : start + len(outline(out.steps))] == [f"  {line}" for line in outline(out.steps)]
    counts = [line for line in lines if "without a cache" in line]
    assert counts == [f"  {line}" for step in out.steps for line in cache_lines(step.work)]
    for answer in out.answers:
        assert any(answer.text in line and f"{answer.score:.3f}" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Missing argument"),
        ([""], "the sentence is empty"),
        (["hi", "--model", "nope"], "nope: no such model"),
        (["hi", "--strategy", "best"], "'best' is not one of"),
        (["hi", "--beams", "0"], "0 is not in the range"),
        (["hi", "--beams", "9999"], "beams: must be at most 256"),
        (["hi", "--beams", "few"], "'few' is not a valid integer"),
        (["hi", "--temperature", "-1"], "-1.0 is not in the range"),
        (["hi", "--temperature", "nan"], "temperature: must be a number of at least 0, not nan"),
        (["hi", "--top-p", "0"], "0.0 is not in the range"),
        (["hi", "--top-k", "-1"], "-1 is not in the range"),
        (["hi", "--maximum", "0"], "0 is not in the range"),
        (["hi", "--seed", "-1"], "-1 is not in the range"),
        (["hi", "--strategy", "greedy", "--beams", "2"], "--beams goes with --strategy beam, not with greedy"),
        (["hi", "--top-k", "2", "--beams", "2"], "goes with --strategy"),
        (["hi", "--set", "causal_musk=false"], "did you mean causal_mask"),
        (["hi", "--backend", "abacus"], "abacus"),
    ],
)
def test_bad_values_are_one_line(run, arguments, said):
    result = run(*arguments)
    assert result.exit_code not in (0, None)
    assert said in result.output
    assert result.output.strip().count("\n") == 0


def test_an_encoder_says_that_it_cannot_write(run, monkeypatch):
    config = MODEL.config.changed(architecture="encoder_only", encoder_layers=1, tied_embeddings=False)
    model = Model(MODEL.card, config, initialise(config, 1), MODEL.tokenizer, MODEL.tokenizer)
    monkeypatch.setattr(registry, "load_model", lambda name: model)
    result = run(SENTENCE)
    assert result.exit_code == 1 and result.stdout == ""
    assert result.stderr == "tutor: translator reads and does not write: it has no decoder; take another model\n"


def test_text_comes_as_it_grows_and_half_a_character_waits(capsys):
    texts = {(): "", (1,): "学\ufffd", (1, 2): "学\ufffd", (1, 2, 3): "学生", (1, 2, 3, 4): "学生\x1b[31m"}

    class Spelling:
        target_tokenizer = type("T", (), {"decode": staticmethod(lambda ids: texts[tuple(ids)])})

    stream = generation._Stream(Spelling)
    seen = []
    for ids in list(texts)[1:]:
        step = type("S", (), {"hypotheses": (type("H", (), {"ids": ids}),)})
        stream.show(step)
        seen.append(capsys.readouterr().out)
    assert seen == ["学", "", "生", "␛[31m"]
    stream.finish("学生\x1b[31m\ufffd")
    assert capsys.readouterr().out == "\ufffd\n"


def test_tokens_leave_the_process_one_by_one():
    code = (
        "import sys\n"
        "from tutor.cli import main\n"
        "write = sys.stdout.write\n"
        "def slow(text):\n"
        "    sys.stderr.write(f'<{text}>')\n"
        "    return write(text)\n"
        "sys.stdout.write = slow\n"
        f"sys.argv = ['tutor', 'generate', {SENTENCE!r}, '--maximum', '3']\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True)
    out = MODEL.generate(SENTENCE, maximum=3)
    pieces = [MODEL.target_tokenizer.decode([token]) for token in out.ids]
    assert done.stdout.strip() == out.text
    for piece in pieces:
        assert f"<{piece}>" in done.stderr
