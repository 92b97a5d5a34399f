"""From the start of the process to the first frame that shows a key pressed, in a real (pseudo-)terminal."""

import contextlib
import os
import select
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from tutor.bench.figure import Figure, medians

KEY = "ω"  # a letter that no screen of ours or of the bare app holds
INTERVAL = 0.01  # seconds between two presses of it: the resolution of the figure
LONGEST = 30.0
TUTOR = [sys.executable, "-m", "tutor", "start"]
BARE = [
    sys.executable,
    "-c",
    "import numpy\n"
    "from textual.app import App\n"
    "from textual.widgets import Input\n"
    "class Bare(App):\n"
    "    def compose(self):\n"
    "        yield Input()\n"
    "Bare().run()\n",
]


def measure(repeat: int) -> Iterator[Figure]:
    """The tutor's home screen against a Textual app of one input with NumPy imported."""
    name, against = "start to first interactive frame", "bare Textual app + NumPy"
    if sys.platform == "win32":
        yield Figure(name, note="needs a pseudo-terminal, which Windows has not")
        return
    with tempfile.TemporaryDirectory() as data:
        first_key(TUTOR, data)  # compiles and caches what the first start of all compiles
        ours, theirs = medians([lambda: first_key(TUTOR, data), lambda: first_key(BARE, data)], repeat)
    limit = "the bare app is the floor: interpreter, Textual, NumPy"
    yield Figure(
        name, "ms", ours * 1e3, theirs * 1e3, against, 1.5, limit, f"key pressed every {INTERVAL * 1e3:.0f} ms"
    )


def first_key(command: list[str], data: str, size: tuple[int, int] = (120, 36)) -> float:
    """Seconds until a key pressed again and again shows on the screen of `command`. Raises TimeoutError."""
    import fcntl
    import pty
    import termios
    import tty

    ours, theirs = pty.openpty()
    try:
        tty.setraw(theirs)  # nothing must be echoed before the program itself draws it
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        surroundings = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "TUTOR_DATA": data}
        started = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=surroundings, start_new_session=True
        )
        try:
            return _until_echo(ours, process, started) - started
        finally:
            process.kill()
            process.wait()
    finally:
        os.close(ours)
        os.close(theirs)


def _until_echo(terminal: int, process: subprocess.Popen[bytes], started: float) -> float:
    seen, key = b"", KEY.encode()
    while time.perf_counter() - started < LONGEST and process.poll() is None:
        with contextlib.suppress(BlockingIOError):
            os.write(terminal, key)
        while select.select([terminal], [], [], INTERVAL)[0]:
            seen = seen[-16:] + os.read(terminal, 65536)
            if key in seen:
                return time.perf_counter()
    raise TimeoutError(f"{process.args!r} did not show a key within {LONGEST:.0f} s")
