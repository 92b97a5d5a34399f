"""Small models of letters that read masks, one sentence or two."""

import tutor
from tutor.models.model import Model
from tutor.models.tokenizer import Tokenizer
from tutor.models.weights import initialise

LETTERS = "abcdefghijklmnop"
SPECIALS = ("[PAD]", "[CLS]", "[SEP]", "[MASK]")
PIECES = [(" ", "c"), ("a", "t"), (" c", "at")]


def reader(tasks=("words", "next_sentence"), specials=SPECIALS, words=False, **changes) -> Model:
    """An untrained encoder of letters, or of the word pieces of " cat"."""
    tail = [("characters", LETTERS + " .st"), ("merges", PIECES)] if words else [("characters", LETTERS + "，。")]
    tokenizer = Tokenizer([("special", specials), ("bytes", ()), *tail], leading_space=words)
    proverbs = tutor.load_model("proverbs")
    config = proverbs.config.changed(
        **{
            "architecture": "encoder_only",
            "vocabulary": tokenizer.size,
            "target_vocabulary": 0,
            "pad_id": 0,
            "start_id": 1,
            "end_id": 2,
            "segments": 2,
            "maximum_positions": 24,
            "tasks": tasks,
            "pooler": "tanh" if "next_sentence" in tasks else "none",
        }
        | changes
    )
    return Model(proverbs.card, config, initialise(config, 1), tokenizer, tokenizer)
