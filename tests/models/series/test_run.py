"""Models that read series, on the shipped examples and on tables of one's own."""

import numpy as np
import pytest

import tutor
from tutor.models.errors import ModelError
from tutor.models.series.run import errors, said_classes

FORECASTER, ACTIVITY = tutor.load_model("forecaster"), tutor.load_model("activity")


def written(tmp_path, table, header="", name="mine.csv"):
    path = tmp_path / name
    np.savetxt(path, table, delimiter=",", fmt="%.3f", header=header, comments="")
    return path


@pytest.fixture
def wild():
    return 1000 + 50 * np.random.default_rng(1).standard_normal((40, 4))


@pytest.mark.parametrize(
    ("kind", "tokens"),
    [
        ("variable", ("temperature", "load", "light")),
        ("instant", ("Mon 06h", "Mon 07h")),
        ("patch", ("Mon 06h temperature",)),
    ],
)
def test_the_same_series_three_ways(kind, tokens):
    trace = FORECASTER.trace("day", config={"series_tokens": kind})
    map_ = trace["encoder.0.self_attention.weights"]
    assert map_.labels[1][: len(tokens)] == tokens and map_.shape[1:] == (len(map_.labels[1]),) * 2
    assert trace["series"].labels == (trace.window.times, ("temperature", "load", "light"))
    assert trace["forecast"].shape == (6, 3) and trace["forecast"].labels[0][0] == "Tue 06h"
    assert trace.trained == FORECASTER.kin.get(kind, FORECASTER).trained
    assert trace.config.series_tokens == kind and np.isfinite(trace["loss"].value)


@pytest.mark.parametrize("kind", ["variable", "instant", "patch"])
def test_cells_explain_themselves_down_to_the_series(kind):
    trace = FORECASTER.trace("day", config={"series_tokens": kind})
    chance = np.random.default_rng(0)
    for name in (*trace.names, *trace.weight_names):
        node = trace[name]
        for _ in range(3):
            index = tuple(int(chance.integers(size)) for size in node.shape)
            why = trace.explain(name, index)
            largest = max((abs(term.value) for term in why.terms), default=1.0)
            if np.isfinite(node.value[index]):
                assert why.evaluate() == pytest.approx(float(node.value[index]), abs=1e-5 * largest + 1e-6), name
    cell = ("embedding.token", (0, 0))
    ways = {"embedding.token", "series.histories", "series.patches", "series.normalised", "series.centred"}
    for _ in range(6):
        if cell[0] not in ways:
            break
        first = trace.explain(*cell).cells[0]
        cell = (first.node, first.index)
    assert cell[0] == "series"


def test_a_nudge_of_the_series_moves_the_loss_as_its_gradient_says():
    trace = FORECASTER.trace("day")
    slope, step = float(trace.gradient("series").value[3, 1]), 2.0

    def nudge(by):
        def change(values):
            values[3, 1] += by
            return values

        return float(FORECASTER.trace("day", change={"series": change})["loss"].value)

    assert (nudge(step) - nudge(-step)) / (2 * step) == pytest.approx(slope, rel=0.05, abs=1e-7)


def test_where_a_window_begins():
    assert FORECASTER.trace("day @25")["series"].labels[0][0] == "Tue 00h"
    assert FORECASTER.trace("day @145").window.future is None  # the table ends with the window
    assert "loss" not in FORECASTER.trace("day @145")
    with pytest.raises(ModelError, match="a window begins at row 1 to 145, not 146"):
        FORECASTER.trace("day @146")


def test_an_example_asked_for_in_chinese_answers_in_chinese():
    trace, english = FORECASTER.trace("昼夜 @25"), FORECASTER.trace("day @25")
    np.testing.assert_array_equal(trace["series"].value, english["series"].value)
    np.testing.assert_array_equal(trace["loss"].value, english["loss"].value)
    assert trace["series"].labels[0][0] == "周二00时" and trace["series"].labels[1] == ("气温", "负荷", "光照")
    assert trace["forecast"].labels[0][0] == "周三00时" and trace.notice == ""
    patches = FORECASTER.trace("昼夜", config={"series_tokens": "patch"})["encoder.0.self_attention.weights"]
    assert patches.labels[1][0] == "周一06时 气温"

    trace, english = ACTIVITY.trace("行走"), ACTIVITY.trace("walk")
    assert trace["series"].labels[0][:2] == ("0.0秒", "0.1秒") and trace["series"].labels[1][-1] == "角速度z"
    assert trace["token_classification.probabilities"].labels[1] == ("行走", "站立", "转身")
    np.testing.assert_array_equal(trace["loss"].value, english["loss"].value)  # the right classes are known
    assert said_classes(trace)[0][2] == "行走"


def test_a_sentence_is_no_series_and_the_example_stands_in():
    trace = FORECASTER.trace("She likes cats")
    assert trace.text == "day @7" and "stands in" in trace.notice
    assert FORECASTER.trace("day").notice == ""


def test_another_models_example_gives_way_to_the_models_own():
    trace = ACTIVITY.trace("day @25")
    assert trace.text == "walk" and "stands in" in trace.notice and trace.notice.endswith("or walk")
    assert FORECASTER.trace("walk")["series"].shape == (24, 6)  # any number of variables will do


def test_a_table_of_ones_own_has_its_own_mean_and_deviation(tmp_path, wild):
    trace = FORECASTER.trace(str(written(tmp_path, wild)))
    assert trace["series"].shape == (24, 4) and trace["series"].labels[1] == ("1", "2", "3", "4")
    np.testing.assert_allclose(trace["series.mean"].value, wild.mean(axis=0), rtol=1e-4)
    assert "other variables" in trace.notice
    # The end of the table is the future that the forecast is held against.
    np.testing.assert_allclose(trace["forecast.targets"].value, wild[-6:], rtol=1e-5)
    patches = FORECASTER.trace(str(tmp_path / "mine.csv"), config={"series_tokens": "patch"})
    assert patches["encoder.0.self_attention.weights"].shape[-1] == 16


def test_columns_are_taken_by_their_names(tmp_path, wild):
    path = written(tmp_path, wild, "light,wind,load,temperature")
    trace = FORECASTER.trace(str(path))
    np.testing.assert_allclose(trace["series"].value, wild[-30:-6][:, [3, 2, 0]], rtol=1e-5)
    np.testing.assert_array_equal(trace["series.mean"].value, FORECASTER.weights["series.mean"])
    assert trace.notice == "not read: wind"


def test_what_does_not_fit_is_said(tmp_path, wild):
    path = written(tmp_path, wild)
    with pytest.raises(ModelError, match=r"activity reads 6 columns \(acc_x, .*\), and there are 4"):
        ACTIVITY.trace(str(path))
    short = written(tmp_path, wild[:9], name="short.csv")
    with pytest.raises(ModelError, match="forecaster reads 24 rows, and there are 9"):
        FORECASTER.trace(str(short))
    with pytest.raises(ModelError, match="no such file"):
        FORECASTER.trace(str(tmp_path / "none.csv"))
    bad = tmp_path / "bad.csv"
    bad.write_text("1,2,3\n4,5,x\n", encoding="utf-8")
    with pytest.raises(ModelError, match="bad.csv:2: column 3: 'x' is no number"):
        FORECASTER.trace(f"{bad} @3")
    many = written(tmp_path, np.hstack([wild] * 3), name="many.csv")
    trace = FORECASTER.trace(str(many))
    assert trace["series"].shape == (24, 8) and trace.notice.endswith("not read: 9, 10, 11, 12")


def test_an_activity_for_every_step():
    trace = ACTIVITY.trace("walk")
    assert trace["token_classification.probabilities"].shape == (32, 3)
    assert trace["token_classification.probabilities"].labels[1] == ("walking", "standing", "turning")
    assert np.isfinite(trace["loss"].value) and trace.gradient("series").shape == (32, 6)
    stretches = said_classes(trace)
    assert stretches[0][0] == "0.0s" and stretches[-1][1] == "3.1s"


def test_a_class_that_there_is_not(tmp_path):
    rows = "\n".join(f"{'1,' * 6}{name}" for name in ("walking", "flying", "walking"))
    path = tmp_path / "odd.csv"
    path.write_text("a,b,c,d,e,f,activity\n" + rows, encoding="utf-8")
    with pytest.raises(ModelError, match="at 2: 'flying' is no class; there are walking, standing, turning"):
        ACTIVITY.trace(str(path))


def test_errors_beside_those_of_thoughtless_guesses():
    trace = FORECASTER.trace("day")
    window, deviation = trace.window, trace["series.deviation"].value
    expected = np.abs((window.numbers[-1:] - window.future) / deviation).mean()
    assert errors(trace).last == pytest.approx(float(expected), rel=1e-5)
    assert errors(FORECASTER.trace("day @145")) is None


@pytest.mark.parametrize("model", [FORECASTER, *FORECASTER.kin.values(), ACTIVITY], ids=lambda model: model.name)
def test_what_is_shipped_has_learned_something(model):
    """Held to what the card says of thoughtless guesses, so that another training passes, too."""
    assert model.trained and sum(array.nbytes for array in model.weights.values()) < 500_000
    measured = model.card.measured
    if "error" in measured:
        others = [measured[f"error_{name}"] for name in ("same_as_last", "mean", "same_as_yesterday")]
        assert measured["error"] < 0.8 * min(others)
    else:
        assert measured["accuracy"] > 0.85 > measured["accuracy_commonest_class"]


def test_names_of_the_three():
    assert set(FORECASTER.kin) == {"instant", "patch"}
    assert tutor.load_model("forecaster/patch").config.series_tokens == "patch"
