"""Choosing a shape: the right one is the node's, and each wrong one is what a named slip gives."""

import pytest

import tutor
from tests.course.sample import PROGRAM
from tutor.course.check import check_lesson
from tutor.course.drills import QuizError, quizzes
from tutor.course.errors import LessonError
from tutor.course.lesson_file import parse_lesson
from tutor.course.programs import run_program
from tutor.course.schema import Shape
from tutor.course.shapes import SLIPS, slips_of, spelled
from tutor.engine.trace import TraceError

STEP = "  - shape: Z\n"


@pytest.fixture(scope="module")
def trace():
    return tutor.load_model("translator").trace("She likes cats", target="我是")


def with_step(step: str) -> str:
    return PROGRAM + step


def test_one_choice_is_the_shape_and_the_others_are_not(trace):
    for name in trace.names:
        node = trace[name]
        try:
            (quiz,) = quizzes(Shape(name), trace)
        except QuizError:
            assert node.operation is None or not any(slips_of(trace, node, slip) for slip in SLIPS)
            continue
        assert [one.text.en for one in quiz.choices if one.right] == [spelled(node.shape)], name
        texts = [one.text.en for one in quiz.choices]
        assert len(set(texts)) == len(texts) >= 2, name
        assert all(one.mistake in SLIPS for one in quiz.choices if not one.right), name
        assert quiz.beside in node.inputs


@pytest.mark.parametrize(
    ("node", "slip", "wanted"),
    [
        ("decoder.0.cross_attention.scores", "keys_for_queries", lambda h, q, k, config: (h, k, q)),
        ("decoder.0.cross_attention.scores", "width_kept", lambda h, q, k, config: (h, q, config.d_k)),
        ("decoder.0.cross_attention.weights", "width_kept", lambda h, q, k, config: (h, q, config.d_k)),
        ("decoder.0.cross_attention.scores", "without_heads", lambda h, q, k, config: (q, k)),
        ("decoder.0.cross_attention.query", "heads_and_width_swapped", lambda h, q, d, config: (d, q, h)),
        ("decoder.0.cross_attention.query", "heads_side_by_side", lambda h, q, d, config: (q, config.d_model)),
        ("decoder.0.cross_attention.query", "other_sentence", lambda h, q, d, config: (h, 4, d)),
        ("decoder.0.cross_attention.concat", "one_head_wide", lambda n, d, config: (n, config.d_k)),
        ("logits", "vocabulary_left_out", lambda n, v, config: (n, config.d_model)),
        ("logits", "transposed", lambda n, v, config: (v, n)),
        ("logits", "last_row_only", lambda n, v, config: (v,)),
        ("encoder.0.feed_forward.hidden", "shape_of_an_operand", lambda n, d, config: (config.d_model, d)),
        ("encoder.0.feed_forward.output", "inner_width", lambda n, d, config: (n, config.d_ff)),
        ("encoder.0.feed_forward.hidden", "inner_width", lambda n, d, config: (n, config.d_model)),
    ],
)
def test_slips(trace, node, slip, wanted):
    assert trace["tokens"].shape == (4,) and trace["decoder.tokens"].shape == (3,)
    sizes = wanted(*trace[node].shape, trace.config)
    assert sizes in [one.sizes for one in slips_of(trace, trace[node], slip)] and sizes != trace[node].shape


def test_the_question_follows_the_sentence(trace):
    longer = tutor.load_model("translator").trace("She likes black cats", target="我是")
    step = Shape("encoder.0.self_attention.scores")
    (before,), (after,) = quizzes(step, trace), quizzes(step, longer)
    assert before.ask != after.ask and not before.asks_the_same(after)
    assert after.choices[after.right].text.en == spelled(longer[step.shape].shape)
    assert before.asks_the_same(quizzes(step, trace)[0])


def test_listed_slips_come_and_no_others(trace):
    (quiz,) = quizzes(Shape("logits", mistakes=("transposed",)), trace)
    assert sorted(one.mistake for one in quiz.choices) == ["", "transposed"]


def test_what_cannot_be_asked(trace):
    with pytest.raises(QuizError):
        quizzes(Shape("tokens"), trace)
    with pytest.raises(TraceError):
        quizzes(Shape("logitss"), trace)


@pytest.mark.parametrize(
    ("step", "field", "message"),
    [
        ("  - shape: ZZ\n", "steps[3].shape", "no node called ZZ"),
        ("  - shape: X\n", "steps[3].shape", "is given"),
        ("  - shape: Z\n    mistakes: [transposd]\n", "steps[3].mistakes[0]", "no mistake called transposd"),
        ("  - shape: H\n    mistakes: [vocabulary_left_out]\n", "steps[3].mistakes[0]", "right shape, or none"),
        ("  - shape: Z\n", "steps[3].shape", "no slip gives Z another shape"),
    ],
)
def test_the_check(step, field, message):
    lesson = parse_lesson(with_step(step))
    assert run_program(lesson.program)["Z"].shape == (2, 2)  # square, so nothing can be exchanged
    problems = check_lesson(lesson)
    assert any(one.field == field and message in one.message for one in problems), problems


def test_a_shape_that_can_be_missed_passes():
    text = with_step(STEP).replace("values: [[5, 6], [2, -3]]", "values: [[5, 6], [2, -3], [1, 1]]")
    text = text.replace("values: [1, -40]", "values: [1, -40, 2]")
    assert check_lesson(parse_lesson(text)) == ()


def test_unknown_fields_are_refused():
    with pytest.raises(LessonError, match="cells"):
        parse_lesson(with_step(STEP + "    cells: 3\n"))
