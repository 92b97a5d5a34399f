"""A measurement in a process of its own, in which NumPy computes on one thread."""

import os
import subprocess
import sys

from tutor.plain.streams import use_one_thread


def printed_by(function: str, *arguments: object) -> str:
    """What `function`, named with its module as `tutor.bench.module.function`, prints. Raises RuntimeError."""
    module, _, name = function.rpartition(".")
    values = ", ".join(map(repr, arguments))
    command = [sys.executable, "-c", f"from {module} import {name}; {name}({values})"]
    surroundings = dict(os.environ)
    use_one_thread(surroundings)
    run = subprocess.run(command, capture_output=True, text=True, env=surroundings, check=False)
    if run.returncode:
        raise RuntimeError(run.stderr)
    return run.stdout
