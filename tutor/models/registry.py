"""Which models there are, and getting one by name or from a folder.

Importing this is cheap, and so is listing: arrays come in with the first model loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tutor.models.card import FILE_NAME, LANGUAGES, ModelCard, Texts, read_card
from tutor.models.errors import ModelError
from tutor.models.hub_cache import HUB, SETTINGS, cached, cached_models, is_name, name_of

if TYPE_CHECKING:
    from tutor.models.model import Model

SHIPPED = Path(__file__).parent
GGUF = ".gguf"
PUBLISHED = {"en": "A published checkpoint.", "zh": "公开发布的模型。"}


@dataclass(frozen=True)
class ModelInfo:
    """One line of the list of models; texts by language."""

    name: str
    title: Texts
    summary: Texts
    trained: bool
    parameters: int
    architecture: str  # or "series" for an encoder that reads numbers


def available() -> tuple[ModelInfo, ...]:
    """The shipped models, smallest first."""
    cards = [read_card(path.parent) for path in SHIPPED.glob(f"*/{FILE_NAME}")]
    cards.sort(key=lambda card: (card.parameters, card.name))
    return tuple(map(_info, cards))


def info_of(name: str) -> ModelInfo:
    """The same of any model that can be asked for by name, as far as that needs no weights. Raises ModelError."""
    folder = find_folder(name)
    if folder.is_dir() and ((folder / FILE_NAME).is_file() or not (folder / SETTINGS).is_file()):
        return _info(read_card(folder))
    known = folder.stem if folder.is_file() else name_of(folder)
    return ModelInfo(known, dict.fromkeys(LANGUAGES, known), PUBLISHED, trained=True, parameters=0, architecture="")


def downloaded() -> tuple[ModelInfo, ...]:
    """The published models in the Hub's cache that can be opened, as far as their settings tell."""
    from tutor.models.published.folder import check_settings, read_settings  # late, as in `load_model`

    found = []
    for model in cached_models():
        try:
            check_settings(read_settings(model.folder))
        except ModelError:
            continue
        found.append(info_of(model.name))
    return tuple(found)


def _info(card: ModelCard) -> ModelInfo:
    kind = "series" if card.series else card.architecture
    return ModelInfo(card.name, card.title, card.summary, card.trained, card.parameters, kind)


def load_model(name: str | Path) -> Model:
    """A shipped model by its name, a downloaded one by its name on the Hub, or the model in a folder.

    The folder is one of ours (model.yaml, weights.safetensors, tokenizer.json), or a checkpoint as Hugging Face
    Transformers writes it (config.json, model.safetensors, tokenizer.json). A file is one in GGUF. Raises ModelError
    where there is none, or where a file of it cannot be used.
    """
    folder = find_folder(name)
    # Late, because they bring NumPy: a list of models and a wrong name are answered without.
    from tutor.models.folder import load_folder
    from tutor.models.published.folder import is_published, load_published
    from tutor.models.published.gguf_model import load_gguf

    if folder.is_file():
        return load_gguf(folder)
    if is_published(folder) and not (folder / FILE_NAME).is_file():
        return load_published(folder)
    return load_folder(folder)


def within(file: str = FILE_NAME) -> tuple[str, ...]:
    """The models in a shipped model's folder, by their way there: `forecaster/patch`."""
    return tuple(path.parent.relative_to(SHIPPED).as_posix() for path in sorted(SHIPPED.glob(f"*/*/{file}")))


def find_folder(name: str | Path) -> Path:
    """The folder a name stands for: a shipped model first, then a folder on disk, then a downloaded one.

    Raises ModelError.
    """
    names = sorted(path.parent.name for path in SHIPPED.glob(f"*/{FILE_NAME}"))
    if str(name) in names or name in within():
        return SHIPPED / name
    try:
        path = Path(name)
        if str(name) and (path.is_dir() or (path.suffix == GGUF and path.is_file())):
            return path
    except (OSError, ValueError):  # a name no file system can hold
        pass
    found = cached(str(name))
    if found is not None:
        return found
    if "/" in str(name) and is_name(str(name)):
        raise ModelError(
            "{name}: no such model here; if it is on {hub}, `tutor models add {name}` downloads it; there are {names}",
            name=str(name),
            hub=HUB,
            names=", ".join(names),
        )
    raise ModelError(
        "{name}: no such model; there are {names}, or give a folder with {file} or config.json in it, or a .gguf file",
        name=str(name),
        names=", ".join(names),
        file=FILE_NAME,
    )
