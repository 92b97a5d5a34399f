"""Settings shared by all tests: no test reads or writes the real learner's data, and none depends on the locale."""

import signal

import pytest
from hypothesis import settings

from tutor.plain.streams import use_one_thread

# As `tutor start` does it, and before any test imports NumPy: threads that spin slow every other process down.
use_one_thread()

# A shell ignores ctrl+c in what it runs in the background, and so would every process that a test starts there.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The deadline measures the machine, not the code: it fails at random on a busy one. And every run tries the same
# examples, so that a change is never blamed for what it did not do; --hypothesis-profile=search tries others.
settings.register_profile("tutor", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None)
settings.load_profile("tutor")


@pytest.fixture(autouse=True)
def own_surroundings(tmp_path_factory, monkeypatch):
    """A data folder of its own, no downloaded models and a plain English UTF-8 locale for every test's processes."""
    monkeypatch.setenv("TUTOR_DATA", str(tmp_path_factory.mktemp("data")))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path_factory.getbasetemp() / "no-hub"))  # not the models downloaded here
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("LANG", "C.UTF-8")
    for name in ("LC_ALL", "LC_CTYPE", "LC_MESSAGES", "LANGUAGE", "TUTOR_LANG", "NO_COLOR", "FORCE_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
