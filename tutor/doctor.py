"""`tutor doctor`: looks at everything the tutor needs, and says what to do about what is missing."""

from __future__ import annotations

import importlib.metadata
import locale
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from tutor.display.language import _
from tutor.display.messages import said
from tutor.display.safe import safe

OK, WARN, FAIL = "ok", "warn", "fail"
COLOURS = {OK: "green", WARN: "yellow", FAIL: "red"}
LIBRARIES = ("textual", "rich", "numpy", "click", "msgspec", "PyYAML", "safetensors", "TeXicode", "platformdirs")
SMALLEST, WIDE = (80, 24), (120, 36)


@dataclass(frozen=True)
class Finding:
    """What one check found; `remedy` says what to do where `level` is not ok."""

    level: str
    subject: str
    text: str
    remedy: str = ""


def examined() -> Iterator[Finding]:
    """The findings of all checks. A check that breaks is a failure of its own and stops no other."""
    for check in CHECKS:
        try:
            yield from check()
        except Exception as error:
            subject = check.__name__.removeprefix("check_").replace("_", " ")
            yield Finding(FAIL, subject, safe(f"{type(error).__name__}: {error}"), _("reinstall transformer-tutor"))


def finding_line(finding: Finding) -> str:
    """One finding as a line; colour only where the terminal has it and NO_COLOR does not forbid it."""
    colour = None if os.environ.get("NO_COLOR") else COLOURS[finding.level]
    mark = click.style(f"{finding.level:<4}", fg=colour)
    remedy = f" -> {finding.remedy}" if finding.remedy else ""
    return f"{mark}  " + _("{0}: {1}").format(finding.subject, finding.text) + remedy


def check_python() -> Iterator[Finding]:
    """Python's version and, for the record, the platform."""
    version = ".".join(map(str, sys.version_info[:3]))
    enough = sys.version_info >= (3, 11)
    yield Finding(
        OK if enough else FAIL, "Python", f"{version}, {sys.platform}", "" if enough else _("install 3.11 or newer")
    )


def check_terminal() -> Iterator[Finding]:
    """Whether there is a terminal to draw on, its size and its colours."""
    kind = os.environ.get("TERM", "")
    if not sys.stdout.isatty():
        yield Finding(
            WARN,
            _("terminal"),
            _("the output goes to a pipe or a file"),
            _("run `tutor doctor` in the terminal itself"),
        )
    elif kind in ("", "dumb"):
        yield Finding(
            WARN, _("terminal"), f"TERM={kind}", _("`tutor start` uses --plain here; set TERM for the full screen")
        )
    else:
        width, height = shutil.get_terminal_size()
        fits = width >= SMALLEST[0] and height >= SMALLEST[1]
        remedy = (
            "" if fits else _("enlarge it to {0}×{1}; {2}×{3} shows everything side by side").format(*SMALLEST, *WIDE)
        )
        yield Finding(OK if fits else WARN, _("terminal"), f"{kind}, {width}×{height}", remedy)
    yield Finding(OK, _("colour"), _colours(kind))


def _colours(kind: str) -> str:
    if os.environ.get("NO_COLOR"):
        return _("off, NO_COLOR is set")
    if os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return _("16 million")
    return "256" if "256" in kind else "16"


def check_language() -> Iterator[Finding]:
    """Whether the locale and the streams carry any character, and which language the tutor speaks."""
    from tutor.display.language import current_language

    encoding = (sys.stdout.encoding or "").lower()
    known = locale.setlocale(locale.LC_CTYPE) if hasattr(locale, "LC_CTYPE") else ""
    unicode = encoding.replace("-", "").startswith("utf")
    remedy = "" if unicode else _("set LANG to a UTF-8 locale, such as C.UTF-8; characters are replaced until then")
    yield Finding(OK if unicode else WARN, _("locale"), f"{known or '?'}, {encoding}", remedy)
    yield Finding(OK, _("language"), current_language())


def check_wide_characters() -> Iterator[Finding]:
    """How wide this terminal draws a Chinese character, asked of the terminal itself."""
    width = _measured_width("学")
    if width is None:
        yield Finding(OK, _("Chinese characters"), _("width not measured: the terminal did not answer"))
    elif width == 2:
        yield Finding(OK, _("Chinese characters"), _("two cells wide, as they should be"))
    else:
        yield Finding(
            WARN,
            _("Chinese characters"),
            _("{0} cells wide instead of 2").format(width),
            _("choose a font with CJK glyphs"),
        )


def _measured_width(character: str) -> int | None:
    """The cursor's way across `character`, or None where there is no terminal that answers."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM", "") in ("", "dumb"):
        return None
    try:
        import termios
        import tty
    except ImportError:  # Windows
        return None
    handle = sys.stdin.fileno()
    before = termios.tcgetattr(handle)
    try:
        tty.setcbreak(handle)
        sys.stdout.write(f"\r{character}\x1b[6n")
        sys.stdout.flush()
        column = _cursor_column(handle)
        return None if column is None else column - 1
    finally:
        termios.tcsetattr(handle, termios.TCSADRAIN, before)
        sys.stdout.write("\r\x1b[K")
        sys.stdout.flush()


def _cursor_column(handle: int) -> int | None:
    """The column of the terminal's answer `ESC [ row ; column R`, waited for at most half a second a byte."""
    import select

    answer = b""
    while not answer.endswith(b"R") and len(answer) < 32:
        if not select.select([handle], [], [], 0.5)[0]:
            return None
        answer += os.read(handle, 1)
    row_and_column = answer.rpartition(b"[")[2][:-1].split(b";")
    return int(row_and_column[1]) if len(row_and_column) == 2 and row_and_column[1].isdigit() else None


def check_libraries() -> Iterator[Finding]:
    """The versions of the libraries in use."""
    found = []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            yield Finding(FAIL, name, _("not installed"), f"pip install {name}")
    yield Finding(OK, _("libraries"), ", ".join(found))


def check_backends() -> Iterator[Finding]:
    """Every array backend: whether it is there and on what it runs."""
    from tutor.engine.backend import NAMES, BackendError, load_backend

    for name in NAMES:
        if name == "auto":
            continue
        try:
            array = load_backend(name).asarray([1.0])
        except BackendError as error:
            # An absent extra is no fault: NumPy does everything.
            yield Finding(OK, _("backend {0}").format(name), _("not available: {0}").format(said(error)))
        else:
            device = getattr(array, "device", "cpu")
            yield Finding(OK, _("backend {0}").format(name), _("runs on {0}").format(device))


def check_data_folder() -> Iterator[Finding]:
    """Whether progress can be kept."""
    from tutor.course.progress import Progress

    folder = Path(Progress().path).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        remedy = _("make it writable, or set TUTOR_DATA to another; until then progress is not kept")
        yield Finding(FAIL, _("data folder"), safe(f"{folder}: {error.strerror}"), remedy)
    else:
        yield Finding(OK, _("data folder"), safe(str(folder)))


def check_lessons() -> Iterator[Finding]:
    """Whether the lessons are found and can be read."""
    from tutor.course.load import load_course

    course = load_course()
    for problem in course.problems:
        yield Finding(FAIL, _("lessons"), safe(problem.one_line()), "tutor lessons check")
    count = len(course.lessons)
    yield Finding(OK if count else FAIL, _("lessons"), str(count), "" if count else _("reinstall transformer-tutor"))


def check_models() -> Iterator[Finding]:
    """Whether the shipped models are found, and whether each runs."""
    from tutor.models.registry import available, load_model

    found = available()
    if not found:
        yield Finding(FAIL, _("models"), _("none found"), _("reinstall transformer-tutor"))
    for info in found:
        model = load_model(info.name)
        trained = _("trained") if model.trained else _("untrained: its weights are random")
        nodes = len(model.trace("a").names)
        yield Finding(
            OK,
            _("model {0}").format(info.name),
            _("{0} parameters, {1}; a trace has {2} matrices").format(f"{model.parameters:,}", trained, nodes),
        )


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    check_python,
    check_terminal,
    check_language,
    check_wide_characters,
    check_libraries,
    check_backends,
    check_data_folder,
    check_lessons,
    check_models,
)
