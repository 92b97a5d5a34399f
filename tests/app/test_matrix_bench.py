from tutor.bench.matrix import SCROLLS, measure


def test_the_benchmark_measures_both_widgets_alike() -> None:
    figures = list(measure(1, shape=(64, 40)))
    assert [figure.name.split(" ", 2)[2] for figure in figures] == ["ready", *(f"scroll a {name}" for name in SCROLLS)]
    assert all(figure.ours and figure.theirs and figure.limit for figure in figures)
