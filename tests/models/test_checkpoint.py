"""A training that is stopped, by whatever, loses nothing but the steps since its last checkpoint."""

import errno
import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import tutor
from tutor.engine.backend import load_backend
from tutor.engine.training import Settings
from tutor.engine.transformer import weight_shapes
from tutor.models import checkpoint, weights
from tutor.models.checkpoint import load_checkpoint, read_notes, save_checkpoint
from tutor.models.errors import ModelError
from tutor.models.recipe import CorpusFile, find_recipe, read_recipe
from tutor.models.training_run import TrainingRun, read_corpus

NUMPY = load_backend("numpy")
PROVERBS = read_recipe(find_recipe("proverbs"))
SHAPES = weight_shapes(tutor.load_model("proverbs").config)


def recipe(**settings):
    """The proverbs with everything that hangs on chance switched on."""
    fields = {"steps": 14, "dropout": 0.1, "smoothing": 0.1, "average": 0.9, "weight_decay": 0.01} | settings
    return replace(PROVERBS.changed(**fields), batch=2, every=5, samples=("天行健",))


def steps_of(run, count=None):
    """The losses of the next steps."""
    return [report.progress.loss for _, report in zip(range(count or 999), run.reports(), strict=False)]


def arrays(state):
    groups = ("weights", "first", "second", "averaged")
    return {f"{group}/{name}": array for group in groups for name, array in getattr(state, group).items()}


def check_equal(one, other):
    assert one.step == other.step
    assert list(one.weights) == list(other.weights)
    assert set(arrays(one)) == set(arrays(other))
    for name, array in arrays(one).items():
        np.testing.assert_array_equal(array, arrays(other)[name], err_msg=name)


@pytest.fixture
def trained(tmp_path):
    """A training of fourteen steps, with its folder."""
    run = TrainingRun(recipe(), None, tmp_path / "whole")
    run.losses = steps_of(run)
    return run


def test_a_checkpoint_is_the_state(trained, tmp_path):
    notes = read_notes(trained.checkpoint)
    assert notes["step"] == 14 and notes["backend"] == "numpy" and notes["recipe"]["training"]["seed"] == 0
    check_equal(load_checkpoint(trained.checkpoint, SHAPES, NUMPY), trained.state)
    assert [path.name for path in trained.folder.iterdir()] == ["checkpoint.safetensors"]


@pytest.mark.parametrize("stop", [1, 5, 7, 13])
def test_a_resumed_training_equals_one_that_never_stopped(trained, tmp_path, stop):
    first = TrainingRun(recipe(), None, tmp_path / "stopped")
    losses = steps_of(first, stop)
    first.save()
    second = TrainingRun(recipe(), None, tmp_path / "stopped", resume=True)
    assert second.state.step == stop
    losses += steps_of(second)
    assert losses == trained.losses
    check_equal(second.state, trained.state)


def test_steps_of_several_batches_are_resumed_too(tmp_path):
    several = recipe(accumulate=3, steps=6)
    whole = TrainingRun(several, None, tmp_path / "whole")
    first = TrainingRun(several, None, tmp_path / "stopped")
    losses = steps_of(first, 4)
    first.save()
    second = TrainingRun(several, None, tmp_path / "stopped", resume=True)
    assert losses + steps_of(second) == steps_of(whole)
    check_equal(second.state, whole.state)


def test_a_training_begun_before_steps_had_several_batches_is_gone_on_with(trained):
    assert "accumulate" not in read_notes(trained.checkpoint)["recipe"]["training"]


def test_what_was_not_saved_is_done_again(trained, tmp_path):
    first = TrainingRun(recipe(), None, tmp_path / "killed")
    losses = steps_of(first, 8)  # the last checkpoint is that of step 5
    second = TrainingRun(recipe(), None, tmp_path / "killed", resume=True)
    assert second.state.step == 5
    assert losses[:5] + steps_of(second) == trained.losses
    check_equal(second.state, trained.state)


def test_the_finished_model_loads_and_is_small(tmp_path):
    run = TrainingRun(replace(PROVERBS, every=400, length_penalty=1.5), None, tmp_path / "proverbs")
    reports = list(run.reports())
    assert [source for source, _answer in reports[-1].samples] == list(PROVERBS.samples)
    run.finish()
    model = tutor.load_model(tmp_path / "proverbs")
    assert model.trained and model.card.limits == PROVERBS.limits and model.card.length_penalty == 1.5
    assert model.card.measured["steps"] == 400 and model.card.measured["training_loss"] < 0.1
    stored = load_file(tmp_path / "proverbs" / "weights.safetensors")
    assert {array.dtype for array in stored.values()} == {np.dtype(np.float16)}
    for source, target in PROVERBS.pairs:
        assert model.trace(source).target == target


def test_the_proverbs_are_learnt_in_about_a_hundred_steps(tmp_path):
    run = TrainingRun(PROVERBS, None, tmp_path)
    learnt = [r.progress.step for r in run.reports() if r.samples and r.samples == PROVERBS.pairs]
    assert learnt and learnt[0] <= 150 and learnt[-1] == 400


def test_the_averaged_weights_are_what_is_kept(tmp_path):
    run = TrainingRun(recipe(), None, tmp_path)
    steps_of(run)
    model = run.finish()
    name = "logits.weight"
    np.testing.assert_array_equal(model.weights[name], run.state.averaged[name].astype(np.float16))
    assert not np.array_equal(model.weights[name], run.state.weights[name].astype(np.float16))


def test_a_training_is_not_begun_over_another(trained):
    with pytest.raises(ModelError, match="is there already: go on with it by --resume"):
        TrainingRun(recipe(), None, trained.folder)
    trained.finish()
    trained.checkpoint.unlink()
    with pytest.raises(ModelError, match="model.yaml is there already: give another --output"):
        TrainingRun(recipe(), None, trained.folder)


def test_there_must_be_something_to_go_on_with(tmp_path):
    with pytest.raises(ModelError, match="nothing to go on with"):
        TrainingRun(recipe(), None, tmp_path, resume=True)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (recipe(learning_rate=0.5), "learning_rate: 0.02, not 0.5"),
        (replace(recipe(), batch=3), "batch: 2, not 3"),
        (recipe(accumulate=2), "accumulate: None, not 2"),
        (replace(recipe(), pairs=PROVERBS.pairs[:3]), "corpus: 4-"),
        (replace(recipe(), config={"d_ff": 8}), "d_ff: None, not 8"),
    ],
)
def test_another_training_is_not_gone_on_with(trained, other, words):
    with pytest.raises(ModelError, match=words):
        TrainingRun(other, None, trained.folder, resume=True)


def test_steps_and_seed_are_those_it_was_begun_with_unless_given(tmp_path):
    first = TrainingRun(recipe(), None, tmp_path, steps=6, seed=5)
    steps_of(first, 3)
    first.save()
    second = TrainingRun(recipe(), None, tmp_path, resume=True)
    assert (second.settings.steps, second.settings.seed) == (6, 5)
    assert TrainingRun(recipe(), None, tmp_path, resume=True, steps=20).settings.steps == 20
    with pytest.raises(ModelError, match="seed: 5, not 6"):
        TrainingRun(recipe(), None, tmp_path, resume=True, seed=6)
    with pytest.raises(ModelError, match="is at step 3 already"):
        TrainingRun(recipe(), None, tmp_path, resume=True, steps=2)


def test_a_finished_training_is_resumed_to_nothing_more(trained):
    again = TrainingRun(recipe(), None, trained.folder, resume=True)
    assert not list(again.reports())
    check_equal(again.state, trained.state)


def test_numbers_that_are_none_end_in_one_line_and_keep_the_checkpoint(tmp_path):
    run = TrainingRun(recipe(learning_rate=1e30, clip=0.0, warmup=0), None, tmp_path)
    with pytest.raises(ModelError, match="try a lower learning rate.*no checkpoint was written") as caught:
        steps_of(run)
    assert "\n" not in str(caught.value)
    run = TrainingRun(recipe(), None, tmp_path)
    steps_of(run, 6)
    kept = run.checkpoint.read_bytes()
    run.state.weights["logits.weight"][:] = np.nan
    with pytest.raises(ModelError, match="the loss of step 7 is nan.*the checkpoint of step 5 is in"):
        steps_of(run)
    assert run.checkpoint.read_bytes() == kept


def test_a_full_disk_ends_in_one_line_and_keeps_the_checkpoint(tmp_path, monkeypatch):
    run = TrainingRun(recipe(), None, tmp_path)
    steps_of(run, 6)
    kept = run.checkpoint.read_bytes()

    def full(number):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(weights.os, "fsync", full)
    with pytest.raises(ModelError, match="cannot be written: No space left.*the checkpoint of step 5 is in"):
        steps_of(run)
    with pytest.raises(ModelError, match="cannot be written: No space left"):
        run.finish()
    assert run.checkpoint.read_bytes() == kept
    assert not list(tmp_path.glob("*.unfinished")), "half a file would fill the disk up for good"


def test_a_checkpoint_cut_anywhere_is_an_error_and_never_a_crash(trained, tmp_path):
    whole, path = trained.checkpoint.read_bytes(), tmp_path / "cut"
    for length in (0, 7, 8, 100, 2000, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelError) as caught:
            load_checkpoint(path, SHAPES, NUMPY)
        assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("notes", "words"),
    [
        (None, "not a checkpoint of a training"),
        ({"training": "{}"}, "not a checkpoint of a training"),
        ({"training": "[1]"}, "not a checkpoint of a training"),
        ({"training": json.dumps({"format": 1, "step": "x"})}, "not a checkpoint of a training"),
        ({"training": json.dumps({"format": 1, "step": 3})}, "logits.weight: missing"),
    ],
)
def test_a_file_that_is_no_checkpoint_is_named(tmp_path, notes, words):
    path = tmp_path / checkpoint.FILE_NAME
    shapes = {"logits.weight": (2, 2)}
    save_file({"first/logits.weight": np.ones((2, 2), np.float32)}, path, notes)
    with pytest.raises(ModelError, match=words):
        load_checkpoint(path, shapes, NUMPY)


def test_moments_of_another_shape_are_named(tmp_path):
    tensors = {"weights/w": np.ones((2, 2), np.float32), "first/w": np.ones(2, np.float32)}
    notes = {"training": json.dumps({"format": 1, "step": 3})}
    save_file(tensors, tmp_path / "c", notes)
    with pytest.raises(ModelError, match="w: has shape"):
        load_checkpoint(tmp_path / "c", {"w": (2, 2)}, NUMPY)
    save_file(tensors | {"third/w": np.ones(1, np.float32)}, tmp_path / "c", notes)
    with pytest.raises(ModelError, match="not a checkpoint"):
        load_checkpoint(tmp_path / "c", {"w": (2, 2)}, NUMPY)


def test_other_backends_go_on_from_the_same_file(tmp_path):
    pytest.importorskip("torch")
    backend = load_backend("torch")
    run = TrainingRun(recipe(dropout=0.0), None, tmp_path / "torch", backend="torch")
    losses = steps_of(run, 7)
    run.save()
    again = TrainingRun(recipe(dropout=0.0), None, tmp_path / "torch", backend="torch", resume=True)
    for name, array in arrays(run.state).items():
        np.testing.assert_array_equal(backend.to_numpy(array), backend.to_numpy(arrays(again.state)[name]))
    assert not again.notice
    elsewhere = TrainingRun(recipe(dropout=0.0), None, tmp_path / "torch", resume=True)
    assert "begun on torch, going on with numpy" in elsewhere.notice
    one, other = steps_of(again), steps_of(elsewhere)
    assert one == pytest.approx(other, rel=1e-3) and len(losses + one) == 14
    assert again.finish().trained


def test_corpora_are_mixed_and_what_is_held_out_stands_in_none(tmp_path):
    (tmp_path / "a.tsv").write_text("".join(f"天{i}\t地{i}\n" for i in range(30)), encoding="utf-8")
    (tmp_path / "b.tsv").write_text("".join(f"天{i}\t人{i}\n" for i in range(40)), encoding="utf-8")
    mixed = replace(recipe(), pairs=(), files=(CorpusFile("a.tsv"), CorpusFile("b.tsv", 2)), held_out=10)
    training, held_out = read_corpus(mixed, tmp_path)
    assert len(held_out) == 10 and len(training) == 20 + 2 * 30
    assert not {source for source, _ in training} & {source for source, _ in held_out}
    with pytest.raises(ModelError, match="name the folder of a.tsv with --data"):
        read_corpus(mixed, None)
    run = TrainingRun(mixed, tmp_path, tmp_path / "out")
    reports = list(run.reports())
    assert [r.progress.step for r in reports if r.validation is not None] == [5, 10, 14]
    assert run.finish().card.measured["validation_loss"] > 0


def test_of_a_sentence_with_several_translations_the_first_is_learnt(tmp_path):
    (tmp_path / "a.tsv").write_text("a b\t1\nc d\t2\na b\t3\n", encoding="utf-8")
    several = replace(recipe(), pairs=(), files=(CorpusFile("a.tsv"),), one_translation=True)
    assert read_corpus(several, tmp_path) == ([("a b", "1"), ("c d", "2")], [])
    assert several.as_dict()["one_translation"] is True and "one_translation" not in recipe().as_dict()


def test_what_is_held_out_is_not_joined_either(tmp_path):
    (tmp_path / "a.tsv").write_text("".join(f"天{i}。\t地{i}\n" for i in range(30)), encoding="utf-8")
    made = replace(recipe(), pairs=(), files=(CorpusFile("a.tsv"),), held_out=10)
    alone, held_out = read_corpus(made, tmp_path)
    training, same = read_corpus(replace(made, joined=50), tmp_path)
    assert (training[:20], len(training), same) == (alone, 70, held_out)
    assert {part for source, _ in training for part in source.split("。") if part} == {s[:-1] for s, _ in alone}


def test_what_is_held_out_is_not_typed_either(tmp_path):
    (tmp_path / "a.tsv").write_text("".join(f"T{i}.\t地{i}\n" for i in range(30)), encoding="utf-8")
    made = replace(recipe(), pairs=(), files=(CorpusFile("a.tsv"),), held_out=10)
    alone, held_out = read_corpus(made, tmp_path)
    typed = replace(made, as_typed=50)
    training, same = read_corpus(typed, tmp_path)
    assert (training[:20], len(training), same) == (alone, 70, held_out)
    assert {(source.rstrip("."), target) for source, target in training[20:]} <= {(s[:-1].lower(), t) for s, t in alone}
    assert typed.as_dict()["as_typed"] == 50 and "as_typed" not in made.as_dict()


def test_a_sentence_that_is_typed_like_one_held_out_is_left_out(tmp_path):
    lines = [f"{letter}{i}.\t{letter}地{i}\n" for i in range(15) for letter in "Tt"]
    (tmp_path / "a.tsv").write_text("".join(lines), encoding="utf-8")
    training, held_out = read_corpus(
        replace(recipe(), pairs=(), files=(CorpusFile("a.tsv"),), held_out=10, as_typed=300), tmp_path
    )
    kept = {source for source, _target in held_out}
    assert any(one.startswith("t") for one in kept) and not kept & {source for source, _target in training}
    assert 20 < len(training) < 320


def test_weights_too_large_for_float16_are_named(tmp_path):
    with pytest.raises(ModelError, match="big: has numbers too large for float16"):
        weights.save_weights({"big": np.array([1e6], np.float32)}, tmp_path / "w", half=True)
    assert not list(tmp_path.iterdir())


def test_saving_takes_any_settings_there_are(tmp_path):
    state = TrainingRun(recipe(), None, tmp_path).state
    save_checkpoint(tmp_path / "new" / "c", state, {"recipe": {"training": Settings().__dict__}}, NUMPY)
    check_equal(load_checkpoint(tmp_path / "new" / "c", SHAPES, NUMPY), state)


def test_a_training_may_begin_with_the_weights_of_another(trained, tmp_path):
    trained.finish()
    run = TrainingRun(recipe(), None, tmp_path / "more", begin=[trained.folder])
    assert run.state.step == 0
    for name, array in tutor.load_model(trained.folder).weights.items():
        np.testing.assert_array_equal(run.state.weights[name], array, err_msg=name)
    assert steps_of(run)[0] < trained.losses[0]


def test_a_training_may_begin_with_the_mean_of_several(trained, tmp_path):
    trained.finish()
    run = TrainingRun(recipe(), None, tmp_path / "more", begin=[trained.folder, "proverbs"])
    models = [tutor.load_model(name) for name in (trained.folder, "proverbs")]
    for name, array in run.state.weights.items():
        mean = np.mean([model.weights[name] for model in models], axis=0)
        np.testing.assert_allclose(array, mean, rtol=1e-6, atol=1e-7, err_msg=name)
        assert array.dtype == np.float32


@pytest.mark.parametrize("other", ["translator", "speaker"])
def test_a_model_of_another_shape_is_nothing_to_begin_with(tmp_path, other):
    with pytest.raises(ModelError, match=f"{other} cannot be where proverbs begins"):
        TrainingRun(recipe(), None, tmp_path, begin=[other])
    assert not list(tmp_path.iterdir())
