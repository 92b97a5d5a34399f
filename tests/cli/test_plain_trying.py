"""What a plain lesson gives to try: settings to generate with, a training to watch."""

import click
import pytest

from tutor.course.schema import Goal, Text, Try, WidthGoal
from tutor.course.widths import sought
from tutor.display.language import set_language
from tutor.engine.widths import WIDTHS
from tutor.plain.source import Source
from tutor.plain.trying import task_of


@pytest.fixture(autouse=True)
def english():
    set_language("en")


class Lesson:
    """As much of a lesson as a source needs."""

    program = sentence = target = pad_to = None
    model = "proverbs"


def task(language: str = "en", **goal):
    step = Try(goal=Goal(**goal), say=Text("Try.", "试试。"))
    return task_of(step, Source(Lesson(), language, sentence="天行健"), language)


def said(task, *lines: str) -> str:
    """What is answered to the last of the lines."""
    return [" ".join(task.answer(line)) for line in lines][-1]


def test_generating_is_done_with_the_settings_that_are_asked_for():
    found = task(generate={"beams": 3})
    assert "generate strategy=beam beams=3" in found.wanted() and not found.finished
    assert "君子以自强不息" in said(found, "generate strategy=greedy") and not found.finished
    assert "answers" in said(found, "o") and found.finished
    assert "step 1" in said(found, "steps") and "probability" in said(found, "steps")
    assert "no command" in said(found, "xyzzy")


@pytest.mark.parametrize("line", ["generate beems=3", "generate beams=0", "generate beams"])
def test_settings_that_cannot_be_are_refused_in_words(line):
    found = task(generate={"temperature_at_least": 2.0})
    with pytest.raises(Exception, match="beems|beams"):
        said(found, line)
    assert not found.finished and "0.8" not in found.wanted()


def test_a_single_step_of_training():
    found = task(train="stepped")
    assert not found.finished
    text = said(found, "o")
    assert found.finished and "step 1: the loss was" in text and "moved most" in text
    assert "step 2" in said(found, "step")


def test_training_until_every_answer_is_right():
    found = task(train="right", settings={"learning_rate": 0.03})
    assert found.training.rate == 0.03
    said(found, "step")
    assert not found.finished
    text = said(found, "o")
    assert found.finished and text.count("(right)") == 4 and "(wrong)" not in text


def test_training_can_be_broken_by_hand_and_as_asked():
    by_hand = task(train="broken")
    assert "learning rate 5" in said(by_hand, "rate 5") and not by_hand.finished
    said(by_hand, "train 100")
    assert by_hand.finished
    asked = task(train="broken")
    said(asked, "o")
    assert asked.finished


def test_breaking_says_what_to_expect_and_restarting_mends():
    found = task(train="broken")
    assert "break peek: no causal mask" in said(found, "break")
    assert "overshoots" in said(found, "train 2", "break rate")
    assert "above where it began" in said(found, "train 5") and found.finished
    assert "began" not in said(found, "restart") and found.training.step == 0
    said(found, "break overflow")
    assert "ran over" in said(found, "train 5") and "Type restart" in said(found, "step")


@pytest.mark.parametrize("line", ["train", "train many", "train 0", "train 99999", "rate", "rate -1", "rate nan"])
def test_what_is_no_number_of_steps_or_rate_is_refused(line):
    with pytest.raises(Exception, match="such as"):
        said(task(train="right"), line)


def test_chinese_words_work_too():
    set_language("zh")
    found = task("zh", train="stepped")
    assert "第 1 步" in said(found, "走一步") and found.finished
    found = task("zh", generate={"beams": 2})
    assert "2 个答案" in said(found, "生成 beams=2 strategy=beam") or found.finished


def test_a_search_shows_who_descends_from_whom_in_signs_that_can_be_read_out():
    found = task(generate={"beams": 3})
    printed = said(found, "o")
    assert "the tree of hypotheses" in printed and "   -  " in printed
    assert not set("│├└─") & set(printed)


def test_a_d_k_is_found_on_plain_lines():
    found = task(width=WidthGoal(below=0.5))
    asked = " ".join(found.asked())
    assert "below 50 %" in asked and "d_k = 1" in asked and not found.finished
    right = sought(WidthGoal(below=0.5), found.trace)
    for width in WIDTHS:
        line = said(found, f"width {width}")
        assert line.startswith(f"d_k = {width} ") and line.count("%") == 4
        assert ("✓" in said(found, "here")) == (width == right)
        assert found.finished == (width >= right)
    assert "no command" in said(found, "xyzzy")


def test_a_d_k_is_found_for_whoever_asks():
    found = task("zh", width=WidthGoal(below=0.5))
    before = said(found, "宽度 64")
    assert said(found, "anew") != before
    assert "✓" in said(found, "o") and found.finished
    assert said(task(width=WidthGoal(below=0.5)), "xyzzy").startswith("Type width 64")


@pytest.mark.parametrize("line", ["width", "width 3", "width many", "width -1"])
def test_a_width_that_is_none_is_refused(line):
    with pytest.raises(click.UsageError, match="512"):
        said(task(width=WidthGoal(below=0.5)), line)


def test_warm_up_on_plain_lines():
    found = task(train="warmed", settings={"learning_rate": 0.2})
    assert "warm-up 20, decay none. Learning rate: step 1: 0.01, step 20: 0.2" in said(found, "warmup 20").replace(
        "0.0100", "0.01"
    ).replace("0.200", "0.2").replace("0.20", "0.2")
    said(found, "train 3")
    assert [progress.learning_rate for progress in found.training.history] == pytest.approx([0.01, 0.02, 0.03])
    assert "decay cosine" in said(found, "decay cosine") and found.training.decay == "cosine"
    assert not found.finished


def test_a_warm_up_is_done_for_whoever_asks():
    found = task(train="warmed", settings={"learning_rate": 0.05})
    said(found, "warmup 10", "o")
    assert found.finished and found.training.warmup == 10 and "warmed" in found.reached


@pytest.mark.parametrize("line", ["warmup", "warmup -1", "warmup many", "warmup 99999", "decay", "decay linear"])
def test_a_schedule_that_cannot_be_is_refused(line):
    with pytest.raises(click.UsageError, match="warmup 100|decay cosine"):
        said(task(train="right"), line)
