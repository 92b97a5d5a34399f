"""The glossary: every entry is sound, found by term, symbol and node, and a slip in the file is named."""

from fnmatch import fnmatchcase

import pytest

from tests.models.masks import reader
from tutor.course.errors import LessonError
from tutor.course.glossary import load_glossary, parse_glossary
from tutor.course.load import load_course
from tutor.engine.widths import PARTS
from tutor.models.registry import load_model

ENTRY = "- {{term: {{en: scores, zh: 分数}}, say: {{en: a, zh: b}}{}}}"


@pytest.fixture(scope="module")
def names():
    """Nodes of the shipped encoder–decoder, of it with newer parts, and of a model that reads masks."""
    proverbs, later = load_model("proverbs"), {"gated": True, "heads": 2, "d_k": 2, "key_value_heads": 1}
    heads = {"tasks": ["words", "sequence_classification", "token_classification", "question_answering"], "classes": 2}
    traces = (
        proverbs.trace("马无夜草不肥"),
        proverbs.trace("马无夜草不肥", config=later),
        reader().trace("a_ | b", target="ac | b", follows=True),
        reader().trace("a_ | b", config=heads),
        reader().trace("a | b | c", config={"tasks": ["multiple_choice"]}),
    )
    asked_for = (traces[0].count().name, traces[0].share("share.*.first").name, traces[0].lens().name)
    asked = ("scaled", *(f"divided.{part}" for part in PARTS))
    widths = [traces[0].width(f"width.64.{name}").name for name in asked]
    return [*asked_for, *widths, *(name for trace in traces for name in (*trace.names, *trace.weight_names))]


def test_every_lesson_and_every_node_named_exists(names):
    course = load_course()
    for entry in load_glossary().entries:
        assert entry.lesson is None or entry.lesson in course, entry.term.en
        for pattern in entry.nodes:
            # What this model does without (a scaled or segment embedding, a gate) is named by other families.
            known = any(fnmatchcase(name, pattern) for name in names) or "embedding" in pattern or "gate" in pattern
            assert known, (entry.term.en, pattern)


def test_no_term_is_given_twice():
    terms = [entry.term.en for entry in load_glossary().entries]
    assert len(terms) == len(set(terms))


@pytest.mark.parametrize(
    ("node", "term"),
    [
        ("encoder.0.self_attention.scores", "score"),
        ("encoder.0.self_attention.scaled", "scaled score"),
        ("encoder.0.self_attention.weights", "attention weights"),
        ("decoder.0.cross_attention.query", "query"),
        ("decoder.0.cross_attention.value", "value"),
        ("encoder.0.self_attention.residual", "residual connection"),
        ("encoder.0.feed_forward.norm", "layer norm"),
        ("encoder.0.self_attention.query.weight", "query weights"),
        ("tokens", "token"),
        ("decoder.mask", "causal mask"),
        ("logits", "logits"),
        ("probabilities", "probability distribution"),
        ("width.64.divided.weights", "attention weights"),
        ("width.64.undivided.entropy", "entropy"),
        ("width.divided.slope", "saturation"),
    ],
)
def test_a_node_leads_to_the_entry_most_its_own(node, term):
    assert load_glossary().find(node).term.en == term


def test_every_node_up_to_the_probabilities_leads_somewhere(names):
    of_training = {"targets", "losses", "loss"}
    assert {name for name in names if load_glossary().find(name) is None} <= of_training


def test_terms_are_found_in_either_language_and_symbols_as_they_are_written():
    glossary = load_glossary()
    assert glossary.find("SOFTMAX") == glossary.find("softmax") is not None
    assert glossary.find("d_k").term.zh and glossary.find("D_K") is None and glossary.find("") is None


def test_search_puts_what_begins_so_first_and_reads_the_text_as_well():
    glossary = parse_glossary(
        "- {term: {en: causal mask, zh: 因果掩码}, say: {en: hides, zh: 遮住}}\n"
        "- {term: {en: mask, zh: 掩码}, say: {en: says who may look, zh: 谁能看}}\n"
        "- {term: {en: softmax, zh: softmax}, say: {en: after the mask, zh: 之后}}\n"
    )
    assert [entry.term.en for entry in glossary.search("mask")] == ["mask", "causal mask", "softmax"]
    assert [entry.term.en for entry in glossary.search("掩码")] == ["mask", "causal mask"]
    assert [entry.term.en for entry in glossary.search("mask causal")] == ["causal mask"]
    assert glossary.search("") == glossary.entries and glossary.search("nothing") == ()


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("a: b", ""),
        ("", ""),
        ("- 1", "[0]"),
        (ENTRY.format(", nods: [x]"), "[0].nods"),
        ("- {term: {en: a}, say: {en: a, zh: b}}", "[0].term.zh"),
        (ENTRY.format(", lesson: No Such"), "[0].lesson"),
    ],
)
def test_a_slip_in_the_file_is_named(text, field):
    with pytest.raises(LessonError) as caught:
        parse_glossary(text, "glossary.yaml")
    assert caught.value.file == "glossary.yaml" and caught.value.field == field and caught.value.line >= 1


def test_a_missing_file_is_an_error_of_ours(tmp_path):
    with pytest.raises(LessonError):
        load_glossary(tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(LessonError):
        load_glossary(tmp_path / "bad.yaml")
