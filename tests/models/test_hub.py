"""Models by their names on the Hub: the cache read without the library, and downloads with the library's own errors.

No test reaches a network: what the library would fetch is copied out of a folder into its cache, in its layout.
"""

import errno
import importlib
import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import save_file

import tutor
from tests.models.test_published import SETTINGS, settings, tensors
from tutor.models import hub_cache, hub_download
from tutor.models.errors import ModelError

NAME, COMMIT = "some-people/tiny-llama", "0123456789abcdef0123456789abcdef01234567"
hub = pytest.importorskip("huggingface_hub")
errors = pytest.importorskip("huggingface_hub.errors")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache, and variables that say so."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "hub"


@pytest.fixture
def remote(tmp_path):
    """What lies on the Hub: a whole checkpoint, and files that nobody needs."""
    folder = tmp_path / "remote"
    folder.mkdir()
    settings(folder)
    save_file(tensors(), folder / "model.safetensors")
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")
    (folder / "README.md").write_text("many words")
    return folder


class Hub:
    """Stands in for the library's two calls; `asked` are the files that were downloaded."""

    def __init__(self, remote: Path) -> None:
        self.remote, self.asked = remote, []
        self.fails: dict[str, BaseException] = {}

    def model_info(self, name, files_metadata=False):
        if "info" in self.fails:
            raise self.fails["info"]
        assert files_metadata
        files = [SimpleNamespace(rfilename=f.name, size=f.stat().st_size) for f in self.remote.iterdir()]
        return SimpleNamespace(siblings=files)

    def hf_hub_download(self, name, file):
        if file in self.fails:
            raise self.fails[file]
        self.asked.append(file)
        put(name, self.remote / file)


def put(name, path):
    """A file into the cache."""
    place = hub_cache.cache_folder() / ("models--" + name.replace("/", "--"))
    blob, pointer = place / "blobs" / path.name, place / "snapshots" / COMMIT / path.name
    for folder in (blob.parent, pointer.parent, place / "refs"):
        folder.mkdir(parents=True, exist_ok=True)
    (place / "refs" / "main").write_text(COMMIT)
    shutil.copy(path, blob)
    pointer.unlink(missing_ok=True)
    os.symlink(os.path.relpath(blob, pointer.parent), pointer)
    return pointer


@pytest.fixture
def online(remote, monkeypatch):
    found = Hub(remote)
    monkeypatch.setattr(hub.HfApi, "model_info", lambda self, name, **words: found.model_info(name, **words))
    monkeypatch.setattr(hub, "hf_hub_download", found.hf_hub_download)
    return found


def add(name=NAME):
    return [part.file for part in hub_download.fetch(name)]


def refused(name=NAME, *, says):
    with pytest.raises(ModelError) as caught:
        add(name)
    message = str(caught.value)
    assert message.startswith(name) and "\n" not in message, message
    for text in says:
        assert text in message, message


def http_error(kind, status):
    web = importlib.import_module(errors.HfHubHTTPError.__mro__[1].__module__.partition(".")[0])
    request = web.Request("GET", "https://huggingface.co/api")
    return getattr(errors, kind)("refused", response=web.Response(status, request=request))


def test_only_what_is_read_is_downloaded_and_opens_by_name(online, remote):
    assert add() == online.asked == ["config.json", "model.safetensors"]
    model = tutor.load_model(NAME)
    assert model.name == NAME
    expected = tutor.load_model(remote)
    for name, array in expected.weights.items():
        np.testing.assert_array_equal(model.weights[name], array)
    assert model.generate("5 8", maximum=3).ids == expected.generate("5 8", maximum=3).ids


def test_what_is_there_is_not_downloaded_again(online):
    add()
    online.fails["info"] = errors.OfflineModeIsEnabled("offline")
    assert add() == []


def test_shards_and_settings_of_an_answer_and_a_tokenizer_come_along(online, remote):
    (remote / "generation_config.json").write_text("{}")
    (remote / "tokenizer.json").write_text("{}")
    whole = tensors()
    (remote / "model.safetensors").unlink()
    names = {}
    for number, keys in enumerate((list(whole)[:5], list(whole)[5:])):
        file = f"model-{number + 1:05}-of-00002.safetensors"
        save_file({key: whole[key] for key in keys}, remote / file)
        names |= dict.fromkeys(keys, file)
    (remote / "model.safetensors.index.json").write_text(json.dumps({"weight_map": names}))
    add()
    assert sorted(online.asked) == sorted(
        file.name for file in remote.iterdir() if file.name not in ("pytorch_model.bin", "README.md")
    )
    (part,) = hub_cache.cached_models()
    assert part.name == NAME and part.bytes == sum(path.stat().st_size for path in remote.glob("*.safetensors"))


def test_older_tokenizers_come_along_where_there_is_no_newer(online, remote):
    for name in ("source.spm", "target.spm", "vocab.json", "merges.txt"):
        (remote / name).write_text("{}")
    assert set(add()) >= {"source.spm", "target.spm", "vocab.json"} and "merges.txt" not in online.asked
    shutil.rmtree(hub_cache.cache_folder())
    (remote / "tokenizer.json").write_text("{}")
    assert "source.spm" not in add() and "tokenizer.json" in online.asked


def test_a_download_that_was_stopped_goes_on(online):
    online.fails["model.safetensors"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        add()
    assert not hub_download.is_whole(NAME)
    with pytest.raises(ModelError, match="model.safetensors: there is no such file"):
        tutor.load_model(NAME)
    del online.fails["model.safetensors"]
    add()
    assert hub_download.is_whole(NAME) and online.asked.count("model.safetensors") == 1


def test_the_bytes_that_are_to_come_are_counted(online, remote):
    *_first, last = hub_download.fetch(NAME)
    size = (remote / "model.safetensors").stat().st_size
    assert (last.file, last.bytes, last.total) == ("model.safetensors", size, size)
    assert hub_cache.downloaded(NAME) == size + (remote / "config.json").stat().st_size


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (lambda: errors.OfflineModeIsEnabled("offline"), ["HF_HUB_OFFLINE is set", "--model FOLDER"]),
        (lambda: ConnectionError("no route"), ["cannot be reached (no route)", "--model FOLDER"]),
        (lambda: TimeoutError(), ["cannot be reached (TimeoutError)"]),
        (lambda: http_error("RepositoryNotFoundError", 401), ["there is no such model", "private"]),
        (lambda: http_error("GatedRepoError", 403), ["agree to their terms", f"co/{NAME}", "hf auth login"]),
        (lambda: http_error("DisabledRepoError", 403), ["taken it down"]),
        (lambda: http_error("HfHubHTTPError", 503), ["status 503", "later"]),
    ],
)
@pytest.mark.parametrize("when", ["info", "model.safetensors"])
def test_what_the_library_refuses_is_one_line_that_says_what_to_do(online, error, says, when):
    online.fails[when] = error()
    refused(says=says)


def test_a_lost_connection_is_told_by_its_cause(online):
    lost = errors.LocalEntryNotFoundError("Please check your connection")
    lost.__cause__ = ConnectionError("name not known")
    online.fails["model.safetensors"] = lost
    refused(says=["cannot be reached (name not known)"])


def test_a_full_disk_before_and_while(online, monkeypatch, cache):
    online.fails["model.safetensors"] = OSError(errno.ENOSPC, "No space left on device")
    refused(says=["the disk of", str(cache), "is full", "HF_HOME"])
    online.fails["model.safetensors"] = PermissionError(errno.EACCES, "Permission denied", str(cache))
    refused(says=["cannot be written (Permission denied)", "HF_HOME"])
    monkeypatch.setattr(hub_download.shutil, "disk_usage", lambda path: SimpleNamespace(free=10))
    refused(says=["needs 0 MB in", "where 0 MB are free"])
    assert "model.safetensors" not in online.asked


def test_pickles_alone_are_not_downloaded(online, remote):
    (remote / "model.safetensors").unlink()
    refused(says=["pickles", "save_pretrained", "--model FOLDER"])
    assert not online.asked
    (remote / "model.Q8_0.gguf").write_bytes(b"GGUF")
    refused(says=["GGUF", "--model FILE.gguf"])
    for path in remote.iterdir():
        path.unlink()
    refused(says=["has no config.json and model.safetensors"])


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"model_type": "mamba"}, "mamba is not supported"), ({"architectures": ["LlamaForAll"]}, "LlamaForAll")],
)
def test_an_unknown_kind_is_refused_before_its_weights_come(online, remote, changes, says):
    (remote / "config.json").write_text(json.dumps(SETTINGS | changes))
    with pytest.raises(ModelError, match=says):
        add()
    assert online.asked == ["config.json"]


@pytest.mark.parametrize("name", ["a b", "a/b/c", "../x", "", "-x", "a--b/c", "x" * 200, "a/..", "\u00e9/x"])
def test_what_is_no_name_is_not_asked_for(online, name):
    online.fails["info"] = AssertionError()
    with pytest.raises(ModelError, match="no name of a model"):
        add(name)
    assert hub_cache.cached(name) is None


def test_without_the_library_one_line_says_how_to_install_it(monkeypatch):
    def absent(name):
        raise ImportError(name)

    monkeypatch.setattr(hub_download.importlib, "import_module", absent)
    refused(says=["pip install 'transformer-tutor[hub]'"])


def test_the_library_itself_without_a_network(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    refused(says=["HF_HUB_OFFLINE is set"])


def test_a_name_that_is_not_there_says_how_to_get_it():
    with pytest.raises(ModelError, match=rf"`tutor models add {NAME}` downloads it; there are .*translator"):
        tutor.load_model(NAME)


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        ({"HF_HUB_CACHE": "$HOME/a"}, "home/a"),
        ({"HF_HOME": "~/b"}, "home/b/hub"),
        ({"HF_HOME": "", "XDG_CACHE_HOME": "{home}/c"}, "home/c/huggingface/hub"),
        ({"HF_HOME": ""}, "home/.cache/huggingface/hub"),
    ],
)
def test_the_cache_is_where_the_library_keeps_it(tmp_path, monkeypatch, variables, place):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(home=tmp_path / "home"))
    assert hub_cache.cache_folder() == tmp_path / place


def test_the_newest_download_is_opened_and_others_are_left_alone(remote):
    pointer = put(NAME, remote / "config.json")
    assert hub_cache.cached(NAME) == pointer.parent
    assert hub_cache.name_of(pointer.parent) == NAME and hub_cache.name_of(remote) == "remote"
    assert list(hub_cache.cached_models()) == []  # no weights
    put(NAME, remote / "model.safetensors")
    assert [model.name for model in hub_cache.cached_models()] == [NAME]
    (hub_cache.repository(NAME) / "refs" / "main").write_text("../../../elsewhere")
    assert hub_cache.cached(NAME) is None
    (hub_cache.repository(NAME) / "refs" / "main").unlink()
    assert hub_cache.cached(NAME) == pointer.parent
