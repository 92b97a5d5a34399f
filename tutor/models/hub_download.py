"""Getting a published model from the Hugging Face Hub into its library's own cache: only the files that are read here.

Nothing is downloaded before it is known that the model can be opened, as far as its settings tell. Weights come as
safetensors alone, never as pickles.
"""

from __future__ import annotations

import errno
import importlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tutor.models.errors import ModelError
from tutor.models.hub_cache import HUB, INDEX, SETTINGS, SINGLE, cache_folder, cached, is_name, repository
from tutor.models.published.folder import GENERATION, check_settings, read_settings
from tutor.models.published.tensors import UNSAFE, shards
from tutor.models.published.tokenizer import FILE as TOKENIZER
from tutor.models.published.tokenizer import OLDER_FILES

DISK = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.EFBIG}
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
UNKNOWN, GATED, DISABLED = "RepositoryNotFoundError", "GatedRepoError", "DisabledRepoError"
OFFLINE = "OfflineModeIsEnabled"


@dataclass(frozen=True)
class Part:
    """A file about to be downloaded, its bytes, and those of all files together as far as they are known."""

    file: str
    bytes: int
    total: int


def fetch(name: str) -> Iterator[Part]:
    """Download a model, telling of every file before it comes. Raises ModelError saying what is wrong and what to do.

    What is in the cache already is not downloaded again; with nothing missing there, no network is needed.
    """
    if not is_name(name):
        raise ModelError(
            "{name}: no name of a model on {hub}, which is like openai-community/gpt2", name=name[:100], hub=HUB
        )
    if is_whole(name):
        return
    library = _library(name)
    with _explained(name):
        about = library.HfApi().model_info(name, files_metadata=True)
    sizes = {file.rfilename: file.size or 0 for file in about.siblings or ()}
    _check_files(name, sizes)

    def get(file: str, total: int) -> Iterator[Part]:
        yield Part(file, sizes.get(file, 0), total)
        with _explained(name):
            library.hf_hub_download(name, file)

    yield from get(SETTINGS, sizes[SETTINGS])
    folder = cached(name)
    assert folder is not None
    check_settings(read_settings(folder))
    weights = [SINGLE]
    if SINGLE not in sizes:
        yield from get(INDEX, sizes[INDEX])
        weights = [path.name for path, _tensors in shards(folder)]
    tokenizer = (TOKENIZER,) if TOKENIZER in sizes else OLDER_FILES
    wanted = [file for file in (GENERATION, *tokenizer) if file in sizes]
    missing = [file for file in (*wanted, *weights) if not (folder / file).is_file()]
    total = sum(sizes.get(file, 0) for file in missing)
    _check_room(name, total)
    for file in missing:
        yield from get(file, total)


def is_whole(name: str) -> bool:
    """Whether the settings and all weights of a model are in the cache."""
    folder = cached(name)
    if folder is None or not any((folder / file).is_file() for file in (SINGLE, INDEX)):
        return False
    return all(path.is_file() for path, _tensors in shards(folder))


def _library(name: str) -> Any:
    try:
        library = importlib.import_module("huggingface_hub")
        tools = importlib.import_module("huggingface_hub.utils")
    except ImportError:
        raise ModelError(
            "{name}: downloading it needs the package huggingface_hub: pip install 'transformer-tutor[hub]'", name=name
        ) from None
    tools.disable_progress_bars()  # there is one of ours
    tools.logging.set_verbosity_error()
    return library


def _check_files(name: str, sizes: dict[str, int]) -> None:
    """Raise ModelError where a repository does not hold what a model is read from."""
    if SETTINGS in sizes and (SINGLE in sizes or INDEX in sizes):
        return
    if any(file.endswith(".gguf") for file in sizes):
        raise ModelError(
            "{name}: holds GGUF files; download one of them from https://{hub}/{name} and give its path: "
            "tutor start --model FILE.gguf",
            name=name,
            hub=HUB,
        )
    if SETTINGS in sizes and any(file in UNSAFE or file.endswith((".bin", ".pt", ".pth")) for file in sizes):
        raise ModelError(
            "{name}: its weights are pickles, which can run code when they are opened, so they are not downloaded; "
            "convert them elsewhere (model.save_pretrained(folder) in Transformers) and give the folder: "
            "tutor start --model FOLDER",
            name=name,
        )
    raise ModelError(
        "{name}: has no {settings} and {weights} in it, from which a model is read; look for another repository of it",
        name=name,
        settings=SETTINGS,
        weights=SINGLE,
    )


def _check_room(name: str, needed: int) -> None:
    folder = next(path for path in (repository(name), *repository(name).parents) if path.exists())
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise _full(name, f"{needed / 1e6:,.0f}", f"{free / 1e6:,.0f}")


def _full(name: str, needed: str = "", free: str = "") -> ModelError:
    if needed:
        return ModelError(
            "{name}: needs {needed} MB in {folder}, where {free} MB are free; make room, or set HF_HOME to a folder on "
            "another disk",
            name=name,
            needed=needed,
            free=free,
            folder=cache_folder(),
        )
    return ModelError(
        "{name}: the disk of {folder} is full; make room, or set HF_HOME to a folder on another disk, and give the "
        "same command again",
        name=name,
        folder=cache_folder(),
    )


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Whatever the library raises, as one line that says what to do.

    Its errors are told apart by their names: where they are kept, and what they are made from, changed over the years.
    """
    try:
        yield
    except ModelError:
        raise
    except Exception as error:
        raise _refusal(name, error) from error


def _refusal(name: str, error: Exception) -> ModelError:
    names = [kind.__name__ for kind in type(error).__mro__]
    status = getattr(getattr(error, "response", None), "status_code", None)
    explain = next((REFUSALS[kind] for kind in names if kind in REFUSALS), None)
    if explain is not None:
        return explain(name)
    if isinstance(error, OSError) and error.errno in DISK:
        if error.errno in FULL:
            return _full(name)
        return ModelError(
            "{name}: {path} cannot be written ({reason}); set HF_HOME to a folder that can",
            name=name,
            path=error.filename or cache_folder(),
            reason=error.strerror or error,
        )
    if isinstance(status, int):
        return ModelError(
            "{name}: {hub} answered with status {status}; try again later", name=name, hub=HUB, status=status
        )
    return ModelError(
        "{name}: {hub} cannot be reached ({reason}); without a network, download the model's folder elsewhere "
        "(config.json, *.safetensors, tokenizer.json) and give its path: tutor start --model FOLDER",
        name=name,
        hub=HUB,
        reason=_reason(error),
    )


def _reason(error: BaseException) -> str:
    """The innermost of an error's causes, in one line; the library's own words say little."""
    while error.__cause__ is not None:
        error = error.__cause__
    return " ".join(str(error).split())[:160] or type(error).__name__


REFUSALS: dict[str, Callable[[str], ModelError]] = {  # the more special first: what is gated is also not found
    GATED: lambda name: ModelError(
        "{name}: its makers ask you to agree to their terms first: do so at https://{hub}/{name}, log in with "
        "`hf auth login`, and give the same command again",
        name=name,
        hub=HUB,
    ),
    OFFLINE: lambda name: ModelError(
        "{name}: HF_HUB_OFFLINE is set, so nothing is downloaded: unset it, or download the model's folder elsewhere "
        "(config.json, *.safetensors, tokenizer.json) and give its path: tutor start --model FOLDER",
        name=name,
    ),
    DISABLED: lambda name: ModelError("{name}: {hub} has taken it down", name=name, hub=HUB),
    UNKNOWN: lambda name: ModelError(
        "{name}: there is no such model on {hub}, or it is private; look at the name (like openai-community/gpt2), or "
        "log in with `hf auth login`",
        name=name,
        hub=HUB,
    ),
}
