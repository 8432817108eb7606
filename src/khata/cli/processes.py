"""Child processes: started on a leash in a session of their own, ended without leaving anything behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from khata.cli import leash

POLL_INTERVAL_S = 0.02
LOG_SIZE_MAX = 5_000_000
"""Bytes; a longer log is put aside as `<name>.log.1` at the next start."""


@dataclass(frozen=True, slots=True)
class Account:
    """The operating system user a child runs as."""

    uid: int
    gid: int


def spawn(
    command: Sequence[str],
    *,
    log: Path,
    environment: Mapping[str, str],
    dies_by: signal.Signals = signal.SIGTERM,
    account: Account | None = None,
    kept_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start `command` (its first word an absolute path) as a direct child that gets `dies_by` when we die.

    Output and errors go to `log`. The child leads a session of its own, so that Ctrl-C in the terminal reaches only
    us and we decide the order of ending. Call it from the main thread: on Linux the leash is tied to the calling one.
    """
    tie = [sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), str(int(dies_by)), _as_text(account)]
    with open_log(log) as output:
        return subprocess.Popen(
            [*tie, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(environment),
            cwd="/",
            pass_fds=kept_fds,
            start_new_session=True,
        )


def reap(process: subprocess.Popen[bytes]) -> int | None:
    """The exit code, once the process has ended; what it left behind in its group is ended with it."""
    if process.returncode is None:
        # Looked at before it is collected: until then nobody else can get its id, which is also its group's.
        if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return None
        kill_group(process.pid)
    return process.wait()


def end(
    process: subprocess.Popen[bytes],
    *,
    by: signal.Signals = signal.SIGTERM,
    grace_s: float,
    is_hurried: Callable[[], bool] = lambda: False,
) -> None:
    """Ask with `by`, wait up to `grace_s` or until hurried, then SIGKILL whatever is left of its group."""
    if process.returncode is not None:
        return
    os.kill(process.pid, by)
    give_up_at = time.monotonic() + grace_s
    while reap(process) is None:
        if time.monotonic() > give_up_at or is_hurried():
            kill_group(process.pid)
        time.sleep(POLL_INTERVAL_S)


def kill_group(pid: int) -> None:
    """SIGKILL for every member of the group that `pid` leads; nothing happens where there is none."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of zombies.
        return


def open_log(path: Path) -> BinaryIO:
    """Append to the log at `path`, readable by us alone; a long old one is put aside first."""
    if path.exists() and path.stat().st_size > LOG_SIZE_MAX:
        path.replace(path.with_suffix(".log.1"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")


def last_lines(path: Path, *, since: int = 0, count: int = 10) -> str:
    """The end of a log, from byte `since` on."""
    with path.open("rb") as log:
        log.seek(since)
        return "\n".join(log.read().decode(errors="replace").splitlines()[-count:])


def _as_text(account: Account | None) -> str:
    return f"{account.uid}:{account.gid}" if account else ""
