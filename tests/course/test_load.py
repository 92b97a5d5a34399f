"""Lessons are read whole or refused with file, line, field, message and remedy."""

import json
import subprocess
import sys

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.course.sample import PROGRAM, with_line
from tutor.course import yaml_tree
from tutor.course.errors import LessonError
from tutor.course.files import lesson_files
from tutor.course.json_schema import json_schema
from tutor.course.lesson_file import load_lesson, parse_lesson, read_head
from tutor.course.load import load_course
from tutor.course.new import new_lesson
from tutor.course.schema import Ask, Fill, Show
from tutor.course.yaml_tree import MAXIMUM_DEPTH


def problems(text: str) -> tuple[LessonError, ...]:
    with pytest.raises(LessonError) as caught:
        parse_lesson(text, "some.yaml")
    return caught.value.problems


def the_problem(text: str) -> LessonError:
    found = problems(text)
    assert len(found) == 1, found
    assert found[0].file == "some.yaml"
    return found[0]


def line_of(text: str, piece: str) -> int:
    return text[: text.index(piece)].count("\n") + 1


def test_a_lesson_becomes_its_types():
    lesson = parse_lesson(PROGRAM)
    assert (lesson.id, lesson.unit, lesson.model) == ("by-hand", 1, None)
    assert [type(step) for step in lesson.steps] == [Show, Fill, Ask]
    assert [step.kind for step in lesson.steps] == ["show", "exercise", "ask"]
    assert lesson.title.get("zh_CN") == "动手算" and lesson.title.get("en") == lesson.title.get("fr") == "By hand"
    assert lesson.program is not None
    assert [(step.name, step.operation, step.operands) for step in lesson.program.steps] == [
        ("Z", "matmul", ("X", "A")),
        ("H", "add_column", ("Z", "b")),
        ("R", "relu", ("H",)),
    ]
    assert lesson.origin.line("steps[1].exercise.mistakes[1]") == line_of(PROGRAM, "- exercise:")
    assert lesson.origin.line("steps[2].choices[1].why.en") == line_of(PROGRAM, "text: {en: That")


@pytest.mark.parametrize(
    ("before", "after", "field", "message", "remedy"),
    [
        ("minutes: 5", "minutes: five", "minutes", "whole number", "digits"),
        ("minutes: 5", "minutes: 012", "minutes", "012", "leading zero"),
        ("minutes: 5", "minutes: 1:30", "minutes", "1:30", "base 60"),
        ("minutes: 5", "minutes: '5'", "minutes", "whole number", "quotes"),
        ("minutes: 5", "minutes: 5\nminuts: 6", "minuts", "not a field", "Fields that may stand here"),
        ("minutes: 5", "minutes: 5\nsentense: {en: a, zh: b}", "sentense", "not a field", "Did you mean sentence?"),
        ("minutes: 5", "minutes: 5\nminutes: 6", "minutes", "given twice", "Take one"),
        ("en: By hand", "en: no", "title.en", "true or false", "'no'"),
        ("en: By hand", "en: on", "title.en", "true or false", "quotes"),
        ("en: By hand", "en: 012", "title.en", "a number", "'012'"),
        ("en: By hand", "en: 1:30", "title.en", "a number", "'1:30'"),
        ("en: By hand", "en: 2017-06-12", "title.en", "a date", "quotes"),
        ("en: By hand", "en: ''", "title.en", "is empty", ""),
        ("en: By hand", "en: ~", "title.en", "is empty", ""),
        ("en: By hand", "en: [a]", "title.en", "a list", "quotes"),
        ("{en: By hand, zh: 动手算}", "{en: By hand}", "title.zh", "is missing", "Chinese"),
        ("{en: By hand, zh: 动手算}", "By hand", "title", "should be a mapping", "en: …, zh: …"),
        ("zh: 动手算}", "zh: 动手, 算}", "title.算", "not a field", "holds a comma"),
        ("id: by-hand", "id: By Hand", "id", "cannot be", "lower case"),
        ("id: by-hand\n", "", "id", "is missing", "Add id"),
        ("unit: 1", "model: translator\nunit: 1", "model", "both given", "exactly one"),
        ("- show: Z", "- shwo: Z", "steps[0]", "not a step", "Did you mean show?"),
        ("cells: 2", "cells: 0", "steps[1].exercise.cells", "from 1 to 24", ""),
        ("right: true", "right: yes", "steps[2].choices[0].right", "true or false", "true or false"),
        ("mixed: 1}", "mixed: -1}", "steps[0].look_at.mixed", "number from 0", "Count from 0"),
        ("[2, -3]]", "[2]]", "program.matrices.X.values[1]", "holds 1 where the first row holds 2", "same length"),
        ("[2, -3]]", "[2, 0x10]]", "program.matrices.X.values[1][1]", "0x10", "plain digits"),
        ("{matmul: [X, A]}", "{}", "program.steps[0].Z", "names no operation", "operation: [operand"),
    ],
)
def test_a_slip_is_told_with_its_line_field_and_remedy(before, after, field, message, remedy):
    text = with_line(before, after)
    error = the_problem(text)
    assert (error.field, message in error.message, remedy in error.remedy) == (field, True, True), error
    whole_lesson = field == "model" or remedy == "Add id"  # told at the lesson's first line
    assert error.line == (2 if whole_lesson else line_of(text, after.rpartition("\n")[2])), error


def test_several_slips_are_told_together_in_line_order():
    text = (
        with_line("minutes: 5", "minutes: x")
        .replace("en: A matrix product", "en: off")
        .replace("- show: Z", "- shw: Z")
    )
    found = problems(text)
    assert [error.field for error in found] == ["summary.en", "minutes", "steps[0]"]
    assert str(LessonError.gathered(found)).count("\n") == 2
    assert str(found[0]).startswith(
        "some.yaml:6: summary.en: should be text, but off reads as true or false. Put it in"
    )


NO_LESSONS = [
    ("", 1, "is empty"),
    ("# nothing\n", 1, "is empty"),
    ("just words", 1, "should be a mapping"),
    ("- a\n- b", 1, "should be a mapping"),
    ("a: [1\nb: 2", 2, "is not YAML"),
    ("a:\n\t- b", 2, "is not YAML"),
    ("a: b\n---\na: c", 2, "second document"),
    ("a: 1\nb: \x07", 2, "control characters"),
    ("a: \ud800", 1, "surrogate"),
    ("a: !!python/object/apply:os.system [ls]", 1, "tag"),
    ("a: &x 1\nb: *x", 2, "alias"),
    ("a: &a [*a]", 1, "alias"),
    ("? [1]\n: 2", 1, "name is a list"),
    ("[" * 5000, 1, f"deeper than {MAXIMUM_DEPTH}"),
    ("a: " + "x" * 1_000_001, 1, "longer than"),
    ("- 1\n" * 60_000, 50_000, "more than 50,000"),
    ("format: 2\nwords: new", 1, "newer than this tutor"),
]


@pytest.mark.parametrize(("text", "line", "message"), NO_LESSONS, ids=[row[2] for row in NO_LESSONS])
def test_what_is_no_lesson_is_refused(text, line, message):
    error = the_problem(text)
    assert error.line == line and message in error.message, error


def test_aliases_that_expand_without_end_are_refused_before_they_expand():
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(20)
    )
    assert "alias" in the_problem(bomb).message


def test_bold_at_the_start_of_plain_text_says_to_use_quotes():
    assert "quotes" in the_problem(with_line("en: Look.", "en: **Look**")).remedy


def test_numbers_with_an_exponent_are_numbers():
    lesson = parse_lesson(with_line("[2, -3]", "[1e-3, -.5]"))
    assert lesson.program.matrices["X"].values[1] == (0.001, -0.5)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(LessonError, match="cannot be read"):
        load_lesson(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"format: 1\ntitle: \xe9")
    with pytest.raises(LessonError, match="latin.yaml:2: is not UTF-8"):
        load_lesson(tmp_path / "latin.yaml")
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(LessonError, match="cannot be read"):
        load_lesson(tmp_path / "folder.yaml")


@pytest.mark.parametrize("order", ["11-", "11b-", ""])
def test_a_lesson_is_found_by_id_and_a_slip_in_the_id_is_guessed(tmp_path, order):
    (tmp_path / f"{order}by-hand.yaml").write_text(PROGRAM, "utf-8")
    (tmp_path / "12-odd-name.yaml").write_text(with_line("id: by-hand", "id: another"), "utf-8")
    assert load_lesson("by-hand", tmp_path).id == "by-hand"
    assert load_lesson("another", tmp_path).id == "another"
    with pytest.raises(LessonError, match="Did you mean by-hand"):
        load_lesson("by-hnd", tmp_path)


def test_the_course_map_lists_units_in_order_and_survives_broken_files(tmp_path):
    (tmp_path / "02-b.yaml").write_text(with_line("id: by-hand", "id: second"), "utf-8")
    (tmp_path / "01-a.yaml").write_text(with_line("id: by-hand", "id: first"), "utf-8")
    (tmp_path / "00-c.yaml").write_text(with_line("unit: 1", "unit: 3").replace("id: by-hand", "id: third"), "utf-8")
    (tmp_path / "03-broken.yaml").write_text("format: [", "utf-8")
    (tmp_path / "04-twin.yaml").write_text(with_line("id: by-hand", "id: first"), "utf-8")
    course = load_course(tmp_path)
    assert [(unit.id, [entry.id for entry in unit.lessons]) for unit in course.units] == [
        (1, ["first", "second"]),
        (3, ["third"]),
    ]
    assert course.units[0].title.zh == "动手算"
    assert [error.file.rpartition("/")[2] for error in course.problems] == ["03-broken.yaml", "04-twin.yaml"]
    assert course["first"].step_count == 3 == len(course["first"].lesson.steps)
    assert "third" in course
    with pytest.raises(KeyError, match="third"):
        course["thrd"]


def test_a_broken_step_does_not_keep_a_lesson_off_the_map_but_opening_it_tells(tmp_path):
    (tmp_path / "a.yaml").write_text(with_line("- show: Z", "- shw: Z"), "utf-8")
    entry = load_course(tmp_path)["by-hand"]
    with pytest.raises(LessonError, match="not a step"):
        _ = entry.lesson


def test_heads_are_read_as_the_whole_is():
    for path in lesson_files():
        entry, lesson = load_course(path.parent)[load_lesson(path).id], load_lesson(path)
        assert entry.step_count == len(lesson.steps)
        for field in ("title", "summary", "unit", "minutes", "model", "id"):
            assert getattr(entry, field) == getattr(lesson, field)


def test_loading_lessons_and_progress_brings_no_numpy():
    code = "import sys, tutor.course.load, tutor.course.progress; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_json_schema_has_every_step_kind_and_refuses_unknown_fields():
    schema = json.loads(json.dumps(json_schema()))
    kinds = {option["$ref"].rpartition("/")[2] for option in schema["properties"]["steps"]["items"]["oneOf"]}
    assert kinds == {"Show", "Fill", "Ask", "Try", "Audit", "Shape", "Predict", "Order", "Match", "Explain"}
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["Text"]["required"] == ["en", "zh"]
    assert "try" in schema["$defs"]["Try"]["properties"]
    references = {part.split('"')[0] for part in json.dumps(schema).split('"#/$defs/')[1:]}
    assert references == set(schema["$defs"])


scalars = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        [
            "no",
            "on",
            "012",
            "1:30",
            "~",
            "*a",
            "&a x",
            "!!int x",
            "translator",
            "1",
            "-",
            "first",
            "1e999",
            "٣",
            "1" * 40,
        ]
    ),
)
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(items) + "]"),
        st.dictionaries(
            st.sampled_from(
                ["show", "say", "en", "zh", "ask", "try", "config", "choices", "exercise", "fill", "axes", "Z"]
            ),
            inner,
            max_size=4,
        ).map(lambda fields: "{" + ", ".join(f"{name}: {value}" for name, value in fields.items()) + "}"),
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("name", [path.name for path in lesson_files()])
def test_lessons_are_read_where_pyyaml_has_no_library_in_c(name, monkeypatch):
    monkeypatch.setattr(yaml_tree, "LOADER", yaml.SafeLoader)
    (path,) = (path for path in lesson_files() if path.name == name)
    assert parse_lesson(path.read_text("utf-8"), name).steps


def test_the_template_is_read_where_pyyaml_has_no_library_in_c(tmp_path, monkeypatch):
    monkeypatch.setattr(yaml_tree, "LOADER", yaml.SafeLoader)
    assert load_lesson(new_lesson("my-lesson", tmp_path)).id == "my-lesson"


def test_what_is_no_file_has_no_line(tmp_path):
    with pytest.raises(LessonError) as caught:
        load_lesson("maskss")
    assert caught.value.one_line() == "maskss: there is no lesson with this id. Did you mean masks?"
    with pytest.raises(LessonError) as caught:
        load_lesson(tmp_path / "nothing.yaml")
    assert "nothing.yaml: cannot be read" in str(caught.value)


def loads_or_tells(text: str) -> None:
    try:
        parse_lesson(text)
    except LessonError as error:
        for problem in error.problems:
            assert problem.line >= 1 and problem.message
            str(problem)


@given(st.text(max_size=200))
def test_any_text_is_a_lesson_or_a_lesson_error(text):
    loads_or_tells(text)


@given(st.lists(st.tuples(st.sampled_from([line for line in PROGRAM.splitlines() if ":" in line]), trees), max_size=3))
def test_any_yaml_in_any_field_is_a_lesson_or_a_lesson_error(changes):
    text = PROGRAM
    for line, tree in changes:
        text = text.replace(line, line.partition(":")[0] + ": " + tree)
    loads_or_tells(text)


@given(st.binary(max_size=100))
def test_any_file_is_a_lesson_or_a_lesson_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("lessons") / "x.yaml"
    path.write_bytes(content)
    with pytest.raises(LessonError):
        load_lesson(path)
    with pytest.raises(LessonError):
        read_head(path)


def test_the_head_of_an_empty_file_is_a_lesson_error(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("")
    with pytest.raises(LessonError):
        read_head(path)
