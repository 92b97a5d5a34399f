"""Learning from series: windows of a made-up table, and a training that measures itself against thoughtless guesses."""

import numpy as np
import pytest
import yaml

from tutor.models.card import read_card, write_card
from tutor.models.errors import ModelError
from tutor.models.recipe import read_recipe
from tutor.models.registry import SHIPPED, load_model
from tutor.models.series.corpus import SeriesCorpus, generated_rows
from tutor.models.series.generated import day_night
from tutor.models.training_run import TrainingRun


def recipe(tmp_path, model="forecaster", table="day_night", **training):
    folder = tmp_path / "recipe"
    folder.mkdir()
    write_card(read_card(SHIPPED / model), folder)
    fields = {"format": 1, "generate": {"table": table, "steps": 300, "seed": 5}, "held_out": 120, "batch": 16}
    fields["training"] = {"steps": 6, "learning_rate": 0.003, "warmup": 2, "seed": 0} | training
    (folder / "recipe.yaml").write_text(yaml.safe_dump(fields), encoding="utf-8")
    return read_recipe(folder / "recipe.yaml")


def test_a_window_and_what_comes_after_it():
    corpus = SeriesCorpus.of(load_model("forecaster"), generated_rows("day_night", 60, 5), batch=4)
    table = day_night(60, 5).numbers
    assert len(corpus.pairs) == 60 - 24 - 6 + 1
    batch = corpus.make([0, 30], np.random.default_rng(0))
    assert batch.ids.shape == (2, 24, 3) and batch.tokens == 2 * 6 * 3
    np.testing.assert_allclose(batch.ids[1], table[30:54], rtol=1e-6)
    np.testing.assert_allclose(batch.task_targets["forecast"][1], table[54:60], rtol=1e-6)
    np.testing.assert_allclose(corpus.stored["series.mean"], table.mean(axis=0), rtol=1e-5)


def test_a_class_for_every_step():
    corpus = SeriesCorpus.of(load_model("activity"), generated_rows("sensors", 50, 5), batch=4)
    batch = corpus.make([3], np.random.default_rng(0))
    assert batch.task_targets["token_classification"].shape == (1, 32) and batch.tokens == 32


def test_columns_must_be_the_models():
    with pytest.raises(ModelError, match="forecaster reads 3 columns, not 6"):
        SeriesCorpus.of(load_model("forecaster"), generated_rows("sensors", 50, 5), batch=4)


def test_a_training_keeps_the_tables_mean_and_measures_itself(tmp_path):
    run = TrainingRun(recipe(tmp_path), None, tmp_path / "out")
    before = run.state.weights["series.mean"].copy()
    assert len(list(run.reports())) == 6
    np.testing.assert_array_equal(run.state.weights["series.mean"], before)
    np.testing.assert_allclose(before, day_night(300, 5).numbers.mean(axis=0), rtol=1e-4)
    run.finish()
    model = load_model(tmp_path / "out")
    assert model.trained and set(model.card.measured) >= {"error", "error_same_as_last", "error_mean"}
    assert model.card.series["example"] == "day @7" and not (tmp_path / "out" / "tokenizer.json").exists()
    assert np.isfinite(model.trace("day")["forecast"].value).all()


def test_a_training_goes_on_where_it_stopped(tmp_path):
    made = recipe(tmp_path)
    whole = TrainingRun(made, None, tmp_path / "whole")
    list(whole.reports())
    first = TrainingRun(made, None, tmp_path / "parts")
    reports = first.reports()
    for _ in range(3):
        next(reports)
    first.save()
    second = TrainingRun(made, None, tmp_path / "parts", resume=True)
    list(second.reports())
    for name, array in whole.state.weights.items():
        np.testing.assert_array_equal(second.state.weights[name], array, err_msg=name)


@pytest.mark.parametrize("table", [{"table": "nights", "steps": 9, "seed": 1}, {"table": "sensors"}, 7])
def test_what_is_to_be_generated_must_be_known(tmp_path, table):
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump({"format": 1, "generate": table}), encoding="utf-8")
    with pytest.raises(ModelError, match="generate: must be like {table: day_night"):
        read_recipe(path)
