"""Exercises and questions on screen: wrong answers named, hints in steps, and keys that stay where they belong."""

import pytest

from tests.app.conftest import NARROW, WIDE
from tutor.app.widgets.number_input import NumberInput
from tutor.course.answers import shown
from tutor.course.lesson_file import load_lesson
from tutor.course.mistakes import MISTAKES
from tutor.course.schema import Ask, Fill

pytestmark = pytest.mark.usefixtures("drawn_when_looked_at")


async def to_step(driver, kind, number=0):
    """The step of that kind, the first or a later one."""
    steps = driver.snapshot.lesson.lesson.steps
    at = [place for place, step in enumerate(steps) if isinstance(step, kind)][number]
    await driver.press(*["n"] * (at - driver.snapshot.lesson.number))


def in_view(driver, selector):
    """Whether the lesson's pane shows all of a widget."""
    return driver.lesson.region.contains_region(driver.lesson.query_one(selector).region)


def squeezed(text):
    return "".join(text.split())


def slip_cell(exercise):
    """A cell in which a mistake gives another number than the right one, the mistake, and what it gives."""
    for cell in exercise.cells:
        for slip in exercise.slips:
            value = float(slip.value[cell])
            verdict = exercise.grade(cell, f"{value:.6g}")
            if not verdict.right and verdict.mistake == slip.mistake.name:
                return cell, slip, value
    raise AssertionError("no cell tells a mistake")


FILLS = [
    (lesson, number)
    for lesson in ("attention-by-hand", "twelve-steps", "twelve-steps-to-the-answer", "query-key-value", "masks")
    for number in range(sum(isinstance(step, Fill) for step in load_lesson(lesson).steps))
]


@pytest.mark.parametrize("lesson, number", FILLS[::3])
async def test_a_wrong_number_is_named_by_its_mistake(tutor, lesson, number):
    async with tutor(size=NARROW, lesson=lesson) as driver:
        await to_step(driver, Fill, number)
        exercise = driver.attempt.exercise
        cell, slip, value = slip_cell(exercise)
        while driver.attempt.asked != cell:
            await driver.answer(repr(exercise.expected(driver.attempt.asked)))
        await driver.answer(f"{value:.6g}")
        assert driver.attempt.good is False and driver.attempt.asked == cell
        assert squeezed(slip.mistake.text.en)[:20] in squeezed(driver.said("#verdict"))
        assert driver.said("#verdict").split("\n")[0] in driver.text(), "the verdict is in view"
        answer = driver.lesson.query_one("#answer")
        assert driver.app.focused is answer and answer.selected_text == answer.value
        attempts = driver.app.progress.attempts(lesson)
        assert not attempts[-1].right
        await driver.press(*f"{exercise.expected(cell):.7f}".replace("-", "-"), "enter")
        assert driver.attempt.good is True, "typing took the place of the wrong number"


@pytest.mark.parametrize("language, words", [("en", "matrix, why"), ("zh", "矩阵、为什么")])
async def test_the_way_to_the_operands_fits_the_small_screen(tutor, language, words):
    async with tutor(size=NARROW, lesson="attention-by-hand", lang=language) as driver:
        await to_step(driver, Fill)
        assert f"tab {words}" in driver.lines()[-1]


async def test_enter_leads_nowhere_else_while_a_number_is_typed(tutor):
    async with tutor(size=WIDE, lesson="attention-by-hand") as driver:
        await to_step(driver, Fill)
        assert not any(hint.startswith("enter") for hint in driver.hints)
        await driver.pane("matrix")
        assert any(hint.startswith("enter ▸ X") for hint in driver.hints)


@pytest.mark.parametrize("size, language", [(NARROW, "zh"), (WIDE, "en")], ids=["80x24-zh", "120x36-en"])
async def test_hints_come_one_at_a_time_and_none_gives_the_number(tutor, size, language):
    async with tutor(size=size, lesson="query-key-value", lang=language) as driver:
        await to_step(driver, Fill)
        exercise, asked = driver.attempt.exercise, driver.attempt.asked
        hints = exercise.hints(asked)
        for number in range(1, len(hints) + 2):
            await driver.press("h")
            assert len(driver.attempt.hints) == min(number, len(hints))
            lines = driver.said("#hints")
            assert lines.count("○") == min(number, len(hints))
            assert shown(exercise.expected(asked)) not in lines
        last = driver.said("#hints").split("\n")[-1]
        assert last.strip() and last in driver.text(), "the last hint is in view"
        await driver.press("7")
        assert in_view(driver, "#answer"), "what is typed is in view, however many hints stand below"
        await driver.press("7", "enter")
        assert in_view(driver, "#answer") and driver.said("#verdict").split("\n")[0] in driver.text()
        await driver.answer(repr(exercise.expected(asked)))
        assert driver.attempt.hints == (), "the next blank starts without hints"


async def test_letters_do_not_go_into_the_number_and_still_work(tutor):
    async with tutor(lesson="masks") as driver:
        await to_step(driver, Fill)
        answer = driver.lesson.query_one(NumberInput)
        assert driver.app.focused is answer
        await driver.press("h")
        assert len(driver.attempt.hints) == 1 and answer.value == ""
        await driver.press("-", "i")
        assert answer.value == "-∞"
        await driver.press("backspace", "backspace", *"l(e^2)")
        assert answer.value == "ln(e^2)"
        await driver.press(*["backspace"] * 7, *"1.5e-3/(2+√4)")
        assert answer.value == "1.5e-3/(2+√4)"
        await driver.press("b", "f", "d", "q", "z", "w")
        assert answer.value == "1.5e-3/(2+√4)"
        await driver.press("escape", "n")
        assert driver.snapshot.lesson.number == 4


@pytest.mark.parametrize(
    "typed, written",
    [
        ("ln(2)", "ln(2)"),
        ("l(2)", "ln(2)"),
        ("log(2)", "log(2)"),
        ("-sin(1)", "-sin(1)"),
        ("s(1)+s(2)", "sin(1)+sin(2)"),
        ("1/sqrt(5)", "1/sqrt(5)"),
        ("cos(1)-ln2", "cos(1)-ln2"),
        ("tanh(0.3)", "tanh(0.3)"),
        ("exp(-2)/3", "exp(-2)/3"),
        ("e^2+1e-3", "e^2+1e-3"),
    ],
)
async def test_a_word_may_be_typed_whole_or_by_its_first_letter(tutor, typed, written):
    async with tutor(lesson="masks") as driver:
        await to_step(driver, Fill)
        number, answer = driver.snapshot.lesson.number, driver.lesson.query_one(NumberInput)
        await driver.press(*typed)
        assert answer.value == written
        assert driver.app.focused is answer and driver.snapshot.lesson.number == number


async def test_a_letter_after_a_finished_word_is_the_screens(tutor):
    async with tutor(lesson="masks") as driver:
        await to_step(driver, Fill)
        number, answer = driver.snapshot.lesson.number, driver.lesson.query_one(NumberInput)
        await driver.press(*"ln", "backspace", "backspace", "h")
        assert answer.value == "" and len(driver.attempt.hints) == 1
        await driver.press("l", "backspace", "backspace", "n")
        assert driver.snapshot.lesson.number == number + 1


NO_NUMBERS = ("", " ", "abc", "1..2", "1/0", "nan", "[/]", "∞∞", "9" * 400, "1e999", "()", "--")


async def test_what_is_no_number_is_asked_for_again(tutor):
    async with tutor(size=NARROW, lesson="masks") as driver:
        await to_step(driver, Fill)
        asked = driver.attempt.asked
        for text in NO_NUMBERS:
            await driver.answer(text)
            assert driver.attempt.asked == asked and driver.attempt.good is None, text
            assert ("Type your answer first" if not text.strip() else "not a number") in driver.said("#verdict"), text
        assert not driver.app.progress.attempts("masks"), "nothing was missed that would come back in reviews"


async def test_after_the_same_verdict_twice_the_next_number_still_takes_the_wrong_ones_place(tutor):
    async with tutor(lesson="masks") as driver:
        await to_step(driver, Fill)
        answer, asked = driver.lesson.query_one("#answer"), driver.attempt.asked
        for wrong in ("777", "888"):
            await driver.press(*wrong, "enter")
            assert answer.value == answer.selected_text == wrong
        assert [attempt.answer for attempt in driver.app.progress.attempts("masks")] == ["777", "888"]
        await driver.press(*f"{driver.attempt.exercise.expected(asked):.7f}", "enter")
        assert driver.attempt.good is True


async def test_a_stroke_divides_while_a_number_is_typed(tutor):
    async with tutor(size=WIDE, lesson="masks") as driver:
        await to_step(driver, Fill)
        assert not any(hint.startswith("/") for hint in driver.hints)
        await driver.press(*"1/2")
        assert driver.lesson.query_one("#answer").value == "1/2"
        await driver.pane("matrix")
        assert any(hint.startswith("/") for hint in driver.hints)


async def test_half_right_is_right_for_that_cell_only(tutor):
    async with tutor(lesson="masks") as driver:
        await to_step(driver, Fill)
        first, second = driver.attempt.exercise.cells[:2]
        await driver.answer(repr(driver.attempt.exercise.expected(first)))
        assert driver.attempt.right == (first,) and driver.attempt.asked == second
        assert driver.here.index == second
        assert set(driver.matrix.table.blanks) == {cell[-2:] for cell in driver.attempt.blanks if cell[0] == second[0]}
        assert driver.lesson.query_one("#answer").value == ""


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_wrong_choice_says_why(tutor, language):
    async with tutor(size=NARROW, lesson="decoder-and-cross-attention", lang=language) as driver:
        for number in range(2):
            await to_step(driver, Ask, number)
            question = driver.attempt.question
            for place, choice in enumerate(question.choices):
                if choice.right:
                    continue
                await driver.press("abcdef"[place])
                assert driver.attempt.good is False
                assert squeezed(choice.why.get(language)) in squeezed(driver.said("#verdict"))
                assert "✗" in driver.said("#verdict")
                assert driver.said("#verdict").split("\n")[0].strip() in driver.text()
            await driver.press("abcdef"[question.right])
            assert driver.attempt.good is True
            await driver.press("n")


async def test_a_choice_by_arrows_and_enter_and_by_mouse(tutor):
    async with tutor(lesson="masks") as driver:
        await driver.press("n")
        right = driver.attempt.question.right
        await driver.press(*["down"] * right, "enter")
        assert driver.attempt.good is True
        await driver.press("n", "n", "n")
        assert isinstance(driver.snapshot.lesson.step, Ask)
        await driver.pilot.click("#choices", offset=(3, 0))
        await driver.settle()
        assert driver.attempt.chosen == (0,)


async def test_the_formula_of_a_question_without_a_matrix_comes_with_the_answer(tutor):
    async with tutor(size=NARROW, lesson="warm-up-smoothing-dropout") as driver:
        await to_step(driver, Ask, 1)
        right = driver.attempt.question.right
        await driver.press("abc"[right - 1])
        assert "rate_t =" not in driver.said("#verdict")
        await driver.press("abc"[right])
        assert "rate_t = peak" in driver.said("#verdict")


async def test_enter_after_the_answer_asks_why_and_chooses_nothing(tutor):
    async with tutor(size=NARROW, lesson="masks") as driver:
        await to_step(driver, Ask)
        assert not any("why this number" in hint for hint in driver.hints), "enter takes the choice it stands on"
        assert "tab matrix, why" in driver.hints
        right = driver.attempt.question.right
        await driver.press("abcdef"[right])
        assert "enter why this number" in driver.hints
        here = driver.here
        await driver.press("enter")
        assert driver.attempt.chosen == (right,) and driver.attempt.good is True
        assert driver.screen.pane == "why" and driver.here == here


async def test_an_exercise_of_any_matrix_in_free_exploration(tutor):
    async with tutor(explore="I am a student") as driver:
        await driver.press("x")
        assert driver.attempt.exercise.node == driver.here.node
        assert driver.app.focused is driver.lesson.query_one("#answer")
        while driver.attempt.asked is not None:
            await driver.answer(repr(driver.attempt.exercise.expected(driver.attempt.asked)))
        assert not driver.app.progress.attempts(), "practice of one's own is not a lesson's answer"
        await driver.go("encoder.0.self_attention.scores", (0, 1, 1))
        await driver.press("x")
        assert driver.attempt.exercise.node == "encoder.0.self_attention.scores"
        assert len(driver.attempt.blanks) == 3


async def test_an_exercise_asked_for_in_a_lesson_leads_back_to_its_step(tutor):
    async with tutor(lesson="the-whole-machine") as driver:
        await driver.press("n", "x")
        assert driver.snapshot.lesson.free is not None
        await driver.press("escape", "n")
        assert driver.snapshot.lesson.free is None and driver.snapshot.lesson.number == 1
        await driver.press("n")
        assert driver.snapshot.lesson.number == 2


async def test_the_number_to_be_found_is_nowhere_on_the_screen(tutor):
    async with tutor(lesson="twelve-steps-to-the-answer") as driver:
        for number in (0, 1, 2):
            await to_step(driver, Fill, number)
            for cell in driver.attempt.exercise.cells:
                value = driver.attempt.exercise.expected(cell)
                printed = f"{value:.4g}"
                neighbours = {f"{float(other):.4g}" for other in driver.trace[driver.here.node].value.flat} - {printed}
                if value != int(value) and printed not in neighbours:
                    shown_here = [line for line in driver.lines() if printed in line]
                    assert not shown_here
                await driver.answer(repr(value))


def test_the_mistakes_of_the_lessons_are_known():
    named = {
        name
        for lesson in ("attention-by-hand", "twelve-steps", "twelve-steps-to-the-answer", "query-key-value", "masks")
        for step in load_lesson(lesson).steps
        if isinstance(step, Fill)
        for name in step.exercise.mistakes
    }
    assert named <= set(MISTAKES)
