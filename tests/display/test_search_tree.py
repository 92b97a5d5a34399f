"""The tree of a search: who descends from whom, who is gone and who ended, in columns that fit every token."""

import pytest
from rich.cells import cell_len

from tutor.display.search_tree import outline, search_tree
from tutor.engine.decoding import Candidate, Step


def candidate(label, parent, score, fate):
    return Candidate(0, label, parent, 0.0, 0.5, score, score, score, 1.0, fate)


STEPS = (
    Step(0, (candidate("她", 0, -0.1, "kept"), candidate("he", 0, -1, "kept"), candidate("x", 0, -2, "dropped")), ()),
    Step(
        1, (candidate("喜", 0, -0.5, "kept"), candidate("爱", 0, -0.75, "kept"), candidate("is", 1, -9, "dropped")), ()
    ),
    Step(
        2,
        (
            candidate("<end>", 1, -0.8, "ended"),
            candidate("欢", 0, -0.9, "kept"),
            candidate("[/b]", 1, -float("inf"), "dropped"),
        ),
        (),
    ),
)


def drawn(number, *most):
    return ["".join(part.text for part in row) for row in search_tree(STEPS, number, *most)]


def kinds(number):
    return {
        (part.step, STEPS[part.step].candidates[part.place].label): part.kind
        for row in search_tree(STEPS, number)
        for part in row
        if part.kind != "line"
    }


def test_it_grows_with_the_steps():
    assert drawn(0) == ["她 -0.10", "he -1.00", "x -2.00 ×"]
    assert drawn(1) == ["她 -0.10 ┬─ 喜 -0.50", "         └─ 爱 -0.75", "he -1.00 ── is -9.00 ×"]
    assert drawn(2) == [
        "她 -0.10 ──┬─ 喜 -0.50 ── 欢 -0.90",
        "           └─ 爱 -0.75 ┬─ <end> -0.80 ✓",
        "                       └─ [/b] -∞ ×",
        "he -1.00 ×",
    ]


def test_what_became_of_each():
    assert kinds(1) == {(0, "她"): "best", (0, "he"): "lost", (1, "喜"): "best", (1, "爱"): "alive", (1, "is"): "lost"}
    assert kinds(2) == {
        (0, "她"): "best",
        (0, "he"): "lost",
        (1, "喜"): "alive",
        (1, "爱"): "best",
        (2, "<end>"): "best",
        (2, "欢"): "alive",
        (2, "[/b]"): "lost",
    }


def test_as_many_of_the_dropped_as_asked_for():
    assert drawn(0, 0) == ["她 -0.10", "he -1.00"]
    assert drawn(2, 0)[-1] == "he -1.00 ×"


@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_columns_stand_under_one_another(number):
    starts = {}
    for row in search_tree(STEPS, number):
        at = 0
        for part in row:
            if part.step >= 0:
                starts.setdefault(part.step, set()).add(at)
            at += cell_len(part.text)
    assert all(len(found) == 1 for found in starts.values())


def test_no_steps_no_tree():
    assert search_tree((), 0) == [] and outline(()) == []


def test_the_outline_joins_what_nothing_parts():
    assert outline(STEPS) == [
        "她 -0.10",
        "├─ 喜 欢 -0.90",
        "└─ 爱 <end> -0.80 ✓",
        "he -1.00 ×",
    ]


def test_a_long_search_is_no_deep_recursion():
    steps = [Step(0, (candidate("a", 0, -1.0, "kept"), candidate("b", 0, -2.0, "kept")), ())]
    steps += [Step(n, (candidate("a", 0, -1.0, "kept"), candidate("b", 0, -2.0, "kept")), ()) for n in range(1, 1100)]
    assert len(outline(steps)) == 2 * 1100
