"""A sheet asks for what its lesson asks for, gives no answer away, and its key answers it all."""

import itertools

import pytest

from tests.course.sample import PROGRAM
from tutor.course.answers import readings
from tutor.course.audit import Sheet
from tutor.course.drills import QUIZZED
from tutor.course.exercises import make
from tutor.course.lesson_file import load_lesson, parse_lesson
from tutor.course.load import load_course
from tutor.course.schema import Ask, Audit, Fill, Try
from tutor.display.language import set_language
from tutor.plain.source import Source
from tutor.worksheet.blocks import Answers, Choices, Grid, Heading, Note, WritingLines
from tutor.worksheet.make import Wanted, make_worksheet
from tutor.worksheet.sections import Sections

LESSONS = [lesson.id for lesson in load_course().lessons]


@pytest.fixture(autouse=True)
def english_again():
    yield
    set_language("en")


def sheet_of(lesson, language="en", **wanted):
    set_language(language)
    return make_worksheet(load_lesson(lesson), language, Wanted(**wanted))


def by_step(blocks):
    """The blocks under each heading, by the step's number from 0."""
    found, here = {}, []
    for block in blocks:
        if isinstance(block, Heading):
            here = found.setdefault(block.number - 1, [])
        else:
            here.append(block)
    return found


def grids(blocks):
    return [block for block in blocks if isinstance(block, Grid)]


def boxes(blocks):
    return [cell for grid in grids(blocks) for row in grid.cells for cell in row if cell.blank]


@pytest.mark.parametrize(("lesson", "language"), zip(LESSONS, itertools.cycle(["en", "zh"]), strict=False))
def test_every_lesson_becomes_a_sheet_with_all_its_work(lesson, language):
    loaded = load_lesson(lesson)
    sheet = sheet_of(lesson, language)
    asked, answered = by_step(sheet.sheet), by_step(sheet.key)
    assert list(asked) == list(range(len(loaded.steps)))
    for number, step in enumerate(loaded.steps):
        if isinstance(step, Fill):
            numbers = sorted({cell.blank for cell in boxes(asked[number])})
            assert numbers == list(range(1, step.exercise.cells + 1))
            (answers,) = (block for block in answered[number] if isinstance(block, Answers))
            assert [item.blank for item in answers.items] == numbers
        elif isinstance(step, Ask):
            (offered,), (right,) = ([b for b in side[number] if isinstance(b, Choices)] for side in (asked, answered))
            assert offered.items == right.items and offered.right is None
            assert next(c for c in step.choices if c.right).text.get(language) == right.items[right.right]
        elif isinstance(step, QUIZZED):
            offered, right = ([b for b in side[number] if isinstance(b, Choices)] for side in (asked, answered))
            assert offered and [one.items for one in offered] == [one.items for one in right]
            assert all(one.right is None for one in offered) and all(len(one.why) == len(one.items) for one in right)
        elif isinstance(step, Try) and step.goal.config:
            assert any(isinstance(block, WritingLines) for block in asked[number])
            assert grids(answered[number])


def test_a_box_is_a_box_wherever_its_matrix_is_printed():
    lesson = load_lesson("attention-by-hand")
    sections = Sections(lesson, Source(lesson, "en"), "en")
    sheet, _key = sections.blocks()
    hidden = {exercise.node: exercise.cells for exercise in sections.exercises.values()}
    printed = 0
    for grid in grids(sheet):
        for row, column in hidden.get(grid.title.partition(":")[0], ()):
            printed += 1
            assert grid.cells[row][column].blank is not None
    assert printed >= sum(map(len, hidden.values()))


def test_the_key_says_what_the_exercise_would_take():
    lesson = load_lesson("masks")
    answered = by_step(sheet_of("masks", seed=3).key)
    source = Source(lesson, "en")
    for number, step in enumerate(lesson.steps):
        if isinstance(step, Fill):
            exercise = make(step, source.trace(step.config), 3)
            (answers,) = (block for block in answered[number] if isinstance(block, Answers))
            for cell, item in zip(exercise.cells, answers.items, strict=True):
                assert exercise.grade(cell, item.value).right
                for slip in item.slips:
                    verdict = exercise.grade(cell, slip.partition(":")[0])
                    assert not verdict.right and verdict.mistake and readings(slip.partition(":")[0])


def test_the_key_marks_the_answers():
    answered = by_step(sheet_of("attention-by-hand").key)
    (z,) = grids(answered[2])
    marked = {(r, c): cell.text for r, row in enumerate(z.cells) for c, cell in enumerate(row) if cell.mark == "answer"}
    assert len(marked) == 5 and marked[(0, 0)] == "11"


def test_another_seed_and_another_number_of_cells():
    few, other = sheet_of("masks", cells=2), sheet_of("masks", seed=5)
    assert len({cell.blank for cell in boxes(by_step(few.sheet)[3])}) == 2
    assert other.sheet != sheet_of("masks").sheet
    assert other.sheet == sheet_of("masks", seed=5).sheet


def test_an_exercise_comes_with_the_numbers_it_needs():
    asked = by_step(sheet_of("attention-by-hand").sheet)
    notes = [block.text for block in asked[2] if isinstance(block, Note)]
    assert notes == ["You need X of step 1, A of step 2."]
    assert any(grid.title.startswith("W1:") for grid in grids(asked[5]))


def test_numbers_too_many_for_paper_come_as_arithmetic():
    wide = "exercise: {fill: encoder.0.self_attention.query_projection, cells: 2}"
    text = PROGRAM[: PROGRAM.index("program:")] + f"model: translator\nsteps:\n  - {wide}\n"
    lesson = parse_lesson(text, "wide.yaml")
    sheet = make_worksheet(lesson, "en", Wanted(sentence="I am a student"))
    (lines,) = (block for block in sheet.sheet if isinstance(block, Answers))
    assert [line.blank for line in lines.items] == [1, 2]
    assert all("ldots" in line.arithmetic and not line.value for line in lines.items)


def test_the_learners_own_sentence_and_target():
    sheet = sheet_of("masks", sentence="The dog ran", target="狗跑了")
    assert ("Sentence", "The dog ran") in sheet.facts and ("Target", "狗跑了") in sheet.facts
    assert any("dog" in label for grid in grids(sheet.sheet) for label in grid.columns)


def test_a_step_that_does_not_fit_the_model_keeps_its_words():
    sheet = sheet_of("masks", model="proverbs", sentence="马无夜草不肥")
    assert len(by_step(sheet.sheet)) == len(load_lesson("masks").steps)


def test_a_whole_vocabulary_is_cut_to_the_likeliest():
    lesson = load_lesson("logits-to-words")
    (grid,) = grids(by_step(sheet_of("logits-to-words").sheet)[0])
    assert len(grid.columns) == 12 and grid.note.startswith("Printed: 12 of")
    node = Source(lesson, "en").trace()["probabilities"]
    best = {node.labels[-1][int(place)] for place in node.value.argmax(axis=-1)}
    assert best <= set(grid.columns)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_template_of_a_program_is_empty_and_its_key_full(language):
    lesson = load_lesson("attention-by-hand")
    sheet = sheet_of("attention-by-hand", language, blank=True)
    assert len(grids(sheet.sheet)) == len(lesson.program.matrices) + len(lesson.program.steps)
    for given in grids(sheet.sheet)[: len(lesson.program.matrices)]:
        assert all(cell.blank is None and cell.text for row in given.cells for cell in row)
    for empty in grids(sheet.sheet)[len(lesson.program.matrices) :]:
        assert all(cell.blank == 0 for row in empty.cells for cell in row)
    assert all(cell.blank is None and cell.text for grid in grids(sheet.key) for row in grid.cells for cell in row)
    assert [cell.text for cell in grids(sheet.key)[0].cells[0]] == "11 6 7 7 5".split()


def test_a_template_of_ones_own_program():
    sheet = make_worksheet(parse_lesson(PROGRAM, "own.yaml"), "en", Wanted(blank=True))
    assert grids(sheet.key) and not sheet.title.startswith("Attention")


def test_an_audit_asks_for_slips_and_its_key_shows_them():
    lesson = load_lesson("audit")
    sheet = sheet_of("audit")
    asked, answered = by_step(sheet.sheet), by_step(sheet.key)
    for number, step in enumerate(lesson.steps):
        if isinstance(step, Audit):
            found = Sheet(step, Source(lesson, "en").trace())
            assert not any(cell.mark for grid in grids(asked[number]) for row in grid.cells for cell in row)
            shown = [grid.title.partition(":")[0] for grid in grids(asked[number])]
            assert (found.recomputed.name in shown) is not step.audit.covered
            slips, recomputed = grids(answered[number])
            marked = {(r, c) for r, row in enumerate(slips.cells) for c, cell in enumerate(row) if cell.mark == "slip"}
            assert marked == found.slips and recomputed.title.startswith(found.recomputed.name)
            assert Note(found.count.en) in answered[number]


def test_a_box_is_no_number_in_what_the_mask_leaves_as_it_was():
    asked = by_step(sheet_of("query-key-value").sheet)
    lesson = load_lesson("query-key-value")
    sections = Sections(lesson, Source(lesson, "en"), "en")
    sections.blocks()
    hidden = [exercise.cells for exercise in sections.exercises.values() if exercise.node.endswith("scaled")]
    copies = [grid for blocks in asked.values() for grid in grids(blocks) if "masked scores" in grid.title]
    assert hidden and copies
    for grid in copies:
        assert all(grid.cells[row][column].blank == 0 for _head, row, column in hidden[0])


def test_a_matrix_that_a_what_if_brings_about_has_no_before():
    blocks = by_step(sheet_of("one-body-many-heads").sheet)
    shown = load_lesson("one-body-many-heads").steps
    place = next(n for n, step in enumerate(shown) if step.show == "sequence_classification.probabilities")
    notes = [block.text for block in blocks[place] if isinstance(block, Note)]
    assert [note.partition(":")[0] for note in notes] == ["After"]
    assert len(grids(blocks[place])) == 1
