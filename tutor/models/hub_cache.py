"""The cache that `huggingface_hub` keeps its downloads in, read without that library and without a network.

The layout: https://huggingface.co/docs/huggingface_hub/guides/manage-cache. `models--openai-community--gpt2/` has the
commit of every branch in `refs/`, the files of every commit in `snapshots/` and their bytes in `blobs/`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HUB = "huggingface.co"
BRANCH = "main"
PREFIX, BETWEEN = "models--", "--"
NAME = re.compile(r"(?:[A-Za-z0-9][\w.-]*/)?[A-Za-z0-9][\w.-]*", re.ASCII)
LONGEST_NAME = 96
SETTINGS, SINGLE, INDEX = "config.json", "model.safetensors", "model.safetensors.index.json"


@dataclass(frozen=True)
class CachedModel:
    """A model in the cache: the folder of its files, and how many bytes its weights take."""

    name: str
    folder: Path
    bytes: int


def cache_folder() -> Path:
    """Where the cache is, by the same environment variables that the library reads."""
    for variable in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if os.environ.get(variable):
            return _expanded(os.environ[variable])
    if os.environ.get("HF_HOME"):
        return _expanded(os.environ["HF_HOME"]) / "hub"
    return _expanded(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface" / "hub"


def _expanded(path: str) -> Path:
    return Path(os.path.expandvars(path)).expanduser()


def is_name(text: str) -> bool:
    """Whether a model on the Hub may be called so: `openai-community/gpt2`, or, of the oldest, `gpt2`."""
    return len(text) <= LONGEST_NAME and bool(NAME.fullmatch(text)) and BETWEEN not in text and ".." not in text


def repository(name: str) -> Path:
    """Where a model's files are, or would be."""
    return cache_folder() / (PREFIX + name.replace("/", BETWEEN))


def cached(name: str) -> Path | None:
    """The folder of a model's files as they were last downloaded; None where there is none."""
    if not is_name(name):
        return None
    place = repository(name)
    try:
        commits = [(place / "refs" / BRANCH).read_text(encoding="ascii").strip()]
    except (OSError, ValueError):
        commits = sorted(path.name for path in place.glob("snapshots/*"))[-1:]
    folders = [place / "snapshots" / commit for commit in commits if commit.isalnum()]
    return next((folder for folder in folders if (folder / SETTINGS).is_file()), None)


def name_of(folder: Path) -> str:
    """What a folder of files is called: in the cache by the model's name, elsewhere by its own."""
    folder = Path(os.path.abspath(folder))
    place = folder.parent.parent.name
    if folder.parent.name == "snapshots" and place.startswith(PREFIX):
        return place.removeprefix(PREFIX).replace(BETWEEN, "/")
    return folder.resolve().name


def cached_models() -> Iterator[CachedModel]:
    """The models in the cache that have weights as safetensors, by their names."""
    for place in sorted(cache_folder().glob(f"{PREFIX}*")):
        name = place.name.removeprefix(PREFIX).replace(BETWEEN, "/")
        folder = cached(name)
        if folder is not None and any((folder / file).is_file() for file in (SINGLE, INDEX)):
            sizes = (path.stat().st_size for path in folder.glob("*.safetensors") if path.is_file())
            yield CachedModel(name, folder, sum(sizes))


def downloaded(name: str) -> int:
    """How many bytes of a model's files are on the disk, those that are being written among them."""
    total = 0
    for path in repository(name).glob("blobs/*"):
        try:
            total += path.stat().st_size
        except OSError:  # gone meanwhile: a finished file gets another name
            continue
    return total
