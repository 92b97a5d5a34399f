"""`tutor review` line by line: questions and missed exercises asked, answered, graded and looked up live."""

import time

import pytest
from click.testing import CliRunner

from tutor.cli import cli
from tutor.course.load import load_course
from tutor.course.progress import Progress
from tutor.course.questions import load_bank
from tutor.display.language import set_language


@pytest.fixture
def review():
    """Runs `tutor review --plain` with these lines typed."""

    def run(*lines, options=()):
        typed = "".join(f"{line}\n" for line in lines)
        result = CliRunner().invoke(cli, ["review", "--plain", *options], input=typed, prog_name="tutor")
        assert "Traceback" not in result.output
        return result

    yield run
    set_language("en")


def flat(text):
    return " ".join(text.split())


def squeezed(text):
    return "".join(text.split())


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_question_is_asked_its_points_told_and_its_grade_kept(review, language):
    result = review("my answer", "3", "q", options=["--unit", "3", "--limit", "2", "--lang", language])
    first = next(question for question in load_bank().questions if question.unit == 3)
    said = squeezed(result.output)
    for text in (first.question, first.answer, *first.points.excellent, first.wrong[0].says, first.wrong[0].why):
        assert squeezed(text.get(language)) in said
    assert said.index(squeezed(first.question.get(language))) < said.index(squeezed(first.answer.get(language)))
    (card,) = Progress().cards().values()
    assert card.id == f"question/{first.id}" and card.due > time.time()
    assert ("10 min" if language == "en" else "10分钟") in said.replace("10min", "10 min")
    assert result.exit_code == 0


def test_the_points_stay_hidden_until_an_answer_was_given(review):
    result = review(options=["--unit", "3", "--limit", "1"])
    first = next(question for question in load_bank().questions if question.unit == 3)
    assert flat(first.question.en) in flat(result.output) and flat(first.answer.en) not in flat(result.output)
    assert not Progress().cards() and result.exit_code == 0


def test_the_live_matrix_is_one_word_away_before_and_after(review):
    result = review("o", "why 0,0", "", "I think so", "open", "", "4", options=["--unit", "0", "--limit", "1"])
    first = load_bank().questions[0]
    node = first.shows.node
    assert result.output.count(f"{node}: head × query × key") == 2 and f"{node} 0,0,0" in result.output
    assert "All done: 1 answers graded." in result.output
    progress = Progress()
    assert not progress.started_lessons() and not progress.attempts(), "looking something up is no lesson"
    assert len(progress.cards()) == 1


def test_nonsense_is_no_grade(review):
    result = review("", "five", "7", "", "2", options=["--limit", "1", "--unit", "0"])
    assert result.output.count("1: I did not know it.") == 3
    assert [review.grade for review in Progress().reviews()] == [2]


def test_a_missed_question_of_a_lesson_comes_first(review):
    with Progress() as progress:
        progress.record_attempt("masks", 1, "b", False)
    result = review("", "4", options=["--limit", "1"])
    step = load_course()["masks"].lesson.steps[1]
    right = next(choice for choice in step.choices if choice.right)
    assert "missed in the lesson Masks, step 2" in result.output
    assert flat(step.ask.en) in flat(result.output) and flat(right.why.en) in flat(result.output)
    assert set(Progress().cards()) == {"exercise/masks/1"}


def test_a_missed_exercise_is_worked_out_live(review):
    lesson = load_course()["attention-by-hand"].lesson
    number = next(number for number, step in enumerate(lesson.steps) if step.kind == "exercise")
    with Progress() as progress:
        progress.record_attempt(lesson.id, number, "5", False)
    result = review("o", "999", "next", "", "1", "q", options=["--limit", "1"])
    assert "Work it out on the live matrix" in result.output
    attempts = Progress().attempts(lesson.id)
    assert [(attempt.step, attempt.answer) for attempt in attempts] == [(number, "5"), (number, "999")]


def test_nothing_due_says_when_and_how_to_go_on(review):
    review("", "4", options=["--limit", "1", "--unit", "0"])
    result = review(options=["--unit", "0", "--new", "0"])
    due = next(iter(Progress().cards().values())).due
    assert "Nothing is due now." in result.output and "tutor review --new 5" in result.output
    assert time.strftime("%Y-%m-%d", time.localtime(due)) in result.output
    assert review("q", options=["--unit", "0", "--new", "2"]).output.startswith("2 cards")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--unit", "77"], "no question belongs to unit 77; there are units 0, 1, 2"),
        (["--limit", "0"], "--limit"),
        (["--new", "-1"], "--new"),
        (["--lang", "fr"], "--lang"),
    ],
)
def test_bad_options_are_answered_in_a_line(review, options, words):
    result = review(options=options)
    assert result.exit_code == 2 and words in result.output and len(result.output.strip().splitlines()) == 1


def test_cards_are_carried_by_the_record(review, tmp_path):
    review("", "4", options=["--limit", "1"])
    run = CliRunner().invoke
    assert run(cli, ["progress", "export", str(tmp_path / "out.json")]).exit_code == 0
    before = Progress().cards()
    assert run(cli, ["progress", "reset", "--yes"]).exit_code == 0 and not Progress().cards()
    (tmp_path / "wrong.json").write_text("{}")
    result = run(cli, ["progress", "import", str(tmp_path / "wrong.json")])
    assert result.exit_code != 0 and "not exported progress" in result.output
    assert run(cli, ["progress", "import", str(tmp_path / "out.json")]).exit_code == 0
    assert Progress().cards() == before


def test_the_checker_takes_questions_beside_lessons():
    from tutor.course.questions import question_files

    result = CliRunner().invoke(cli, ["lessons", "check", str(question_files()[0])])
    assert result.exit_code == 0 and result.output.strip() == "1 file of questions checked: no problem found"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_one_question_is_asked_due_or_not(review, language):
    review("", "4", options=["--question", "why-residuals"])
    result = review("", "3", "4", options=["--question", "why-residuals", "--lang", language])
    assert squeezed(load_bank()["why-residuals"].question.get(language)) in squeezed(result.output)
    assert set(Progress().cards()) == {"question/why-residuals"} and len(Progress().reviews()) >= 2
    assert "no question whi" in review(options=["--question", "whi"]).output


def test_search_finds_lessons_questions_and_terms():
    run = CliRunner().invoke
    found = run(cli, ["lessons", "--search", "mask"]).output
    assert "\n  masks\n" in found and "\n  what-the-masks-are-for\n" in found and "terms" in found
    assert "  masks" in run(cli, ["lessons", "--search", "掩码"]).output
    assert run(cli, ["lessons", "--search", "xyzzy"]).output == "Nothing of that name.\n"
    assert run(cli, ["lessons", "--search", " "]).exit_code == 2
    assert not any(len(line) > 100 for line in found.splitlines())
