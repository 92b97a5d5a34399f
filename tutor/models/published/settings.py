"""A JSON file of settings (`config.json`, `generation_config.json`), read field by field."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tutor.models.errors import Message, ModelError

LARGEST_FILE = 50_000_000
LARGEST_NUMBER = 1 << 40  # of anything that is counted


def read_json(path: Path, largest: int = LARGEST_FILE) -> dict[str, Any]:
    """The object in a JSON file. Raises ModelError naming the file."""
    try:
        if path.stat().st_size > largest:
            raise ModelError("{path}: larger than such a file can be ({limit} bytes)", path=path, limit=largest)
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError("{path}: there is no such file; a checkpoint needs it", path=path) from None
    except OSError as error:
        raise ModelError("{path}: cannot be read ({reason})", path=path, reason=error.strerror) from None
    except (ValueError, RecursionError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError("{path}: not valid JSON ({reason})", path=path, reason=error) from None
    if not isinstance(data, dict):
        raise ModelError("{path}: not a table of settings", path=path)
    return data


class Settings:
    """The fields of one file. Every reader raises ModelError naming file and field for a value of the wrong type."""

    def __init__(self, data: Mapping[str, Any], path: Path) -> None:
        self._data, self.path = data, path

    def __contains__(self, field: str) -> bool:
        return self._data.get(field) is not None

    def get(self, field: str, default: Any = None) -> Any:
        """The value as it stands; `default` where it is missing or null."""
        value = self._data.get(field)
        return default if value is None else value

    def whole(self, field: str, default: int | None = None, least: int = 1) -> int:
        """A whole number of at least `least`."""
        value = self.get(field, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= LARGEST_NUMBER:
            rule = Message("must be a whole number of at least {least}", least=least)
            raise self.refusal(field, rule)
        return value

    def number(self, field: str, default: float | None = None) -> float:
        """A number above 0."""
        value = self.get(field, default)
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < math.inf:
            raise self.refusal(field, Message("must be a number above 0"))
        return float(value)

    def flag(self, field: str, default: bool) -> bool:
        """True or false."""
        value = self.get(field, default)
        if not isinstance(value, bool):
            raise self.refusal(field, Message("must be true or false"))
        return value

    def choice(self, field: str, choices: Mapping[str, str], default: str | None = None) -> str:
        """What one of some texts stands for."""
        value = self.get(field, default)
        if not isinstance(value, str) or value not in choices:
            rule = Message("must be one of {choices}", choices=", ".join(choices))
            raise self.refusal(field, rule)
        return choices[value]

    def token(self, field: str, default: int) -> int:
        """The id of a token; of several the first."""
        value = self.get(field, default)
        if isinstance(value, list) and value:
            value = value[0]
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST_NUMBER:
            raise self.refusal(field, Message("must be a whole number of at least {least}", least=0))
        return value

    def table(self, field: str) -> Settings:
        """A table of further settings; empty where it is missing."""
        value = self.get(field, {})
        if not isinstance(value, dict):
            raise self.refusal(field, Message("must be a table of settings"))
        return Settings(value, self.path)

    def refuse(self, field: str, *allowed: Any) -> None:
        """Raise ModelError where a field has a value that changes the computation in a way not known here."""
        value = self.get(field)
        if value is not None and value not in allowed:
            wanted = ", ".join(json.dumps(value) for value in allowed)
            rule = Message("only {wanted} is supported", wanted=wanted)
            raise self.refusal(field, rule)

    def refusal(self, field: str, rule: Message) -> ModelError:
        """The error that says what a field must be."""
        value = repr(self._data.get(field))
        shown = value if len(value) <= 60 else value[:59] + "…"
        return ModelError("{path}: {field}: {rule}, not {value}", path=self.path, field=field, rule=rule, value=shown)
