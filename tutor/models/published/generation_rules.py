"""What `generation_config.json` says of tokens that end an answer, must come or must not, made rules of the engine.

Its other settings (beams, temperature, lengths) are the learner's to choose.
"""

from __future__ import annotations

from typing import Any

from tutor.engine.config import TransformerConfig
from tutor.engine.rules import Rules
from tutor.models.errors import Message
from tutor.models.published.settings import Settings

OTHERS: dict[str, Any] = {  # what leaves the choice as it is
    "repetition_penalty": 1.0,
    "encoder_repetition_penalty": 1.0,
    "encoder_no_repeat_ngram_size": 0,
    "exponential_decay_length_penalty": None,
    "sequence_bias": None,
}


def read_rules(settings: Settings, config: TransformerConfig) -> Rules:
    """The rules in some settings. Raises ModelError for tokens that are no numbers of the vocabulary."""
    size = config.output_vocabulary
    ends = _tokens(settings, "eos_token_id", size) or (config.end_id,)
    words = [row for row in _words(settings, size) if row not in [(end,) for end in ends]]
    two = config.architecture == "encoder_decoder"
    shortest = _count(settings, "min_length") - 1 if two else 0  # it counts the start token, or the whole prompt
    return Rules(
        ends=ends,
        never=(*_tokens(settings, "suppress_tokens", size), *(row[0] for row in words if len(row) == 1)),
        never_first=_tokens(settings, "begin_suppress_tokens", size),
        never_together=tuple(row for row in words if len(row) > 1),
        first=_token(settings, "forced_bos_token_id", size) if two else None,
        last=_token(settings, "forced_eos_token_id", size),
        shortest=max(shortest, _count(settings, "min_new_tokens")),
        no_repeat=_count(settings, "no_repeat_ngram_size"),
    )


def unheeded(settings: Settings) -> tuple[str, ...]:
    """The fields that change the choice in ways not known here."""
    return tuple(field for field, plain in OTHERS.items() if settings.get(field, plain) != plain)


def _count(settings: Settings, field: str) -> int:
    return settings.whole(field, 0, least=0)


def _token(settings: Settings, field: str, size: int) -> int | None:
    found = _tokens(settings, field, size)
    return found[0] if found else None


def _tokens(settings: Settings, field: str, size: int) -> tuple[int, ...]:
    """One token or several; none where the field is missing."""
    value = settings.get(field, [])
    found = value if isinstance(value, list) else [value]
    if not all(_is_token(one, size) for one in found):
        raise settings.refusal(field, Message("must be tokens from 0 to {last}", last=size - 1))
    return tuple(found)


def _words(settings: Settings, size: int) -> list[tuple[int, ...]]:
    field = "bad_words_ids"
    rows = settings.get(field, [])
    if not isinstance(rows, list) or not all(
        isinstance(row, list) and row and all(_is_token(one, size) for one in row) for row in rows
    ):
        raise settings.refusal(field, Message("must be lists of tokens from 0 to {last}", last=size - 1))
    return [tuple(row) for row in rows]


def _is_token(value: Any, size: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < size
