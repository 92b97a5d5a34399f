"""The review on a clock of the test's own: what is due, what comes again when, and what a missed exercise becomes."""

import pytest

from tutor.course.load import load_course
from tutor.course.progress import Progress
from tutor.course.questions import load_bank
from tutor.course.review import NEW_A_DAY, SOON, ExerciseCard, QuestionCard, Sitting, stage
from tutor.course.schedule import AGAIN, EASY, GOOD, GRADES, HARD, Schedule

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
NOON = 1_800_014_400.0  # noon UTC of some day


class Clock:
    """Seconds since 1970, moved by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def progress(tmp_path, clock):
    with Progress(tmp_path / "progress.sqlite", clock) as kept:
        yield kept


@pytest.fixture
def sit(progress):
    """Deals a sitting; intervals are not fuzzed."""

    def deal(**wishes):
        return Sitting(progress, load_bank(), load_course(), schedule=Schedule(fuzz=False), **wishes)

    return deal


def finish(sitting, grade=EASY):
    asked = []
    while sitting.current is not None:
        asked.append(sitting.current.id)
        sitting.grade(grade)
    return asked


def miss(progress, lesson="masks", step=1):
    progress.record_attempt(lesson, step, "b", False)


def test_a_first_sitting_asks_the_days_new_questions_in_the_order_of_the_course(sit):
    asked = finish(sit())
    assert asked == [f"question/{question.id}" for question in load_bank().questions[:NEW_A_DAY]]


def test_questions_of_lessons_that_are_done_come_first(sit, progress):
    progress.record("masks", 0, done=True)
    asked = finish(sit())
    first = [f"question/{question.id}" for question in load_bank().questions if question.shows.lesson == "masks"]
    assert asked[: len(first)] == first


def test_one_unit_and_a_limit(sit):
    sitting = sit(unit=3, limit=4)
    assert sitting.left == 4 and {card.unit for card in sitting.queue} == {3}
    assert sit(unit=99).current is None


def test_the_days_new_questions_are_used_up_until_tomorrow(sit, clock):
    finish(sit())
    again = sit()
    assert again.current is None and again.new_left == len(load_bank().questions) - NEW_A_DAY
    assert again.next_due > clock.now + DAY
    again.deal(3)
    assert again.left == 3, "more can be asked for"
    clock.now += DAY
    assert sit().left == NEW_A_DAY


def test_good_comes_back_in_the_same_sitting_when_its_time_has_come(sit, clock):
    sitting = sit(limit=3)
    first = sitting.current
    due = sitting.grade(GOOD)
    assert due == pytest.approx(clock.now + 10 * MINUTE) and due <= clock.now + SOON
    assert sitting.current != first and sitting.left == 3
    clock.now += 11 * MINUTE
    assert sitting.current == first
    assert sitting.grade(GOOD) > clock.now + DAY, "the second time it is known for days"
    assert sitting.left == 2 and sitting.done == 2


def test_what_is_left_waiting_is_asked_before_its_time(sit):
    sitting = sit(limit=1)
    card = sitting.current
    sitting.grade(AGAIN)
    assert sitting.current == card and sitting.left == 1
    sitting.grade(EASY)
    assert sitting.current is None and sitting.left == 0


def test_a_better_grade_comes_later(sit):
    sitting = sit()
    waits = sitting.foreseen()
    assert list(waits) == sorted(waits) and len(waits) == len(GRADES)
    assert waits[0] == pytest.approx(MINUTE) and waits[1] == pytest.approx(5.5 * MINUTE) and waits[3] > 5 * DAY
    due = sitting.grade(HARD)
    assert due - sitting.now == pytest.approx(waits[1])


def test_intervals_grow_while_the_answer_is_known_and_shrink_when_not(sit, clock, progress):
    name = finish(sit(limit=1))[0]
    waits = []
    for grade in (GOOD, GOOD, GOOD, AGAIN):
        card = progress.cards()[name]
        clock.now = card.due + HOUR
        sitting = sit(limit=1)
        assert sitting.current.id == name, "what is due comes before what is new"
        sitting.grade(grade)
        waits.append(progress.cards()[name].due - clock.now)
    assert waits[0] < waits[1] < waits[2] and waits[3] == pytest.approx(10 * MINUTE)
    assert [review.grade for review in progress.reviews()] == [EASY, GOOD, GOOD, GOOD, AGAIN]


def test_nothing_is_due_until_the_date_said(sit, clock):
    sitting = sit(limit=1, unit=0)
    due = sitting.grade(EASY)
    later = sit(unit=0, new=0)
    assert later.current is None and later.next_due == pytest.approx(due)
    clock.now = due - 1
    assert sit(unit=0, new=0).current is None
    clock.now = due
    assert sit(unit=0, new=0).left == 1


def test_the_longest_overdue_comes_first(sit, clock):
    asked = finish(sit(limit=3))
    clock.now += 60 * DAY
    dates = sit(new=0)
    assert {card.id for card in dates.queue} == set(asked)
    assert [dates.due(card) for card in dates.queue] == sorted(dates.due(card) for card in dates.queue)


def test_a_missed_exercise_is_due_at_once_and_scheduled_once_graded(sit, progress, clock):
    miss(progress)
    sitting = sit(limit=1)
    card = sitting.current
    assert isinstance(card, ExerciseCard) and (card.lesson.id, card.step_number) == ("masks", 1)
    assert card.id == "exercise/masks/1" and card.unit == card.lesson.unit
    due = sitting.grade(EASY)
    assert not any(isinstance(card, ExerciseCard) for card in sit().queue)
    clock.now += HOUR
    progress.record_attempt("masks", 1, "a", True)
    assert sit().due(card) == pytest.approx(due), "a right answer in the lesson changes nothing"
    clock.now += HOUR
    miss(progress)
    assert sit().current.id == card.id, "missed again, due again"


def test_what_is_no_exercise_any_more_is_left_out(sit, progress):
    miss(progress, "no-such-lesson", 0)
    miss(progress, "masks", 999)
    miss(progress, "masks", 0)  # a step that only shows
    assert not any(isinstance(card, ExerciseCard) for card in sit().cards())


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_missed_question_shows_its_choices_and_tells_the_right_one(sit, progress, language):
    miss(progress)
    card = sit().current
    shown, told = card.asked(language), card.told(language)
    assert all(choice.text.get(language) in shown for choice in card.step.choices)
    right = next(choice for choice in card.step.choices if choice.right)
    assert told == (right.text.get(language), right.why.get(language))


def test_a_missed_exercise_tells_its_hints(sit, progress):
    lesson = load_course()["masks"].lesson
    step = next(number for number, step in enumerate(lesson.steps) if step.kind == "exercise")
    miss(progress, "masks", step)
    card = sit().current
    assert card.asked("en") and card.told("zh") == tuple(hint.zh for hint in lesson.steps[step].hints)


def test_grades_outlive_the_program(sit, progress, tmp_path, clock):
    name = finish(sit(limit=1))[0]
    with Progress(tmp_path / "progress.sqlite", clock) as again:
        assert again.cards() == progress.cards() and set(again.cards()) == {name}
        assert again.due_count() == 0
        clock.now += 365 * DAY
        assert again.due_count() == 1


def test_fuzz_moves_long_intervals_only_a_little():
    exact, fuzzed = Schedule(fuzz=False), Schedule()
    card = exact.graded("x", None, EASY, NOON)
    for _round in range(3):
        card = exact.graded("x", card, GOOD, card.due)
    waits = [fuzzed.graded("x", card, GOOD, card.due).due - card.due for _round in range(30)]
    wanted = exact.graded("x", card, GOOD, card.due).due - card.due
    assert len(set(waits)) > 1 and all(abs(wait - wanted) < 0.2 * wanted for wait in waits)


def test_a_clock_that_was_set_back_breaks_nothing(sit, clock, progress):
    name = finish(sit(limit=1))[0]
    clock.now -= 30 * DAY
    assert sit(new=0).current is None
    clock.now = progress.cards()[name].due
    sitting = sit(limit=1)
    clock.now -= 400 * DAY
    sitting.grade(GOOD)
    assert progress.cards()[name].last_review == clock.now, "the learner's own grade always counts"


def test_the_stage_of_a_question_is_a_lesson_of_one_step():
    course, bank = load_course(), load_bank()
    for question in bank.questions:
        lesson = stage(question, course, question.answer)
        (step,) = lesson.steps
        assert step.show == question.shows.node and step.say == question.answer
        assert lesson.model or lesson.program
    assert isinstance(QuestionCard(bank.questions[0]).asked("zh"), str)
