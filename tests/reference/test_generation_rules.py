"""What a checkpoint's generation_config.json forbids and forces, against `generate` of Transformers on its folder."""

import json

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from tests.reference.published import saved  # noqa: E402
from tests.reference.test_published import BART, GPT2, LLAMA, MARIAN, T5  # noqa: E402
from tutor.engine.choosing import Decoding  # noqa: E402
from tutor.engine.decoding import decode_steps, greedy  # noqa: E402
from tutor.models.published.folder import load_published  # noqa: E402

PROMPT, LENGTH, BEAMS = [5, 9, 30, 12, 41], 9, 3
MODELS = {
    "gpt2": ("GPT2LMHeadModel", "GPT2Config", GPT2 | dict(n_positions=40)),
    "llama": ("LlamaForCausalLM", "LlamaConfig", LLAMA),
    "marian": ("MarianMTModel", "MarianConfig", MARIAN),
    "bart": ("BartForConditionalGeneration", "BartConfig", BART),
    "t5": ("T5ForConditionalGeneration", "T5Config", T5),
}
MANY = list(range(3, 50, 2))
RULES = {
    "plain": {},
    "several ends": {"eos_token_id": [2, 17, 23, 40, 41, 42, 43]},
    "bad words": {"bad_words_ids": [[number] for number in MANY]},
    "bad rows of words": {"bad_words_ids": [[a, b] for a in range(4, 60) for b in range(4, 60, 3)]},
    "suppressed": {"suppress_tokens": MANY, "begin_suppress_tokens": list(range(4, 30))},
    "a forced end": {"forced_eos_token_id": 2},
    "a forced beginning": {"forced_bos_token_id": 11},
    "a forced beginning, and some forbidden after it": {"forced_bos_token_id": 11, "begin_suppress_tokens": MANY},
    "nothing twice": {"no_repeat_ngram_size": 2},
    "no token twice": {"no_repeat_ngram_size": 1},
    "not too short": {"min_new_tokens": 5, "eos_token_id": [2, *range(20, 60)]},
    "not too short in all": {"min_length": 5, "eos_token_id": [2, *range(20, 60)]},
    "all at once": {
        "eos_token_id": [2, 17], "bad_words_ids": [[4], [5, 6], [60]], "forced_eos_token_id": 2,
        "no_repeat_ngram_size": 3, "suppress_tokens": [7, 8],
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return {name: tmp_path_factory.mktemp(name) for name in MODELS}


@pytest.fixture(scope="module")
def theirs(folders):
    return {name: saved(*parts[:1], config_of(*parts[1:]), folders[name]) for name, parts in MODELS.items()}


def config_of(name, fields):
    return getattr(transformers, name)(**fields)


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("name", MODELS)
def test_greedy_and_beam_choose_the_same_tokens(theirs, folders, name, rules):
    model, folder, wanted = theirs[name], folders[name], RULES[rules]
    two = name in ("marian", "bart", "t5")
    if not two and "min_length" in wanted:
        pytest.skip("of a continuation it counts the prompt, too, which is longer")
    path = folder / "generation_config.json"
    kept = json.loads(path.read_text())
    for field in ("forced_eos_token_id", "forced_bos_token_id", "bad_words_ids"):
        kept.pop(field, None)
    (folder / "generation_config.json").write_text(json.dumps(kept | wanted))
    ours = load_published(folder)
    config = transformers.GenerationConfig.from_pretrained(folder)
    settings = dict(generation_config=config, max_new_tokens=LENGTH, do_sample=False)
    source = torch.tensor([PROMPT])
    with torch.no_grad():
        one = model.generate(source, attention_mask=torch.ones_like(source), num_beams=1, **settings)[0].tolist()
        several = model.generate(
            source, attention_mask=torch.ones_like(source), num_beams=BEAMS, length_penalty=0.0, early_stopping=True,
            **settings,
        )[0].tolist()  # fmt: skip
    before = 1 if two else len(PROMPT)
    ends = ours.rules.ends
    assert greedy(ours.weights, ours.config, PROMPT, LENGTH, rules=ours.rules) == until(one[before:], ends)
    for how, expected in ((Decoding("greedy"), one), (Decoding("beam", beams=BEAMS, length_penalty=0.0), several)):
        *_, last = decode_steps(ours.weights, ours.config, PROMPT, LENGTH, how, rules=ours.rules)
        assert list(last.hypotheses[0].ids) == until(expected[before:], ends), how.strategy
    path.write_text(json.dumps(kept))


def until(ids, ends):
    return next((ids[:place] for place, number in enumerate(ids) if number in ends), ids)
