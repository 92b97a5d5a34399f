"""generation_config.json read into rules: whose file counts, and values that cannot be."""

import json

import pytest
from safetensors.numpy import save_file

import tutor
from tests.models.test_published import refused, settings, tensors
from tutor.engine.rules import Rules


@pytest.fixture
def folder(tmp_path):
    settings(tmp_path)
    save_file(tensors(), tmp_path / "model.safetensors")
    return tmp_path


def generation(folder, **fields):
    (folder / "generation_config.json").write_text(json.dumps(fields))


def test_every_field_has_its_place(folder):
    generation(
        folder,
        eos_token_id=[4, 7],
        bad_words_ids=[[1], [2, 3], [7]],
        suppress_tokens=[5],
        begin_suppress_tokens=[6],
        forced_eos_token_id=4,
        no_repeat_ngram_size=3,
        min_new_tokens=2,
        temperature=0.5,
    )
    model = tutor.load_model(folder)
    assert model.config.end_id == 4
    assert model.rules == Rules((4, 7), (5, 1), (6,), ((2, 3),), None, 4, 2, 3)
    found = model.generate("5 8", maximum=6)
    assert found.ended and not {1, 5} & set(found.ids) and found.ids[0] != 6


def test_without_a_file_of_its_own_the_older_fields_count(folder):
    settings(folder, suppress_tokens=[9])
    assert tutor.load_model(folder).rules == Rules((2, 3), (9,))
    generation(folder)
    assert tutor.load_model(folder).rules == Rules((2, 3))


@pytest.mark.parametrize(
    "fields",
    [
        {"eos_token_id": [2, 11]},
        {"eos_token_id": "two"},
        {"bad_words_ids": [3]},
        {"bad_words_ids": [[]]},
        {"bad_words_ids": [[True]]},
        {"suppress_tokens": [-1]},
        {"forced_eos_token_id": 1.5},
        {"no_repeat_ngram_size": -1},
        {"min_new_tokens": "x"},
    ],
)
def test_a_wrong_value_is_named(folder, fields):
    generation(folder, **fields)
    refused(folder, next(iter(fields)))


def test_what_is_not_heeded_stands_on_the_card(folder):
    generation(folder, repetition_penalty=1.1)
    limits = tutor.load_model(folder).card.limits
    assert "repetition_penalty" in limits["en"] and "repetition_penalty" in limits["zh"]
    generation(folder, repetition_penalty=1.0)
    assert "repetition_penalty" not in tutor.load_model(folder).card.limits["en"]
