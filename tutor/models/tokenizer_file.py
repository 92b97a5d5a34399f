"""A tokenizer on disk: `tokenizer.json`, one record a line.

    {"format": 1, "leading_space": true, "segments": [
    {"special": ["<pad>", "<start>", "<end>"]},
    {"bytes": 256},
    {"characters": " etao…"},
    {"merges": [
    ["t", "h"],
    ["th", "e"]]}]}

Ids are counted through the segments in order.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tutor.models.errors import ModelError
from tutor.models.tokenizer import BYTES, Tokenizer

FORMAT = 1
LARGEST_FILE = 50_000_000


def save_tokenizer(tokenizer: Tokenizer, path: str | Path) -> None:
    """Write a tokenizer as JSON."""
    records = ",\n".join(_record(kind, content) for kind, content in tokenizer.segments)
    head = f'{{"format": {FORMAT}, "leading_space": {json.dumps(tokenizer.leading_space)}, "segments": [\n'
    Path(path).write_text(head + records + "]}\n", encoding="utf-8", newline="\n")


def _record(kind: str, content: Sequence) -> str:
    if kind == "bytes":
        return json.dumps({"bytes": BYTES})
    if kind == "merges":
        return '{"merges": [\n' + ",\n".join(json.dumps(pair, ensure_ascii=False) for pair in content) + "]}"
    return json.dumps({kind: content}, ensure_ascii=False)


def load_tokenizer(path: str | Path) -> Tokenizer:
    """Read a tokenizer. Raises ModelError naming the file and what is wrong with it."""
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ModelError("{path}: larger than a tokenizer can be ({limit} bytes)", path=path, limit=LARGEST_FILE)
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError("{path}: there is no such file; a model folder needs its tokenizer", path=path) from None
    except OSError as error:
        raise ModelError("{path}: cannot be read ({reason})", path=path, reason=error.strerror) from None
    except (ValueError, RecursionError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError("{path}: not valid JSON ({reason})", path=path, reason=error) from None
    try:
        return Tokenizer(_segments(data), leading_space=data.get("leading_space", False))
    except ValueError as error:
        raise ModelError("{path}: {reason}", path=path, reason=error) from None


def _segments(data: Any) -> list[tuple[str, Any]]:
    """The checked segments of a file's data. Raises ValueError."""
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f'not a tokenizer of format {FORMAT}: the file starts with {{"format": {FORMAT}, …}}')
    unknown = set(data) - {"format", "leading_space", "segments"}
    if unknown:
        raise ValueError(f"no such field: {sorted(unknown)[0]}")
    if not isinstance(data.get("leading_space", False), bool):
        raise ValueError("leading_space must be true or false")
    if not isinstance(data.get("segments"), list):
        raise ValueError("segments must be a list")
    return [_segment(number, record) for number, record in enumerate(data["segments"], 1)]


def _segment(number: int, record: Any) -> tuple[str, Any]:
    if not isinstance(record, dict) or len(record) != 1:
        raise ValueError(f"segment {number} must be one of special, bytes, characters, merges")
    kind, content = next(iter(record.items()))
    if kind == "bytes" and content == BYTES:
        return kind, ()
    if kind == "characters" and isinstance(content, str):
        return kind, content
    if kind == "special" and isinstance(content, list) and all(isinstance(name, str) for name in content):
        return kind, tuple(content)
    if kind == "merges" and isinstance(content, list) and all(_is_pair(pair) for pair in content):
        return kind, tuple((left, right) for left, right in content)
    raise ValueError(f"segment {number}: {kind} has content of the wrong type")


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) and part for part in pair)
