"""Lessons line by line: every lesson can be finished in both languages, walked, left and taken up again."""

import pytest

from tutor.course.exercises import question
from tutor.course.files import lesson_files
from tutor.course.lesson_file import load_lesson
from tutor.course.places import cell_at, find_node
from tutor.course.progress import Progress
from tutor.course.schema import Ask
from tutor.display.formula import linear
from tutor.display.language import set_language
from tutor.plain.auditing import Auditing
from tutor.plain.course import run_plain
from tutor.plain.explaining import Explaining
from tutor.plain.quizzing import Ordered, Quizzing
from tutor.plain.reaching import Reaching
from tutor.plain.session import Session
from tutor.plain.source import Source
from tutor.plain.talk import EndOfInput, Talk
from tutor.plain.tasks import LETTERS, Choosing, Filling
from tutor.plain.training_task import Training
from tutor.plain.trying import Generating, Trying
from tutor.plain.widths_task import Widening

LESSONS = [path for path in lesson_files()]


class Script(Talk):
    """A learner who types the given lines, then goes away."""

    def __init__(self, *lines):
        self.typed = iter(lines)
        self.printed = []

    @property
    def width(self):
        return 80

    def lines(self, lines):
        self.printed += lines

    def ask(self, prompt):
        self.printed.append(prompt)
        try:
            return next(self.typed)
        except StopIteration:
            raise EndOfInput from None

    @property
    def text(self):
        return "\n".join(self.printed)


class GoodLearner(Script):
    """A learner who gets everything right."""

    session: Session

    def ask(self, prompt):
        task = self.session.task
        if task.finished:
            return ""
        if isinstance(task, Filling):
            return repr(task.exercise.expected(task.open[0]))
        if isinstance(task, Choosing):
            return LETTERS[task.question.right]
        if isinstance(task, Quizzing):
            return LETTERS[task.quiz.right]
        if isinstance(task, Ordered):
            return " ".join(LETTERS[place] for place in task.ordering.right)
        if isinstance(task, Reaching):
            one = task.step.goal.solution.numbers[len(task.edits)]
            node = find_node(task.trace, one.node)
            return f"put {node.name} {','.join(map(str, cell_at(node, one.at)))} {one.number}"
        if isinstance(task, Explaining):
            return "why and next: I say it in my own words" if task.written is None else "3"
        if isinstance(task, Generating | Training | Widening):
            return "o"
        if isinstance(task, Auditing):
            slips = task.sheet.slips
            return "check" if task.marked == slips else "mark " + " ".join(f"{row},{column}" for row, column in slips)
        assert isinstance(task, Trying)
        return "w"


@pytest.fixture
def progress():
    with Progress() as kept:
        yield kept
    set_language("en")


def session(talk, progress, lesson="masks", language="en", sentence=None):
    set_language(language)
    loaded = load_lesson(lesson)
    return Session(loaded, talk, progress, Source(loaded, language, sentence=sentence), language)


def played(progress, *lines, **keywords):
    """What is printed when the lines are typed."""
    talk = Script(*lines)
    with pytest.raises(EndOfInput):
        session(talk, progress, **keywords).run()
    return talk.text


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_every_lesson_can_be_finished(path, language, progress):
    talk = GoodLearner()
    talk.session = session(talk, progress, path, language)
    lesson = talk.session.lesson
    assert talk.session.run()
    assert progress.done(lesson.id)
    asked = {number for number, step in enumerate(lesson.steps) if step.kind not in ("show", "try")}
    assert progress.solved(lesson.id) == asked
    for step in lesson.steps:
        if step.title:
            assert step.title.get(language) in talk.text
    assert "\x1b" not in talk.text and not set("│┌└─▲█") & set(talk.text)


def test_a_formula_that_says_the_answer_comes_with_it(progress):
    lesson = load_lesson("feed-forward")
    at = next(
        number for number, step in enumerate(lesson.steps) if isinstance(step, Ask) and step.formula and not step.show
    )
    progress.record("feed-forward", at)
    formula = linear(lesson.steps[at].formula)
    right = LETTERS[question(lesson.steps[at], 0).right]
    wrong = next(letter for letter in LETTERS if letter != right)
    assert formula not in played(progress, wrong, lesson="feed-forward")
    assert played(progress, wrong, right, lesson="feed-forward").count(formula) == 1


def test_a_place_is_kept_when_the_input_ends(progress):
    played(progress, "", "next", "next")
    assert progress.resume("masks") == 3
    assert "You were at step 4" in played(progress)
    assert not progress.done("masks")


def test_back_and_again(progress):
    text = played(progress, "next", "back", "again")
    assert text.count("Step 1 of") == 3 and text.count("Step 2 of") == 1


def test_a_number_is_walked_to_a_weight(progress):
    text = played(progress, "why encoder.0.self_attention.query_projection 0,0", "go 2", "up", "go 999999", "go")
    assert "encoder.0.self_attention.query_projection 0,0 (position The, feature 0) =" in text
    assert "A weight: a number" in text
    assert "this is where the walk began" not in text
    assert "ways on" in text


def test_rows_and_columns_are_enough_for_a_matrix_of_several_heads(progress):
    text = played(progress, "next", "next", "why 1,0", "why river,The")
    assert text.count("encoder.1.self_attention.masked 0,1,0 (head 1, query river, key The) =") == 2


def test_a_wrong_answer_is_explained_and_a_hint_given(progress):
    text = played(progress, "next", "z", "a", "b", "c", "?", "?")
    lesson = load_lesson("masks")
    whys = [choice.why.en for choice in lesson.steps[1].choices]
    flat = " ".join(text.split())
    assert all(" ".join(why.split()) in flat for why in whys)
    assert lesson.steps[1].hints[0].en in flat
    assert "There is no further hint." in flat
    assert [attempt.right for attempt in progress.attempts("masks")].count(True) == 1


def test_the_answer_of_an_exercise_is_not_given_away(progress):
    talk = Script()
    run = session(talk, progress)
    at = next(number for number, step in enumerate(run.lesson.steps) if step.kind == "exercise")
    progress.record("masks", at)
    node = run.lesson.steps[at].exercise.fill
    with pytest.raises(EndOfInput):
        run.run()
    cell = ",".join(map(str, run.task.open[0]))
    expected = run.task.exercise.expected(run.task.open[0])
    assert "It is computed from" in talk.text
    text = played(progress, f"why {node} {cell}", "not a number", str(expected + 5))
    assert "That number is yours to find" in text
    assert f"{expected:.6g}" not in text


def test_a_single_number_asked_for_is_not_given_away(progress):
    lesson = load_lesson("count-the-parameters")
    at = next(n for n, step in enumerate(lesson.steps) if step.show == "count.encoder.0.self_attention.total")
    progress.record(lesson.id, at)
    talk = Script()
    run = session(talk, progress, lesson.id)
    with pytest.raises(EndOfInput):
        run.run()
    expected = run.task.exercise.expected(())
    assert "[?]" in talk.text and f"{expected:,.0f}" not in talk.text and f"{expected:.0f}" not in talk.text
    assert "count.encoder.0.self_attention.total\n" in talk.text  # a number without axes has no shape to tell


def test_another_sentence_is_traced_and_kept(progress):
    text = played(progress, "next", "sentence 你好 [MASK] \x1b[31m", "show tokens")
    assert "[MASK]" in text and "\x1b" not in text
    assert progress.sentence.startswith("你好")


def test_a_what_if_shows_before_and_after(progress):
    text = played(progress, "show decoder.0.self_attention.weights", "set causal_mask=false", "set scale=no")
    assert "What if: causal_mask = false" in text
    assert "Before:" in text and "After:" in text and "numbers changed" in text or "No number changed" in text
    assert "no such setting" in text


def test_nonsense_is_answered_in_words(progress):
    text = played(progress, "xyzzy", "why nowhere 0,0", "why 9,9,9,9", "go", "up", "show nothing", "sentence", "help")
    assert "no command" in text and "no node called nothing" in text


def test_a_step_that_another_model_lacks_does_not_end_the_lesson(progress):
    loaded = load_lesson("masks")
    talk = Script(*["next"] * len(loaded.steps))
    run = Session(loaded, talk, progress, Source(loaded, "en", model="proverbs"), "en")
    assert run.run()


def test_the_list_of_lessons_comes_first(progress, monkeypatch, capsys):
    answers = iter(["no-such", "", "1", "quit"])
    monkeypatch.setattr("builtins.input", lambda prompt="": next(answers))
    run_plain(None, None, None, "numpy", progress, asked_for=True)
    printed = capsys.readouterr().out
    assert "there is no lesson with this id" in printed and "Step 1 of" in printed and "Your place is kept" in printed


def until(lesson, node):
    """What to type, from the first step on, to see a node of a lesson."""
    steps = load_lesson(lesson).steps
    return ["next"] * next(number for number, step in enumerate(steps) if step.show == node)


def test_a_what_if_that_brings_a_matrix_about_shows_it_and_counts_the_weights(progress):
    typed = until("one-body-many-heads", "sequence_classification.probabilities")
    said = played(progress, *typed, lesson="one-body-many-heads")
    assert "weights become" in said and "sequence_classification.probabilities" in said and "Before:" not in said


def test_a_what_if_that_changes_a_shape_shows_both(progress):
    typed = until("gates-and-groups", "encoder.0.self_attention.key_projection")
    said = played(progress, *typed, lesson="gates-and-groups")
    assert "Before:" in said and "After:" in said
