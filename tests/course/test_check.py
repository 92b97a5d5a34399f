"""`tutor lessons check` finds what a learner would stumble over, with the line."""

import pytest

from tests.course.sample import PROGRAM, with_line
from tutor.course.check import check_files, check_lesson
from tutor.course.errors import LessonError
from tutor.course.lesson_file import parse_lesson
from tutor.course.load import load_course
from tutor.course.new import new_lesson

MODEL = """
format: 1
id: with-model
unit: 3
title: {en: Masks, zh: 掩码}
summary: {en: A line, zh: 一句话说明学什么}
minutes: 5
assumes: []
model: translator
sentence: {en: I am a student, zh: 我是学生}
target: {en: 我是学生, zh: I am a student}
pad_to: 8
steps:
  - show: encoder.0.self_attention.scaled
    say: {en: Look., zh: 看。}
    look_at: {head: 0, query: last, key: first}
    config: {causal_mask: false}
  - exercise: {fill: encoder.*.scaled, cells: 3, mistakes: [unscaled]}
  - try: {config: {scale_scores: false}}
    show: decoder.0.self_attention.weights
    say: {en: Switch., zh: 切换。}
"""


def changed(before: str, after: str) -> str:
    assert before in MODEL
    return MODEL.replace(before, after)


def found(text: str, **options) -> list[LessonError]:
    return list(check_lesson(parse_lesson(text, "some.yaml"), **options))


def test_the_samples_and_the_template_pass(tmp_path):
    assert found(PROGRAM) == [] and found(MODEL) == []
    path = new_lesson("my-lesson", tmp_path)
    assert check_files([path]) == ()
    for again in ("my-lesson", "Not An Id", "../x", "attention-by-hand"):
        with pytest.raises(LessonError):
            new_lesson(again, tmp_path)


@pytest.mark.parametrize(
    ("before", "after", "field", "message"),
    [
        ("show: Z", "show: ZZ", "steps[0].show", "no node called ZZ"),
        ("mixed: 1}", "mixed: 2}", "steps[0].look_at", "mixed goes from 0 to 1, not 2"),
        ("mixed: 1}", "query: 1}", "steps[0].look_at", "no axis 'query'"),
        ("fill: Z", "fill: X", "steps[1].exercise.fill", "is given, not computed"),
        ("fill: Z, cells: 2", "fill: Z, cells: 5", "steps[1].exercise.cells", "asks for 5 cells of Z, which has 4"),
        ("row_for_column,", "row_for_colum,", "steps[1].exercise.mistakes[0]", "no mistake called row_for_colum"),
        ("row_for_column,", "added_instead_of_multiplied,", "steps[1].exercise.mistakes[1]", "listed twice"),
        ("row_for_column,", "softmax_unmasked,", "steps[1].exercise.mistakes", "cannot be made at Z (matmul)"),
        ("[[1, 0.5], [2, 1]]", "[[1, 2], [2, 1]]", "steps[1].exercise.mistakes[0]", "gives the right answer"),
        ("right: true, ", "", "steps[2].choices", "has 0 right choices"),
        (
            "{text: {en: That, zh: 那个}",
            "{text: {en: That, zh: 那个}, right: true",
            "steps[2].choices",
            "has 2 right choices",
        ),
        ("en: That,", "en: This,", "steps[2].choices", "same choice twice (en)"),
        ("X: {en: the input", "XX: {en: the input", "program.symbols.XX", "names no matrix"),
        ("[X, A]", "[X, B]", "program.steps[0].Z", "no matrix B"),
        ("zh: 看。", "zh: It is not Chinese at all.", "steps[0].say.zh", "holds no Chinese"),
        ("en: Look.", "en: " + "Look. " * 100, "steps[0].say.en", "characters long"),
        ("zh: 看。", "zh: " + "看" * 300, "steps[0].say.zh", "characters long"),
        ("en: Look.", "en: Look at \\frac12.", "steps[0].say", "LaTeX"),
        (
            "look_at: {",
            "config: {residual: false}\n    look_at: {",
            "steps[0].config",
            "no meaning in a lesson with a program",
        ),
    ],
)
def test_a_program_lesson(before, after, field, message):
    problems = found(with_line(before, after))
    assert [(error.field, message in error.message) for error in problems] == [(field, True)], problems
    assert problems[0].line > 1


@pytest.mark.parametrize(
    ("before", "after", "field", "message"),
    [
        ("model: translator", "model: translatr", "model", "no such model"),
        ("show: encoder.0.self_attention.scaled", "show: encoder.9.self_attention.scaled", "steps[0].show", "nearest"),
        ("{causal_mask: false}", "{causal_mask: true}", "steps[0].config", "changes nothing"),
        ("{causal_mask: false}", "{causal_msk: false}", "steps[0].config", "did you mean causal_mask"),
        ("{causal_mask: false}", "{causal_mask: 3}", "steps[0].config", "must be true or false"),
        ("{causal_mask: false}", "{scale_scores: false}", "steps[0].show", "no node called"),
        ("{scale_scores: false}", "{scale_scores: true}", "steps[2].try.config", "done before it begins"),
        ("assumes: []", "assumes: [with-model]", "assumes[0]", "this lesson itself"),
        ("assumes: []", "assumes: [other-lessn]", "assumes[0]", "no lesson other-lessn"),
        ("mistakes: [unscaled]", "mistakes: [forgot_bias]", "steps[1].exercise.mistakes", "cannot be made"),
    ],
)
def test_a_model_lesson(before, after, field, message):
    problems = found(changed(before, after), known=["other-lesson", "with-model"])
    assert [(error.field, message in error.message) for error in problems] == [(field, True)], problems


def test_a_hint_may_not_give_the_answer_away():
    from_start = parse_lesson(MODEL)
    from tutor.course.exercises import make
    from tutor.models.registry import load_model

    trace = load_model("translator").trace("I am a student", target="我是学生", pad_to=8)
    exercise = make(from_start.steps[1], trace)
    number = f"{abs(exercise.expected(exercise.cells[0])):.3f}"
    text = changed("  - try:", f"    hints: [{{en: 'It is {number}.', zh: 除以根号。}}]\n  - try:")
    (problem,) = found(text)
    assert problem.field == "steps[1].hints[0]" and "gives the answer away" in problem.message


def test_formulas_go_through_the_renderer_that_is_given():
    text = with_line("- show: Z", "- show: Z\n    formula: '\\bad'")
    (problem,) = found(text, draws=lambda latex: f"{latex} is unknown")
    assert (problem.field, problem.message) == ("steps[0].formula", r"cannot be drawn: \bad is unknown")
    assert found(text, draws=lambda latex: None) == []


def test_ids_are_unique_across_files_and_broken_files_are_told(tmp_path):
    (tmp_path / "a.yaml").write_text(PROGRAM, "utf-8")
    (tmp_path / "b.yaml").write_text(PROGRAM, "utf-8")
    (tmp_path / "c.yaml").write_text("format: [", "utf-8")
    problems = check_files([tmp_path / name for name in ("a.yaml", "b.yaml", "c.yaml")])
    assert sorted((error.file[-6:], error.field) for error in problems) == [
        ("a.yaml", "id"), ("b.yaml", "id"), ("c.yaml", ""),
    ]  # fmt: skip


def test_the_course_itself_has_ids_that_lessons_assume():
    course = load_course()
    known = {entry.id for entry in course.lessons}
    assert not course.problems and known
    for entry in course.lessons:
        assert set(entry.header.assumes) <= known


def test_every_lesson_of_the_course_fits_a_quarter_of_an_hour_and_ends_with_something_to_do():
    for entry in load_course().lessons:
        assert 5 <= entry.minutes <= 15, entry.id
        assert any(step.kind != "show" for step in entry.lesson.steps[-2:]), entry.id


def test_a_what_if_may_show_a_matrix_that_the_plain_model_lacks():
    gated = changed("causal_mask: false", "gated: true").replace("self_attention.scaled", "feed_forward.product", 1)
    gated = gated.replace("{head: 0, query: last, key: first}", "{position: last}")
    assert found(gated) == []
    tried = changed("scale_scores: false", "gated: true").replace(
        "decoder.0.self_attention.weights", "decoder.*.product"
    )
    assert [(problem.field, "no node matches" in problem.message) for problem in found(tried)] == [
        ("steps[2].show", True)
    ]
