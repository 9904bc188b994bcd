"""Runs a command as a user would, and says what the system says of it: seconds, processor seconds, peak memory."""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """What one run cost."""

    wall: float
    cpu: float
    peak: int
    """Bytes that the largest single process held."""


def run(command, directory=None, environment=None):
    """Runs `command` to its end and gives its cost and what it printed. A status other than 0 ends the bench, with its output."""
    with tempfile.TemporaryFile() as out:
        started = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        told = out.read().decode(errors="replace")
    if process.returncode != 0:
        words = " ".join(map(str, command))
        sys.exit(f"bench: `{words}` ended with {process.returncode}\n{told}")
    # ru_maxrss is in kilobytes on Linux, in bytes on macOS.
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit), told
