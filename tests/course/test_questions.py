"""The interview bank: complete, right in its figures, and held to its format with file, line, field and remedy."""

import math

import numpy as np
import pytest

from tutor.course.check_questions import check_questions
from tutor.course.errors import LessonError
from tutor.course.files import lesson_files
from tutor.course.questions import GRADES, load_bank, parse_questions, question_files, read_questions, sorted_out
from tutor.engine.config import TransformerConfig
from tutor.engine.transformer import weight_shapes
from tutor.models.registry import load_model

SHEET = """
format: 1
unit: 3
questions:
  - id: why-heads
    question: {en: Why several heads?, zh: 为什么要多个头？}
    points:
      passing:
        - {en: Each looks at something else., zh: 每个头看不同的东西。}
      good:
        - {en: The width is shared., zh: 宽度是分着用的。}
      excellent:
        - {en: Parameters stay the same., zh: 参数量不变。}
    answer: {en: Several views at the price of one., zh: 一份代价，多种看法。}
    wrong:
      - says: {en: They cost more., zh: 更贵。}
        why: {en: They share the width., zh: 宽度是分的。}
    shows: {model: proverbs, node: encoder.0.self_attention.weights, sentence: {en: 天行健, zh: 天行健}}
    related: [why-several-heads]
"""

MUST_HAVES = (
    "describe-the-transformer", "what-are-query-key-value", "why-several-heads", "what-is-k-under-the-root",
    "attention-softmax-against-classifier", "layer-norm-or-batch-norm", "how-bert-is-pre-trained",
    "bert-masking-policy", "bert-three-embeddings", "how-a-sentence-is-generated", "what-the-masks-are-for",
    "why-positions-must-be-added", "why-residuals", "encoder-against-decoder", "bert-against-gpt", "cost-in-length",
)  # fmt: skip


def changed(before, after):
    assert before in SHEET
    return SHEET.replace(before, after)


@pytest.fixture
def written(tmp_path):
    """Writes a sheet to a file and returns its path."""

    def write(text):
        path = tmp_path / "3-mine.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def told(path):
    return [problem.one_line() for problem in check_questions([path])]


# -- the bank -------------------------------------------------------------------------------------------------------


def test_the_bank_covers_every_unit_and_what_every_interview_asks():
    bank = load_bank()
    assert not bank.problems and len(bank.questions) >= 80
    assert set(bank.units) == set(range(8))
    assert all(name in bank for name in MUST_HAVES)
    assert [question.unit for question in bank.questions] == sorted(question.unit for question in bank.questions)


def test_the_bank_passes_its_linter():
    assert not check_questions()


def test_lessons_and_questions_are_told_apart():
    lessons, questions = sorted_out([*lesson_files(), *question_files()])
    assert lessons == list(lesson_files()) and questions == list(question_files())
    assert not set(lesson_files()) & set(question_files())


def test_search_finds_in_both_languages():
    bank = load_bank()
    assert bank["why-residuals"] in bank.search("RESIDUAL connection")
    assert bank["why-residuals"] in bank.search("残差")
    assert bank.search("residual")[0].question.en.lower().count("residual")
    assert not bank.search("xyzzy")
    with pytest.raises(KeyError, match="why-residuals"):
        bank["why-residual"]


# -- its figures ----------------------------------------------------------------------------------------------------


def says(name, *figures):
    """Whether a question's texts hold these figures, in English and in Chinese."""
    question = load_bank()[name]
    for language in ("en", "zh"):
        texts = [point.get(language) for grade in GRADES for point in getattr(question.points, grade)]
        whole = " ".join([question.question.get(language), *texts, question.answer.get(language)])
        missing = [figure for figure in figures if figure not in whole]
        assert not missing, (language, missing)


def count(config, *parts):
    shapes = weight_shapes(config)
    return sum(math.prod(shape) for name, shape in shapes.items() if any(name.startswith(part) for part in parts))


def test_parameters_of_a_layer():
    config = TransformerConfig(
        architecture="encoder_only", d_model=512, heads=8, d_ff=2048, encoder_layers=1, decoder_layers=0, vocabulary=9
    )
    layer = "encoder.0."
    whole = count(config, layer)
    norms = sum(math.prod(s) for n, s in weight_shapes(config).items() if n.startswith(layer) and ".norm." in n)
    matrices = ("query", "key", "value", "output")
    attention = count(config, *(f"{layer}self_attention.{name}." for name in matrices))
    forward = whole - norms - attention
    assert whole == 12 * 512**2 + 13 * 512
    says("count-parameters-of-a-block", f"{attention:,}", f"{forward:,}", f"{norms:,}", f"{whole:,}")


def test_parameters_of_the_translator():
    model = load_model("translator")
    tables = [model.weights[f"{side}.embedding.token.table"].size for side in ("encoder", "decoder")]
    encoder, decoder = (
        count(model.config, f"{side}.0.") for side in ("encoder", "decoder")
    )  # fmt: skip
    assert model.parameters == sum(tables) + 3 * encoder + 3 * decoder + model.weights["logits.bias"].size
    figures = (model.parameters, *tables, encoder, 3 * encoder, decoder, 3 * decoder, model.weights["logits.bias"].size)
    says("parameters-of-the-translator", *(f"{figure:,}" for figure in figures))
    says("embedding-table-size", f"{tables[0]:,}")
    says("what-is-k-under-the-root", f"{math.sqrt(model.config.d_k):.2f}")
    says("why-embeddings-are-scaled", f"{math.sqrt(model.config.d_model):.2f}")
    says("hand-size-against-real", f"{load_model('proverbs').parameters:,}")


def softmax(*numbers):
    powers = np.exp(np.array(numbers))
    return powers / powers.sum()


def test_distributions_and_logarithms():
    for temperature in (1, 2, 0.5):
        says("what-temperature-does", *(f"{p:.2f}" for p in softmax(*(np.array([2, 1, 0]) / temperature))))
    says("cross-entropy", f"{-math.log(0.25):.3f}", f"{math.log(4000):.3f}")
    kept = np.array([0.5, 0.3])
    says("top-k-and-top-p", *(f"{p:g}" for p in kept / kept.sum()))
    says("what-are-logits", f"{math.e:.3f}")
    with np.errstate(over="ignore"):
        assert np.isinf(np.exp(np.float32(89))) and np.isfinite(np.exp(np.float32(88)))
    says("softmax-shift", "89")


def test_sizes_and_lengths():
    numbers = 2 * 12 * 1024 * 768
    says("cache-size", f"{numbers:,}", f"{numbers * 2:,}", f"{numbers * 2 // 2**20} ")
    says("key-value-cache", str(sum(range(1, 11))))
    says("time-series-tokens", f"{(96 - 16) // 8 + 1} × {(96 - 16) // 8 + 1}")
    says("cost-in-length", f"{6 * 512:,}")
    says("feed-forward-by-hand", str(4 * 3 + 4 + 3 * 4 + 3))
    says("head-split-and-cost", str(8 * 10 * 10), f"8 × 10 × {512 // 8}")
    says("bert-masking-policy", f"{0.8 * 15:g}", f"{0.1 * 15:g}")


# -- its format -----------------------------------------------------------------------------------------------------


def test_a_sheet_that_is_right():
    (question,) = parse_questions(SHEET)
    assert (question.id, question.unit, question.place) == ("why-heads", 3, "questions[0]")
    assert question.points.good[0].zh == "宽度是分着用的。"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "empty"),
        ("- a\n", 1, "holds no questions"),
        ("id: a\n", 1, "holds no questions"),
        (changed("format: 1", "format: 7"), 2, "format: should be 1"),
        (changed("unit: 3", "unit: three"), 3, "unit: should be a whole number"),
        (changed("id: why-heads", "id: Why heads"), 5, "questions[0].id: cannot be 'Why heads'"),
        (changed("answer:", "answers:"), 14, "questions[0].answers: is not a field"),
        (changed("{en: They cost more., zh: 更贵。}", "{en: They cost more.}"), 16, "wrong[0].says.zh: is missing"),
        (changed("excellent:", "great:"), 8, "points.excellent: is missing"),
        (changed("model: proverbs", "model: proverbs, lesson: masks"), 18, "names a lesson and a model"),
        (changed("model: proverbs, ", ""), 18, "names neither a lesson nor a model"),
        (changed("model: proverbs", "lesson: masks"), 18, "gives a sentence, though the lesson has its own"),
        (changed("[why-several-heads]", "why-several-heads"), 19, "related: should be a list"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text, line, words):
    with pytest.raises(LessonError) as caught:
        parse_questions(text, "mine.yaml")
    assert any(problem.line == line and words in problem.one_line() for problem in caught.value.problems), [
        problem.one_line() for problem in caught.value.problems
    ]


def test_a_broken_file_does_not_keep_the_others_from_being_asked(tmp_path):
    (tmp_path / "1.yaml").write_text("questions: 7\n", encoding="utf-8")
    (tmp_path / "2.yaml").write_text(SHEET, encoding="utf-8")
    (tmp_path / "3.yaml").write_bytes(b"\xff\xfe")
    bank = load_bank(tmp_path)
    assert [question.id for question in bank.questions] == ["why-heads"] and len(bank.problems) >= 2


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(LessonError, match="cannot be read"):
        read_questions(tmp_path / "none.yaml")


# -- its linter -----------------------------------------------------------------------------------------------------


def test_a_sound_sheet_passes(written):
    assert told(written(SHEET)) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (changed("id: why-heads", "id: why-residuals"), "id: why-residuals is also the id of another question"),
        (changed("[why-several-heads]", "[why-severall-heads]"), "Did you mean why-several-heads?"),
        (changed("[why-several-heads]", "[why-heads]"), "related[0]: is this question itself"),
        (changed("self_attention.weights", "self_attention.wights"), "questions[0].shows.node: "),
        (changed("model: proverbs", "model: proverb"), "questions[0].shows: cannot be run (en)"),
        (changed("node: encoder", "look_at: {row: 1}, node: encoder"), "questions[0].shows.look_at: "),
        (changed("node: encoder", "config: {causal_mask: true}, node: encoder"), "shows.config: changes nothing"),
        (changed("node: encoder", "config: {causal_masc: true}, node: encoder"), "causal_mask"),
        (changed("zh: 一份代价，多种看法。", "zh: several views at the price of one"), "answer.zh: holds no Chinese"),
        (changed("Several views at the price of one.", r"'\frac{1}{2} of them'"), "answer: holds LaTeX"),
        (changed("Each looks at something else.", "An RNN cannot."), "passing[0].en: uses the abbreviation RNN"),
        (changed("Each looks at something else.", "x" * 300), "passing[0].en: is 300 characters long"),
    ],
)  # fmt: skip
def test_what_the_linter_finds(written, text, words):
    assert any(words in line for line in told(written(text))), told(written(text))


def test_a_question_may_not_lean_on_a_lesson_that_is_not_there(written):
    shows = "{model: proverbs, node: encoder.0.self_attention.weights, sentence: {en: 天行健, zh: 天行健}}"
    text = changed(shows, "{lesson: mask, node: encoder.0.self_attention.weights}")
    (line,) = told(written(text))
    assert "shows.lesson: there is no lesson mask" in line and "Did you mean masks?" in line
    text = changed(shows, "{lesson: attention-by-hand, node: Z, config: {causal_mask: false}}")
    assert "has no meaning in a lesson with a program" in told(written(text))[0]


def test_an_abbreviation_may_be_used_where_it_is_explained(written):
    text = changed("Each looks at something else.", "A recurrent network (RNN) cannot.")
    assert told(written(text)) == []
