"""Published families against Hugging Face Transformers on the same weights, read from the folder that it wrote.

Logits, hidden states and every attention matrix agree to 1e-4; greedy and beam generation choose the same tokens.
"""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from tests.reference.published import agree, saved  # noqa: E402
from tutor.engine.choosing import Decoding  # noqa: E402
from tutor.engine.decoding import decode_steps, greedy  # noqa: E402
from tutor.engine.recorder import Recorder  # noqa: E402
from tutor.engine.trace import Trace  # noqa: E402
from tutor.engine.transformer import run  # noqa: E402
from tutor.models.published.folder import load_published  # noqa: E402

GPT2 = dict(n_embd=30, n_layer=3, n_head=5, n_positions=24, vocab_size=61, bos_token_id=1, eos_token_id=2)
BERT = dict(
    hidden_size=30,
    num_hidden_layers=2,
    num_attention_heads=5,
    intermediate_size=22,
    vocab_size=61,
    max_position_embeddings=24,
)
DISTILBERT = dict(dim=30, n_layers=2, n_heads=5, hidden_dim=22, vocab_size=61, max_position_embeddings=24)
LLAMA = dict(
    hidden_size=36,
    num_hidden_layers=3,
    num_attention_heads=6,
    num_key_value_heads=2,
    intermediate_size=25,
    vocab_size=61,
    max_position_embeddings=64,
    bos_token_id=1,
    eos_token_id=2,
)
SLOW = {"rope_type": "llama3", "rope_theta": 500.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
BART = dict(
    d_model=30,
    encoder_layers=3,
    decoder_layers=2,
    encoder_attention_heads=5,
    decoder_attention_heads=5,
    encoder_ffn_dim=22,
    decoder_ffn_dim=22,
    vocab_size=61,
    max_position_embeddings=32,
    forced_eos_token_id=None,
)
MARIAN = BART | dict(pad_token_id=60, decoder_start_token_id=60, eos_token_id=0, scale_embedding=True)
T5 = dict(
    d_model=30,
    d_kv=4,
    d_ff=22,
    num_layers=3,
    num_decoder_layers=2,
    num_heads=5,
    vocab_size=61,
    relative_attention_num_buckets=10,
    relative_attention_max_distance=14,
    decoder_start_token_id=0,
)
VIT = dict(hidden_size=30, num_hidden_layers=2, num_attention_heads=5, intermediate_size=22)

# name -> the class in Transformers, its config, the config's fields
DECODERS = {
    "gpt2": ("GPT2LMHeadModel", "GPT2Config", GPT2),
    "gpt2 with its own output": ("GPT2LMHeadModel", "GPT2Config", GPT2 | dict(tie_word_embeddings=False, n_inner=17)),
    "gpt2 unscaled": (
        "GPT2LMHeadModel",
        "GPT2Config",
        GPT2 | dict(scale_attn_weights=False, activation_function="relu"),
    ),
    "llama": ("LlamaForCausalLM", "LlamaConfig", LLAMA),
    "llama tied, one key for all": (
        "LlamaForCausalLM",
        "LlamaConfig",
        LLAMA | dict(num_key_value_heads=1, tie_word_embeddings=True, attention_bias=True, mlp_bias=True, head_dim=10),
    ),
    "llama 3.1": (
        "LlamaForCausalLM",
        "LlamaConfig",
        LLAMA | dict(rope_parameters=SLOW | {"original_max_position_embeddings": 16}, head_dim=16),
    ),
    "llama, all slower": (
        "LlamaForCausalLM",
        "LlamaConfig",
        LLAMA | dict(rope_parameters={"rope_type": "linear", "rope_theta": 100.0, "factor": 4.0}),
    ),
    "mistral": ("MistralForCausalLM", "MistralConfig", LLAMA | dict(sliding_window=4, head_dim=8)),
    "mistral without a window": ("MistralForCausalLM", "MistralConfig", LLAMA | dict(sliding_window=None)),
    "qwen2": ("Qwen2ForCausalLM", "Qwen2Config", LLAMA | dict(tie_word_embeddings=True)),
    "qwen2 with a window in the last layers": (
        "Qwen2ForCausalLM",
        "Qwen2Config",
        LLAMA | dict(use_sliding_window=True, sliding_window=3, max_window_layers=1),
    ),
    "qwen3": ("Qwen3ForCausalLM", "Qwen3Config", LLAMA | dict(head_dim=8)),
    "qwen3 with biases": ("Qwen3ForCausalLM", "Qwen3Config", LLAMA | dict(head_dim=4, attention_bias=True)),
}
ENCODERS = {
    "bert": ("BertModel", "BertConfig", BERT),
    "bert with three segments": ("BertModel", "BertConfig", BERT | dict(type_vocab_size=3, hidden_act="gelu_new")),
    "bert for masked words": ("BertForMaskedLM", "BertConfig", BERT),
    "bert with its own output": ("BertForMaskedLM", "BertConfig", BERT | dict(tie_word_embeddings=False)),
    "bert before fine-tuning": ("BertForPreTraining", "BertConfig", BERT),
    "bert for the next sentence": ("BertForNextSentencePrediction", "BertConfig", BERT),
    "bert for sentences": ("BertForSequenceClassification", "BertConfig", BERT | dict(num_labels=3)),
    "bert for tokens": ("BertForTokenClassification", "BertConfig", BERT | dict(num_labels=4)),
    "bert for questions": ("BertForQuestionAnswering", "BertConfig", BERT),
    "roberta": ("RobertaModel", "RobertaConfig", BERT | dict(type_vocab_size=1)),
    "roberta for masked words": ("RobertaForMaskedLM", "RobertaConfig", BERT | dict(pad_token_id=3)),
    "roberta with its own output": ("RobertaForMaskedLM", "RobertaConfig", BERT | dict(tie_word_embeddings=False)),
    "roberta for sentences": ("RobertaForSequenceClassification", "RobertaConfig", BERT | dict(num_labels=3)),
    "roberta for tokens": ("RobertaForTokenClassification", "RobertaConfig", BERT | dict(num_labels=3)),
    "roberta for questions": ("RobertaForQuestionAnswering", "RobertaConfig", BERT),
    "distilbert": ("DistilBertModel", "DistilBertConfig", DISTILBERT),
    "distilbert with waves": ("DistilBertModel", "DistilBertConfig", DISTILBERT | dict(sinusoidal_pos_embds=True)),
    "distilbert for masked words": ("DistilBertForMaskedLM", "DistilBertConfig", DISTILBERT),
    "distilbert with its own output": (
        "DistilBertForMaskedLM",
        "DistilBertConfig",
        DISTILBERT | dict(tie_word_embeddings=False),
    ),
    "distilbert for sentences": ("DistilBertForSequenceClassification", "DistilBertConfig", DISTILBERT),
    "distilbert for tokens": ("DistilBertForTokenClassification", "DistilBertConfig", DISTILBERT),
    "distilbert for questions": ("DistilBertForQuestionAnswering", "DistilBertConfig", DISTILBERT),
}
BOTH = {
    "bart": ("BartForConditionalGeneration", "BartConfig", BART),
    "bart scaled": ("BartForConditionalGeneration", "BartConfig", BART | dict(scale_embedding=True)),
    "marian": ("MarianMTModel", "MarianConfig", MARIAN),
    "marian with two vocabularies": (
        "MarianMTModel",
        "MarianConfig",
        MARIAN | dict(share_encoder_decoder_embeddings=False, decoder_vocab_size=61, scale_embedding=False, d_model=35),
    ),
    "t5": ("T5ForConditionalGeneration", "T5Config", T5),
    "t5 v1.1": (
        "T5ForConditionalGeneration",
        "T5Config",
        T5 | dict(feed_forward_proj="gated-gelu", tie_word_embeddings=False),
    ),
}
PICTURES = {
    "vit": ("ViTForImageClassification", "ViTConfig", VIT | dict(image_size=12, patch_size=4, num_labels=3)),
    "vit alone": ("ViTModel", "ViTConfig", VIT | dict(image_size=(4, 8), patch_size=2, num_channels=1)),
}
SENTENCE = [5, 17, 33, 5, 9, 40, 58, 21, 8, 13, 27]
TARGET = [30, 7, 44, 7, 19]


@pytest.fixture
def both(request, tmp_path):
    """Their model and ours, on the same weights."""
    model_class, config_class, fields = request.param
    theirs = saved(model_class, getattr(transformers, config_class)(**fields), tmp_path)
    return theirs, load_published(tmp_path)


def ours(model, ids, *inputs):
    record = Recorder(model.weights)
    run(record, model.config, ids, *inputs)
    return Trace.of(record)


def blocks(trace, stack, count, norm_position):
    """The hidden states as Transformers counts them: the embedding, and after every block; the last after the norm."""
    prefix = f"{stack}." if f"{stack}.embedding.output" in trace else ""
    last = "residual" if norm_position == "pre" else "norm"
    inner = [trace[f"{stack}.{i}.feed_forward.{last}"].value for i in range(count - 1)]
    return [trace[f"{prefix}embedding.output"].value, *inner, trace[f"{stack}.output"].value]


def compare_stack(trace, stack, config, states, attentions, real=None):
    count = getattr(config, f"{stack}_layers")
    assert len(states) == count + 1 and len(attentions) == count
    for i, (found, expected) in enumerate(zip(blocks(trace, stack, count, config.norm_position), states, strict=True)):
        agree(found, expected[0], f"{stack} after block {i}", real)
    for i, expected in enumerate(attentions):
        found = trace[f"{stack}.{i}.self_attention.weights"].value
        agree(found.swapaxes(0, 1), expected[0].transpose(0, 1), f"{stack} attention {i}", real)


@pytest.mark.parametrize("both", DECODERS.values(), ids=DECODERS, indirect=True)
def test_decoders(both):
    theirs, model = both
    trace = ours(model, SENTENCE)
    out = theirs(torch.tensor([SENTENCE]), output_hidden_states=True, output_attentions=True)
    compare_stack(trace, "decoder", model.config, out.hidden_states, out.attentions)
    agree(trace["logits"].value, out.logits[0], "logits")
    assert "place" not in model.card.limits["en"]


@pytest.mark.parametrize("both", ENCODERS.values(), ids=ENCODERS, indirect=True)
def test_encoders(both):
    theirs, model = both
    ids = [*SENTENCE, *[model.config.pad_id] * 3]
    segments = [i % model.config.segments for i in range(len(ids))] if model.config.segments else None
    real = np.array(ids) != model.config.pad_id
    trace = ours(model, ids, None, segments)
    inputs = dict(input_ids=torch.tensor([ids]), attention_mask=torch.tensor([real.astype(int)]))
    if segments:
        inputs["token_type_ids"] = torch.tensor([segments])
    out = theirs(**inputs, output_hidden_states=True, output_attentions=True)
    compare_stack(trace, "encoder", model.config, out.hidden_states, out.attentions, real)
    compare_heads(trace, out, real, type(theirs).__name__)


def compare_heads(trace, out, real, name):
    checked = 0
    for theirs, our_name in (("logits", "logits"), ("prediction_logits", "logits")):
        if theirs in out and our_name in trace:
            agree(trace[our_name].value, out[theirs][0], theirs, real)
            checked += 1
    if "pooler_output" in out and out.pooler_output is not None:
        agree(trace["pooled"].value, out.pooler_output, "pooled")
        checked += 1
    if "NextSentence" in name or "PreTraining" in name:
        found = out["logits" if "NextSentence" in name else "seq_relationship_logits"]
        agree(trace["next_sentence.logits"].value, found, name)
        checked += 1
    if "SequenceClassification" in name:
        agree(trace["sequence_classification.logits"].value, out.logits, name)
        checked += 1
    if "TokenClassification" in name:
        agree(trace["token_classification.logits"].value, out.logits[0], name, real)
        checked += 1
    if "QuestionAnswering" in name:
        found = trace["question_answering.logits"].value
        agree(found[0], out.start_logits[0], "start", real)
        agree(found[1], out.end_logits[0], "end", real)
        checked += 1
    assert checked or name == "DistilBertModel"


@pytest.mark.parametrize("both", BOTH.values(), ids=BOTH, indirect=True)
def test_encoders_with_decoders(both):
    theirs, model = both
    config = model.config
    source = [*SENTENCE, config.end_id, config.pad_id, config.pad_id]
    target = [config.start_id, *TARGET]
    real = np.array(source) != config.pad_id
    trace = ours(model, source, target)
    out = theirs(
        input_ids=torch.tensor([source]),
        attention_mask=torch.tensor([real.astype(int)]),
        decoder_input_ids=torch.tensor([target]),
        output_hidden_states=True,
        output_attentions=True,
    )
    compare_stack(trace, "encoder", config, out.encoder_hidden_states, out.encoder_attentions, real)
    compare_stack(trace, "decoder", config, out.decoder_hidden_states, out.decoder_attentions)
    for i, expected in enumerate(out.cross_attentions):
        agree(trace[f"decoder.{i}.cross_attention.weights"].value, expected[0], f"cross-attention {i}")
    agree(trace["logits"].value, out.logits[0], "logits")
    assert "place" not in model.card.limits["en"]


@pytest.mark.parametrize("both", PICTURES.values(), ids=PICTURES, indirect=True)
def test_pictures(both):
    theirs, model = both
    pixels = np.random.default_rng(3).standard_normal(model.config.picture).astype(np.float32)
    trace = ours(model, pixels)
    out = theirs(torch.from_numpy(pixels[None]), output_hidden_states=True, output_attentions=True)
    states = list(out.hidden_states)
    last = out.last_hidden_state if "last_hidden_state" in out else theirs.vit(torch.from_numpy(pixels[None]))[0]
    compare_stack(trace, "encoder", model.config, [*states[:-1], last], out.attentions)
    if "logits" in out:
        agree(trace["sequence_classification.logits"].value, out.logits, "logits")
    else:
        agree(trace["pooled"].value, out.pooler_output, "pooled")


GENERATING = DECODERS | BOTH
LENGTH = 8


@pytest.mark.parametrize("both", GENERATING.values(), ids=GENERATING, indirect=True)
def test_generation(both):
    theirs, model = both
    config, two = model.config, model.config.architecture == "encoder_decoder"
    source = [*SENTENCE, config.end_id] if two else SENTENCE
    settings = dict(
        max_new_tokens=LENGTH, do_sample=False, pad_token_id=config.pad_id, attention_mask=torch.ones(1, len(source))
    )
    with torch.no_grad():
        expected = theirs.generate(torch.tensor([source]), num_beams=1, **settings)[0].tolist()
        searched = theirs.generate(
            torch.tensor([source]), num_beams=3, length_penalty=0.0, early_stopping=True, **settings
        )[0].tolist()
    before = 1 if two else len(source)
    found = greedy(model.weights, config, source, LENGTH)
    assert found == until(expected[before:], config.end_id)
    *_, last = decode_steps(model.weights, config, source, LENGTH, Decoding("beam", beams=3, length_penalty=0.0))
    assert list(last.hypotheses[0].ids) == until(searched[before:], config.end_id)


def until(ids, end_id):
    return ids[: ids.index(end_id)] if end_id in ids else ids
