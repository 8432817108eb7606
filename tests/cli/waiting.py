"""Waiting for what other processes do: for a condition and with a deadline, never for a time."""

import os
import time
from collections.abc import Callable
from pathlib import Path

DEADLINE_S = 60.0


def wait_until(condition: Callable[[], bool], what: str, *, deadline_s: float = DEADLINE_S) -> None:
    give_up_at = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < give_up_at, f"waited {deadline_s:.0f} s in vain until {what}"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether the process lives; one that only waits to be collected does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return not Path("/proc/self").exists()
